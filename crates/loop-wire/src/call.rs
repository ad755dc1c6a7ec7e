//! What is called, and how it fails.

use std::fmt;
use std::sync::Arc;

mod error;
pub(crate) mod incoming;
mod meta;
pub(crate) mod outgoing;

pub use error::{CallError, Code, Retry};
pub use incoming::Incoming;
pub use meta::{Meta, MetaError, TEXT_BYTES_MAX, TraceContext};
pub use outgoing::Outgoing;

/// The bytes of one name at most. A name is a WIT package, interface and version, or a function of a resource; the longest
/// in WASI has 62 bytes.
pub const NAME_BYTES_MAX: usize = 1024;

/// The function that is called. Clones share the names.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Target {
    instance: Arc<str>,
    function: Arc<str>,
}

/// A name of more than [`NAME_BYTES_MAX`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has {length} bytes, and at most {NAME_BYTES_MAX} are allowed (NAME_BYTES_MAX)")]
pub struct NameTooLong {
    /// How many it has, or says to have.
    pub length: usize,
}

impl Target {
    /// The function of an instance, such as `get` of `acme:store/kv@1.0.0`. The instance of functions at the root of a
    /// world has the empty name.
    pub fn new(instance: &str, function: &str) -> Result<Self, NameTooLong> {
        for name in [instance, function] {
            let length = name.len();
            if length > NAME_BYTES_MAX {
                return Err(NameTooLong { length });
            }
        }
        Ok(Self {
            instance: instance.into(),
            function: function.into(),
        })
    }

    /// The name of the instance.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The name of the function.
    pub fn function(&self) -> &str {
        &self.function
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}#{}", self.instance, self.function)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
