//! Why something was not done.

use std::fmt;

use crate::keyvalue::bindings::store;

/// Why something was not done with a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The name of a bucket is none.
    NoBucket,
    /// The app may not use the bucket, or its store does not let it do that.
    Denied,
    /// The value of a key is none of the kind that was asked for.
    Form {
        /// The key.
        key: String,
        /// What was asked for, in words.
        expected: &'static str,
    },
    /// The store refused or failed, and says why.
    Store(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NoSuchStore => Self::NoBucket,
            store::Error::AccessDenied => Self::Denied,
            store::Error::Other(text) => Self::Store(text),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBucket => f.write_str("there is no bucket of that name"),
            Self::Denied => f.write_str("the bucket may not be used so"),
            Self::Form { key, expected } => write!(f, "the value of `{key}` is not {expected}"),
            Self::Store(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}
