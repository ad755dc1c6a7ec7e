//! A client's connection: what may come on it, and how long nothing may happen on it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// How long a connection may be open while no call is made for it and its client takes nothing of what is sent. This is also the time for
/// the head of a request. It is what a person waits for; who is slower holds a place for nothing, and connects again.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes that may come without bringing anything: a head, or a piece of a body. Hyper takes 16 KiB each for what a client says of the pieces and after
/// them, and reads as much ahead as a head may have; this is some times that. A body's pieces are counted by `limits.body`, but zeros before the size of
/// one are not, and there may be any number of them.
const NOTHING_BYTES_MAX: u64 = 256 << 10;

/// What happens on a connection. Clones are of the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    calls: Mutex<Calls>,
    /// The bytes that have come since they brought something.
    nothing: AtomicU64,
    /// Whether they are not counted.
    uncounted: AtomicBool,
}

#[derive(Debug)]
struct Calls {
    now: usize,
    /// When the last one ended, or something was taken since then.
    last: Instant,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            calls: Mutex::new(Calls {
                now: 0,
                last: Instant::now(),
            }),
            nothing: AtomicU64::default(),
            uncounted: AtomicBool::default(),
        }
    }
}

impl Activity {
    /// The bytes that came brought something.
    pub(crate) fn brought(&self) {
        self.0.nothing.store(0, Ordering::Relaxed);
    }

    /// From now on what comes is for somebody else to count.
    pub(crate) fn uncounted(&self) {
        self.0.uncounted.store(true, Ordering::Relaxed);
    }

    /// Says that a call is made, until what this gives is dropped.
    pub(crate) fn call(&self) -> Calling {
        self.calls().now += 1;
        Calling(self.clone())
    }

    /// Waits until nothing has happened for too long.
    pub(crate) async fn idle(&self) {
        loop {
            let until = self.last() + IDLE_TIMEOUT;
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    fn last(&self) -> Instant {
        let calls = self.calls();
        if calls.now > 0 {
            Instant::now()
        } else {
            calls.last
        }
    }

    fn taken(&self) {
        self.calls().last = Instant::now();
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        let calls = self.0.calls.lock();
        calls.unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts bytes, and says whether there are too many.
    fn come(&self, bytes: usize) -> io::Result<()> {
        if self.0.uncounted.load(Ordering::Relaxed) {
            return Ok(());
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let before = self.0.nothing.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > NOTHING_BYTES_MAX {
            return Err(io::Error::other("too many bytes that bring nothing"));
        }
        Ok(())
    }
}

/// A call for a connection. Dropping it says that it is over.
#[derive(Debug)]
pub(crate) struct Calling(Activity);

impl Drop for Calling {
    fn drop(&mut self) {
        let mut calls = self.0.calls();
        calls.now -= 1;
        calls.last = Instant::now();
    }
}

/// A stream, and what happens on it.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    pub(crate) stream: S,
    pub(crate) activity: Activity,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        match polled {
            Poll::Ready(Ok(())) => Poll::Ready(self.activity.come(buffer.filled().len() - before)),
            other => other,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if polled.is_ready() {
            self.activity.taken();
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        if polled.is_ready() {
            self.activity.taken();
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
