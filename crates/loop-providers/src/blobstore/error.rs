//! What a component is told when something was not done. The package has texts for errors, and nothing else.

use std::io;

use crate::settings::Unusable;
use crate::work::Unwanted;

/// What a function gives.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why something was not done. Nothing is changed then, unless it says otherwise.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no container can be called so: a name has 1 to 64 letters, digits, `-`, `_` and `.`")]
    NoName,
    #[error("the app does not have this container")]
    Denied,
    #[error("there is no such container")]
    NoContainer,
    #[error("there is a container of that name")]
    Exists,
    #[error("there is no such object")]
    NoObject,
    #[error(
        "the object's name is empty, or too long: it has at most 255 bytes, and 3 count for each that is no letter, digit, `-`, `_` or `.`"
    )]
    ObjectName,
    #[error("the range ends before it begins")]
    Range,
    #[error(
        "the value has {size} bytes, and at most {most} are given at once: read it as a stream"
    )]
    TooLarge { size: u64, most: u64 },
    #[error("there are too many values at once: drop some")]
    TooMany,
    #[error("at most {0} objects are deleted at once")]
    TooManyNames(usize),
    #[error("the store has at most {most} bytes of objects")]
    Full { most: u64 },
    #[error("there is no room left on the store's disk")]
    NoRoom,
    #[error("the value is for one object, and has one")]
    Given,
    #[error("the value was written to no container")]
    NotGiven,
    #[error("the store's disk failed: {0}")]
    Disk(io::ErrorKind),
    #[error("the call has ended")]
    Ended,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoRoom,
            kind => {
                tracing::warn!(%error, "the folder of a blobstore failed");
                Self::Disk(kind)
            }
        }
    }
}

impl From<Unusable> for Failure {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::NoName => Self::NoName,
            Unusable::NotListed => Self::Denied,
        }
    }
}

impl From<Unwanted> for Failure {
    fn from(_: Unwanted) -> Self {
        Self::Ended
    }
}

/// What became of something, as the component is told.
pub(crate) fn told<T>(result: Result<T>) -> std::result::Result<T, String> {
    result.map_err(|failure| failure.to_string())
}
