//! Why nothing was made.

use std::io;
use std::path::{Path, PathBuf};

use loop_core::Diagnostic;

/// Why nothing was made. Nothing was left behind either.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScaffoldError {
    /// The name cannot be a component's, a package's and a folder's at once.
    #[error("`{name}` is not a name: {reason}")]
    Name {
        /// What was given.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something stands there.
    #[error("{} is there already", path.display())]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// Components are made in workspaces.
    #[error("{} is not in a workspace: no folder above it has a loop.toml", folder.display())]
    NoWorkspace {
        /// The folder.
        folder: PathBuf,
    },
    /// `loop.toml` cannot be read as it is.
    #[error("{} is not right as it is", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Its text.
        text: String,
        /// What is wrong with it, each with its place in the text.
        diagnostics: Vec<Diagnostic>,
    },
    /// An app of that name is there.
    #[error("the workspace has an app `{name}` already")]
    AppExists {
        /// The name.
        name: String,
    },
    /// Lines at the end of `loop.toml` would not mean what they should.
    #[error("nothing can be added at the end of {}", path.display())]
    CannotAdd {
        /// The file.
        path: PathBuf,
        /// What would be added.
        lines: String,
    },
    /// The workspace's `Cargo.toml` would not take the component.
    #[error("{} does not say `{line}` under [workspace]", path.display())]
    CargoWorkspace {
        /// The file.
        path: PathBuf,
        /// What it should say.
        line: String,
    },
    /// The folder that was given is not loop-kit's repository.
    #[error("{} is not the repository of loop-kit", folder.display())]
    NoLoopKit {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder could not be read or written.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl ScaffoldError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Name { .. } => {
                "a name is lower-case words joined by hyphens, each beginning with a letter, such as `my-app`".to_owned()
            }
            Self::Exists { .. } => "take another name, or move what is there away".to_owned(),
            Self::NoWorkspace { .. } => {
                "run `loop new NAME` to make a workspace, and then this in it".to_owned()
            }
            Self::Manifest { .. } => "`loop check` shows what is wrong".to_owned(),
            Self::AppExists { .. } => "take another name".to_owned(),
            Self::CannotAdd { lines, .. } => {
                format!("write its apps as [app.NAME] tables, so that these lines can follow:\n{lines}")
            }
            Self::CargoWorkspace { line, .. } => format!("add to its [workspace]: {line}"),
            Self::NoLoopKit { .. } => {
                "clone it, and give the clone's folder with `--loop-kit`".to_owned()
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "the folder that it is to stand in must be there".to_owned()
            }
            Self::Io { .. } => return None,
        };
        Some(hint)
    }

    /// Makes an error of what went wrong with a file or folder.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
