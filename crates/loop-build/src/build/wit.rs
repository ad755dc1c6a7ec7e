//! The WIT of a component: its own, in `wit/`, and the packages that it wants.
//!
//! Tools get one folder with all of it.

mod wanted;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wit_parser::{Resolve, Type, TypeDefKind, TypeId, World, WorldId, WorldItem, WorldKey};

use crate::build::BuildError;
use crate::files;

/// How much WIT a component may have in all, its `wit/deps` included, and as much a workspace. All of WASI is a third
/// of a mebibyte.
const WIT_BYTES_MAX: u64 = 16 << 20;

/// The world that tools get where they need more than the component's own.
const WIDENED: &str = "loop-widened";

/// The version of WASI 0.2 that is carried.
const CARRIED_WASI: &str = "0.2.12";

/// The world of a component, with all that it is made of.
pub(crate) struct Wit {
    pub(crate) resolve: Resolve,
    pub(crate) world: WorldId,
    /// The files and folders of WIT that it was read from: the component's own, and the workspace's.
    pub(crate) inputs: Vec<PathBuf>,
    folder: TempDir,
}

impl Wit {
    /// Reads the WIT of a component of a workspace. `world` may be left out where its package has only one.
    ///
    /// What tools read is put into a folder of its own within `scratch`, for as long as this lives.
    pub(crate) fn read(
        component: &Path,
        workspace: &Path,
        world: Option<&str>,
        scratch: &Path,
    ) -> Result<Self, BuildError> {
        let own = component.join("wit");
        if !own.is_dir() {
            return Err(BuildError::NoWit { folder: own });
        }
        let folder = tempfile::Builder::new()
            .prefix(".wit-")
            .tempdir_in(scratch)
            .map_err(BuildError::at(scratch))?;
        let mut inputs = copy(&own, folder.path())?;
        let fault = |message: String| BuildError::Wit {
            folder: own.clone(),
            output: as_own(&message, folder.path()),
        };
        let shared = workspace.join("wit");
        let shared = (shared.is_dir() && shared != own).then_some(shared);
        if let Some(shared) = &shared {
            inputs.push(shared.clone());
            inputs.extend(files::folders(shared));
            inputs.extend(sources(shared)?);
        }
        wanted::add(folder.path(), shared.as_deref()).map_err(fault)?;
        let mut resolve = Resolve::default();
        let package = match resolve.push_dir(folder.path()) {
            Ok((package, _)) => package,
            Err(error) => return Err(fault(resolve.render_error(&error))),
        };
        let world = resolve
            .select_world(&[package], world)
            .map_err(|error| fault(format!("{error:#}")))?;
        Ok(Self {
            resolve,
            world,
            inputs,
            folder,
        })
    }

    /// The folder for tools.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn world(&self) -> Option<&World> {
        self.resolve.worlds.get(self.world)
    }

    /// The world's name, as tools that were given the folder take it.
    pub(crate) fn world_name(&self) -> String {
        self.world()
            .map(|world| world.name.clone())
            .unwrap_or_default()
    }

    /// The interfaces that the world imports, by their full names.
    pub(crate) fn imports(&self) -> Vec<String> {
        let imports = self.world().into_iter().flat_map(|world| &world.imports);
        imports
            .filter(|(_, item)| matches!(item, WorldItem::Interface { .. }))
            .map(|(key, _)| self.resolve.name_world_key(key))
            .collect()
    }

    /// The version of a package of WASI 0.2 with these interfaces: that of the component's own, or of what is carried. Nothing if it has the
    /// package without them.
    pub(crate) fn package_with(&self, name: &str, interfaces: &[&str]) -> Option<String> {
        let mut versions = Vec::new();
        for (_, package) in &self.resolve.packages {
            let version = package.name.version.as_ref().filter(|version| {
                let is_two = (version.major, version.minor) == (0, 2);
                package.name.namespace == "wasi" && package.name.name == name && is_two
            });
            let has = |name: &&str| package.interfaces.contains_key(*name);
            versions.extend(version.map(|it| (it.to_string(), interfaces.iter().all(has))));
        }
        match versions.iter().find(|(_, has_all)| *has_all) {
            Some((version, _)) => Some(version.clone()),
            None => versions
                .iter()
                .all(|(version, _)| version != CARRIED_WASI)
                .then(|| CARRIED_WASI.to_owned()),
        }
    }

    /// Gives tools a world with these imports as well, and says its name. What was read stays as it is. What these are of is there, or carried.
    pub(crate) fn widen(&self, imports: &[String]) -> Result<String, BuildError> {
        let world = self.world_name();
        let mut lines = vec![format!("include {world};")];
        lines.extend(imports.iter().map(|name| format!("import {name};")));
        let text = format!("world {WIDENED} {{ {} }}\n", lines.join(" "));
        let path = self.folder().join(WIDENED).with_extension("wit");
        fs::write(&path, text).map_err(BuildError::at(&path))?;
        wanted::add(self.folder(), None).map_err(|output| BuildError::Wit {
            folder: path,
            output,
        })?;
        Ok(WIDENED.to_owned())
    }

    /// The last part of an interface's name: `incoming-handler` of `wasi:http/incoming-handler@0.2.12`.
    pub(crate) fn short_name(&self, key: &WorldKey) -> String {
        match key {
            WorldKey::Name(name) => name.clone(),
            WorldKey::Interface(id) => self
                .resolve
                .interfaces
                .get(*id)
                .and_then(|interface| interface.name.clone())
                .unwrap_or_default(),
        }
    }

    /// Whether a call or a value of the world needs the component model's async.
    pub(crate) fn is_async(&self) -> bool {
        let items = self
            .world()
            .into_iter()
            .flat_map(|world| world.imports.values().chain(world.exports.values()));
        let mut seen = BTreeSet::new();
        for item in items {
            let interface;
            let functions: Vec<_> = match item {
                WorldItem::Function(function) => vec![function],
                WorldItem::Interface { id, .. } => {
                    interface = self.resolve.interfaces.get(*id);
                    interface
                        .into_iter()
                        .flat_map(|interface| interface.functions.values())
                        .collect()
                }
                WorldItem::Type { .. } => Vec::new(),
            };
            for function in functions {
                let mut types = function.params.iter().map(|param| param.ty);
                if function.kind.is_async()
                    || types.any(|ty| self.waits(ty, &mut seen))
                    || function.result.is_some_and(|ty| self.waits(ty, &mut seen))
                {
                    return true;
                }
            }
        }
        false
    }

    /// Whether a value of this type holds a stream or a future. Types that were looked at are not looked at again.
    fn waits(&self, ty: Type, seen: &mut BTreeSet<TypeId>) -> bool {
        let Type::Id(id) = ty else { return false };
        if !seen.insert(id) {
            return false;
        }
        let Some(def) = self.resolve.types.get(id) else {
            return false;
        };
        match &def.kind {
            TypeDefKind::Future(_) | TypeDefKind::Stream(_) => true,
            TypeDefKind::Record(record) => {
                record.fields.iter().any(|field| self.waits(field.ty, seen))
            }
            TypeDefKind::Tuple(tuple) => tuple.types.iter().any(|ty| self.waits(*ty, seen)),
            TypeDefKind::Variant(variant) => variant
                .cases
                .iter()
                .filter_map(|case| case.ty)
                .any(|ty| self.waits(ty, seen)),
            TypeDefKind::Result(result) => {
                let mut types = result.ok.iter().chain(&result.err);
                types.any(|ty| self.waits(*ty, seen))
            }
            TypeDefKind::Map(key, value) => self.waits(*key, seen) || self.waits(*value, seen),
            TypeDefKind::Option(ty)
            | TypeDefKind::List(ty)
            | TypeDefKind::FixedLengthList(ty, _)
            | TypeDefKind::Type(ty) => self.waits(*ty, seen),
            TypeDefKind::Resource
            | TypeDefKind::Handle(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Unknown => false,
        }
    }
}

/// The packages that need no copy, as a list for people.
pub(crate) fn carried_names() -> String {
    wanted::carried_names()
}

/// Copies the WIT of a component, and returns the files and folders that it consists of.
fn copy(own: &Path, to: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let mut inputs = vec![own.to_owned()];
    inputs.extend(files::folders(own));
    for file in sources(own)? {
        let place = to.join(file.strip_prefix(own).unwrap_or(&file));
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(BuildError::at(parent))?;
        }
        fs::copy(&file, &place).map_err(BuildError::at(&file))?;
        inputs.push(file);
    }
    Ok(inputs)
}

/// The files of WIT in a folder.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let mut found = files::walk(folder).map_err(BuildError::at(folder))?;
    found.retain(|file| file.extension().is_some_and(|extension| extension == "wit"));
    let mut bytes = 0;
    for file in &found {
        bytes += fs::metadata(file).map_err(BuildError::at(file))?.len();
        if bytes > WIT_BYTES_MAX {
            return Err(BuildError::Wit {
                folder: folder.to_owned(),
                output: format!("it is larger than {WIT_BYTES_MAX} bytes\n"),
            });
        }
    }
    Ok(found)
}

/// A message about the copy, as one about the component's own files.
fn as_own(message: &str, folder: &Path) -> String {
    let folder = folder.display().to_string();
    let text = message.replace(&format!("{folder}/"), "wit/");
    format!("{}\n", text.replace(&folder, "wit").trim_end())
}
