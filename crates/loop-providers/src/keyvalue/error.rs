//! What a component is told when something was not done.

use crate::keyvalue::bindings::wasi::keyvalue::store::Error;
use crate::keyvalue::limits::BATCH_BYTES_MAX;
use crate::settings::Unusable;

/// What a function gives.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why something was not done. Nothing is changed then, unless it says otherwise.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// There is no bucket of that name.
    NoBucket,
    /// The bucket is not for this app, or the server does not let it do that.
    Denied,
    /// Something is larger than it may be. The text says what, and what the limit is.
    Limit(String),
    /// The store holds as much as it may, or as there is room for.
    Full(String),
    /// What was there is no decimal number, or the sum is none of 64 bits.
    NotANumber(&'static str),
    /// The store cannot be reached now, or failed. The text has no path of the host, which is told to its log.
    Broken(String),
}

impl Failure {
    /// The values that were asked for have more bytes than a batch may have.
    pub(crate) fn batch_too_large() -> Self {
        Self::Limit(format!(
            "a batch has at most {BATCH_BYTES_MAX} bytes of values, and these have more: ask for fewer"
        ))
    }
}

impl From<Unusable> for Failure {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::NoName => Self::NoBucket,
            Unusable::NotListed => Self::Denied,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoBucket => Self::NoSuchStore,
            Failure::Denied => Self::AccessDenied,
            Failure::Limit(text) | Failure::Full(text) | Failure::Broken(text) => Self::Other(text),
            Failure::NotANumber(text) => Self::Other(text.to_owned()),
        }
    }
}

/// The value is not the text of a number.
pub(crate) const NO_NUMBER: Failure =
    Failure::NotANumber("the value is not a whole number of 64 bits in decimal text");

/// The sum has more than 64 bits.
pub(crate) const TOO_LARGE: Failure =
    Failure::NotANumber("the sum is beyond the whole numbers of 64 bits");
