//! When what happened: the clock that a component marks, streams that note what passes, and what lies between.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures::future::BoxFuture;
use loop_host::{Event, Observer};
use loop_wire::transport::{Connect, Listen, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What happened at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The caller's component is between two calls.
    Mark,
    /// The caller's host was given a call as bytes.
    Enter,
    /// Bytes were given to the stream.
    Write,
    /// Bytes came out of the stream.
    Read,
    /// The callee's handler was given a call.
    Handle,
    /// It gave its answer away.
    Done,
}

/// Something that happened, in nanoseconds since some time: times of two processes are not compared.
pub(crate) type Stamp = (What, u64);

/// Takes stamps while it is on, and costs nearly nothing while it is not.
#[derive(Debug)]
pub(crate) struct Stamps {
    on: AtomicBool,
    since: Instant,
    taken: Mutex<Vec<Stamp>>,
}

impl Stamps {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            on: AtomicBool::new(false),
            since: Instant::now(),
            taken: Mutex::default(),
        })
    }

    pub(crate) fn begin(&self) {
        self.taken().clear();
        self.on.store(true, Ordering::Relaxed);
    }

    /// What was taken since it began.
    pub(crate) fn end(&self) -> Vec<Stamp> {
        self.on.store(false, Ordering::Relaxed);
        std::mem::take(&mut self.taken())
    }

    /// Takes one while it is on.
    pub(crate) fn take(&self, what: What) {
        if self.on.load(Ordering::Relaxed) {
            self.mark(what);
        }
    }

    /// What time it is, which is kept while it is on.
    pub(crate) fn mark(&self, what: What) -> u64 {
        let now = nanoseconds(self.since);
        if self.on.load(Ordering::Relaxed) {
            self.taken().push((what, now));
        }
        now
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Vec<Stamp>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long it is since then.
pub(crate) fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Notes when a call has become bytes.
impl Observer for Stamps {
    fn event(&self, event: &Event<'_>) {
        if matches!(event, Event::Route { .. }) {
            self.take(What::Enter);
        }
    }

    fn wants_allowed(&self) -> bool {
        false
    }
}

/// A transport whose streams note what passes.
#[derive(Debug)]
pub(crate) struct Noting<T> {
    pub(crate) transport: T,
    pub(crate) stamps: Arc<Stamps>,
}

impl<T: Connect> Connect for Noting<T> {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async { Ok(noting(self.transport.connect().await?, &self.stamps)) })
    }

    fn spreads(&self) -> bool {
        self.transport.spreads()
    }
}

impl<T: Listen> Listen for Noting<T> {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async { Ok(noting(self.transport.accept().await?, &self.stamps)) })
    }
}

fn noting(stream: Stream, stamps: &Arc<Stamps>) -> Stream {
    let peer = stream.peer.clone();
    let reader = Half {
        of: stream.reader,
        stamps: Arc::clone(stamps),
    };
    let writer = Half {
        of: stream.writer,
        stamps: Arc::clone(stamps),
    };
    Stream::new(reader, writer).from_peer(peer)
}

/// One direction of a stream.
struct Half<T> {
    of: T,
    stamps: Arc<Stamps>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Half<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.of).poll_read(context, into));
        self.stamps.take(What::Read);
        Poll::Ready(read)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Half<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stamps.take(What::Write);
        Pin::new(&mut self.of).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stamps.take(What::Write);
        Pin::new(&mut self.of).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.of.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.of).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.of).poll_shutdown(context)
    }
}
