//! What carries the bytes: each transport gives byte streams in both directions, and nothing else.
//!
//! A transport is a [`Connect`] on the calling side and a [`Listen`] on the serving side. An [`Address`](crate::Address)
//! names one: [`Connector::at`] and [`Listener::at`] open it. Both sides make [`Stream`]s, which keep this
//! contract, and one test suite (`tests/transports.rs`) holds every transport to it:
//!
//! - bytes arrive in order, whole, once;
//! - a reader that does not read stops the writer before much memory is taken;
//! - shutting down one direction leaves the other open, and the peer reads the end after the last byte;
//! - a peer that goes away is an end or an error, and never a wait.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

#[cfg(any(feature = "http2", feature = "shm", feature = "tls"))]
mod accept;
mod at;
#[cfg(feature = "http2")]
pub mod http2;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(any(feature = "http2", feature = "nats"))]
mod pieces;
#[cfg(feature = "quic")]
pub mod quic;
#[cfg(all(feature = "shm", target_os = "linux"))]
pub mod shm;
#[cfg(feature = "stdio")]
pub mod stdio;
#[cfg(feature = "tcp")]
pub mod tcp;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "unix")]
pub mod unix;

pub use at::{Connector, Keys, Listener};

/// The half of a [`Stream`] that is read.
pub type Reader = Box<dyn AsyncRead + Send + Unpin>;

/// The half of a [`Stream`] that is written. Shutting it down tells the peer that nothing more comes; dropping it without
/// that breaks the stream where the transport can tell the difference.
pub type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A byte stream in both directions.
pub struct Stream {
    /// What the peer sends.
    pub reader: Reader,
    /// What is sent to the peer.
    pub writer: Writer,
    /// Who the peer is.
    pub peer: Peer,
}

/// Who is at the other end, as the transport knows it. Nothing here was said by the peer itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The process, where it runs on this machine and the system told.
    pub process: Option<Process>,
    /// The address, where there is a network.
    pub address: Option<SocketAddr>,
    /// The certificate that the peer proved to own, as DER.
    pub certificate: Option<Bytes>,
}

/// A process of this machine, as the system knew it when the stream was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// The user that it ran as.
    pub user: u32,
    /// The group that it ran as.
    pub group: u32,
    /// Its number, where the system told.
    pub id: Option<i32>,
}

/// Makes streams to one peer.
pub trait Connect: Send + Sync + 'static {
    /// Makes a stream. Dropping the future gives it up.
    ///
    /// # Errors
    ///
    /// If the peer cannot be reached.
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>>;

    /// Whether each stream may reach another of several servers that share the calls. A client then takes a stream for each
    /// call, and the servers know nothing of each other's resources.
    fn spreads(&self) -> bool {
        false
    }
}

/// Takes streams from peers.
pub trait Listen: Send + 'static {
    /// Waits for the next stream. Dropping the future loses none.
    ///
    /// # Errors
    ///
    /// If the listener is of no further use. A peer that fails to connect is no error.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>>;
}

impl Listen for Box<dyn Listen> {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        (**self).accept()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Stream")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl Stream {
    /// A stream of two halves, with a peer that nothing is known of.
    pub fn new(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        Self {
            reader: Box::new(reader),
            writer: Box::new(writer),
            peer: Peer::default(),
        }
    }

    /// The same stream, of this peer.
    #[must_use]
    pub fn from_peer(mut self, peer: Peer) -> Self {
        self.peer = peer;
        self
    }
}

/// Whether a failure to accept concerns one peer only, so that the listener goes on.
#[cfg(any(feature = "tcp", feature = "unix"))]
fn is_of_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
