//! The serving side, whatever the transport.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::debug;

use crate::call::{self, CallError, Incoming, Meta, Outgoing, Target};
use crate::frame::Path;
use crate::plain;
use crate::transport::{Listen, Peer, Reader, Stream};

/// Streams that are served at once at most. Each may hold a task and some 100 KiB while a call runs; further peers wait to
/// be accepted.
pub const STREAMS_MAX: usize = 1024;

/// How long a peer may take to say what it calls. One that connects and says nothing holds a stream.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(10);

/// How long, and for how many bytes, a stream is read on after its call was answered. A socket that is closed before it
/// was read to the end takes the answer back from the peer.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(1);
const DRAIN_BYTES_MAX: u64 = 1024 * 1024;

/// Answers calls.
pub trait Handler: Send + Sync + 'static {
    /// Answers one call. It runs in a task of its own.
    ///
    /// A call that is dropped without an answer fails, and the caller is told so.
    fn call(&self, call: Call) -> impl Future<Output = ()> + Send;
}

/// A call to be answered.
#[derive(Debug)]
pub struct Call {
    /// What is called.
    pub target: Target,
    /// What travels with it.
    pub meta: Meta,
    /// Who calls, as the transport knows it.
    pub peer: Arc<Peer>,
    /// The parameters.
    pub params: Incoming,
    /// The results.
    pub results: Outgoing,
}

impl Call {
    /// Answers with values that have no streams within them.
    ///
    /// # Errors
    ///
    /// If the caller has given the call up or is gone.
    pub async fn reply(mut self, values: Bytes) -> Result<(), CallError> {
        self.results.send(&Path::root(), values).await?;
        self.results.finish().await
    }
}

/// Has a [`Handler`] answer the calls that come in over any number of transports. Clones share it.
pub struct Server<H> {
    shared: Arc<Shared<H>>,
}

struct Shared<H> {
    handler: H,
    /// One for each stream that may be served.
    streams: Arc<Semaphore>,
}

impl<H: Handler> Server<H> {
    /// A server that has `handler` answer.
    pub fn new(handler: H) -> Self {
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        Self {
            shared: Arc::new(Shared { handler, streams }),
        }
    }

    /// Serves every stream that `listener` accepts, each in a task of its own, until the future is dropped. Streams that
    /// were accepted are served to their end.
    ///
    /// # Errors
    ///
    /// If the listener fails.
    pub async fn serve(&self, mut listener: impl Listen) -> io::Result<()> {
        loop {
            let permit = Arc::clone(&self.shared.streams).acquire_owned().await;
            let stream = listener.accept().await?;
            let server = self.clone();
            tokio::spawn(async move {
                server.attach(stream).await;
                drop(permit);
            });
        }
    }

    /// Serves one stream to its end.
    pub async fn attach(&self, mut stream: Stream) {
        let mut begun = BytesMut::with_capacity(4096);
        let first = timeout(HEAD_TIME_MAX, stream.reader.read_buf(&mut begun)).await;
        match first {
            Ok(Ok(_)) if begun.first() == Some(&plain::VERSION) => {
                self.serve_plain(stream, begun).await;
            }
            Ok(Ok(_)) => debug!(first = ?begun.first(), "a peer speaks no protocol that is known"),
            Ok(Err(error)) => debug!(%error, "a peer went away before it called"),
            Err(_) => debug!("a peer connected and said nothing"),
        }
    }

    async fn serve_plain(&self, stream: Stream, begun: BytesMut) {
        let mut params = plain::incoming::Incoming::of_callee(stream.reader, begun);
        let reader = params.lend();
        let target = match timeout(HEAD_TIME_MAX, params.target()).await {
            Ok(Ok(target)) => target,
            Ok(Err(error)) => return debug!(%error, "a peer did not say what it calls"),
            Err(_) => return debug!("a peer took too long to say what it calls"),
        };
        let results = plain::outgoing::Outgoing::of_callee(stream.writer);
        let call = Call {
            target,
            meta: Meta::default(),
            peer: Arc::new(stream.peer),
            params: Incoming(call::incoming::Kind::Plain(params)),
            results: Outgoing(call::outgoing::Kind::Plain(results)),
        };
        self.shared.handler.call(call).await;
        if let Ok(reader) = reader.await {
            drain(reader).await;
        }
    }
}

/// Reads what still comes, within limits, and drops it.
async fn drain(reader: Reader) {
    let mut rest = reader.take(DRAIN_BYTES_MAX);
    let mut sink = tokio::io::sink();
    let _ = timeout(DRAIN_TIME_MAX, tokio::io::copy(&mut rest, &mut sink)).await;
}

impl<H> Clone for Server<H> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<H> fmt::Debug for Server<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").finish_non_exhaustive()
    }
}
