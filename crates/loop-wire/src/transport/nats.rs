//! NATS: streams to whoever listens at a subject, through a server that both sides connect to.
//!
//! Listeners at one subject share the streams, as a queue group. NATS delivers at most once: messages have numbers, and a
//! stream of which one is lost ends with an error. `docs/wire.md` has the bytes, and decision 12 the reasons.
//!
//! Who may speak at a subject is up to the server: it knows who its clients are, and nobody here knows who the peer is.

mod hub;
pub mod link;
mod pump;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_nats::{ConnectOptions, Message, Subscriber};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::transport::nats::hub::{Hub, Lost};
use crate::transport::nats::link::{Link, LinkError};
use crate::transport::nats::pump::Pump;
use crate::transport::{Connect, Listen, Stream};

/// The group in which listeners share the streams at a subject.
const GROUP: &str = "loop";

/// Streams that wait to be accepted. Those beyond wait as messages.
const WAITING_MAX: usize = 16;

/// How long it may take to connect to a server.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// Connects to a server once, and opens streams to who listens at a subject. A connection that was lost is made anew.
#[derive(Debug)]
pub struct Connector {
    server: String,
    subject: String,
    options: ConnectOptions,
    sticks: bool,
    hub: Mutex<Option<Arc<Hub>>>,
}

impl Connector {
    /// Will connect to `server`, a host and a port, and call who listens at `subject`. The options say who this side is to
    /// the server; how many subscriptions may hold, how often to connect again and the callback of events are set here.
    ///
    /// Calls in the envelope are spread: each has a stream of its own, so each may reach another listener.
    pub fn new(
        server: impl Into<String>,
        subject: impl Into<String>,
        options: ConnectOptions,
    ) -> Self {
        Self {
            server: server.into(),
            subject: subject.into(),
            options,
            sticks: false,
            hub: Mutex::default(),
        }
    }

    /// The same, with one stream for all calls in the envelope: they stay with one listener while it is there, which is
    /// what resources need.
    #[must_use]
    pub fn sticky(mut self) -> Self {
        self.sticks = true;
        self
    }

    async fn hub(&self) -> io::Result<Arc<Hub>> {
        let mut slot = self.hub.lock().await;
        if let Some(hub) = &*slot
            && !hub.was_lost()
        {
            return Ok(Arc::clone(hub));
        }
        let hub = connect(&self.server, &self.options, Lost::Stays).await?;
        *slot = Some(Arc::clone(&hub));
        Ok(hub)
    }
}

impl Connect for Connector {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            let hub = self.hub().await?;
            let (pump, stream) = Pump::new(hub, self.subject.as_str().into());
            // It ends with the stream. Nobody waits for it to be accepted: what is written first travels with the question.
            tokio::spawn(pump.open());
            Ok(stream)
        })
    }

    fn spreads(&self) -> bool {
        !self.sticks
    }
}

/// Listens at a subject, together with all others that do. If the server goes away, its streams end, and it listens again
/// when the server is back.
#[derive(Debug)]
pub struct Listener {
    accepted: mpsc::Receiver<io::Result<Stream>>,
    /// Accepts while the listener lives.
    _accepting: JoinSet<()>,
}

impl Listener {
    /// Connects to `server`, a host and a port, and listens at `subject`. For the options, see [`Connector::new`].
    ///
    /// # Errors
    ///
    /// If the server cannot be reached, refuses, or the subject is none.
    pub async fn bind(server: &str, subject: &str, options: ConnectOptions) -> io::Result<Self> {
        let hub = connect(server, &options, Lost::Returns).await?;
        let group = hub.client.queue_subscribe(subject.to_owned(), GROUP.into());
        let opened = group.await.map_err(io::Error::other)?;
        // The server knows of it before anybody is told to call.
        hub.client.flush().await.map_err(io::Error::other)?;
        let (sender, accepted) = mpsc::channel(WAITING_MAX);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(hub, opened, sender));
        Ok(Self {
            accepted,
            _accepting: accepting,
        })
    }
}

impl Listen for Listener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            let stream = self.accepted.recv().await;
            stream.unwrap_or_else(|| Err(io::Error::other("the connection is closed")))
        })
    }
}

async fn connect(server: &str, options: &ConnectOptions, lost: Lost) -> io::Result<Arc<Hub>> {
    timeout(
        CONNECT_TIME_MAX,
        Hub::connect(server, options.clone(), lost),
    )
    .await?
}

async fn accept(hub: Arc<Hub>, mut opened: Subscriber, sender: mpsc::Sender<io::Result<Stream>>) {
    while let Some(message) = opened.next().await {
        if let Some(stream) = accept_one(&hub, message).await
            && sender.send(Ok(stream)).await.is_err()
        {
            return;
        }
    }
}

/// Accepts the stream that a message opens. What is no such message is no matter of the others.
async fn accept_one(hub: &Arc<Hub>, message: Message) -> Option<Stream> {
    let reply = message.reply?;
    match Link::opened(message.payload, Instant::now()) {
        Ok((link, first)) => {
            let (pump, stream) = Pump::new(Arc::clone(hub), reply);
            // It ends with the stream: calls that run outlive the listener.
            tokio::spawn(pump.accept(link, first));
            Some(stream)
        }
        Err(error) => {
            tracing::debug!(%error, "a message opens no stream");
            if error != LinkError::Gone {
                let gone = Bytes::from_static(link::GONE);
                let _ = hub.client.publish(reply, gone).await;
            }
            None
        }
    }
}

/// What a stream receives.
struct Received(mpsc::Receiver<io::Result<Bytes>>);

impl futures::Stream for Received {
    type Item = io::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        self.0.poll_recv(context)
    }
}
