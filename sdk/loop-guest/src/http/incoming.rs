//! Bodies that come from the host.

use std::io;

use wasip2::http::types::{IncomingBody, http_error_code};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{InputStream, StreamError};

use crate::http::Error;
use crate::http::transfer::{Step, Transfer};

/// A body from the host, and the rest of the request that it answers, which is sent while the body is read.
///
/// The fields are dropped in this order, for the host does not let a body go before its stream.
pub(crate) struct Incoming {
    upload: Option<Box<Transfer>>,
    stream: InputStream,
    _body: IncomingBody,
    size: Option<u64>,
}

impl Incoming {
    /// The body of a message, whose sender said that it has this size. Nothing if its stream was taken before.
    pub(crate) fn new(body: IncomingBody, size: Option<u64>) -> Option<Self> {
        let stream = body.stream().ok()?;
        Some(Self {
            upload: None,
            stream,
            _body: body,
            size,
        })
    }

    /// What is left of the request, to be sent while this is read.
    pub(crate) fn uploading(mut self, rest: Option<Transfer>) -> Self {
        self.upload = rest.map(Box::new);
        self
    }

    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }

    /// Whether it is known by now that no more comes. Of a request without a body nobody says so beforehand.
    pub(crate) fn is_over(&self) -> bool {
        match self.size {
            Some(size) => size == 0,
            None => matches!(self.stream.read(0), Err(StreamError::Closed)),
        }
    }

    pub(crate) fn stream(&self) -> &InputStream {
        &self.stream
    }

    /// Reads into a buffer, and blocks until there is something.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len() as u64;
        let chunk = loop {
            if self.upload.is_none() {
                break self.stream.blocking_read(most);
            }
            match self.stream.read(most) {
                Ok(chunk) if chunk.is_empty() => {}
                other => break other,
            }
            self.wait();
        };
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(StreamError::Closed) => return Ok(0),
            Err(error) => return Err(broken(&error).into()),
        };
        self.count(chunk.len() as u64);
        buffer
            .get_mut(..chunk.len())
            .ok_or_else(|| io::Error::other("the host gave more than was asked for"))?
            .copy_from_slice(&chunk);
        Ok(chunk.len())
    }

    /// Notes that so many bytes were taken from the stream.
    pub(crate) fn count(&mut self, bytes: u64) {
        if let Some(size) = &mut self.size {
            *size = size.saturating_sub(bytes);
        }
    }

    /// Waits until there is something to read, and sends what can be sent meanwhile.
    fn wait(&mut self) {
        let mut reasons = vec![self.stream.subscribe()];
        self.upload(&mut reasons);
        poll(&reasons.iter().collect::<Vec<_>>());
    }

    /// Sends what can be sent of the rest of the request, and adds what has to be waited for until there is more.
    pub(crate) fn upload(&mut self, reasons: &mut Vec<Pollable>) {
        while let Some(upload) = &mut self.upload {
            match upload.step() {
                Ok(Step::Moved) => {}
                Ok(Step::Waits(waits)) => return reasons.extend(waits),
                // If it failed, so will the response; or that needs no more of the request.
                Ok(Step::Done) | Err(_) => self.upload = None,
            }
        }
    }
}

/// Why a stream of a body broke off.
pub(crate) fn broken(error: &StreamError) -> Error {
    match error {
        StreamError::LastOperationFailed(error) => {
            http_error_code(error).map_or(Error::BrokenOff, Error::from)
        }
        StreamError::Closed => Error::BrokenOff,
    }
}
