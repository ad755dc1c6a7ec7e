//! Bodies: bytes that are there, or that are still to come.

use std::fmt;
use std::io::{self, Read};

use crate::http::Error;
use crate::http::incoming::Incoming;

/// The body of a message, read once like a file.
///
/// What comes from the host is not kept: a body of any size is passed on in constant memory, from a request to another request or
/// from a response to another response, by giving it away whole. Dropping a body that was not read to its end closes the connection
/// that it comes from.
pub struct Body(pub(crate) Source);

/// Where the bytes come from.
pub(crate) enum Source {
    Bytes(io::Cursor<Vec<u8>>),
    Host(Incoming),
    Reader(Box<dyn Read>),
}

impl Body {
    /// No bytes.
    pub fn empty() -> Self {
        Self::default()
    }

    /// What this reads, until its end. How much that is need not be known.
    pub fn from_reader(reader: impl Read + 'static) -> Self {
        Self(Source::Reader(Box::new(reader)))
    }

    /// The bytes that are left, if that is known: of a body from the host only what its sender said.
    pub fn size(&self) -> Option<u64> {
        match &self.0 {
            Source::Bytes(bytes) => {
                let left = bytes.get_ref().len() as u64;
                Some(left.saturating_sub(bytes.position()))
            }
            Source::Host(incoming) => incoming.size(),
            Source::Reader(_) => None,
        }
    }

    /// Whether it is known by now that no more comes. Takes nothing from it.
    pub(crate) fn is_over(&self) -> bool {
        match &self.0 {
            Source::Host(incoming) => incoming.is_over(),
            _ => self.size() == Some(0),
        }
    }

    /// All of it, if it has at most `max` bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`], or why it could not be read to its end.
    pub fn bytes(self, max: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > max {
            return Err(Error::TooLarge(max));
        }
        Ok(bytes)
    }

    /// All of it as text, if it has at most `max` bytes.
    ///
    /// # Errors
    /// [`Error::NotText`] if it is not UTF-8; otherwise as [`Body::bytes`].
    pub fn text(self, max: u64) -> Result<String, Error> {
        String::from_utf8(self.bytes(max)?).map_err(|_| Error::NotText)
    }
}

impl Read for Body {
    /// An error of the connection is an [`Error`] within.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::Bytes(bytes) => bytes.read(buffer),
            Source::Host(incoming) => incoming.read(buffer),
            Source::Reader(reader) => reader.read(buffer),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Source::Bytes(io::Cursor::new(bytes)))
    }
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}
