//! Values that are written: nothing of one is seen before all of it is on the disk.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynOutputStream, OutputStream, Pollable, StreamError, StreamResult};

use crate::blobstore::bindings::wasi::blobstore::types::{Host, HostOutgoingValue};
use crate::blobstore::error::{Failure, Result, told};
use crate::blobstore::names;
use crate::blobstore::place::Temp;
use crate::blobstore::service::Gives;
use crate::blobstore::{Opened, View};

/// What is taken at once, as by the streams of files.
const PIECE_BYTES: usize = 64 << 10;

/// A value that somebody writes. Dropping it leaves nothing.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Default)]
pub struct OutgoingValue {
    body: Option<Arc<Body>>,
    /// The container and the object that it will be.
    target: Option<(Arc<str>, String)>,
}

impl OutgoingValue {
    /// Says where it goes when it is whole.
    pub(crate) fn give(&mut self, container: Arc<str>, object: String) -> Result<()> {
        if self.target.is_some() {
            return Err(Failure::Given);
        }
        names::file(&object).ok_or(Failure::ObjectName)?;
        self.target = Some((container, object));
        Ok(())
    }
}

/// The bytes that came so far.
struct Body {
    written: Mutex<Written>,
    _share: Arc<()>,
}

enum Written {
    Idle(Temp, File),
    Under(JoinHandle<Result<(Temp, File)>>),
    Failed(Failure),
    /// It is an object by now, or on its way to be one.
    Given,
}

impl Written {
    /// Waits for what is being written. May be given up, and asked again.
    async fn settle(&mut self) {
        if let Self::Under(piece) = self {
            *self = match piece.await {
                Ok(Ok((temp, file))) => Self::Idle(temp, file),
                Ok(Err(failure)) => Self::Failed(failure),
                Err(_) => Self::Failed(Failure::Ended),
            };
        }
    }
}

impl Opened {
    async fn body(&self) -> Result<Arc<Body>> {
        let share = self.value()?;
        let (temp, file) = self.placed(|place, _| place.temp()).await?;
        Ok(Arc::new(Body {
            written: Mutex::new(Written::Idle(temp, file)),
            _share: share,
        }))
    }

    async fn finished(&self, value: OutgoingValue) -> Result<()> {
        let (container, object) = value.target.ok_or(Failure::NotGiven)?;
        let body = match value.body {
            Some(body) => body,
            None => self.body().await?,
        };
        let mut written = body.written.lock().await;
        written.settle().await;
        match std::mem::replace(&mut *written, Written::Given) {
            Written::Idle(temp, file) => {
                self.placed(move |place, _| place.put(temp, &file, &container, &object))
                    .await
            }
            Written::Failed(failure) => Err(failure),
            Written::Under(_) | Written::Given => Err(Failure::Ended),
        }
    }
}

impl Host for View<'_> {}

impl HostOutgoingValue for View<'_> {
    async fn new_outgoing_value(&mut self) -> wasmtime::Result<Resource<OutgoingValue>> {
        Ok(self.table.push(OutgoingValue::default())?)
    }

    async fn outgoing_value_write_body(
        &mut self,
        value: Resource<OutgoingValue>,
    ) -> wasmtime::Result<std::result::Result<Resource<DynOutputStream>, ()>> {
        if self.table.get(&value)?.body.is_some() {
            return Ok(Err(()));
        }
        let Ok(body) = self.opened.body().await else {
            return Ok(Err(()));
        };
        self.table.get_mut(&value)?.body = Some(Arc::clone(&body));
        let stream: DynOutputStream = Box::new(Writing(body));
        Ok(Ok(self.table.push_child(stream, &value)?))
    }

    /// Brings it to the disk, and to its place.
    async fn finish(&mut self, value: Resource<OutgoingValue>) -> Gives<()> {
        let value = self.table.delete(value)?;
        Ok(told(self.opened.finished(value).await))
    }

    async fn drop(&mut self, value: Resource<OutgoingValue>) -> wasmtime::Result<()> {
        self.table.delete(value)?;
        Ok(())
    }
}

/// The stream of a value. What it was given is written, also if it is dropped before.
struct Writing(Arc<Body>);

fn failed(failure: &Failure) -> StreamError {
    StreamError::LastOperationFailed(wasmtime::Error::msg(failure.to_string()))
}

#[async_trait]
impl Pollable for Writing {
    async fn ready(&mut self) {
        self.0.written.lock().await.settle().await;
    }
}

#[async_trait]
impl OutputStream for Writing {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let misused = || StreamError::trap("more was written than `check-write` allowed");
        let mut written = self.0.written.try_lock().map_err(|_| misused())?;
        match std::mem::replace(&mut *written, Written::Given) {
            Written::Idle(mut temp, mut file) if bytes.len() <= PIECE_BYTES => {
                *written = Written::Under(tokio::task::spawn_blocking(move || {
                    temp.share.add(bytes.len() as u64)?;
                    file.write_all(&bytes)?;
                    Ok((temp, file))
                }));
                Ok(())
            }
            other => {
                *written = other;
                Err(misused())
            }
        }
    }

    /// What was written goes to the disk when the value is finished.
    fn flush(&mut self) -> StreamResult<()> {
        self.check_write().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        let Ok(mut written) = self.0.written.try_lock() else {
            return Ok(0);
        };
        // What is done already is seen without waiting.
        let _ = written.settle().now_or_never();
        match &*written {
            Written::Idle(..) => Ok(PIECE_BYTES),
            Written::Under(_) => Ok(0),
            Written::Failed(failure) => Err(failed(failure)),
            Written::Given => Err(StreamError::Closed),
        }
    }
}
