//! Objects that are read.

use std::io::{self, Read};

use crate::blobstore::Error;
use crate::blobstore::bindings::streams::{InputStream, StreamError};
use crate::blobstore::bindings::types::IncomingValue;

/// An object that is read, like a file.
#[derive(Debug)]
pub struct Reader {
    size: u64,
    /// Nothing of an empty part.
    stream: Option<InputStream>,
}

impl Reader {
    pub(crate) fn new(value: IncomingValue) -> Result<Self, Error> {
        let size = value.size();
        let stream = IncomingValue::incoming_value_consume_async(value)?;
        let stream = Some(stream);
        Ok(Self { size, stream })
    }

    pub(crate) fn empty() -> Self {
        let (size, stream) = (0, None);
        Self { size, stream }
    }

    /// How many bytes it had when it was opened, those included that were read.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(stream) = self.stream.as_ref().filter(|_| !buffer.is_empty()) else {
            return Ok(0);
        };
        match stream.blocking_read(buffer.len() as u64) {
            Ok(bytes) => {
                let (into, _) = buffer.split_at_mut(bytes.len().min(buffer.len()));
                into.copy_from_slice(&bytes);
                Ok(into.len())
            }
            Err(StreamError::Closed) => Ok(0),
            Err(StreamError::LastOperationFailed(error)) => {
                Err(io::Error::other(error.to_debug_string()))
            }
        }
    }
}
