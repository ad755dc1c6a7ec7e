//! A listener that accepts in a task of its own, where a stream takes more than a connection.

use std::fmt;
use std::io;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::transport::{Listen, Stream, is_of_one_peer};

/// Handshakes that are under way at most. Each is a task and some 30 KiB; further peers wait to be accepted.
const HANDSHAKES_MAX: usize = 256;

/// Streams that wait to be accepted.
const WAITING_MAX: usize = 16;

/// Where a handshake puts the streams that come of it.
pub(super) type Sender = mpsc::Sender<io::Result<Stream>>;

/// What connections come from.
pub(super) trait Source: Send + 'static {
    /// A connection, and who is at its other end.
    type Connection: Send;

    /// The next connection.
    fn next(&mut self) -> impl Future<Output = io::Result<Self::Connection>> + Send;
}

/// Makes streams of connections.
pub(super) trait Handshake<C>: Send + Sync + 'static {
    /// Makes any number of streams of a connection. A peer that fails to shake hands is no matter of the others.
    fn shake(&self, connection: C, sender: Sender) -> impl Future<Output = ()> + Send;
}

/// The streams that were accepted. Peers shake hands beside each other, so a slow one holds up nobody.
pub(super) struct Accepted {
    streams: mpsc::Receiver<io::Result<Stream>>,
    /// Accepts while the listener lives.
    _accepting: JoinSet<()>,
}

impl Accepted {
    pub(super) fn of<S: Source>(source: S, handshake: impl Handshake<S::Connection>) -> Self {
        let (sender, streams) = mpsc::channel(WAITING_MAX);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(source, Arc::new(handshake), sender));
        Self {
            streams,
            _accepting: accepting,
        }
    }
}

impl Listen for Accepted {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            let stream = self.streams.recv().await;
            stream.unwrap_or_else(|| Err(io::Error::other("the listener is closed")))
        })
    }
}

async fn accept<S: Source>(
    mut source: S,
    handshake: Arc<impl Handshake<S::Connection>>,
    sender: Sender,
) {
    let mut handshakes = JoinSet::new();
    loop {
        if handshakes.len() >= HANDSHAKES_MAX {
            handshakes.join_next().await;
        }
        while handshakes.try_join_next().is_some() {}
        match source.next().await {
            Ok(connection) => {
                let (handshake, sender) = (Arc::clone(&handshake), sender.clone());
                handshakes.spawn(async move { handshake.shake(connection, sender).await });
            }
            Err(error) if is_of_one_peer(&error) => {}
            Err(error) => {
                let _ = sender.send(Err(error)).await;
                return;
            }
        }
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Accepted").finish_non_exhaustive()
    }
}
