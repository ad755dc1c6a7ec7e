//! Bodies that keep to a size and a pace.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};
use wasmtime_wasi_http::{Error, Result, WasiBody};

use crate::wasi::http_client::from_hyper;

/// A body that ends in an error when it is larger than it may be.
#[derive(Debug)]
pub(crate) struct Bounded {
    body: WasiBody,
    left: u64,
    /// Told of each piece.
    progress: Arc<Notify>,
    /// Makes the error, of the most bytes there may be.
    error: fn(Option<u64>) -> Error,
    max: u64,
}

impl Bounded {
    /// The body of a request.
    ///
    /// # Errors
    /// [`Error::HttpRequestBodySize`] if it says beforehand that it is too large.
    pub(crate) fn request(body: WasiBody, max: u64) -> Result<Self> {
        Self::new(body, max, Error::HttpRequestBodySize)
    }

    /// The body of a response.
    ///
    /// # Errors
    /// [`Error::HttpResponseBodySize`] if it says beforehand that it is too large.
    pub(crate) fn response(body: WasiBody, max: u64) -> Result<Self> {
        Self::new(body, max, Error::HttpResponseBodySize)
    }

    fn new(body: WasiBody, max: u64, error: fn(Option<u64>) -> Error) -> Result<Self> {
        if body.size_hint().lower() > max {
            return Err(error(Some(max)));
        }
        Ok(Self {
            body,
            left: max,
            progress: Arc::default(),
            error,
            max,
        })
    }

    /// What is told whenever a piece has gone by.
    pub(crate) fn progress(&self) -> Arc<Notify> {
        Arc::clone(&self.progress)
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_ready() {
            self.progress.notify_one();
        }
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            match self.left.checked_sub(data.len() as u64) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Some(Err((self.error)(Some(self.max))))),
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The same error again, for one that hyper holds and shows only by reference. Requests' bodies end in few.
pub(crate) fn again(error: &Error) -> Error {
    match error {
        Error::HttpRequestBodySize(size) => Error::HttpRequestBodySize(*size),
        Error::HttpProtocolError => Error::HttpProtocolError,
        other => Error::InternalError(Some(other.to_string())),
    }
}

/// A body that ends in an error when the server falls silent, and says when it was read to its end.
///
/// The time counts only while the component waits: a component that reads slowly is not the server's fault.
#[derive(Debug)]
pub(crate) struct Paced {
    body: Incoming,
    pace: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    read: Arc<AtomicBool>,
}

impl Paced {
    pub(crate) fn new(body: Incoming, pace: Duration, read: Arc<AtomicBool>) -> Self {
        read.store(body.is_end_stream(), Ordering::Release);
        Self {
            body,
            pace,
            waiting: None,
            read,
        }
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.waiting = None;
            let ended = match &frame {
                // Nothing comes after trailers.
                Some(Ok(frame)) => frame.is_trailers() || self.body.is_end_stream(),
                Some(Err(_)) => false,
                None => true,
            };
            if ended {
                self.read.store(true, Ordering::Release);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(|error| from_hyper(&error))));
        }
        let pace = self.pace;
        let silence = self.waiting.get_or_insert_with(|| Box::pin(sleep(pace)));
        silence
            .as_mut()
            .poll(cx)
            .map(|()| Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
