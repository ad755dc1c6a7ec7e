//! New workspaces, components and hosts, from the templates that this crate carries.
//!
//! A scaffold appears whole or not at all, and no file that is there is changed but `loop.toml`, to which lines are
//! added at the end: what its author wrote stays as it is.

mod error;
mod host;
mod manifest;
mod names;

use std::fs;
use std::path::{Path, PathBuf};

use crate::carried;
use crate::files;
use crate::sdk;

pub use error::ScaffoldError;
pub use host::new_host;

/// The file that makes a folder a workspace.
pub const WORKSPACE_FILE: &str = "loop.toml";

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The new folder.
    pub folder: PathBuf,
    /// The files in it, relative to it.
    pub files: Vec<PathBuf>,
}

/// A language that components are made in. [`Language`](crate::Language) is what their folders are built as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust.
    Rust,
    /// JavaScript.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// Python.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rust, Self::JavaScript, Self::TypeScript, Self::Python];

    /// The name, as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::TypeScript => "ts",
            Self::Python => "python",
        }
    }
}

/// What a component is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A program: it starts, does its work and ends.
    #[default]
    Command,
    /// A server of HTTP requests.
    Http,
    /// Functions for other components.
    Library,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Command, Self::Http, Self::Library];

    /// The name, as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Http => "http",
            Self::Library => "library",
        }
    }
}

/// The workspace that a folder stands in: the nearest one above it, or itself.
pub fn find_workspace(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .find(|above| above.join(WORKSPACE_FILE).is_file())
        .map(Path::to_owned)
}

/// Makes a workspace without components in a new folder, whose name becomes its own.
///
/// # Errors
/// When the name is not one, when something stands there already, and when the disk says no. Nothing is left then.
pub fn new_workspace(folder: &Path) -> Result<Created, ScaffoldError> {
    let name = names::of_folder(folder)?;
    let parent = parent_of(folder);
    let new = new_folder(folder, parent)?;
    write_template("workspace", new.path(), &[("name", &name)])?;
    let components = new.path().join("components");
    fs::create_dir(&components).map_err(ScaffoldError::at(&components))?;
    put_in_place(new, folder)
}

/// Makes a component in `components/<name>` of the workspace, and an app of that name which consists of it.
///
/// # Errors
/// When the folder is no workspace, when the name is not one or taken, when `loop.toml` or `Cargo.toml` would not go
/// with the component, and when the disk says no. Nothing is left then.
pub fn new_component(
    workspace: &Path,
    name: &str,
    language: Language,
    kind: Kind,
) -> Result<Created, ScaffoldError> {
    if !workspace.join(WORKSPACE_FILE).is_file() {
        return Err(ScaffoldError::NoWorkspace {
            folder: workspace.to_owned(),
        });
    }
    names::check(name)?;
    let folder = workspace.join("components").join(name);
    if folder.symlink_metadata().is_ok() {
        return Err(ScaffoldError::Exists { path: folder });
    }
    let addition = manifest::Addition::new(workspace, name, kind)?;
    let (cargo, exclusion) = match language {
        Language::Rust => (manifest::CargoWorkspace::check(workspace, name)?, None),
        Language::JavaScript | Language::TypeScript | Language::Python => (
            manifest::CargoWorkspace::Other,
            manifest::Exclusion::new(workspace, name)?,
        ),
    };

    sdk::unpack(workspace).map_err(|error| ScaffoldError::at(&error.path)(error.source))?;
    // Not beside the others, where Cargo would take it for one of them.
    let new = new_folder(&folder, &workspace.join(".loop"))?;
    let words = [
        ("name", name),
        ("crate", &name.replace('-', "_")),
        ("wit", &names::wit_name(name)),
    ];
    for template in [
        language.name().to_owned(),
        format!("{}-{}", language.name(), kind.name()),
    ] {
        write_template(&template, new.path(), &words)?;
    }
    if cargo == manifest::CargoWorkspace::None {
        let path = new.path().join("Cargo.toml");
        let text = fs::read_to_string(&path).map_err(ScaffoldError::at(&path))?;
        let text = format!("[workspace]\n\n{text}");
        fs::write(&path, text).map_err(ScaffoldError::at(&path))?;
    }
    let components = workspace.join("components");
    fs::create_dir_all(&components).map_err(ScaffoldError::at(&components))?;
    let created = put_in_place(new, &folder)?;
    let excluded = exclusion.map_or(Ok(()), manifest::Exclusion::write);
    if let Err(error) = excluded.and_then(|()| addition.write()) {
        // Without its lines in `loop.toml` it would be in the way of the next try.
        let _ = fs::remove_dir_all(&folder);
        return Err(error);
    }
    Ok(created)
}

/// Makes a folder to fill, beside or near the place that it is for.
fn new_folder(place: &Path, beside: &Path) -> Result<tempfile::TempDir, ScaffoldError> {
    if place.symlink_metadata().is_ok() {
        return Err(ScaffoldError::Exists {
            path: place.to_owned(),
        });
    }
    tempfile::Builder::new()
        .prefix(".new-")
        .tempdir_in(beside)
        .map_err(ScaffoldError::at(beside))
}

/// Moves a filled folder to its place.
fn put_in_place(new: tempfile::TempDir, place: &Path) -> Result<Created, ScaffoldError> {
    let mut files: Vec<PathBuf> = files::walk_all(new.path())
        .map_err(ScaffoldError::at(new.path()))?
        .iter()
        .filter_map(|path| path.strip_prefix(new.path()).ok())
        .map(Path::to_owned)
        .collect();
    files.sort();
    files::set_public_folder(new.path()).map_err(ScaffoldError::at(new.path()))?;
    fs::rename(new.path(), place).map_err(ScaffoldError::at(place))?;
    // It is no longer there to be removed.
    let _ = new.keep();
    Ok(Created {
        folder: place.to_owned(),
        files,
    })
}

/// Writes the files of a template, with `{{word}}` replaced by the value of the word.
fn write_template(
    template: &str,
    folder: &Path,
    words: &[(&str, &str)],
) -> Result<(), ScaffoldError> {
    for (name, content) in carried::TEMPLATES {
        let Some(name) = name
            .strip_prefix(template)
            .and_then(|rest| rest.strip_prefix('/'))
        else {
            continue;
        };
        // A file of that name would be one of the repository's own.
        let name = if name == "gitignore" {
            ".gitignore"
        } else {
            name
        };
        let mut text = String::from_utf8_lossy(content).into_owned();
        for (word, value) in words {
            text = text.replace(&format!("{{{{{word}}}}}"), value);
        }
        write(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> Result<(), ScaffoldError> {
    fs::create_dir_all(parent_of(path)).map_err(ScaffoldError::at(path))?;
    fs::write(path, content).map_err(ScaffoldError::at(path))
}

/// The folder that something stands in, also when its path is a mere name.
fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
