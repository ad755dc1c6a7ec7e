//! The WIT of a component: its own, in `wit/`, and the packages that `loop` carries.
//!
//! A component's `wit/deps` comes first. What is still wanted then (of WASI, of `loop:core`) is taken from those that
//! `loop` carries, so that nobody has to copy them. Tools get one folder with all of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wit_parser::{
    PackageName, Resolve, SourceMap, Type, TypeDefKind, TypeId, UnresolvedPackageGroup, World,
    WorldId, WorldItem, WorldKey,
};

use crate::build::BuildError;
use crate::carried;
use crate::files;

/// How much WIT a component may have in all, its `wit/deps` included. All of WASI is a third of a mebibyte.
const WIT_BYTES_MAX: u64 = 16 << 20;

/// The world of a component, with all that it is made of.
pub(crate) struct Wit {
    pub(crate) resolve: Resolve,
    pub(crate) world: WorldId,
    /// The component's own files and folders of WIT.
    pub(crate) inputs: Vec<PathBuf>,
    folder: TempDir,
}

impl Wit {
    /// Reads the WIT of a component. `world` may be left out where its package has only one.
    ///
    /// What tools read is put into a folder of its own within `scratch`, for as long as this lives.
    pub(crate) fn read(
        component: &Path,
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
        let inputs = copy(&own, folder.path())?;
        let fault = |message: String| BuildError::Wit {
            folder: own.clone(),
            output: as_own(&message, folder.path()),
        };
        add_carried(folder.path()).map_err(fault)?;
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

/// Copies the WIT of a component, and returns the files and folders that it consists of.
fn copy(own: &Path, to: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let mut inputs = vec![own.to_owned()];
    inputs.extend(files::folders(own));
    let mut bytes = 0;
    for file in files::walk(own).map_err(BuildError::at(own))? {
        if file.extension().is_none_or(|extension| extension != "wit") {
            continue;
        }
        bytes += fs::metadata(&file).map_err(BuildError::at(&file))?.len();
        if bytes > WIT_BYTES_MAX {
            return Err(BuildError::Wit {
                folder: own.to_owned(),
                output: format!("it is larger than {WIT_BYTES_MAX} bytes\n"),
            });
        }
        let place = to.join(file.strip_prefix(own).unwrap_or(&file));
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(BuildError::at(parent))?;
        }
        fs::copy(&file, &place).map_err(BuildError::at(&file))?;
        inputs.push(file);
    }
    Ok(inputs)
}

/// A package that `loop` carries.
struct Carried {
    group: UnresolvedPackageGroup,
    files: CarriedFiles,
}

/// Files by their path from the folder of all WIT.
type CarriedFiles = Vec<(&'static str, &'static [u8])>;

/// Puts those carried packages into `deps` that are wanted and not there.
fn add_carried(folder: &Path) -> Result<(), String> {
    let mut known = BTreeSet::new();
    let mut wanted = BTreeSet::new();
    let mut note = |group: &UnresolvedPackageGroup, wanted: &mut BTreeSet<PackageName>| {
        for package in std::iter::once(&group.main).chain(&group.nested) {
            known.insert(package.name.clone());
            wanted.extend(package.foreign_deps.keys().cloned());
        }
        wanted.retain(|name| !known.contains(name));
    };
    let parse = |path: &Path| {
        if path.is_dir() {
            UnresolvedPackageGroup::parse_dir(path).map_err(|error| error.to_string())
        } else {
            let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
            UnresolvedPackageGroup::parse(path, &text).map_err(|(map, error)| error.render(&map))
        }
    };
    let deps = folder.join("deps");
    for entry in fs::read_dir(&deps).into_iter().flatten().flatten() {
        note(&parse(&entry.path())?, &mut wanted);
    }
    note(&parse(folder)?, &mut wanted);
    if wanted.is_empty() {
        return Ok(());
    }
    let mut carried = carried_packages();
    while let Some(index) = carried
        .iter()
        .position(|package| wanted.contains(&package.group.main.name))
    {
        let package = carried.swap_remove(index);
        let name = &package.group.main.name;
        let place = deps.join(format!(
            "loop-{}",
            name.to_string().replace([':', '@', '.'], "-")
        ));
        fs::create_dir_all(&place).map_err(|error| error.to_string())?;
        for (file, content) in &package.files {
            let file = Path::new(file).file_name().unwrap_or_default();
            fs::write(place.join(file), content).map_err(|error| error.to_string())?;
        }
        note(&package.group, &mut wanted);
    }
    Ok(())
}

/// All packages that `loop` carries.
fn carried_packages() -> Vec<Carried> {
    let mut folders: Vec<(&str, CarriedFiles)> = Vec::new();
    for (name, content) in carried::WIT {
        if Path::new(name).extension().is_none_or(|end| end != "wit") {
            continue;
        }
        let parent = name.rsplit_once('/').map_or("", |(parent, _)| parent);
        // A package is a file among others in `deps`, or a folder.
        let key = if parent.ends_with("deps") {
            name
        } else {
            parent
        };
        match folders.iter_mut().find(|(folder, _)| *folder == key) {
            Some((_, files)) => files.push((name, content)),
            None => folders.push((key, vec![(name, content)])),
        }
    }
    folders
        .into_iter()
        .filter_map(|(_, files)| {
            let mut map = SourceMap::default();
            for (name, content) in &files {
                map.push_str(name, String::from_utf8_lossy(content));
            }
            let group = map.parse().ok()?;
            Some(Carried { group, files })
        })
        .collect()
}

/// A message about the copy, as one about the component's own files.
fn as_own(message: &str, folder: &Path) -> String {
    let folder = folder.display().to_string();
    let text = message.replace(&format!("{folder}/"), "wit/");
    format!("{}\n", text.replace(&folder, "wit").trim_end())
}
