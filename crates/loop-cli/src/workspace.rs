//! The workspace around a folder: its `loop.toml`, read, and the folders of its components.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use loop_build::Language;
use loop_core::Manifest;
use loop_core::manifest::{App, MANIFEST_BYTES_MAX, ProvideTarget, Source};

use crate::error::{CliError, Kind, Problem};

/// The file that makes a folder a workspace.
pub(crate) const FILE: &str = "loop.toml";

/// A folder with a `loop.toml`.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder, absolute.
    pub(crate) folder: PathBuf,
    /// The file as messages name it.
    pub(crate) file: String,
    /// The file's text.
    pub(crate) text: String,
    /// What it says.
    pub(crate) manifest: Manifest,
}

impl Workspace {
    /// Reads the workspace whose `loop.toml` stands in this folder.
    ///
    /// # Errors
    /// If the file cannot be read, or is wrong: then with all that is wrong with it.
    pub(crate) fn read(folder: &Path) -> Result<Self, CliError> {
        let path = folder.join(FILE);
        let file = shown(&path);
        let text = read_text(&path).map_err(|error| {
            if error.kind() == io::ErrorKind::InvalidData {
                let problem = Problem::new(format!("`{file}` is not text in UTF-8"));
                return CliError::new(Kind::Manifest, problem.hint("is this the right file?"));
            }
            CliError::file("read", Path::new(&file), &error)
        })?;
        let manifest =
            Manifest::parse(&text).map_err(|found| CliError::manifest(&file, &text, &found))?;
        Ok(Self {
            folder: folder.to_owned(),
            file,
            text,
            manifest,
        })
    }

    /// The workspace that this folder belongs to, if it belongs to one.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub(crate) fn around(folder: &Path) -> Result<Option<Self>, CliError> {
        root_of(folder).map(Self::read).transpose()
    }

    /// The line of `loop.toml` on which this begins, from 1.
    pub(crate) fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    /// An app by its name.
    ///
    /// # Errors
    /// If there is none of that name; the hint lists those that there are.
    pub(crate) fn app(&self, name: &str) -> Result<&App, CliError> {
        self.manifest.apps.get(name).ok_or_else(|| {
            let message = format!("`{}` has no app `{name}`", self.file);
            CliError::usage(message).hint(self.apps_hint())
        })
    }

    /// The name of its only app.
    ///
    /// # Errors
    /// If it has none or several.
    pub(crate) fn only_app(&self) -> Result<&str, CliError> {
        let mut names = self.manifest.apps.keys();
        match (names.next(), names.next()) {
            (Some(name), None) => Ok(name),
            (None, _) => Err(CliError::usage(format!("`{}` has no app", self.file))
                .hint("`loop component new NAME --lang rust` makes a component and an app of it")),
            (Some(_), Some(_)) => {
                Err(CliError::usage(format!("`{}` has several apps", self.file))
                    .hint(self.apps_hint()))
            }
        }
    }

    fn apps_hint(&self) -> String {
        let names: Vec<String> = self
            .manifest
            .apps
            .keys()
            .map(|name| format!("`{name}`"))
            .collect();
        if names.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it has {}", names.join(", "))
        }
    }

    /// The folders of all components of its apps, and of its members that can be built.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let of_apps = self
            .manifest
            .apps
            .keys()
            .flat_map(|name| self.folders_of(name));
        let folders: BTreeSet<PathBuf> = of_apps.chain(self.members()).collect();
        folders.into_iter().collect()
    }

    /// The app whose root is made from this folder, if there is just one.
    pub(crate) fn app_with_root(&self, folder: &Path) -> Option<&str> {
        let mut apps = self.manifest.apps.iter().filter(|(_, app)| {
            let root = app.components.get(&app.root).map(|entry| &entry.source);
            let Some(Source::Path(path)) = root else {
                return false;
            };
            let path = self.folder.join(path);
            path == folder || path.canonicalize().is_ok_and(|path| path == folder)
        });
        let (name, _) = apps.next()?;
        apps.next().is_none().then_some(name)
    }

    /// The folders of the components of an app.
    pub(crate) fn folders_of(&self, app: &str) -> Vec<PathBuf> {
        let Some(app) = self.manifest.apps.get(app) else {
            return Vec::new();
        };
        let components = app.components.values().map(|entry| &entry.source);
        let providers = app
            .provide
            .values()
            .filter_map(|entry| match &entry.target {
                ProvideTarget::Source(source) => Some(source),
                ProvideTarget::Component(_)
                | ProvideTarget::Native { .. }
                | ProvideTarget::Endpoint(_) => None,
            });
        let paths = components
            .chain(providers)
            .filter_map(|source| match source {
                Source::Path(path) if !is_wasm(path) => Some(self.folder.join(path)),
                Source::Path(_) | Source::Package(_) => None,
            });
        let folders: BTreeSet<PathBuf> = paths.collect();
        folders.into_iter().collect()
    }

    /// The folders among its members that hold sources of a component.
    fn members(&self) -> Vec<PathBuf> {
        let members = self
            .manifest
            .workspace
            .iter()
            .flat_map(|workspace| &workspace.members);
        let mut found = Vec::new();
        for member in members {
            let mut level = vec![self.folder.clone()];
            for part in member
                .split('/')
                .filter(|part| !part.is_empty() && *part != ".")
            {
                level = level
                    .iter()
                    .flat_map(|folder| below(folder, part))
                    .collect();
            }
            found.extend(
                level
                    .into_iter()
                    .filter(|folder| Language::of(folder).is_some()),
            );
        }
        found
    }
}

/// The nearest folder around this one, itself among them, that has a `loop.toml`.
pub(crate) fn root_of(folder: &Path) -> Option<&Path> {
    folder
        .ancestors()
        .find(|folder| folder.join(FILE).is_file())
}

/// Whether a path names a component's file, rather than a folder to build.
pub(crate) fn is_wasm(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("wasm"))
}

/// A path as messages show it: below the current folder without that folder in front.
pub(crate) fn shown(path: &Path) -> String {
    let current = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&current) {
        Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
        Ok(inside) => inside.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

/// The entries of a folder that a part of a glob names.
fn below(folder: &Path, part: &str) -> Vec<PathBuf> {
    if !part.contains('*') {
        return vec![folder.join(part)];
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        !name.starts_with('.') && matches(part, &name)
    });
    let mut paths: Vec<PathBuf> = named.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Whether a name fits a pattern, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = name.split_once(part) else {
            return false;
        };
        name = after;
    }
    name.ends_with(last)
}

/// Reads a text that is not larger than what is read of a manifest, and one byte more if it is.
fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let most = u64::try_from(MANIFEST_BYTES_MAX)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    // Too large a file may be cut within a character; it is refused for its size in any case.
    if bytes.len() > MANIFEST_BYTES_MAX {
        text.push_str(&String::from_utf8_lossy(&bytes));
        return Ok(text);
    }
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, name, expected) in [
            ("*", "anything", true),
            ("a*", "abc", true),
            ("a*", "bca", false),
            ("*-web", "notes-web", true),
            ("*-web", "notes-webs", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("plain", "plain", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
