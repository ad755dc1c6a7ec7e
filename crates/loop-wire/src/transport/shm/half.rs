//! The halves of a stream in shared memory.
//!
//! Each direction has a ring, and a socket over which its ends wake each other with a byte. The sockets carry nothing else,
//! but they are what tells that the peer is gone. Descriptors are only ever used in ways that do not wait: a peer that
//! shares one can make it blocking.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures::task::AtomicWaker;
use rustix::net::{RecvFlags, SendFlags};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::UnixStream;

use crate::transport::shm::memory::{Direction, Memory};
use crate::transport::shm::ring::{self, Consumer, Producer, Ring, RingError};

/// How long a reader watches the ring after something was written to the peer, before it sleeps: about what it takes to
/// fall asleep and be woken, so that watching in vain costs no more than sleeping would have.
const WATCH_TIME_MAX: Duration = Duration::from_micros(10);

/// How many times the ring is looked at between two looks at the clock.
const LOOKS: usize = 32;

/// What the two halves of a stream share.
#[derive(Debug)]
pub(super) struct Side {
    memory: Memory,
    /// Whether watching makes sense: there is a second core, on which the peer may run.
    watches: bool,
    /// Whether something was written since the reader last slept: it watches for the answer.
    expects: AtomicBool,
    reader: AtomicWaker,
}

impl Side {
    pub(super) fn new(memory: Memory) -> Arc<Self> {
        let cores = std::thread::available_parallelism();
        Arc::new(Self {
            memory,
            watches: cores.is_ok_and(|cores| cores.get() > 1),
            expects: AtomicBool::new(false),
            reader: AtomicWaker::new(),
        })
    }
}

/// A socket to the other end of a ring.
#[derive(Debug)]
struct Bell {
    socket: UnixStream,
    /// Whether the peer has closed it.
    hung_up: bool,
}

impl Bell {
    fn new(socket: UnixStream) -> Self {
        Self {
            socket,
            hung_up: false,
        }
    }

    fn ring(&self) {
        // If it takes no more, the peer has many bytes to be woken by. If it is closed, this end finds out when it waits.
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let _ = rustix::net::send(&self.socket, &[0], flags);
    }

    /// Ready when the peer rang or hung up.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.socket.poll_read_ready(context))?;
            let mut rang = None;
            let tried = self.socket.try_io(Interest::READABLE, || {
                let mut bytes = [0; 64];
                let (count, _) = rustix::net::recv(&self.socket, &mut bytes, RecvFlags::DONTWAIT)?;
                rang = Some(count);
                if (1..bytes.len()).contains(&count) {
                    // It is empty now, and whatever comes next makes it ready again.
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(())
            });
            match (rang, tried) {
                (Some(count), _) => {
                    self.hung_up = count == 0;
                    return Poll::Ready(Ok(()));
                }
                (None, Err(error)) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {}
                    io::ErrorKind::ConnectionReset => {
                        self.hung_up = true;
                        return Poll::Ready(Ok(()));
                    }
                    _ => return Poll::Ready(Err(error)),
                },
                (None, Ok(())) => {}
            }
        }
    }
}

fn broke_the_protocol(error: RingError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "it hung up")
}

/// Reads what comes in one direction.
#[derive(Debug)]
pub(super) struct Reader {
    side: Arc<Side>,
    direction: Direction,
    bell: Bell,
    consumer: Consumer,
    /// How long to watch next: less each time that it was in vain.
    watch: Duration,
}

impl Reader {
    pub(super) fn new(side: Arc<Side>, direction: Direction, socket: UnixStream) -> Self {
        Self {
            side,
            direction,
            bell: Bell::new(socket),
            consumer: Consumer::default(),
            watch: WATCH_TIME_MAX,
        }
    }

    fn ring(&self) -> Ring<'_> {
        self.side.memory.ring(self.direction)
    }

    /// Reads what is there, and wakes a writer that waited for room.
    fn read(&mut self, buffer: &mut ReadBuf<'_>) -> io::Result<ring::Read> {
        let ring = self.side.memory.ring(self.direction);
        let count = self.consumer.unread(ring).min(buffer.remaining());
        let out = buffer.initialize_unfilled_to(count);
        let read = self.consumer.read(ring, out).map_err(broke_the_protocol)?;
        if let ring::Read::Bytes(count) = read {
            buffer.advance(count);
            if self.consumer.takes_writer(ring) {
                self.bell.ring();
            }
            self.watch = WATCH_TIME_MAX;
        }
        Ok(read)
    }

    /// Watches the ring for a while, if something was written that may be answered.
    fn watch(&mut self) -> bool {
        if !self.side.expects.swap(false, Ordering::AcqRel) {
            return false;
        }
        let began = Instant::now();
        while began.elapsed() < self.watch {
            for _ in 0..LOOKS {
                if self.consumer.is_ready(self.ring()) {
                    return true;
                }
                std::hint::spin_loop();
            }
        }
        self.watch /= 2;
        false
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let this = &mut *self;
        loop {
            // What was written before the peer hung up is still read: it is looked at first.
            let hung_up = this.bell.hung_up;
            match this.read(buffer)? {
                ring::Read::Bytes(_) | ring::Read::Ended => return Poll::Ready(Ok(())),
                ring::Read::Broken => {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                }
                ring::Read::Empty if hung_up => return Poll::Ready(Err(gone())),
                ring::Read::Empty => {}
            }
            if this.watch() {
                continue;
            }
            this.side.reader.register(context.waker());
            this.ring().reader_sleeps();
            if this.consumer.is_ready(this.ring()) || this.side.expects.load(Ordering::Acquire) {
                this.ring().reader_wakes();
                continue;
            }
            ready!(this.bell.poll(context))?;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.consumer.stop(self.ring());
        // The writer finds its socket closed, if it sleeps.
    }
}

/// Writes what goes in one direction.
#[derive(Debug)]
pub(super) struct Writer {
    side: Arc<Side>,
    direction: Direction,
    /// The direction that the other half reads.
    answers: Direction,
    bell: Bell,
    producer: Producer,
    ended: bool,
}

impl Writer {
    pub(super) fn new(side: Arc<Side>, direction: Direction, socket: UnixStream) -> Self {
        let answers = match direction {
            Direction::ToListener => Direction::ToConnector,
            Direction::ToConnector => Direction::ToListener,
        };
        Self {
            side,
            direction,
            answers,
            bell: Bell::new(socket),
            producer: Producer::default(),
            ended: false,
        }
    }

    fn ring(&self) -> Ring<'_> {
        self.side.memory.ring(self.direction)
    }

    fn end(&mut self, in_good_order: bool) {
        if !self.ended {
            self.ended = true;
            self.producer.end(self.ring(), in_good_order);
            if self.ring().takes_reader() {
                self.bell.ring();
            }
        }
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        loop {
            let ring = this.side.memory.ring(this.direction);
            let written = this.producer.write(ring, slices);
            match written.map_err(broke_the_protocol)? {
                ring::Written::Bytes(count) => {
                    if ring.takes_reader() {
                        this.bell.ring();
                    }
                    return Poll::Ready(Ok(count));
                }
                ring::Written::Stopped => {
                    return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
                }
                ring::Written::Full if this.bell.hung_up => return Poll::Ready(Err(gone())),
                ring::Written::Full => {}
            }
            ring.writer_sleeps();
            if this.producer.is_ready(ring) {
                ring.writer_wakes();
                continue;
            }
            ready!(this.bell.poll(context))?;
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // All of it is in the ring. What was said is whole, so an answer may follow: the reader watches for it.
        let side = &self.side;
        if side.watches && !side.expects.swap(true, Ordering::AcqRel) {
            side.memory.ring(self.answers).reader_wakes();
            side.reader.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end(true);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end(false);
    }
}
