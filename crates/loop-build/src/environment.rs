//! What this crate knows of the process it runs in: the variables it was passed, and nothing else.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variables, the cache folder and the rights with which tools are found and started.
///
/// Tools see exactly these variables, so that two environments in one process do not disturb each other.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The variables that tools are started with. `PATH` is where they are looked for.
    pub variables: BTreeMap<OsString, OsString>,
    /// The folder for what is worth keeping between runs, such as `~/.cache/loop`; none where there is no home.
    pub cache: Option<PathBuf>,
    /// Whether system packages can be installed without asking for more rights.
    pub superuser: bool,
}

impl Environment {
    /// An environment with these variables, which also say where the cache folder is: `$XDG_CACHE_HOME/loop`,
    /// or `~/.cache/loop`.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables: BTreeMap<_, _> = variables.into_iter().collect();
        let absolute = |name: &str| {
            variables
                .get(OsStr::new(name))
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let cache = absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .map(|folder| folder.join("loop"));
        Self {
            variables,
            cache,
            superuser: superuser(),
        }
    }

    /// The value of a variable, unless it is unset or empty.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|v| !v.is_empty())
    }

    /// The same environment with one variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Where the program stands on the `PATH`.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        let path = self.variable("PATH")?;
        let file_name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(&file_name))
            .find(|candidate| is_executable(candidate))
    }

    /// A command that sees these variables and no others.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.variables);
        command
    }
}

#[cfg(unix)]
fn superuser() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn superuser() -> bool {
    false
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
