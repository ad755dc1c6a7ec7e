//! A connection to a server, for one question at a time.
//!
//! What the server sends is counted: an answer of more bytes than what was asked can have ends the connection before they are kept.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult, Value};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::keyvalue::server::target::Target;

/// What a server may send when it is asked nothing, and what it answers when a connection begins.
const UNASKED_BYTES: usize = 16 << 10;

/// An open connection. Dropping it closes it.
pub(crate) struct Connection {
    link: MultiplexedConnection,
    /// How many bytes may still come.
    left: Arc<AtomicUsize>,
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
        let left = Arc::new(AtomicUsize::new(UNASKED_BYTES));
        let counted = Counted {
            stream,
            left: Arc::clone(&left),
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

    /// Asks something that has an answer of at most so many bytes.
    pub(crate) async fn ask(
        &mut self,
        question: &impl Question,
        most: usize,
    ) -> RedisResult<Value> {
        self.left.store(UNASKED_BYTES + most, Ordering::Relaxed);
        let answer = question.put(&mut self.link).await;
        if self.left.load(Ordering::Relaxed) > 0 {
            self.left.store(UNASKED_BYTES, Ordering::Relaxed);
        }
        answer
    }

    /// Whether the server sent more than it may.
    pub(crate) fn is_flooded(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A stream of which so many bytes are read and no more.
struct Counted {
    stream: TcpStream,
    left: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Poll::Ready(Err(io::Error::other("more bytes than were asked for")));
        }
        let room = buffer.initialize_unfilled_to(left.min(buffer.remaining()));
        let mut within = ReadBuf::new(room);
        let polled = Pin::new(&mut self.stream).poll_read(context, &mut within);
        let read = within.filled().len();
        buffer.advance(read);
        self.left.fetch_sub(read, Ordering::Relaxed);
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
