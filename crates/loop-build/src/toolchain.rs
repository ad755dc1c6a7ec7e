//! What builds components: found on this machine, or made.
//!
//! [`RustTarget`] is for builds: it finds or makes Rust's `wasm32-wasip2`. [`Toolchains::detect`] is for people:
//! it only looks, and says what is there, what is missing and how to get it.
//!
//! Three ways lead to a [`RustTarget`], tried in this order:
//!
//! 1. the `rustc` on the `PATH` has the target already;
//! 2. rustup adds it;
//! 3. on Debian, where rustup's server is not to be reached but package archives are, the target is made
//!    from packages in a cache folder of its own (`debian.rs`).

mod apt;
mod debian;
pub(crate) mod pinned;
mod report;
mod rustup;
mod sysroot;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

use crate::environment::Environment;
use crate::event::{Cancel, Event};
use crate::process;

pub use apt::missing_packages;
pub use debian::MakeError;
pub use report::{Found, Tool, Toolchains};

/// The target that components are compiled for.
pub const TARGET: &str = "wasm32-wasip2";

/// How long a tool may take to say its version. rustup's stand-ins take 30 ms; a cold disk takes seconds.
const ASK_LIMIT: Duration = Duration::from_secs(20);

/// How to get Node.js.
const NODE_HINT: &str = "install Node.js 20 or newer, with npm: https://nodejs.org, or `apt-get install nodejs npm` on Debian";

/// How to get Python.
const PYTHON_HINT: &str = "install Python 3.10 or newer: https://python.org, or `apt-get install python3 python3-venv` on Debian";

/// How to get what Debian leaves out of Python.
const VENV_HINT: &str =
    "install what makes virtual environments: `apt-get install python3-venv` on Debian";

/// What may be changed on the way to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing: what is there is used.
    Nothing,
    /// What belongs to the user: rustup's folder and the cache folder.
    User,
    /// The system's packages too, where the environment has the rights for it.
    System,
}

/// Where a target comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The `rustc` on the `PATH` has it.
    Installed,
    /// It was made in the cache folder.
    Made,
}

/// A Rust compiler that can build for [`TARGET`].
#[derive(Clone, Debug)]
pub struct RustTarget {
    /// Where the target comes from.
    pub origin: Origin,
    /// What the compiler calls itself: `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub version: String,
    /// The folder that holds the compiler's libraries.
    pub sysroot: PathBuf,
    cargo: PathBuf,
    /// The compiler, where it is not the one that cargo finds by itself.
    rustc: Option<PathBuf>,
    /// Files that are others when the compiler is another.
    pub(crate) witnesses: Vec<PathBuf>,
}

/// Why there is no target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolchainError {
    /// No Rust at all.
    #[error("there is no Rust toolchain on the PATH (`cargo` and `rustc` were looked for)")]
    NoRust,
    /// The target is not there, and it may not be made.
    #[error("{version} cannot build for {TARGET}")]
    NoTarget {
        /// What the compiler calls itself.
        version: String,
    },
    /// Each way to make the target failed.
    #[error("the Rust target {TARGET} could neither be added by rustup ({rustup}) nor be made")]
    CannotMake {
        /// Why rustup did not add it.
        rustup: String,
        /// Why it was not made.
        #[source]
        made: Box<MakeError>,
    },
    /// There is no Node.js.
    #[error("there is no `{program}` on the PATH, which builds components of JavaScript")]
    NoNode {
        /// The program that was looked for: `node` or `npm`.
        program: &'static str,
    },
    /// There is no Python.
    #[error("there is no `python3` on the PATH, which builds components of Python")]
    NoPython,
    /// A tool could not be had from its package registry.
    #[error("{tool} could not be fetched")]
    Fetch {
        /// The tool and its version.
        tool: &'static str,
        /// What the package manager says.
        output: String,
    },
    /// A folder for tools could not be used.
    #[error("{} cannot be used", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The caller stopped the work.
    #[error("stopped")]
    Cancelled,
}

impl ToolchainError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRust => Some("install Rust with rustup: https://rustup.rs".to_owned()),
            Self::NoTarget { .. } => Some(format!("run `rustup target add {TARGET}`")),
            Self::CannotMake { made, .. } => made.hint(),
            Self::NoNode { .. } => Some(NODE_HINT.to_owned()),
            Self::NoPython => Some(PYTHON_HINT.to_owned()),
            Self::Fetch { output, .. } if output.contains("ensurepip") => {
                Some(VENV_HINT.to_owned())
            }
            Self::Fetch { tool, .. } => {
                let (registry, setting) = if tool.starts_with("componentize-py") {
                    ("Python's package index", "`pip config`")
                } else {
                    ("npm's registry", "`npm config set registry URL`")
                };
                Some(format!(
                    "is {registry} to be reached from here? {setting} names another"
                ))
            }
            Self::Folder { .. } | Self::Cancelled => None,
        }
    }

    /// What a tool wrote, when that is what is wrong.
    pub(crate) fn output(&self) -> Option<&str> {
        match self {
            Self::Fetch { output, .. } => Some(output),
            _ => None,
        }
    }
}

impl RustTarget {
    /// Looks for a compiler with the target, for a build in this folder: a `rust-toolchain.toml` there counts.
    ///
    /// # Errors
    /// - [`ToolchainError::NoRust`] and [`ToolchainError::NoTarget`] say what is missing.
    /// - [`ToolchainError::Cancelled`] when the caller stopped the work.
    pub fn find(
        environment: &Environment,
        folder: &Path,
        cancel: &Cancel,
    ) -> Result<Self, ToolchainError> {
        let installed = installed(environment, folder, cancel);
        match installed {
            Err(ToolchainError::Cancelled) | Ok(_) => installed,
            Err(missing) => debian::find(environment).ok_or(missing),
        }
    }

    /// Finds a compiler with the target, or makes one as far as it is permitted.
    ///
    /// Two processes may do this at once: one makes it, the other waits. One that is killed leaves nothing half made.
    ///
    /// # Errors
    /// Says what is missing and why it could not be made. Whatever was made until then stays valid.
    pub fn make(
        environment: &Environment,
        folder: &Path,
        permission: Permission,
        cancel: &Cancel,
        events: &mut dyn FnMut(Event),
    ) -> Result<Self, ToolchainError> {
        let missing = match Self::find(environment, folder, cancel) {
            Err(missing @ (ToolchainError::NoTarget { .. } | ToolchainError::NoRust)) => missing,
            found_or_stopped => return found_or_stopped,
        };
        if permission < Permission::User {
            return Err(missing);
        }
        let rustup = match rustup::add_target(environment, folder, cancel, events) {
            Ok(()) => match installed(environment, folder, cancel) {
                Ok(target) => return Ok(target),
                Err(ToolchainError::Cancelled) => return Err(ToolchainError::Cancelled),
                Err(still_missing) => still_missing.to_string(),
            },
            Err(rustup::AddError::Cancelled) => return Err(ToolchainError::Cancelled),
            Err(rustup::AddError::Failed(reason)) => reason,
        };
        events(Event::GoingOn {
            reason: format!("rustup could not add {TARGET}: {rustup}"),
        });
        debian::make(environment, permission, cancel, events).map_err(|made| match made {
            MakeError::Cancelled => ToolchainError::Cancelled,
            made => ToolchainError::CannotMake {
                rustup,
                made: Box::new(made),
            },
        })
    }

    /// Whether there is no Rust at all, and no way to it. No program is started to know this.
    pub(crate) fn is_out_of_reach(environment: &Environment, permission: Permission) -> bool {
        let is_there = |program: &str| environment.find(program).is_some();
        let may_come = permission >= Permission::User
            && (is_there("rustup") || debian::is_possible(environment));
        let is_installed = is_there("cargo") && is_there("rustc");
        !is_installed && !may_come && debian::find(environment).is_none()
    }

    /// A `cargo` that builds for [`TARGET`] when it is told so with `--target`.
    pub fn cargo(&self, environment: &Environment) -> Command {
        let mut command = environment.command(&self.cargo);
        if let Some(rustc) = &self.rustc {
            command.env("RUSTC", rustc);
        }
        command
    }
}

/// The compiler on the `PATH`, when it has the target.
fn installed(
    environment: &Environment,
    folder: &Path,
    cancel: &Cancel,
) -> Result<RustTarget, ToolchainError> {
    let (Some(cargo), Some(rustc)) = (environment.find("cargo"), environment.find("rustc")) else {
        return Err(ToolchainError::NoRust);
    };
    let ask = |arguments: &[&str]| {
        let mut command = environment.command(&rustc);
        // A toolchain that a `rust-toolchain.toml` names is not downloaded by a mere question.
        command
            .args(arguments)
            .current_dir(folder)
            .env("RUSTUP_AUTO_INSTALL", "0");
        match process::capture(command, ASK_LIMIT, cancel) {
            Ok(finished) if finished.status.success() => Ok(Some(finished)),
            Ok(_) | Err(process::RunError::Io(_) | process::RunError::TimedOut(_)) => Ok(None),
            Err(process::RunError::Cancelled) => Err(ToolchainError::Cancelled),
        }
    };
    let version = match ask(&["--version"])? {
        Some(answer) => answer.first_line().to_owned(),
        None => return Err(ToolchainError::NoRust),
    };
    let answer = ask(&[
        "--target",
        TARGET,
        "--print",
        "sysroot",
        "--print",
        "target-libdir",
    ])?;
    let folders: Vec<PathBuf> = answer
        .iter()
        .flat_map(|answer| answer.out.lines())
        .map(PathBuf::from)
        .collect();
    let [sysroot, libraries] = folders.as_slice() else {
        return Err(ToolchainError::NoTarget { version });
    };
    if !sysroot::has_std(libraries) {
        return Err(ToolchainError::NoTarget { version });
    }
    let witnesses = vec![sysroot.join("bin/rustc"), libraries.clone()];
    Ok(RustTarget {
        origin: Origin::Installed,
        version,
        sysroot: sysroot.clone(),
        cargo,
        rustc: None,
        witnesses,
    })
}
