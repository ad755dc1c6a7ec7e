//! What the system says, in WASI's words.

use std::io;

use rustix::io::Errno;

use crate::process::bindings::loop_::process::children::{ErrorCode, SpawnError};
use crate::process::command::COMMAND_BYTES_MAX;

impl From<ErrorCode> for SpawnError {
    fn from(code: ErrorCode) -> Self {
        Self::Failed(code)
    }
}

impl From<io::Error> for SpawnError {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            // Of the limit of this interface the system takes anything; it may have been given a smaller one of its own.
            Some(Errno::TOOBIG) => Self::TooLarge(COMMAND_BYTES_MAX as u64),
            Some(errno) => Self::Failed(of_errno(errno)),
            // That a path leads out of its folder is no error of the system's own.
            None if error.kind() == io::ErrorKind::PermissionDenied => {
                Self::Failed(ErrorCode::NotPermitted)
            }
            None => Self::Failed(ErrorCode::Io),
        }
    }
}

impl From<Errno> for SpawnError {
    fn from(errno: Errno) -> Self {
        io::Error::from(errno).into()
    }
}

fn of_errno(errno: Errno) -> ErrorCode {
    match errno {
        Errno::ACCESS => ErrorCode::Access,
        Errno::PERM => ErrorCode::NotPermitted,
        Errno::NOENT => ErrorCode::NoEntry,
        Errno::NOTDIR => ErrorCode::NotDirectory,
        Errno::ISDIR => ErrorCode::IsDirectory,
        Errno::INVAL => ErrorCode::Invalid,
        Errno::NAMETOOLONG => ErrorCode::NameTooLong,
        Errno::LOOP => ErrorCode::Loop,
        Errno::TXTBSY => ErrorCode::TextFileBusy,
        // It is no program that this system can run.
        Errno::NOEXEC | Errno::NOTSUP => ErrorCode::Unsupported,
        // There is no more of what a program takes: memory, processes, descriptors.
        Errno::NOMEM | Errno::AGAIN | Errno::MFILE | Errno::NFILE => ErrorCode::InsufficientMemory,
        _ => ErrorCode::Io,
    }
}
