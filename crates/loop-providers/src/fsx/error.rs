//! What the system says, in WASI's words.

use std::io;

use rustix::io::Errno;

use crate::fsx::bindings::loop_::fsx::files::{Error, ErrorCode};
use crate::work::Unwanted;

/// What a function gives.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let errno = error.raw_os_error().map(Errno::from_raw_os_error);
        Self::Code(errno.map_or_else(|| of_kind(error.kind()), of_errno))
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Self::Code(of_errno(errno))
    }
}

impl From<Unwanted> for Error {
    fn from(_: Unwanted) -> Self {
        Self::Code(ErrorCode::Interrupted)
    }
}

/// What is no error of the system's own. That a path leads out of its folder is one of these.
fn of_kind(kind: io::ErrorKind) -> ErrorCode {
    match kind {
        io::ErrorKind::PermissionDenied => ErrorCode::NotPermitted,
        io::ErrorKind::NotFound => ErrorCode::NoEntry,
        io::ErrorKind::AlreadyExists => ErrorCode::Exist,
        io::ErrorKind::InvalidInput => ErrorCode::Invalid,
        _ => ErrorCode::Io,
    }
}

fn of_errno(errno: Errno) -> ErrorCode {
    match errno {
        Errno::ACCESS => ErrorCode::Access,
        Errno::PERM => ErrorCode::NotPermitted,
        Errno::NOENT => ErrorCode::NoEntry,
        Errno::EXIST => ErrorCode::Exist,
        Errno::NOTDIR => ErrorCode::NotDirectory,
        Errno::ISDIR => ErrorCode::IsDirectory,
        Errno::NOTEMPTY => ErrorCode::NotEmpty,
        Errno::INVAL => ErrorCode::Invalid,
        Errno::NAMETOOLONG => ErrorCode::NameTooLong,
        Errno::LOOP => ErrorCode::Loop,
        Errno::NOSPC => ErrorCode::InsufficientSpace,
        Errno::DQUOT => ErrorCode::Quota,
        Errno::FBIG => ErrorCode::FileTooLarge,
        Errno::ROFS => ErrorCode::ReadOnly,
        Errno::XDEV => ErrorCode::CrossDevice,
        Errno::MLINK => ErrorCode::TooManyLinks,
        Errno::BUSY => ErrorCode::Busy,
        Errno::TXTBSY => ErrorCode::TextFileBusy,
        Errno::BADF => ErrorCode::BadDescriptor,
        Errno::OVERFLOW => ErrorCode::Overflow,
        Errno::ILSEQ => ErrorCode::IllegalByteSequence,
        Errno::NOMEM => ErrorCode::InsufficientMemory,
        Errno::NODEV => ErrorCode::NoDevice,
        Errno::NXIO | Errno::NOTSUP => ErrorCode::Unsupported,
        Errno::INTR => ErrorCode::Interrupted,
        _ => ErrorCode::Io,
    }
}
