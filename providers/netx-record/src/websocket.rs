//! Connections.

use std::cell::Cell;

use netx_recording::{Bytes, Encoded, Line, NoConnection};

use crate::Record;
use crate::ahead::{self, Kept, Told};
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
    ready: Kept<Event>,
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
        ahead::first(&own, timeout, |timeout| used::first(&used, timeout))
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
                ready: Kept::default(),
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

impl Told for Connection {
    type Event = Event;

    fn kept(&self) -> &Kept<Event> {
        &self.ready
    }

    fn take_now(&self) -> Option<Event> {
        self.take(Some(0)).ok()
    }
}

impl Connection {
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
