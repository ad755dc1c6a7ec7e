//! Connections.

use std::cell::Cell;

use netx_recording::{Bytes, Encoded, Line, NoConnection};

use crate::Record;
use crate::bindings::exports::loop_::netx::websocket::{
    ConnectError, Connection as Served, ConnectionBorrow, Event, Guest, GuestConnection, Message,
    Options, SendError, WaitError,
};
use crate::bindings::loop_::netx::websocket as used;
use crate::file::{note, number};

/// A connection of the host's, handed on.
pub(crate) struct Connection {
    used: used::Connection,
    number: u64,
    /// What was told of, and not taken yet.
    ready: Cell<Option<Event>>,
    /// Whether it is written down that the component closes it, and that it has ended.
    closing: Cell<bool>,
    ended: Cell<bool>,
}

impl Guest for Record {
    type Connection = Connection;

    fn first(
        connections: Vec<ConnectionBorrow<'_>>,
        timeout: Option<u64>,
    ) -> Result<Vec<u32>, WaitError> {
        let own: Vec<&Connection> = connections.iter().map(ConnectionBorrow::get).collect();
        let used: Vec<_> = own.iter().map(|connection| &connection.used).collect();
        let waits = own.iter().any(|connection| connection.has_ready());
        let timeout = if waits { Some(0) } else { timeout };
        let found = used::first(&used, timeout);
        if !waits {
            found.clone()?;
        }
        // What is said to be there is written down, so that it is there when this is played again.
        for at in found.unwrap_or_default() {
            if let Some(connection) = own.get(at as usize) {
                connection.look();
            }
        }
        let ready = (0..).zip(&own).filter(|(_, one)| one.has_ready());
        Ok(ready.map(|(at, _)| at).collect())
    }

    fn wake(after: u64) {
        used::wake(after);
    }
}

impl GuestConnection for Connection {
    fn connect(url: String, options: Options) -> Result<Served, ConnectError> {
        let connected = used::Connection::connect(&url, &options);
        let number = number();
        note(&match &connected {
            Ok(connection) => Line::Connected {
                connection: number,
                url,
                protocol: connection.protocol(),
            },
            Err(error) => Line::Unconnected {
                url,
                why: why(error),
            },
        });
        connected.map(|used| {
            Served::new(Self {
                used,
                number,
                ready: Cell::default(),
                closing: Cell::default(),
                ended: Cell::default(),
            })
        })
    }

    fn id(&self) -> u64 {
        self.used.id()
    }

    fn protocol(&self) -> Option<String> {
        self.used.protocol()
    }

    fn send(&self, message: Message) -> Result<(), SendError> {
        self.used.send(&message)?;
        note(&Line::Sent {
            connection: self.number,
            message: bytes(message),
        });
        Ok(())
    }

    fn queued(&self) -> u64 {
        self.used.queued()
    }

    fn flush(&self, timeout: Option<u64>) -> Result<(), WaitError> {
        self.used.flush(timeout)
    }

    fn next(&self, timeout: Option<u64>) -> Result<Event, WaitError> {
        match self.ready.take() {
            Some(event) => Ok(event),
            None => self.take(timeout),
        }
    }

    fn close(&self, code: u16, reason: String) {
        self.used.close(code, &reason);
        if !self.closing.replace(true) {
            note(&Line::Closing {
                connection: self.number,
            });
        }
    }
}

impl Connection {
    fn has_ready(&self) -> bool {
        let ready = self.ready.take();
        let has = ready.is_some();
        self.ready.set(ready);
        has
    }

    /// Takes what is there, and keeps it.
    fn look(&self) {
        if !self.has_ready() {
            self.ready.set(self.take(Some(0)).ok());
        }
    }

    fn take(&self, timeout: Option<u64>) -> Result<Event, WaitError> {
        let event = self.used.next(timeout)?;
        let connection = self.number;
        match &event {
            Event::Message(message) => note(&Line::Received {
                connection,
                message: bytes(message.clone()),
            }),
            Event::Closed(closing) if !self.ended.replace(true) => note(&Line::Closed {
                connection,
                code: closing.code,
                reason: closing.reason.clone(),
            }),
            Event::Closed(_) => {}
        }
        Ok(event)
    }
}

fn bytes(message: Message) -> Bytes {
    match message {
        Message::Text(text) => Bytes::Text(text),
        Message::Binary(bytes) => Bytes::Base64(Encoded(bytes)),
    }
}

fn why(error: &ConnectError) -> NoConnection {
    match error {
        ConnectError::Invalid(what) => NoConnection::Invalid(what.clone()),
        ConnectError::Denied => NoConnection::Denied,
        ConnectError::Unresolved => NoConnection::Unresolved,
        ConnectError::Unreachable => NoConnection::Unreachable,
        ConnectError::TimedOut => NoConnection::TimedOut,
        ConnectError::Untrusted => NoConnection::Untrusted,
        ConnectError::Refused(status) => NoConnection::Refused(*status),
        ConnectError::Protocol(what) => NoConnection::Protocol(what.clone()),
        ConnectError::TooMany(count) => NoConnection::TooMany(*count),
    }
}
