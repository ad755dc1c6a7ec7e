//! A connection to a server, for one question at a time.
//!
//! What the server sends is counted: an answer of more bytes or parts than what was asked can have ends the connection before they are
//! kept.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult, Value};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::keyvalue::server::parts::{Fault, Parts};
use crate::keyvalue::server::target::Target;

/// What a server may send when it is asked nothing, and what it answers when a connection begins: a line or two, with long texts.
const UNASKED: Most = Most {
    bytes: 16 << 10,
    parts: 16,
};

/// How much an answer can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    pub(crate) bytes: usize,
    /// Values, and lists of them.
    pub(crate) parts: usize,
}

/// An open connection. Dropping it closes it.
pub(crate) struct Connection {
    link: MultiplexedConnection,
    left: Arc<Mutex<Left>>,
    /// Carries the bytes to and fro.
    driver: JoinHandle<()>,
}

/// Something that a server can be asked.
pub(crate) trait Question {
    async fn put(&self, to: &mut MultiplexedConnection) -> RedisResult<Value>;
}

impl Question for redis::Cmd {
    async fn put(&self, to: &mut MultiplexedConnection) -> RedisResult<Value> {
        self.query_async(to).await
    }
}

impl Question for redis::Pipeline {
    async fn put(&self, to: &mut MultiplexedConnection) -> RedisResult<Value> {
        self.query_async(to).await
    }
}

impl Connection {
    /// Connects to the first of the target's addresses that lets us.
    pub(crate) async fn open(target: &Target) -> RedisResult<Self> {
        let addresses = target.address.granted(&target.gate).await?;
        let stream = TcpStream::connect(&*addresses).await?;
        stream.set_nodelay(true)?;
        let left = Arc::new(Mutex::new(Left {
            most: UNASKED,
            fault: None,
        }));
        let counted = Counted {
            stream,
            left: Arc::clone(&left),
            parts: Parts::default(),
        };
        // Whoever asks keeps the time.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let opened = MultiplexedConnection::new_with_config(&target.login, counted, config);
        let (link, driver) = opened.await?;
        Ok(Self {
            link,
            left,
            driver: tokio::spawn(driver),
        })
    }

    /// Whether the server has not gone yet, as far as that is known.
    pub(crate) fn is_open(&self) -> bool {
        !self.driver.is_finished()
    }

    /// Asks something that has an answer of at most so much.
    pub(crate) async fn ask(&mut self, question: &impl Question, most: Most) -> RedisResult<Value> {
        lock(&self.left).most = Most {
            bytes: UNASKED.bytes + most.bytes,
            parts: UNASKED.parts + most.parts,
        };
        let answer = question.put(&mut self.link).await;
        lock(&self.left).most = UNASKED;
        answer
    }

    /// What is wrong with what the server sent. Nothing more is read of it then.
    pub(crate) fn fault(&self) -> Option<Fault> {
        lock(&self.left).fault
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What may still come.
struct Left {
    most: Most,
    /// Nothing may.
    fault: Option<Fault>,
}

fn lock(left: &Mutex<Left>) -> MutexGuard<'_, Left> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stream of which so much is read and no more.
struct Counted {
    stream: TcpStream,
    left: Arc<Mutex<Left>>,
    parts: Parts,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self {
            stream,
            left,
            parts,
        } = &mut *self;
        let mut left = lock(left);
        if left.fault.is_some() {
            return Poll::Ready(Err(io::Error::other("there was a fault before")));
        }
        // One byte more than there may be shows that there is more.
        let room = buffer.remaining().min(left.most.bytes.saturating_add(1));
        let mut within = ReadBuf::new(buffer.initialize_unfilled_to(room));
        let polled = Pin::new(stream).poll_read(context, &mut within);
        let read = within.filled();
        let bytes = left.most.bytes.checked_sub(read.len());
        let counted = match bytes {
            Some(bytes) => {
                left.most.bytes = bytes;
                parts.count(read, &mut left.most.parts)
            }
            None => Err(Fault::TooMany),
        };
        if let Err(fault) = counted {
            left.fault = Some(fault);
            return Poll::Ready(Err(io::Error::other("the server sent what it may not")));
        }
        let read = read.len();
        buffer.advance(read);
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
