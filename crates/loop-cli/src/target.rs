//! What a user means by a target: an app, a component's folder, or a component's file.

use std::path::{Path, PathBuf};

use loop_build::Language;

use crate::error::{CliError, Kind, Problem};
use crate::workspace::{self, Workspace};

/// What a command is about.
#[derive(Debug)]
pub(crate) enum Target {
    /// An app of a workspace.
    App {
        /// The workspace.
        workspace: Box<Workspace>,
        /// The app's name.
        name: String,
    },
    /// A folder of sources.
    Folder(PathBuf),
    /// A component's file, as it was typed.
    File(PathBuf),
}

impl Target {
    /// The app that a folder is the root of, if there is just one: then its grants are meant as well.
    ///
    /// # Errors
    /// If the workspace around it cannot be read.
    pub(crate) fn or_its_app(self) -> Result<Self, CliError> {
        let Self::Folder(folder) = &self else {
            return Ok(self);
        };
        let Some(workspace) = Workspace::around(folder)? else {
            return Ok(self);
        };
        let Some(name) = workspace.app_with_root(folder).map(ToOwned::to_owned) else {
            return Ok(self);
        };
        Ok(Self::App {
            workspace: Box::new(workspace),
            name,
        })
    }
}

/// Finds out what was meant.
///
/// Nothing stands for the only app of the workspace; a name for an app, or else for one of the workspace's folders;
/// a path for what is there. `app` chooses among the apps of a workspace.
///
/// # Errors
/// If there is nothing of that name, or several things.
pub(crate) fn resolve(text: Option<&str>, app: Option<&str>) -> Result<Target, CliError> {
    let here =
        std::env::current_dir().map_err(|error| CliError::file("read", Path::new("."), &error))?;
    let Some(text) = text else {
        let Some(workspace) = Workspace::around(&here)? else {
            return Err(no_workspace(&here));
        };
        return app_of(workspace, app);
    };
    let path = Path::new(text);
    if workspace::is_wasm(path) || path.is_file() {
        return match path.file_name() {
            Some(name) if name == workspace::FILE => app_of(
                Workspace::read(&absolute(&here, path.parent().unwrap_or(path)))?,
                app,
            ),
            _ => Ok(Target::File(path.to_owned())),
        };
    }
    let is_name = path.components().count() == 1 && !text.starts_with('.');
    let around = if is_name {
        Workspace::around(&here)?
    } else {
        None
    };
    if let Some(workspace) = around {
        if workspace.manifest.apps.contains_key(text) {
            return Ok(Target::App {
                workspace: Box::new(workspace),
                name: text.to_owned(),
            });
        }
        let folders = workspace.folders();
        let named = folders
            .iter()
            .find(|folder| folder.file_name().is_some_and(|name| name == text));
        if let (Some(folder), false) = (named, path.is_dir()) {
            return Ok(Target::Folder(folder.clone()));
        }
        if !path.exists() {
            return Err(nothing(text, Some(&workspace)));
        }
    }
    if !path.is_dir() {
        return Err(nothing(text, None));
    }
    let folder = absolute(&here, path);
    if folder.join(workspace::FILE).is_file() {
        return app_of(Workspace::read(&folder)?, app);
    }
    if Language::of(&folder).is_some() {
        return Ok(Target::Folder(folder));
    }
    Err(CliError::usage(format!("`{text}` has neither a loop.toml nor sources of a component"))
        .hint("`loop new NAME` makes a workspace, `loop component new NAME --lang rust` a component in one"))
}

fn app_of(workspace: Workspace, app: Option<&str>) -> Result<Target, CliError> {
    let name = match app {
        Some(name) => {
            workspace.app(name)?;
            name.to_owned()
        }
        None => workspace.only_app()?.to_owned(),
    };
    Ok(Target::App {
        workspace: Box::new(workspace),
        name,
    })
}

/// An absolute path without `.` and `..`, as far as it can be had without looking at links.
pub(crate) fn absolute(here: &Path, path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| here.join(path))
}

fn no_workspace(here: &Path) -> CliError {
    let message = format!("there is no loop.toml in {} or above it", here.display());
    CliError::usage(message)
        .hint("name a folder or a .wasm file, or make a workspace with `loop new NAME`")
}

fn nothing(text: &str, workspace: Option<&Workspace>) -> CliError {
    let problem = match workspace {
        None => Problem::new(format!("`{text}` is neither a file nor a folder")).hint(
            "name a .wasm file, a folder with sources of a component, or an app of a loop.toml",
        ),
        Some(workspace) => {
            let file = &workspace.file;
            let problem = Problem::new(format!(
                "`{text}` is neither an app of `{file}` nor a file nor a folder"
            ));
            let apps = workspace.manifest.apps.keys().map(String::as_str);
            loop_core::suggest::did_you_mean(text, apps)
                .into_iter()
                .fold(problem, Problem::hint)
        }
    };
    CliError::new(Kind::Usage, problem)
}
