//! The serving side, whatever the transport.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tracing::debug;

use crate::Protocol;
use crate::call::{self, CallError, Incoming, Meta, Outgoing, Target};
use crate::envelope::{PREFACE, Resource, Role, Settings};
use crate::frame::Path;
use crate::plain;
use crate::session::{Driver, Hold, Opened};
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
    /// Answers one call. The future is dropped when the call is cancelled or its time is over, where the protocol says so.
    ///
    /// A call that is dropped without an answer fails, and the caller is told so.
    fn call(&self, call: Call) -> impl Future<Output = ()> + Send;

    /// A caller needs a resource no longer.
    fn dropped(&self, resource: Resource, peer: &Peer) {
        let _ = (resource, peer);
    }
}

/// In which task a call of the envelope is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dispatch {
    /// Each in a task of its own.
    #[default]
    Task,
    /// It begins in the task that reads the stream, and is moved to one of its own when it first waits. This saves a task
    /// for answers that are quick; one that computes for long holds up the others of its stream.
    Inline,
}

/// A call to be answered.
#[derive(Debug)]
pub struct Call {
    /// What is called.
    pub target: Target,
    /// What travels with it.
    pub meta: Meta,
    /// What the caller speaks.
    pub protocol: Protocol,
    /// Who calls, as the transport knows it. In the envelope this lives as long as the connection or a call on it.
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
    pub async fn reply(self, values: Bytes) -> Result<(), CallError> {
        self.results.send_last(&Path::root(), values).await
    }

    /// Answers that the call failed, and why. Plain wRPC has no word for why.
    pub fn fail(self, error: &CallError) {
        self.results.fail(error);
    }
}

/// Has a [`Handler`] answer the calls that come in over any number of transports. Clones share it.
pub struct Server<H> {
    shared: Arc<Shared<H>>,
}

struct Shared<H> {
    handler: H,
    settings: Settings,
    dispatch: Dispatch,
    /// One for each stream that may be served.
    streams: Arc<Semaphore>,
    /// Whether the server takes no new calls.
    draining: watch::Sender<bool>,
}

impl<H: Handler> Server<H> {
    /// A server that has `handler` answer.
    pub fn new(handler: H) -> Self {
        Self::with_settings(handler, Settings::default(), Dispatch::default())
    }

    /// As [`new`](Self::new), with what this side of the envelope takes, and where its calls are answered.
    pub fn with_settings(handler: H, settings: Settings, dispatch: Dispatch) -> Self {
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        let draining = watch::Sender::new(false);
        Self {
            shared: Arc::new(Shared {
                handler,
                settings,
                dispatch,
                streams,
                draining,
            }),
        }
    }

    /// Serves every stream that `listener` accepts, each in a task of its own, until the future is dropped or the server
    /// is drained. Streams that were accepted are served to their end.
    ///
    /// # Errors
    ///
    /// If the listener fails.
    pub async fn serve(&self, mut listener: impl Listen) -> io::Result<()> {
        let mut draining = self.shared.draining.subscribe();
        loop {
            let permit = Arc::clone(&self.shared.streams).acquire_owned().await;
            let stream = tokio::select! {
                stream = listener.accept() => stream?,
                _ = draining.wait_for(|draining| *draining) => return Ok(()),
            };
            let server = self.clone();
            tokio::spawn(async move {
                server.attach(stream).await;
                drop(permit);
            });
        }
    }

    /// Takes no new streams and no new calls, and waits until those that were accepted by [`serve`](Self::serve) are
    /// answered. Callers of the envelope are told, and that another try is safe.
    pub async fn drain(&self) {
        self.shared.draining.send_replace(true);
        let all = u32::try_from(STREAMS_MAX).unwrap_or(u32::MAX);
        // It is never closed.
        let _ = self.shared.streams.acquire_many(all).await;
    }

    /// Serves one stream to its end.
    pub async fn attach(&self, mut stream: Stream) {
        let mut begun = BytesMut::with_capacity(4096);
        let first = timeout(HEAD_TIME_MAX, stream.reader.read_buf(&mut begun)).await;
        match first {
            Ok(Ok(_)) if begun.first() == Some(&plain::VERSION) => {
                self.serve_plain(stream, begun).await;
            }
            Ok(Ok(_)) if begun.first() == PREFACE.first() => {
                self.serve_envelope(stream, begun).await;
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
            protocol: Protocol::Plain,
            peer: Arc::new(stream.peer),
            params: Incoming(call::incoming::Kind::Plain(params)),
            results: Outgoing(call::outgoing::Kind::Plain(results)),
        };
        self.shared.handler.call(call).await;
        if let Ok(reader) = reader.await {
            drain(reader).await;
        }
    }

    async fn serve_envelope(&self, stream: Stream, begun: BytesMut) {
        let settings = &self.shared.settings;
        let (session, mut driver) = Driver::new(Role::Callee, settings, stream, begun);
        let mut draining = self.shared.draining.subscribe();
        let mut drained = pin!(draining.wait_for(|draining| *draining));
        let mut told = false;
        let mut next = async || {
            poll_fn(|context| {
                if !told && drained.as_mut().poll(context).is_ready() {
                    told = true;
                    session.go_away();
                }
                driver.poll_next(context)
            })
            .await
        };
        while let Some(opened) = next().await {
            match opened {
                Opened::Dropped(resource) => self.shared.handler.dropped(resource, &session.peer),
                Opened::Call {
                    target,
                    meta,
                    params,
                    results,
                    hold,
                } => {
                    let call = Call {
                        target,
                        meta,
                        protocol: Protocol::Envelope,
                        peer: Arc::clone(&session.peer),
                        params: Incoming(call::incoming::Kind::Envelope(params)),
                        results: Outgoing(call::outgoing::Kind::Envelope(results)),
                    };
                    self.answer(call, hold).await;
                }
            }
        }
        driver.end().await;
    }

    async fn answer(&self, call: Call, hold: Arc<Hold>) {
        let server = self.clone();
        let answer = Box::pin(async move { server.shared.handler.call(call).await });
        let mut running = Running { answer, hold };
        let is_done = match self.shared.dispatch {
            Dispatch::Task => false,
            Dispatch::Inline => {
                poll_fn(|context| Poll::Ready(Pin::new(&mut running).poll(context).is_ready()))
                    .await
            }
        };
        if !is_done {
            tokio::spawn(running);
        }
    }
}

/// A call that is being answered, until it is cancelled.
struct Running<F> {
    answer: Pin<Box<F>>,
    hold: Arc<Hold>,
}

impl<F: Future<Output = ()>> Future for Running<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.answer.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        self.hold.poll_cancelled(context)
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
