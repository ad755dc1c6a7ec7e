//! Why a component was not built.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::build::wit;
use crate::toolchain::ToolchainError;

/// Why a component was not built. The artifact of the last good build is still in place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no compiler for components.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// The components are in several languages, and more than one has no toolchain here. Nothing was built.
    #[error("{}", sentences(missing))]
    Toolchains {
        /// What each of them lacks.
        missing: Vec<ToolchainError>,
    },
    /// The folder holds nothing that can be built.
    #[error("{} is not a folder with a Cargo.toml, a package.json or a pyproject.toml", folder.display())]
    NoSource {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder is a Cargo workspace of packages, not a package.
    #[error("the Cargo.toml in {} describes no package", folder.display())]
    NoPackage {
        /// The folder.
        folder: PathBuf,
    },
    /// Cargo cannot read the package's description.
    #[error("cargo cannot read {}", folder.join("Cargo.toml").display())]
    Manifest {
        /// The folder.
        folder: PathBuf,
        /// What Cargo says.
        output: String,
    },
    /// The package makes neither a program nor a library that could be a component.
    #[error("the package `{package}` makes no component")]
    NoArtifact {
        /// The package.
        package: String,
    },
    /// The package makes several, and does not say which is meant.
    #[error("the package `{package}` makes several components: {}", artifacts.join(", "))]
    ManyArtifacts {
        /// The package.
        package: String,
        /// Their names.
        artifacts: Vec<String>,
    },
    /// The compiler made a wasm file of another kind.
    #[error("{} is not a component", path.display())]
    NotComponent {
        /// The file.
        path: PathBuf,
    },
    /// A `package.json` or `pyproject.toml` is not what it should be.
    #[error("{} is wrong: {reason}", path.display())]
    Package {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// The component has no WIT.
    #[error("there is no folder {}", folder.display())]
    NoWit {
        /// The folder that is not there.
        folder: PathBuf,
    },
    /// The WIT is wrong, or the world is not in it.
    #[error("the WIT in {} is wrong", folder.display())]
    Wit {
        /// The folder.
        folder: PathBuf,
        /// What is wrong, and where.
        output: String,
    },
    /// The tool that was chosen makes no such component.
    #[error("componentize-js does not know what is asynchronous, as the world `{world}` is")]
    AsyncWorld {
        /// The world.
        world: String,
    },
    /// There is no source to begin with.
    #[error("there is no {}", names(paths, " and no "))]
    NoEntry {
        /// Where it was looked for.
        paths: Vec<PathBuf>,
    },
    /// The source does not have all that the world exports.
    #[error("{} does not export `{}`", source_file.display(), exports.join("`, `"))]
    MissingExports {
        /// The file that should have them.
        source_file: PathBuf,
        /// What is missing, as paths in the language: `run.run`, `Basket.prototype.add`.
        exports: Vec<String>,
    },
    /// The sources do not compile, or what they depend on could not be had.
    #[error("{} does not build", components.join(", "))]
    Failed {
        /// The components that were built together.
        components: Vec<String>,
        /// The compiler's own messages.
        output: String,
    },
    /// Cargo could not be started.
    #[error("cargo could not be run")]
    Cargo(#[source] io::Error),
    /// The sources are too many.
    #[error("{} is larger than {limit} bytes", folder.display())]
    TooLarge {
        /// The folder.
        folder: PathBuf,
        /// What it may have in all.
        limit: u64,
    },
    /// A tool could not be started.
    #[error("{program} could not be run")]
    Tool {
        /// The program.
        program: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A tool did not come to an end.
    #[error("{program} was ended after {} s", limit.as_secs())]
    TooSlow {
        /// The program.
        program: &'static str,
        /// How long it was given.
        limit: Duration,
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
    /// The caller stopped the work.
    #[error("stopped")]
    Cancelled,
}

impl BuildError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Toolchain(error) => return error.hint(),
            Self::Toolchains { missing } => {
                let hints: Vec<String> = missing.iter().filter_map(ToolchainError::hint).collect();
                return Some(hints.join("; "));
            }
            Self::NoSource { .. } => {
                "`loop component new NAME --lang rust` makes such a folder; the language can be `js`, `ts` and `python` too"
            }
            Self::NoPackage { .. } => "name the folder of one of its packages",
            Self::NoArtifact { .. } => {
                "give it a src/main.rs, or a library with `crate-type = [\"cdylib\"]` under [lib]"
            }
            Self::ManyArtifacts { .. } => {
                "set `default-run` under [package] to one of its programs, or make a package of each"
            }
            Self::NotComponent { .. } => "the compiler's target must be wasm32-wasip2",
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free some room on the disk"
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "builds write to `.loop` in the workspace: it must be writable"
                }
                _ => return None,
            },
            // A glob such as `*` takes our folder for a package.
            Self::Manifest { output, .. } if output.contains("/.loop`") => {
                "add `exclude = [\".loop\"]` under [workspace] in the workspace's Cargo.toml"
            }
            Self::Manifest { output, .. } if output.contains("for workspace member") => {
                "a component in another language goes into `exclude` under [workspace] in the workspace's Cargo.toml, where a `*` takes it for a package"
            }
            Self::Package { path, .. } if path.ends_with("package.json") => {
                "its key `loop` takes `world` and `tool`"
            }
            Self::Package { .. } => "its table [tool.loop] takes `world` and `module`",
            Self::NoWit { .. } => "put a .wit file there, with the world of the component",
            Self::NoEntry { paths }
                if paths
                    .iter()
                    .any(|path| path.extension().is_some_and(|end| end == "py")) =>
            {
                "name the module under [tool.loop] in pyproject.toml: `module = \"app\"`"
            }
            Self::NoEntry { .. } => "name it in package.json: `\"main\": \"src/main.js\"`",
            Self::AsyncWorld { .. } => {
                "componentize-qjs does: leave `tool` out of the key `loop` in package.json"
            }
            Self::MissingExports { .. } => "it must have all that the world in wit/ exports",
            Self::TooLarge { .. } => "move away from there what is not for the component",
            Self::TooSlow { .. } => "does the source come to an end when it is loaded?",
            Self::Wit { output, .. } if output.contains("known packages") => {
                return Some(format!(
                    "these are there without a copy in wit/deps: {}",
                    wit::carried_names()
                ));
            }
            Self::Manifest { .. }
            | Self::Failed { .. }
            | Self::Cargo(_)
            | Self::Wit { .. }
            | Self::Tool { .. }
            | Self::Cancelled => {
                return None;
            }
        };
        Some(hint.to_owned())
    }

    /// What the compiler, Cargo or another tool wrote, when that is what is wrong. A build has told it as
    /// [`Event::Output`](crate::Event::Output).
    pub fn output(&self) -> Option<&str> {
        match self {
            Self::Manifest { output, .. }
            | Self::Wit { output, .. }
            | Self::Failed { output, .. } => Some(output),
            Self::Toolchain(error) => error.output(),
            _ => None,
        }
    }

    /// The part of [`BuildError::output`] that was not told while the tool ran.
    pub(crate) fn untold(&self) -> Option<&str> {
        match self {
            Self::Failed { .. } => None,
            _ => self.output(),
        }
    }

    /// Makes an error of what went wrong with a file or folder.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

fn sentences(errors: &[ToolchainError]) -> String {
    let sentences: Vec<String> = errors.iter().map(ToString::to_string).collect();
    sentences.join("; ")
}

fn names(paths: &[PathBuf], between: &str) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(between)
}
