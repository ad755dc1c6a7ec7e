//! Values that are read: an object, or a part of it, as it was when it was asked for.

use std::fs::File;
use std::io;
use std::mem;
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::task::JoinHandle;
use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynInputStream, InputStream, Pollable, StreamError, StreamResult};

use crate::blobstore::View;
use crate::blobstore::bindings::wasi::blobstore::types::HostIncomingValue;
use crate::blobstore::error::{Failure, Result, told};
use crate::blobstore::service::Gives;
use crate::work::blocking;

/// The most bytes that are given at once: 16 MiB. More is read as a stream.
const SYNC_BYTES_MAX: u64 = 16 << 20;

/// What is read of the file at once, for a stream.
const PIECE_BYTES: usize = 64 << 10;

/// A value that somebody asked for.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct IncomingValue(Part);

/// A part of an object. The file is open: what is there now in the object's place is another.
#[derive(Clone, Debug)]
struct Part {
    file: Arc<File>,
    at: u64,
    end: u64,
    _share: Arc<()>,
}

impl IncomingValue {
    /// The bytes of a file from the first of the range to the last, as far as there are any.
    pub(crate) fn new(
        file: File,
        size: u64,
        range: RangeInclusive<u64>,
        share: Arc<()>,
    ) -> Result<Self> {
        let (first, last) = range.into_inner();
        if last < first {
            return Err(Failure::Range);
        }
        Ok(Self(Part {
            file: Arc::new(file),
            at: first.min(size),
            end: last.saturating_add(1).min(size),
            _share: share,
        }))
    }
}

impl Part {
    fn left(&self) -> u64 {
        self.end - self.at
    }

    /// The next bytes, none at the end.
    fn read(&mut self, most: usize) -> io::Result<Bytes> {
        let most = usize::try_from(self.left()).map_or(most, |left| left.min(most));
        let mut bytes = BytesMut::zeroed(most);
        let read = loop {
            match self.file.read_at(&mut bytes, self.at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        bytes.truncate(read);
        self.at += read as u64;
        Ok(bytes.freeze())
    }
}

impl HostIncomingValue for View<'_> {
    async fn incoming_value_consume_sync(
        &mut self,
        value: Resource<IncomingValue>,
    ) -> Gives<Vec<u8>> {
        let IncomingValue(mut part) = self.table.delete(value)?;
        let (size, most) = (part.left(), SYNC_BYTES_MAX);
        if size > most {
            return Ok(told(Err(Failure::TooLarge { size, most })));
        }
        let read = blocking(move |stop| {
            let mut bytes = Vec::new();
            loop {
                stop.check()?;
                let piece = part.read(PIECE_BYTES)?;
                if piece.is_empty() {
                    return Ok(bytes);
                }
                bytes.extend_from_slice(&piece);
            }
        });
        Ok(told(read.await?))
    }

    async fn incoming_value_consume_async(
        &mut self,
        value: Resource<IncomingValue>,
    ) -> Gives<Resource<DynInputStream>> {
        let IncomingValue(part) = self.table.delete(value)?;
        let stream: DynInputStream = Box::new(Reading::Idle(part));
        Ok(Ok(self.table.push(stream)?))
    }

    async fn size(&mut self, value: Resource<IncomingValue>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&value)?.0.left())
    }

    async fn drop(&mut self, value: Resource<IncomingValue>) -> wasmtime::Result<()> {
        self.table.delete(value)?;
        Ok(())
    }
}

/// A value as a stream. A thread for blocking work reads the next piece while the component waits for it.
enum Reading {
    Idle(Part),
    Waiting(JoinHandle<(Part, io::Result<Bytes>)>),
    Here(Part, Bytes),
    Failed(wasmtime::Error),
    Closed,
}

impl Reading {
    /// Begins to read the next piece, if nothing is here and nothing is under way.
    fn begin(&mut self) {
        if let Self::Idle(_) = self
            && let Self::Idle(mut part) = mem::replace(self, Self::Closed)
        {
            *self = Self::Waiting(tokio::task::spawn_blocking(move || {
                let read = part.read(PIECE_BYTES);
                (part, read)
            }));
        }
    }
}

#[async_trait]
impl Pollable for Reading {
    async fn ready(&mut self) {
        self.begin();
        if let Self::Waiting(piece) = self {
            *self = match piece.await {
                Ok((_, Ok(bytes))) if bytes.is_empty() => Self::Closed,
                Ok((part, Ok(bytes))) => Self::Here(part, bytes),
                Ok((_, Err(error))) => Self::Failed(error.into()),
                Err(error) => Self::Failed(error.into()),
            };
        }
    }
}

#[async_trait]
impl InputStream for Reading {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        match mem::replace(self, Self::Closed) {
            Self::Here(part, mut bytes) => {
                let given = bytes.split_to(size.min(bytes.len()));
                *self = if bytes.is_empty() {
                    Self::Idle(part)
                } else {
                    Self::Here(part, bytes)
                };
                Ok(given)
            }
            Self::Failed(error) => Err(StreamError::LastOperationFailed(error)),
            Self::Closed => Err(StreamError::Closed),
            idle => {
                *self = idle;
                if size > 0 {
                    self.begin();
                }
                Ok(Bytes::new())
            }
        }
    }
}
