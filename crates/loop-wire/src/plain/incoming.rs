//! What is read from the stream of a plain call.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::sync::oneshot;
use tokio_util::io::poll_read_buf;

use crate::call::{CallError, Target};
use crate::frame::Frame;
use crate::plain::{Decoder, Item, PlainError};
use crate::transport::Reader;

/// Bytes that are read at once at most.
const READ_BYTES: usize = 64 * 1024;

/// The half of a plain call that is read.
pub(crate) struct Incoming {
    /// Only taken when it is dropped.
    reader: Option<Reader>,
    buffer: BytesMut,
    decoder: Decoder,
    ended: bool,
    /// Who gets the reader back in the end.
    lent_by: Option<oneshot::Sender<Reader>>,
}

impl Incoming {
    /// The caller's half, which reads the results.
    pub(crate) fn of_caller(reader: Reader) -> Self {
        Self::new(reader, BytesMut::new(), Decoder::of_callee())
    }

    /// The callee's half, which reads the target and the parameters. `begun` was read from the stream before.
    pub(crate) fn of_callee(reader: Reader, begun: BytesMut) -> Self {
        Self::new(reader, begun, Decoder::of_caller())
    }

    fn new(reader: Reader, buffer: BytesMut, decoder: Decoder) -> Self {
        Self {
            reader: Some(reader),
            buffer,
            decoder,
            ended: false,
            lent_by: None,
        }
    }

    /// When this is dropped, the reader can be received, to be read to its end.
    pub(crate) fn lend(&mut self) -> oneshot::Receiver<Reader> {
        let (sender, receiver) = oneshot::channel();
        self.lent_by = Some(sender);
        receiver
    }

    /// The target of the call, which comes first.
    pub(crate) async fn target(&mut self) -> Result<Target, CallError> {
        match poll_fn(|context| self.poll_item(context)).await? {
            Some(Item::Target(target)) => Ok(target),
            _ => Err(PlainError::Frame(crate::frame::FrameError::Truncated).into()),
        }
    }

    /// The next frame; `None` after the last.
    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Frame>, CallError>> {
        loop {
            match ready!(self.poll_item(context))? {
                Some(Item::Frame(frame)) => return Poll::Ready(Ok(Some(frame))),
                Some(Item::Target(_)) => {}
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Item>, CallError>> {
        loop {
            if let Some(item) = self.decoder.decode(&mut self.buffer)? {
                return Poll::Ready(Ok(Some(item)));
            }
            let Some(reader) = self.reader.as_mut().filter(|_| !self.ended) else {
                return Poll::Ready(Ok(None));
            };
            self.buffer.reserve(READ_BYTES);
            let read = match ready!(poll_read_buf(Pin::new(reader), context, &mut self.buffer)) {
                Ok(read) => read,
                Err(error) => return Poll::Ready(Err(broken(&error))),
            };
            if read == 0 {
                self.decoder.finish(&self.buffer)?;
                self.ended = true;
            }
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let (Some(reader), Some(sender)) = (self.reader.take(), self.lent_by.take()) {
            // Nobody receives it where the task that lent it is gone.
            let _ = sender.send(reader);
        }
    }
}

fn broken(error: &io::Error) -> CallError {
    CallError::gone(error)
}
