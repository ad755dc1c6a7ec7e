//! The bytes of a stream on their way from who writes it to who reads it.
//!
//! The two may be instances with stores of their own, or one of them a peer. A writer that is faster than its reader waits. Each side sees how
//! the other ends: a reader that stops, a writer that is done, and one that broke off.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};

/// How many bytes a stream holds between its writer and its reader. As many as a program copies at once: less would wake the
/// two more often, and more makes nothing quicker.
pub(crate) const PIPE_BYTES_MAX: usize = 64 * 1024;

/// Streams that an instance holds at once, with bytes of theirs in the host: each has up to [`PIPE_BYTES_MAX`], so 16 MiB in all.
pub(crate) const STREAMS_MAX: usize = 256;

/// A writer was gone before it was done. Travels through the guest that reads as the cause of its end.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the stream broke off")]
pub(crate) struct Broken;

/// Nobody reads any more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("nobody reads the stream any more")]
pub(crate) struct Gone;

/// An instance is given or gives away one more stream than it may.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it holds more than {STREAMS_MAX} streams at once (STREAMS_MAX)")]
pub(crate) struct TooMany;

/// A pipe, whose writer waits when [`PIPE_BYTES_MAX`] are unread.
pub(crate) fn pipe() -> (Writer, Reader) {
    let pipe = Arc::new(Pipe(Mutex::new(State {
        bytes: BytesMut::new(),
        end: None,
        is_read: true,
        reader: None,
        writer: None,
    })));
    (Writer(Arc::clone(&pipe)), Reader(pipe))
}

/// Dropped before it is [finished](Self::finish), it breaks off.
pub(crate) struct Writer(Arc<Pipe>);

/// Dropped, it tells the writer that nobody reads any more.
pub(crate) struct Reader(Arc<Pipe>);

struct Pipe(Mutex<State>);

struct State {
    bytes: BytesMut,
    end: Option<Result<(), Broken>>,
    is_read: bool,
    /// Who waits for bytes, and who for room.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first end is the one that counts.
    fn end(&self, end: Result<(), Broken>) {
        let mut state = self.lock();
        state.end.get_or_insert(end);
        wake(&mut state.reader);
    }

    fn stop(&self) {
        let mut state = self.lock();
        state.is_read = false;
        state.bytes = BytesMut::new();
        wake(&mut state.writer);
    }
}

fn wake(who: &mut Option<Waker>) {
    if let Some(waker) = who.take() {
        waker.wake();
    }
}

impl Writer {
    /// Writes some of the bytes, and says how many; at least one, if there is one.
    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Gone>> {
        let mut state = self.0.lock();
        if !state.is_read {
            return Poll::Ready(Err(Gone));
        }
        let room = PIPE_BYTES_MAX.saturating_sub(state.bytes.len());
        if room == 0 {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let written = bytes.get(..room).unwrap_or(bytes);
        state.bytes.extend_from_slice(written);
        if !written.is_empty() {
            wake(&mut state.reader);
        }
        Poll::Ready(Ok(written.len()))
    }

    /// Writes all of the bytes.
    pub(crate) async fn write(&self, mut bytes: Bytes) -> Result<(), Gone> {
        while !bytes.is_empty() {
            let written = poll_fn(|context| self.poll_write(context, &bytes)).await?;
            bytes.advance(written);
        }
        Ok(())
    }

    /// Ready when nobody reads any more.
    pub(crate) fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if !state.is_read {
            return Poll::Ready(());
        }
        state.writer = Some(context.waker().clone());
        Poll::Pending
    }

    /// Says that these were all bytes.
    pub(crate) fn finish(&self) {
        self.0.end(Ok(()));
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.end(Err(Broken));
    }
}

impl Reader {
    /// Of bytes that are all there.
    pub(crate) fn whole(bytes: &[u8]) -> Self {
        let (writer, reader) = pipe();
        writer.0.lock().bytes = BytesMut::from(bytes);
        writer.finish();
        reader
    }

    /// Gives `take` the bytes that are there, of which it takes as many as it says; `false` after the last.
    pub(crate) fn poll_read(
        &self,
        context: &mut Context<'_>,
        take: impl FnOnce(&mut BytesMut),
    ) -> Poll<Result<bool, Broken>> {
        let mut state = self.0.lock();
        if state.bytes.is_empty() {
            if let Some(end) = state.end {
                return Poll::Ready(end.map(|()| false));
            }
            state.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        take(&mut state.bytes);
        wake(&mut state.writer);
        Poll::Ready(Ok(true))
    }

    /// The bytes that are there, once there are some; `None` after the last.
    pub(crate) async fn next(&self) -> Result<Option<Bytes>, Broken> {
        let mut bytes = Bytes::new();
        let read =
            poll_fn(|context| self.poll_read(context, |there| bytes = there.split().freeze()));
        let is_some = read.await?;
        Ok(is_some.then_some(bytes))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// The ends of streams that an instance holds. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Held(Arc<Mutex<Vec<End>>>);

enum End {
    Writes(Arc<Pipe>),
    Reads(Arc<Pipe>),
}

impl End {
    fn is_open(&self) -> bool {
        match self {
            Self::Writes(pipe) => pipe.lock().end.is_none(),
            Self::Reads(pipe) => pipe.lock().is_read,
        }
    }
}

impl Held {
    /// The instance writes this one.
    pub(crate) fn writes(&self, writer: &Writer) -> Result<(), TooMany> {
        self.add(End::Writes(Arc::clone(&writer.0)))
    }

    /// The instance reads this one.
    pub(crate) fn reads(&self, reader: &Reader) -> Result<(), TooMany> {
        self.add(End::Reads(Arc::clone(&reader.0)))
    }

    /// The instance reads this one no longer: it gave it to somebody else.
    pub(crate) fn passed_on(&self, reader: &Reader) {
        self.lock()
            .retain(|end| !matches!(end, End::Reads(pipe) if Arc::ptr_eq(pipe, &reader.0)));
    }

    fn add(&self, end: End) -> Result<(), TooMany> {
        let mut held = self.lock();
        held.retain(End::is_open);
        if held.len() >= STREAMS_MAX {
            return Err(TooMany);
        }
        held.push(end);
        Ok(())
    }

    /// Lets go of what is held when this is dropped: the end of a call. What the instance still writes then breaks off, so it must be
    /// dropped before the instance is, whose own end would look like that of a writer that is done.
    pub(crate) fn until_dropped(&self) -> LetGo {
        LetGo(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<End>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Held::until_dropped`].
pub(crate) struct LetGo(Held);

impl Drop for LetGo {
    fn drop(&mut self) {
        for end in self.0.lock().drain(..) {
            match end {
                End::Writes(pipe) => pipe.end(Err(Broken)),
                End::Reads(pipe) => pipe.stop(),
            }
        }
    }
}
