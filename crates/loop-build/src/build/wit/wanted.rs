//! Packages that a component's WIT wants and has not in its `wit/deps`.
//!
//! They are looked for in the `wit/` of the workspace, which is a package and may have `deps` beside, so that components
//! share an interface; and then among those that `loop` carries (WASI, `loop:core`), so that nobody has to copy them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use wit_parser::{PackageName, SourceMap, UnresolvedPackageGroup};

use crate::carried;

/// A package that may be added, with its files by their names.
struct Package {
    group: UnresolvedPackageGroup,
    files: Vec<(String, Cow<'static, [u8]>)>,
}

/// Puts those packages into the `deps` of `folder` that are wanted and not there. `shared` is the workspace's WIT.
pub(super) fn add(folder: &Path, shared: Option<&Path>) -> Result<(), String> {
    let mut known = BTreeSet::new();
    let mut wanted = BTreeSet::new();
    let mut note = |group: &UnresolvedPackageGroup, wanted: &mut BTreeSet<PackageName>| {
        for package in std::iter::once(&group.main).chain(&group.nested) {
            known.insert(package.name.clone());
            wanted.extend(package.foreign_deps.keys().cloned());
        }
        wanted.retain(|name| !known.contains(name));
    };
    let deps = folder.join("deps");
    for entry in fs::read_dir(&deps).into_iter().flatten().flatten() {
        note(&parse(&entry.path())?, &mut wanted);
    }
    note(&parse(folder)?, &mut wanted);
    if wanted.is_empty() {
        return Ok(());
    }
    let mut packages = match shared {
        Some(shared) => shared_packages(shared)?,
        None => Vec::new(),
    };
    packages.extend(carried_packages());
    while let Some(index) = packages
        .iter()
        .position(|package| wanted.contains(&package.group.main.name))
    {
        let package = packages.remove(index);
        let name = &package.group.main.name;
        let place = deps.join(format!(
            "loop-{}",
            name.to_string().replace([':', '@', '.'], "-")
        ));
        fs::create_dir_all(&place).map_err(|error| error.to_string())?;
        for (file, content) in &package.files {
            fs::write(place.join(file), content).map_err(|error| error.to_string())?;
        }
        note(&package.group, &mut wanted);
    }
    Ok(())
}

fn parse(path: &Path) -> Result<UnresolvedPackageGroup, String> {
    if path.is_dir() {
        UnresolvedPackageGroup::parse_dir(path).map_err(|error| error.to_string())
    } else {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        UnresolvedPackageGroup::parse(path, &text).map_err(|(map, error)| error.render(&map))
    }
}

/// The packages of a workspace: the folder itself, and what stands in its `deps`.
fn shared_packages(shared: &Path) -> Result<Vec<Package>, String> {
    let said = |error: std::io::Error| format!("{}: {error}", shared.display());
    let mut places = vec![shared.to_owned()];
    let deps = shared.join("deps");
    if deps.is_dir() {
        for entry in fs::read_dir(&deps).map_err(said)? {
            places.push(entry.map_err(said)?.path());
        }
    }
    let mut packages = Vec::new();
    for place in places {
        let files = wit_files(&place).map_err(said)?;
        if files.is_empty() {
            continue;
        }
        let mut contents = Vec::new();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let content = fs::read(&file).map_err(said)?;
            contents.push((name.into_owned(), Cow::Owned(content)));
        }
        packages.push(Package {
            group: parse(&place)?,
            files: contents,
        });
    }
    Ok(packages)
}

/// The files of a package: itself, or those in its folder.
fn wit_files(place: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_wit = |path: &Path| path.is_file() && path.extension().is_some_and(|end| end == "wit");
    if !place.is_dir() {
        return Ok(is_wit(place)
            .then(|| place.to_owned())
            .into_iter()
            .collect());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(place)? {
        let path = entry?.path();
        if is_wit(&path) {
            files.push(path);
        }
    }
    Ok(files)
}

/// The packages that `loop` carries, as a list for people: those of a WASI release are many, and known by its version.
pub(super) fn carried_names() -> String {
    let mut names = BTreeSet::new();
    let mut releases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Package { group, .. } in carried_packages() {
        let name = group.main.name;
        match &name.version {
            Some(version) if name.namespace == "wasi" && version.pre.is_empty() => {
                let release = releases.entry(version.to_string()).or_default();
                release.push(name.to_string());
            }
            Some(_) => drop(names.insert(name.to_string())),
            // It holds other packages, and nobody names it.
            None => {}
        }
    }
    releases.retain(|_, packages| {
        let is_one = packages.len() == 1;
        names.extend(packages.drain(..usize::from(is_one)));
        !is_one
    });
    let names: Vec<String> = names.into_iter().collect();
    let releases: Vec<String> = releases.into_keys().collect();
    format!(
        "{}, and the packages of WASI {}",
        names.join(", "),
        releases.join(" and ")
    )
}

/// A file by its path from the folder of all WIT.
type CarriedFile = (&'static str, &'static [u8]);

/// All packages that `loop` carries.
fn carried_packages() -> Vec<Package> {
    let mut folders: Vec<(&str, Vec<CarriedFile>)> = Vec::new();
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
            let files = files.into_iter().map(|(name, content)| {
                let name = name.rsplit_once('/').map_or(name, |(_, file)| file);
                (name.to_owned(), Cow::Borrowed(content))
            });
            Some(Package {
                group,
                files: files.collect(),
            })
        })
        .collect()
}
