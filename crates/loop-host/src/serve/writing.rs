//! The bodies of responses that a component is still writing.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::{Error, WasiBody};

/// A component at work on a response. It is dropped before the component's store is.
///
/// Dropping it before [`Writing::done`] breaks the body off. Otherwise one whose component was ended in the middle, by a limit or a trap, would end like
/// one that is whole: wasmtime-wasi-http takes a writer that is gone for one that has finished.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    ended: Arc<AtomicBool>,
    done: bool,
}

impl Writing {
    /// Makes of the body what shall be sent.
    pub(crate) fn body(&self) -> impl FnOnce(WasiBody) -> WasiBody + use<> {
        let ended = Arc::clone(&self.ended);
        |body| Written { body, ended }.boxed_unsync()
    }

    /// Says that the component returned.
    pub(crate) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.done {
            self.ended.store(true, Ordering::Release);
        }
    }
}

struct Written {
    body: WasiBody,
    /// Whether the component was ended before it returned.
    ended: Arc<AtomicBool>,
}

impl Body for Written {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) && self.ended.load(Ordering::Acquire) {
            let said = "the component was ended while it answered".to_owned();
            return Poll::Ready(Some(Err(Error::InternalError(Some(said)))));
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
