//! WebSockets: the functions of `loop:netx/websocket`, and what calls `websocket-handler`.
//!
//! A connection has three parts. Its [`Socket`] is what the component's functions and the network meet at: a queue of what is to be sent, and what has come.
//! [`drive`](drive::drive) is the task that moves messages between the two and keeps to the protocol, and ends with the connection. What came goes to
//! an [`Inbox`] that the component asks, or, where it was connected to, in a call to the component.

mod concurrent;
mod drive;
mod inbox;
mod open;
mod queue;
mod serve;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::{pending, select_all};
use loop_host::net::Dialer;
use tokio_tungstenite::tungstenite::Message as Frame;
use wasmtime::component::Resource;

use crate::netx::bindings::loop_::netx::websocket::{
    ConnectError, Event, Host, HostConnection, Message, Options, SendError, WaitError,
};
use crate::netx::websocket::inbox::Inbox;
use crate::netx::websocket::queue::{Queue, Refused};
use crate::netx::{NetworkView, within};

pub(crate) use crate::netx::websocket::serve::{Server, Serving};

/// Connections that one instance opens at once, as `wasi:http` has them. Each takes a file descriptor of the host.
const CONNECTIONS_MAX: u16 = 128;

/// The longest time until the component is woken: a day. Whoever waits longer asks again.
const WAKE_MAX: Duration = Duration::from_hours(24);

/// The code of a usual end.
const NORMAL: u16 = 1000;

/// The code of an end because the one side is no more.
const AWAY: u16 = 1001;

/// A number for each connection of this process.
static LAST: AtomicU64 = AtomicU64::new(0);

/// What a component's functions and the network meet at.
#[derive(Debug)]
pub(crate) struct Socket {
    id: u64,
    queue: Queue,
    /// What has come, where the component asks for it.
    inbox: Option<Inbox>,
    /// The subprotocol, once there is one.
    protocol: OnceLock<String>,
}

impl Socket {
    fn new(inbox: Option<Inbox>) -> Arc<Self> {
        let id = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Self {
            id,
            queue: Queue::default(),
            inbox,
            protocol: OnceLock::new(),
        })
    }
}

/// A connection, as a component has it.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct Connection {
    socket: Arc<Socket>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Most often it was closed before, and this does nothing.
        self.socket.queue.close(AWAY, "");
    }
}

/// A connection that is about to be opened. It counts already.
struct Opening {
    dialer: Dialer,
    one: Arc<()>,
}

impl Opening {
    async fn open(self, url: &str, options: Options) -> Result<Connection, ConnectError> {
        let (stream, protocol) = open::open(&self.dialer, url, options).await?;
        let socket = Socket::new(Some(Inbox::default()));
        if let Some(protocol) = protocol {
            let _ = socket.protocol.set(protocol);
        }
        let driven = Arc::clone(&socket);
        tokio::spawn(async move {
            let Some(inbox) = &driven.inbox else { return };
            let closing = drive::drive(stream, &driven.queue, inbox, pending()).await;
            drop(self.one);
            inbox.end(closing);
        });
        Ok(Connection { socket })
    }
}

impl NetworkView<'_> {
    /// Room for one more connection.
    fn opening(&self) -> Result<Opening, ConnectError> {
        let network = &*self.network;
        // The first is the network's own.
        if Arc::strong_count(&network.connections) > usize::from(CONNECTIONS_MAX) {
            return Err(ConnectError::TooMany(u32::from(CONNECTIONS_MAX)));
        }
        Ok(Opening {
            dialer: network.dialer.clone(),
            one: Arc::clone(&network.connections),
        })
    }

    fn socket(&self, connection: &Resource<Connection>) -> wasmtime::Result<Arc<Socket>> {
        Ok(Arc::clone(&self.table.get(connection)?.socket))
    }
}

impl HostConnection for NetworkView<'_> {
    async fn connect(
        &mut self,
        url: String,
        options: Options,
    ) -> wasmtime::Result<Result<Resource<Connection>, ConnectError>> {
        let opening = match self.opening() {
            Ok(opening) => opening,
            Err(error) => return Ok(Err(error)),
        };
        match opening.open(&url, options).await {
            Ok(connection) => Ok(Ok(self.table.push(connection)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn id(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        Ok(self.socket(&connection)?.id)
    }

    fn protocol(&mut self, connection: Resource<Connection>) -> wasmtime::Result<Option<String>> {
        Ok(self.socket(&connection)?.protocol.get().cloned())
    }

    fn send(
        &mut self,
        connection: Resource<Connection>,
        message: Message,
    ) -> wasmtime::Result<Result<(), SendError>> {
        let sent = self.socket(&connection)?.queue.push(frame(message));
        Ok(sent.map_err(SendError::from))
    }

    fn queued(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        Ok(self.socket(&connection)?.queue.weight() as u64)
    }

    async fn flush(
        &mut self,
        connection: Resource<Connection>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<(), WaitError>> {
        let socket = self.socket(&connection)?;
        Ok(within(limit, socket.queue.flushed())
            .await
            .ok_or(WaitError::TimedOut))
    }

    async fn next(
        &mut self,
        connection: Resource<Connection>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<Event, WaitError>> {
        let socket = self.socket(&connection)?;
        Ok(next(&socket, limit).await)
    }

    fn close(
        &mut self,
        connection: Resource<Connection>,
        code: u16,
        reason: String,
    ) -> wasmtime::Result<()> {
        let code = if may_be_sent(code) { code } else { NORMAL };
        self.socket(&connection)?.queue.close(code, &reason);
        Ok(())
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        let connection = self.table.delete(connection)?;
        connection.socket.queue.close(NORMAL, "");
        Ok(())
    }
}

impl Host for NetworkView<'_> {
    async fn first(
        &mut self,
        connections: Vec<Resource<Connection>>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<u32>, WaitError>> {
        let sockets = connections.iter().map(|connection| self.socket(connection));
        let sockets = sockets.collect::<wasmtime::Result<Vec<_>>>()?;
        let inboxes: Vec<_> = sockets.iter().map_while(|one| one.inbox.as_ref()).collect();
        if inboxes.is_empty() || inboxes.len() < sockets.len() {
            return Ok(Err(WaitError::Handled));
        }
        let ready = || -> Vec<u32> {
            let ready = (0..).zip(&inboxes).filter(|(_, inbox)| inbox.has_event());
            ready.map(|(at, _)| at).collect()
        };
        let first = within(limit, async {
            loop {
                let filled = inboxes.iter().map(|inbox| Box::pin(inbox.filled()));
                let filled = select_all(filled);
                let ready = ready();
                if !ready.is_empty() {
                    return ready;
                }
                filled.await;
            }
        });
        Ok(first.await.ok_or(WaitError::TimedOut))
    }

    fn wake(&mut self, after: u64) -> wasmtime::Result<()> {
        let network = &mut *self.network;
        if let Some(before) = network.wake.take() {
            before.abort();
        }
        let Some(serving) = network.serving.clone() else {
            return Ok(());
        };
        let after = Duration::from_nanos(after).min(WAKE_MAX);
        // Only the sleep is aborted by who asks again: the call may be the one that asks.
        let sleep = tokio::spawn(async move {
            tokio::time::sleep(after).await;
            tokio::spawn(serving.wake());
        });
        network.wake = Some(sleep.abort_handle());
        Ok(())
    }
}

/// Waits for what happens next on a connection.
async fn next(socket: &Socket, limit: Option<u64>) -> Result<Event, WaitError> {
    let inbox = socket.inbox.as_ref().ok_or(WaitError::Handled)?;
    if let Some(event) = inbox.take() {
        return Ok(event);
    }
    let event = within(limit, inbox.next()).await;
    event.ok_or(WaitError::TimedOut)
}

fn frame(message: Message) -> Frame {
    match message {
        Message::Text(text) => Frame::text(text),
        Message::Binary(bytes) => Frame::binary(bytes),
    }
}

impl From<Refused> for SendError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Closed => Self::Closed,
            Refused::TooLarge => Self::TooLarge,
            Refused::Full => Self::Full,
        }
    }
}

/// Whether a side may send a code: RFC 6455, section 7.4, and the registry of IANA.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
