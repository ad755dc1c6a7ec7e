//! Worlds with `wasi:http` of 0.2 and the like, made under other names.
//!
//! componentize-qjs 0.4.5 runs what it makes once, with WASI of its own where it has it, and with functions that fail where it has
//! not. It has `wasi:io` and has not `wasi:http` or `wasi:blobstore`, so a stream of the one is not a stream of the other, and it gives up. By names that
//! it does not know it has neither, and that does no harm: nothing that a world imports can be called in that run. So it gets the
//! world with names of the same length, and they are put right in what it made.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;

use wasmparser::{Parser, Payload};
use wit_parser::{
    Interface, PackageName, Type, TypeDef, TypeDefKind, TypeId, TypeOwner, WorldItem,
};

use crate::build::BuildError;
use crate::build::wit::Wit;
use crate::files;

/// The namespace of WASI, and what stands in for it.
const WASI: &str = "wasi:";
const ASIDE: &str = "was2:";
const _: () = assert!(WASI.len() == ASIDE.len());

/// What follows a package's name in the versions that are meant.
const VERSION: &str = "@0.2.";

/// The packages of WASI 0.2 that the tool has.
const OWN: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];

/// Whether the tool refuses the world as it is: one with an interface that it has not, and that names resources of one that it has.
pub(crate) fn is_needed(wit: &Wit) -> bool {
    let items = wit
        .world()
        .into_iter()
        .flat_map(|world| world.imports.values().chain(world.exports.values()));
    let mut interfaces = items.filter_map(|item| match item {
        WorldItem::Interface { id, .. } => wit.resolve.interfaces.get(*id),
        _ => None,
    });
    let of_its_own = |interface: &Interface| {
        let package = interface
            .package
            .and_then(|id| wit.resolve.packages.get(id));
        package.is_some_and(|package| {
            let PackageName {
                namespace,
                name,
                version,
            } = &package.name;
            let version = version.as_ref();
            namespace == "wasi"
                && OWN.contains(&name.as_str())
                && version.is_some_and(|version| (version.major, version.minor) == (0, 2))
        })
    };
    let is_of_its_own = |ty: TypeId| {
        let TypeDefKind::Type(Type::Id(ty)) = wit.resolve.types.get(ty)?.kind else {
            return None;
        };
        match wit.resolve.types.get(ty)? {
            TypeDef {
                kind: TypeDefKind::Resource,
                owner: TypeOwner::Interface(owner),
                ..
            } => wit.resolve.interfaces.get(*owner).map(of_its_own),
            _ => None,
        }
    };
    interfaces.any(|interface| {
        let mut types = interface.types.values();
        !of_its_own(interface) && types.any(|ty| is_of_its_own(*ty) == Some(true))
    })
}

/// Gives WASI 0.2 its other name in the WIT that the tool reads.
pub(crate) fn rename(wit: &Path) -> Result<(), BuildError> {
    for file in files::walk(wit).map_err(BuildError::at(wit))? {
        let text = fs::read_to_string(&file).map_err(BuildError::at(&file))?;
        fs::write(&file, renamed(&text)).map_err(BuildError::at(&file))?;
    }
    Ok(())
}

fn renamed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(WASI) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-/@.".contains(c);
        let name = after.split(|c| !is_name(c)).next().unwrap_or_default();
        let is_meant = name.contains(VERSION);
        out.extend([before, if is_meant { ASIDE } else { WASI }]);
        rest = after;
    }
    out + rest
}

/// Puts the names right in a component that the tool made.
///
/// The tool's own code imports some interfaces of WASI too, and a component cannot import two of one name. The world's get an older
/// patch version then, which stands for the same interface.
pub(crate) fn put_right(component: &Path) -> Result<(), BuildError> {
    let mut bytes = fs::read(component).map_err(BuildError::at(component))?;
    let broken = || BuildError::NotComponent {
        path: component.to_owned(),
    };
    let Found { names, debug } = find(&bytes).ok_or_else(broken)?;
    for range in debug {
        rename_in(bytes.get_mut(range).ok_or_else(broken)?);
    }
    let mut taken: BTreeSet<String> = names
        .iter()
        .filter(|name| name.is_import)
        .map(|name| name.text.clone())
        .collect();
    for Name {
        is_import,
        at,
        text,
    } in names
    {
        let Some(own) = text.strip_prefix(ASIDE) else {
            continue;
        };
        let mut right = format!("{WASI}{own}");
        if is_import {
            right = free(&right, &taken).ok_or_else(broken)?;
            taken.insert(right.clone());
        }
        bytes
            .get_mut(at..at + text.len())
            .ok_or_else(broken)?
            .copy_from_slice(right.as_bytes());
    }
    fs::write(component, bytes).map_err(BuildError::at(component))
}

/// Gives WASI its name in what only traces read.
fn rename_in(section: &mut [u8]) {
    let mut at = 0;
    while let Some(rest) = section.get_mut(at..) {
        if let Some(name) = rest.get_mut(..ASIDE.len())
            && name == ASIDE.as_bytes()
        {
            name.copy_from_slice(WASI.as_bytes());
        }
        at += 1;
    }
}

/// Where names stand in a component.
#[derive(Default)]
struct Found {
    names: Vec<Name>,
    /// The sections with the names of functions.
    debug: Vec<Range<usize>>,
}

/// What a component imports or exports.
struct Name {
    is_import: bool,
    /// Where the name stands in the component.
    at: usize,
    text: String,
}

/// The names of the component itself, not of those within. Nothing if it is none.
fn find(component: &[u8]) -> Option<Found> {
    let mut found = Found::default();
    let mut note = |is_import, text: &str| {
        found.names.push(Name {
            is_import,
            at: text.as_ptr().addr() - component.as_ptr().addr(),
            text: text.to_owned(),
        });
    };
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::ComponentSection { .. } | Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    note(true, import.ok()?.name.name);
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    note(false, export.ok()?.name.name);
                }
            }
            Payload::CustomSection(section) if section.name() == "name" => {
                found.debug.push(section.range());
            }
            _ => {}
        }
    }
    Some(found)
}

/// The name, or that of the last patch version before it that is not taken and as long.
fn free(name: &str, taken: &BTreeSet<String>) -> Option<String> {
    if !taken.contains(name) {
        return Some(name.to_owned());
    }
    let (stem, patch) = name.rsplit_once('.')?;
    let patch: u32 = patch.parse().ok()?;
    let mut older = (0..=patch).rev().map(|patch| format!("{stem}.{patch}"));
    older.find(|other| other.len() == name.len() && !taken.contains(other))
}
