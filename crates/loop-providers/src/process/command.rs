//! What is started: held to the limits and to the policy, and found.

use std::collections::BTreeSet;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use loop_core::grants::Access;
use loop_core::policy::Request;

use crate::process::Granted;
use crate::process::bindings::loop_::process::children::{
    Command, ErrorCode, Folder, SpawnError, Variable,
};
use crate::process::strays::VARIABLE;

/// The most bytes of a program's name, its arguments and its variables together, with the byte that ends each: what Linux takes
/// of a single one (`MAX_ARG_STRLEN`), a sixteenth of what it takes of all by default, and as much as `xargs` gives at once.
pub(crate) const COMMAND_BYTES_MAX: usize = 131_072;

/// The longest path below a folder, in bytes: the system's own limit.
const PATH_BYTES_MAX: usize = 4_096;

/// A command that may be started.
#[derive(Debug)]
pub(crate) struct Allowed {
    /// What the component calls it.
    name: String,
    file: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    /// A granted folder, and a path below it.
    folder: Option<(PathBuf, String)>,
}

impl Allowed {
    /// Asks the policy for all that a command names.
    ///
    /// # Errors
    /// It is none that can be started, or not allowed, or the program is not there.
    pub(crate) fn new(granted: &Granted, command: Command) -> Result<Self, SpawnError> {
        check(&command)?;
        let Command {
            program,
            arguments,
            variables,
            folder,
        } = command;
        let denied = |_| SpawnError::Denied;
        let set: BTreeSet<&String> = variables
            .iter()
            .filter(|variable| variable.value.is_some())
            .map(|variable| &variable.name)
            .collect();
        let set: Vec<String> = set.into_iter().cloned().collect();
        let request = Request::Spawn {
            program: &program,
            arguments: &arguments,
            variables: &set,
        };
        granted.gate.ask(&request).map_err(denied)?;
        let mut all = Vec::new();
        for variable in variables {
            let Variable { name, value } = variable;
            let value = if value.is_some() {
                value
            } else {
                let request = Request::Variable { name: &name };
                granted.gate.ask(&request).map_err(denied)?;
                let own = granted.variables.iter().find(|(own, _)| *own == name);
                own.map(|(_, value)| value.clone())
            };
            all.extend(value.map(|value| (name, value)));
        }
        let folder = folder.map(|folder| below(granted, folder)).transpose()?;
        let file = match granted.programs.get(&program) {
            Some(file) => file.clone(),
            None if program.starts_with('/') => PathBuf::from(&program),
            None => return Err(SpawnError::NotFound),
        };
        Ok(Self {
            name: program,
            file,
            arguments,
            variables: all,
            folder,
        })
    }

    /// Makes it ready to be started, in a group of its own and with this mark. Its folder must live until it is started.
    ///
    /// # Errors
    /// The folder cannot be opened.
    pub(crate) fn prepare(
        self,
        mark: &str,
    ) -> Result<(std::process::Command, Option<Dir>), SpawnError> {
        let mut command = std::process::Command::new(self.file);
        command
            .arg0(self.name)
            .args(self.arguments)
            .env_clear()
            .envs(self.variables)
            .env(VARIABLE, mark)
            .process_group(0);
        let Some((root, path)) = self.folder else {
            command.current_dir("/");
            return Ok((command, None));
        };
        let folder = Dir::open_ambient_dir(root, ambient_authority())?;
        let folder = match path.as_str() {
            "" => folder,
            path => folder.open_dir(path)?,
        };
        // The folder that was opened, whatever is at its path by now: the new process has the descriptor until the program begins.
        command.current_dir(format!("/proc/self/fd/{}", folder.as_raw_fd()));
        Ok((command, Some(folder)))
    }
}

/// Whether a program can be given these texts at all.
fn check(command: &Command) -> Result<(), SpawnError> {
    let Command {
        program,
        arguments,
        variables,
        folder,
    } = command;
    let values = variables
        .iter()
        .filter_map(|variable| variable.value.as_ref());
    let names = variables.iter().map(|variable| &variable.name);
    let texts = || {
        let texts = std::iter::once(program).chain(arguments);
        texts.chain(names.clone()).chain(values.clone())
    };
    let bytes: usize = texts().map(|text| text.len() + 1).sum();
    if bytes > COMMAND_BYTES_MAX {
        return Err(SpawnError::TooLarge(COMMAND_BYTES_MAX as u64));
    }
    let invalid = |what: &str| Err(SpawnError::Invalid(what.to_owned()));
    if texts().any(|text| text.contains('\0')) {
        return invalid("a program, an argument or a variable has a zero byte");
    }
    if names.clone().any(String::is_empty) {
        return invalid("the name of a variable is empty");
    }
    if names.clone().any(|name| name.contains('=')) {
        return invalid("the name of a variable has a `=`");
    }
    match folder {
        Some(folder)
            if folder.root.len() > PATH_BYTES_MAX || folder.path.len() > PATH_BYTES_MAX =>
        {
            Err(ErrorCode::NameTooLong.into())
        }
        Some(folder) if folder.path.contains('\0') => {
            invalid("the path of a folder has a zero byte")
        }
        _ => Ok(()),
    }
}

/// Where a granted folder is, and a path below it.
fn below(granted: &Granted, folder: Folder) -> Result<(PathBuf, String), SpawnError> {
    let Folder { root, path } = folder;
    let Some(known) = granted.folders.iter().find(|known| known.name == root) else {
        let request = Request::OpenFolder {
            name: &root,
            access: Access::Read,
        };
        // It is not among the granted ones, so this tells that it is missing.
        let _ = granted.gate.ask(&request);
        return Err(SpawnError::Denied);
    };
    granted.gate.folder_used(&root);
    Ok((known.path.clone(), path))
}
