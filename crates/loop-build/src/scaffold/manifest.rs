//! What a new component needs of the workspace's `loop.toml` and `Cargo.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use loop_core::Manifest;
use serde::Deserialize;
use toml::Spanned;

use crate::files;
use crate::scaffold::{Kind, ScaffoldError, WORKSPACE_FILE};

/// Lines that make an app of a component, ready to be added to `loop.toml`.
#[derive(Debug)]
pub(crate) struct Addition {
    path: PathBuf,
    text: String,
}

impl Addition {
    /// Checks that the lines can be added, and writes nothing.
    pub(crate) fn new(workspace: &Path, name: &str, kind: Kind) -> Result<Self, ScaffoldError> {
        let path = workspace.join(WORKSPACE_FILE);
        let text = fs::read_to_string(&path).map_err(ScaffoldError::at(&path))?;
        let manifest = Manifest::parse(&text).map_err(|diagnostics| ScaffoldError::Manifest {
            path: path.clone(),
            text: text.clone(),
            diagnostics,
        })?;
        if manifest.apps.contains_key(name) {
            return Err(ScaffoldError::AppExists {
                name: name.to_owned(),
            });
        }
        let lines = app(name, kind);
        let mut added = text;
        if !added.is_empty() {
            added.push_str(if added.ends_with('\n') { "\n" } else { "\n\n" });
        }
        added.push_str(&lines);
        let means_it =
            Manifest::parse(&added).is_ok_and(|manifest| manifest.apps.contains_key(name));
        if means_it {
            Ok(Self { path, text: added })
        } else {
            Err(ScaffoldError::CannotAdd { path, lines })
        }
    }

    pub(crate) fn write(self) -> Result<(), ScaffoldError> {
        files::write_atomically(&self.path, self.text.as_bytes())
            .map_err(ScaffoldError::at(&self.path))
    }
}

/// An app that is one component.
fn app(name: &str, kind: Kind) -> String {
    let mut lines = format!(
        "[app.{name}]\nroot = \"{name}\"\n\n[app.{name}.component.{name}]\nuse = \"components/{name}\"\n"
    );
    if kind == Kind::Http {
        lines.push_str("grants = { net = { listen = [\"127.0.0.1:8080\"] } }\n");
    }
    lines
}

/// Whether the workspace is one of Cargo's too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CargoWorkspace {
    /// The component becomes a member.
    Member,
    /// There is none: the component stands for itself.
    None,
    /// Whatever it is, the component is none of Cargo's.
    Other,
}

impl CargoWorkspace {
    /// Looks at the workspace's `Cargo.toml`, which must take the component in and keep the SDK out.
    pub(crate) fn check(workspace: &Path, name: &str) -> Result<Self, ScaffoldError> {
        let path = workspace.join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(Self::None);
        };
        let file: toml::Table = toml::from_str(&text).unwrap_or_default();
        let lists = |key: &str, wanted: &[&str]| {
            let list = file.get("workspace").and_then(|table| table.get(key));
            let entries = list.and_then(toml::Value::as_array).into_iter().flatten();
            entries
                .filter_map(toml::Value::as_str)
                .any(|entry| wanted.contains(&entry.trim_start_matches("./").trim_end_matches('/')))
        };
        let itself = format!("components/{name}");
        if !lists("members", &["components/*", "components/**", &itself]) {
            return Err(ScaffoldError::CargoWorkspace {
                path,
                line: "members = [\"components/*\"]".to_owned(),
            });
        }
        if !lists("exclude", &[".loop", ".loop/sdk", ".loop/sdk/loop-guest"]) {
            return Err(ScaffoldError::CargoWorkspace {
                path,
                line: "exclude = [\".loop\"]".to_owned(),
            });
        }
        Ok(Self::Member)
    }
}

/// A `Cargo.toml` that leaves out a component which is none of Cargo's, and which a `components/*` would take in.
#[derive(Debug)]
pub(crate) struct Exclusion {
    path: PathBuf,
    text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CargoFile {
    workspace: CargoTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CargoTable {
    members: Vec<String>,
    exclude: Option<Spanned<Vec<String>>>,
}

impl CargoTable {
    fn excludes(&self, component: &str) -> bool {
        let list = self.exclude.iter().flat_map(Spanned::get_ref);
        list.map(|entry| entry.trim_start_matches("./").trim_end_matches('/'))
            .any(|entry| entry == component || entry == "components")
    }
}

impl Exclusion {
    /// Looks whether the workspace's `Cargo.toml` has to be changed, and writes nothing.
    pub(crate) fn new(workspace: &Path, name: &str) -> Result<Option<Self>, ScaffoldError> {
        let path = workspace.join("Cargo.toml");
        let Ok(mut text) = fs::read_to_string(&path) else {
            return Ok(None);
        };
        let component = format!("components/{name}");
        // One that Cargo cannot read is for Cargo to complain of.
        let read = |text: &str| {
            toml::from_str::<CargoFile>(text)
                .unwrap_or_default()
                .workspace
        };
        let table = read(&text);
        if !table.members.iter().any(|member| member.contains('*')) || table.excludes(&component) {
            return Ok(None);
        }
        if let Some(list) = &table.exclude {
            let end = list.span().end.saturating_sub("]".len());
            let before = text.get(..end).unwrap_or_default().trim_end();
            let comma = match before.chars().next_back() {
                Some('[') => "",
                Some(',') => " ",
                _ => ", ",
            };
            let at = before.len();
            text.insert_str(at, &format!("{comma}\"{component}\""));
        }
        // Not if it became a part of a comment.
        if read(&text).excludes(&component) {
            return Ok(Some(Self { path, text }));
        }
        Err(ScaffoldError::CargoWorkspace {
            path,
            line: format!("exclude = [\"{component}\"]"),
        })
    }

    pub(crate) fn write(self) -> Result<(), ScaffoldError> {
        files::write_atomically(&self.path, self.text.as_bytes())
            .map_err(ScaffoldError::at(&self.path))
    }
}
