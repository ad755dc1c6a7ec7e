//! What is written to the stream of a plain call.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::call::Target;
use crate::frame::{self, Path};
use crate::plain;
use crate::transport::Writer;

/// The head of a frame that promises a byte which never comes.
///
/// A plain stream that is closed looks like one that ended in good order, so a call that fails writes this first: whoever
/// reads it, upstream's implementation too, sees that the values are not whole.
const BROKEN_OFF: [u8; 2] = [0, 1];

/// The half of a plain call that is written. Dropped before its end, it breaks the call off.
pub(crate) struct Outgoing {
    writer: Writer,
    /// What is to be written before anything else: the head of the call and of a frame.
    head: BytesMut,
    state: State,
}

/// Where in the stream the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    BetweenFrames,
    WithinFrame,
    Ended,
}

impl Outgoing {
    /// The caller's half. The head of the call is written together with the first frame.
    pub(crate) fn of_caller(writer: Writer, target: &Target) -> Self {
        let names = target.instance().len() + target.function().len();
        let mut head = BytesMut::with_capacity(names + 32);
        plain::encode_head(target, &mut head);
        Self {
            writer,
            head,
            state: State::BetweenFrames,
        }
    }

    /// The callee's half.
    pub(crate) fn of_callee(writer: Writer) -> Self {
        Self {
            writer,
            head: BytesMut::new(),
            state: State::BetweenFrames,
        }
    }

    /// Writes a frame, or several where the length of one does not fit in 32 bits.
    pub(crate) async fn send(&mut self, path: &Path, mut data: Bytes) -> io::Result<()> {
        while !data.is_empty() {
            let part = data.split_to(data.len().min(u32::MAX as usize));
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            frame::encode_head(path, length, &mut self.head);
            self.state = State::WithinFrame;
            self.write(part).await?;
            self.state = State::BetweenFrames;
        }
        Ok(())
    }

    /// Says that nothing more comes.
    pub(crate) async fn finish(&mut self) -> io::Result<()> {
        self.write(Bytes::new()).await?;
        self.writer.shutdown().await?;
        self.state = State::Ended;
        Ok(())
    }

    /// Writes the heads that wait and the data, in one call of the system where it takes them at once.
    async fn write(&mut self, mut data: Bytes) -> io::Result<()> {
        while self.head.has_remaining() || data.has_remaining() {
            let slices = [IoSlice::new(&self.head), IoSlice::new(&data)];
            let written = if self.head.is_empty() {
                self.writer.write(&data).await?
            } else {
                self.writer.write_vectored(&slices).await?
            };
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let of_head = written.min(self.head.len());
            self.head.advance(of_head);
            data.advance(written - of_head);
        }
        self.writer.flush().await
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if self.state == State::BetweenFrames {
            // Nobody waits for it: what the stream does not take at once is lost, and the stream is closed all the same.
            let mut context = Context::from_waker(Waker::noop());
            let mut bytes = std::mem::take(&mut self.head);
            bytes.extend_from_slice(&BROKEN_OFF);
            let _: Poll<_> = Pin::new(&mut self.writer).poll_write(&mut context, &bytes);
            let _: Poll<_> = Pin::new(&mut self.writer).poll_flush(&mut context);
        }
    }
}
