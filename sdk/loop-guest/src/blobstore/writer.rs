//! Objects that are written.

use std::io::{self, Write};

use crate::blobstore::Error;
use crate::blobstore::bindings::container::Container;
use crate::blobstore::bindings::streams::OutputStream;
use crate::blobstore::bindings::types::OutgoingValue;

/// An object that is written, like a file. Dropping it leaves nothing.
///
/// The fields are dropped in this order, for a value does not go before its stream.
#[derive(Debug)]
pub struct Writer {
    stream: OutputStream,
    value: OutgoingValue,
}

impl Writer {
    pub(crate) fn new(container: &Container, object: &str) -> Result<Self, Error> {
        let value = OutgoingValue::new_outgoing_value();
        container.write_data(object, &value)?;
        let stream = value.outgoing_value_write_body();
        // It says no more.
        let stream = stream.map_err(|()| Error("the store takes no more values now".to_owned()))?;
        Ok(Self { stream, value })
    }

    /// Lets it be the object of its name, when all of it is kept as the store keeps it.
    ///
    /// # Errors
    /// Why it could not be written, now or before. Nothing is left of it.
    pub fn finish(self) -> Result<(), Error> {
        let Self { stream, value } = self;
        drop(stream);
        Ok(OutgoingValue::finish(value)?)
    }
}

impl Write for Writer {
    /// That something failed is an error here, and why is what [`Writer::finish`] says.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let failed = |_| io::Error::other("the object cannot be written");
        loop {
            let room = match self.stream.check_write().map_err(failed)? {
                0 if bytes.is_empty() => return Ok(0),
                0 => {
                    self.stream.subscribe().block();
                    continue;
                }
                room => usize::try_from(room).unwrap_or(usize::MAX),
            };
            let (now, _) = bytes.split_at(room.min(bytes.len()));
            self.stream.write(now).map_err(failed)?;
            return Ok(now.len());
        }
    }

    /// Does nothing: [`Writer::finish`] brings it to the disk.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
