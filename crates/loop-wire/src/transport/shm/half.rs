//! The halves of a stream in shared memory.
//!
//! Each direction has a ring, and a socket over which its ends wake each other with a byte. The sockets carry nothing else,
//! but they are what tells that the peer is gone. Descriptors are only ever used in ways that do not wait: a peer that
//! shares one can make it blocking.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures::task::AtomicWaker;
use rustix::net::{RecvFlags, SendFlags};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::UnixStream;

use crate::transport::shm::memory::{Direction, Memory};
use crate::transport::shm::ring::{Consumer, Producer, Ring, RingError, Unread, Written};

/// How long a reader watches the ring after something was written to the peer, before it sleeps: as long as it takes to wake
/// a peer that sleeps on another core of a virtual machine, so that two that have fallen asleep find together again. The
/// thread does nothing else meanwhile.
const WATCH_TIME_MAX: Duration = Duration::from_micros(50);

/// How many times the ring is looked at between two looks at the clock.
const LOOKS: usize = 32;

/// Each time that was watched in vain, the next is half as long; after so many times there is no watching at all.
const HALVINGS: u32 = 6;

/// After so many answers that were not watched for, one is: the peer may have become quick, or have moved to another core.
/// What is spent in vain is so less than half a microsecond for each answer.
const VAIN_MAX: u32 = 256;

/// What the two halves of a stream share.
#[derive(Debug)]
pub(super) struct Side {
    memory: Memory,
    /// Whether something was written since the reader last slept: it watches for the answer.
    expects: AtomicBool,
    /// How often in a row it was watched in vain, or not watched for that.
    in_vain: AtomicU32,
    reader: AtomicWaker,
}

impl Side {
    pub(super) fn new(memory: Memory) -> Arc<Self> {
        Arc::new(Self {
            memory,
            expects: AtomicBool::new(false),
            in_vain: AtomicU32::new(0),
            reader: AtomicWaker::new(),
        })
    }

    /// Has the reader watch for an answer, if that makes sense. It sleeps in `direction`.
    fn expect(&self, direction: Direction) {
        let in_vain = self.in_vain.load(Ordering::Relaxed);
        if in_vain >= HALVINGS {
            let next = (in_vain + 1) % VAIN_MAX;
            self.in_vain.store(next, Ordering::Relaxed);
        } else if !self.expects.swap(true, Ordering::AcqRel) {
            self.memory.ring(direction).reader_wakes();
            self.reader.wake();
        }
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
}

impl Reader {
    pub(super) fn new(side: Arc<Side>, direction: Direction, socket: UnixStream) -> Self {
        Self {
            side,
            direction,
            bell: Bell::new(socket),
            consumer: Consumer::default(),
        }
    }

    fn ring(&self) -> Ring<'_> {
        self.side.memory.ring(self.direction)
    }

    /// Takes what is there, and wakes a writer that waited for room.
    fn take(&mut self, unread: usize, buffer: &mut ReadBuf<'_>) {
        let ring = self.side.memory.ring(self.direction);
        let fits = unread.min(buffer.remaining());
        let count = self
            .consumer
            .take(ring, buffer.initialize_unfilled_to(fits));
        buffer.advance(count);
        if self.consumer.takes_writer(ring) {
            self.bell.ring();
        }
    }

    /// Watches the ring for a while, if something was written that may be answered.
    fn watch(&self) -> bool {
        if !self.side.expects.swap(false, Ordering::AcqRel) {
            return false;
        }
        let in_vain = self.side.in_vain.load(Ordering::Relaxed).min(HALVINGS);
        let time = WATCH_TIME_MAX / (1 << in_vain);
        let began = Instant::now();
        while began.elapsed() < time {
            for _ in 0..LOOKS {
                if self.consumer.is_ready(self.ring()) {
                    self.side.in_vain.store(0, Ordering::Relaxed);
                    return true;
                }
                std::hint::spin_loop();
            }
        }
        self.side.in_vain.store(in_vain + 1, Ordering::Relaxed);
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
            let unread = this.consumer.look(this.side.memory.ring(this.direction));
            match unread.map_err(broke_the_protocol)? {
                Unread::Bytes(count) => {
                    this.take(count, buffer);
                    return Poll::Ready(Ok(()));
                }
                Unread::Ended => return Poll::Ready(Ok(())),
                Unread::Broken => {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                }
                Unread::None if hung_up => return Poll::Ready(Err(gone())),
                Unread::None => {}
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
                Written::Bytes(count) => {
                    if ring.takes_reader() {
                        this.bell.ring();
                    }
                    return Poll::Ready(Ok(count));
                }
                Written::Stopped => {
                    return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
                }
                Written::Full if this.bell.hung_up => return Poll::Ready(Err(gone())),
                Written::Full => {}
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
        self.side.expect(self.answers);
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
