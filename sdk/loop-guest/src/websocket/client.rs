//! Connections.

use std::fmt;
use std::time::Duration;

use crate::time::to_nanos;
use crate::websocket::bindings::loop_::netx::websocket as raw;
use crate::websocket::{ConnectError, Event, Message, SendError, WaitError};

/// How to connect.
#[derive(Clone, Debug, Default)]
pub struct Connect {
    protocols: Vec<String>,
    headers: Vec<(String, Vec<u8>)>,
    timeout: Option<Duration>,
}

impl Connect {
    /// Without a subprotocol or headers, and with the host's time: 30 s.
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers a subprotocol, after those that were offered before.
    #[must_use]
    pub fn protocol(mut self, name: impl Into<String>) -> Self {
        self.protocols.push(name.into());
        self
    }

    /// Sends a header with the request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The longest time until the connection is open: at most 10 min.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// Connects. Blocks until the connection is open or cannot be.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn open(self, url: &str) -> Result<Connection, ConnectError> {
        raw::Connection::connect(url, &self.options()).map(Connection)
    }

    pub(crate) fn options(self) -> raw::Options {
        raw::Options {
            protocols: self.protocols,
            headers: self.headers,
            timeout: self.timeout.map(to_nanos),
        }
    }
}

/// A connection. Dropping it closes it with code 1000.
pub struct Connection(pub(crate) raw::Connection);

impl Connection {
    /// Connects to a URL of `ws` or `wss`: see [`Connect`].
    ///
    /// # Errors
    /// As [`Connect::open`].
    pub fn open(url: &str) -> Result<Self, ConnectError> {
        Connect::new().open(url)
    }

    /// A number that no other connection of this instance has or had.
    pub fn id(&self) -> u64 {
        self.0.id()
    }

    /// The subprotocol that both sides agreed on, if they did.
    pub fn protocol(&self) -> Option<String> {
        self.0.protocol()
    }

    /// Sends a message after those sent before. Does not block.
    ///
    /// # Errors
    /// Why it was not sent.
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.0.send(&message.into())
    }

    /// The same, of a message that others get too.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_ref(&self, message: &Message) -> Result<(), SendError> {
        self.0.send(message)
    }

    /// How many bytes are queued, 64 for each message included.
    pub fn queued(&self) -> u64 {
        self.0.queued()
    }

    /// Blocks until nothing is queued, or the connection has ended. Without a timeout it waits as long as the call may take.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`].
    pub fn flush(&self, timeout: Option<Duration>) -> Result<(), WaitError> {
        self.0.flush(timeout.map(to_nanos))
    }

    /// Blocks until something happens, and gives it. Without a timeout it waits as long as the call may take.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`], having taken nothing; [`WaitError::Handled`] for a connection that a [`Handler`](crate::websocket::Handler) is told of.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Event, WaitError> {
        self.0.next(timeout.map(to_nanos))
    }

    /// Closes the connection, after what was sent before: see `wit/netx` for the codes. 1000 is the usual one.
    pub fn close(&self, code: u16, reason: &str) {
        self.0.close(code, reason);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.id()).finish()
    }
}

/// Blocks until [`Connection::next`] would give something at once on at least one of these, and gives the indices of all such, rising.
///
/// # Errors
/// [`WaitError::TimedOut`]; [`WaitError::Handled`] without a connection.
pub fn first(
    connections: &[&Connection],
    timeout: Option<Duration>,
) -> Result<Vec<u32>, WaitError> {
    let raw: Vec<_> = connections.iter().map(|connection| &connection.0).collect();
    raw::first(&raw, timeout.map(to_nanos))
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}
