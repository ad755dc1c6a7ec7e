//! Tools of one version, fetched from a package registry once for a workspace.
//!
//! They stand in `.loop/tools/<name>-<version>`. A file that is written last says that a folder is whole: what a killed
//! process left behind is made anew. Processes that want the same one wait for each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::environment::Environment;
use crate::event::{Cancel, Event};
use crate::files;
use crate::lock::{Lock, LockError};
use crate::process::{self, RunError, Stream};
use crate::toolchain::ToolchainError;

/// How long a registry may take to deliver a tool. The largest is 120 MB, which a line of 2 Mbit/s carries in that time.
const FETCH_LIMIT: Duration = Duration::from_mins(10);

/// How much of what a package manager says is kept for the error. The reason stands in its last or first lines.
const OUTPUT_BYTES_MAX: usize = 64 << 10;

/// The file that says that a tool's folder is whole.
const WHOLE: &str = "loop-whole";

/// A tool of one version.
#[derive(Debug)]
pub(crate) struct Pinned {
    /// Its name and version, which is also its folder's name.
    pub(crate) id: &'static str,
    pub(crate) registry: Registry,
}

/// Where a tool comes from.
#[derive(Debug)]
pub(crate) enum Registry {
    /// npm's, by a lock file that names packages with their digests.
    Npm {
        package: &'static str,
        lock: &'static str,
    },
    /// Python's package index, by requirements that name every package with its version.
    Pip { requirements: &'static str },
}

/// JavaScript by QuickJS, with what bundles sources.
pub(crate) static COMPONENTIZE_QJS: Pinned = Pinned {
    id: "componentize-qjs-0.4.5",
    registry: Registry::Npm {
        package: include_str!("pinned/componentize-qjs/package.json"),
        lock: include_str!("pinned/componentize-qjs/package-lock.json"),
    },
};

/// JavaScript by SpiderMonkey, with what bundles sources.
///
/// Of the tool's own tool, jco, it has the first version that will do: newer ones come with this tool in two older versions.
pub(crate) static COMPONENTIZE_JS: Pinned = Pinned {
    id: "componentize-js-0.23.0",
    registry: Registry::Npm {
        package: include_str!("pinned/componentize-js/package.json"),
        lock: include_str!("pinned/componentize-js/package-lock.json"),
    },
};

/// Python.
pub(crate) static COMPONENTIZE_PY: Pinned = Pinned {
    id: "componentize-py-0.25.1",
    registry: Registry::Pip {
        requirements: include_str!("pinned/componentize-py/requirements.txt"),
    },
};

impl Pinned {
    /// The folder of the tool, if it was fetched.
    pub(crate) fn find(&self, tools: &Path) -> Option<PathBuf> {
        let folder = tools.join(self.id);
        folder.join(WHOLE).is_file().then_some(folder)
    }

    /// What is not on this machine, and is needed to run the tool or to fetch it.
    pub(crate) fn missing(
        &self,
        environment: &Environment,
        tools: &Path,
    ) -> Option<ToolchainError> {
        let is_there = |program: &str| environment.find(program).is_some();
        match self.registry {
            Registry::Npm { .. } if !is_there("node") => {
                Some(ToolchainError::NoNode { program: "node" })
            }
            Registry::Npm { .. } if !is_there("npm") && self.find(tools).is_none() => {
                Some(self.registry.no_program())
            }
            Registry::Pip { .. } if !is_there("python3") => Some(self.registry.no_program()),
            _ => None,
        }
    }

    /// Its name without the version.
    pub(crate) fn name(&self) -> &'static str {
        self.id.rsplit_once('-').map_or(self.id, |(name, _)| name)
    }

    /// The folder of the tool, which is fetched if it is not there.
    pub(crate) fn fetch(
        &self,
        environment: &Environment,
        tools: &Path,
        cancel: &Cancel,
        events: &mut dyn FnMut(Event),
    ) -> Result<PathBuf, ToolchainError> {
        if let Some(folder) = self.find(tools) {
            return Ok(folder);
        }
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| ToolchainError::Folder { path, source }
        };
        fs::create_dir_all(tools).map_err(at(tools))?;
        let lock = tools.join(".lock");
        let _lock = Lock::take(&lock, "another build that fetches tools", cancel, events).map_err(
            |error| match error {
                LockError::Io(source) => at(&lock)(source),
                LockError::Cancelled => ToolchainError::Cancelled,
            },
        )?;
        if let Some(folder) = self.find(tools) {
            return Ok(folder);
        }
        let folder = tools.join(self.id);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(at(&folder))?;
        }
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        events(Event::Installing {
            what: format!("{} into {}", self.id, folder.display()),
            command: None,
        });
        for command in self.commands(environment, &folder).map_err(at(&folder))? {
            let command = command.ok_or_else(|| self.registry.no_program())?;
            self.run(command, cancel)?;
        }
        let whole = folder.join(WHOLE);
        files::write_atomically(&whole, self.id.as_bytes()).map_err(at(&whole))?;
        Ok(folder)
    }

    /// What fetches it, one after the other; nothing in place of what is not on this machine.
    fn commands(
        &self,
        environment: &Environment,
        folder: &Path,
    ) -> std::io::Result<Vec<Option<Command>>> {
        match &self.registry {
            Registry::Npm { package, lock } => {
                fs::write(folder.join("package.json"), package)?;
                fs::write(folder.join("package-lock.json"), lock)?;
                let npm = environment.find("npm").map(|npm| {
                    let mut command = environment.command(&npm);
                    // A registry that does not answer is tried once more, not for minutes. No package's scripts are run.
                    command.current_dir(folder).args([
                        "install",
                        "--ignore-scripts",
                        "--no-audit",
                        "--no-fund",
                        "--no-update-notifier",
                        "--loglevel=error",
                        "--fetch-retries=1",
                        "--fetch-retry-mintimeout=1000",
                        "--fetch-retry-maxtimeout=5000",
                    ]);
                    command
                });
                Ok(vec![npm])
            }
            Registry::Pip { requirements } => {
                fs::write(folder.join("requirements.txt"), requirements)?;
                let venv = environment.find("python3").map(|python| {
                    let mut command = environment.command(&python);
                    command.current_dir(folder).args(["-m", "venv", "."]);
                    command
                });
                let mut pip = environment.command(&python_in(folder));
                pip.current_dir(folder).args([
                    "-m",
                    "pip",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--retries",
                    "1",
                    "install",
                    "--requirement",
                    "requirements.txt",
                ]);
                Ok(vec![venv, Some(pip)])
            }
        }
    }

    fn run(&self, command: Command, cancel: &Cancel) -> Result<(), ToolchainError> {
        let mut output = String::new();
        let failed = |output: String| ToolchainError::Fetch {
            tool: self.id,
            output,
        };
        let status = process::run(
            command,
            Some(FETCH_LIMIT),
            cancel,
            &mut |stream: Stream, line: &str| {
                if stream == Stream::Err && output.len() + line.len() < OUTPUT_BYTES_MAX {
                    output.push_str(line);
                    output.push('\n');
                }
            },
        );
        match status {
            Ok(status) if status.success() => Ok(()),
            // Ctrl-C at a terminal ends it before anybody sets the flag.
            Ok(_) if cancel.is_cancelled() => Err(ToolchainError::Cancelled),
            Ok(_) => Err(failed(output)),
            Err(RunError::Cancelled) => Err(ToolchainError::Cancelled),
            Err(RunError::TimedOut(limit)) => {
                Err(failed(format!("{output}no end in {} s\n", limit.as_secs())))
            }
            Err(RunError::Io(error)) => Err(failed(format!("{error}\n"))),
        }
    }
}

impl Registry {
    /// The error where the program is missing that fetches from it.
    pub(crate) fn no_program(&self) -> ToolchainError {
        match self {
            Self::Npm { .. } => ToolchainError::NoNode { program: "npm" },
            Self::Pip { .. } => ToolchainError::NoPython,
        }
    }
}

/// The Python of a virtual environment.
pub(crate) fn python_in(folder: &Path) -> PathBuf {
    if cfg!(windows) {
        folder.join("Scripts/python.exe")
    } else {
        folder.join("bin/python")
    }
}
