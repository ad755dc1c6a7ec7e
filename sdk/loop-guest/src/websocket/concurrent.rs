//! The functions of `loop:netx/websocket-async`.

use std::time::Duration;

use crate::time::to_nanos;
use crate::websocket::bindings::loop_::netx::websocket_async as raw;
use crate::websocket::{Connect, ConnectError, Connection, Event, Message, SendError, WaitError};

impl Connect {
    /// Connects. Dropping the future leaves no connection.
    ///
    /// # Errors
    /// As [`Connect::open`].
    pub async fn open_async(self, url: &str) -> Result<Connection, ConnectError> {
        raw::connect(url.to_owned(), self.options())
            .await
            .map(Connection)
    }
}

impl Connection {
    /// Sends a message after those sent before, and waits for room where it has to: never fails with [`SendError::Full`].
    ///
    /// # Errors
    /// Why it was not sent.
    pub async fn send_async(&self, message: impl Into<Message>) -> Result<(), SendError> {
        raw::send(&self.0, message.into()).await
    }

    /// Waits until nothing is queued, or the connection has ended.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`].
    pub async fn flush_async(&self, timeout: Option<Duration>) -> Result<(), WaitError> {
        raw::flush(&self.0, timeout.map(to_nanos)).await
    }

    /// Waits until something happens, and gives it. Dropping the future before takes nothing.
    ///
    /// # Errors
    /// As [`Connection::next`].
    pub async fn next_async(&self, timeout: Option<Duration>) -> Result<Event, WaitError> {
        raw::next(&self.0, timeout.map(to_nanos)).await
    }
}
