//! Connections.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use loop_guest::log;
use netx_recording::{Bytes, Encoded, NoConnection};

use crate::bindings::exports::loop_::netx::websocket::{
    Closing, ConnectError, Connection as Served, ConnectionBorrow, Event, Guest, GuestConnection,
    Message, Options, SendError, WaitError,
};
use crate::book::{Own, Told, Track};
use crate::first::{self, NOTHING, Replayed};
use crate::{Replay, book};

/// The most bytes of a message, as the WIT says.
const MESSAGE_MAX: usize = 1 << 20;

/// The code of a connection that broke off.
const BROKEN: u16 = 1006;

thread_local! {
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// A connection that was recorded.
pub(crate) struct Connection {
    id: u64,
    track: Rc<Track<Told>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// How much it was told.
    told: usize,
    /// How many steps it has taken.
    done: usize,
    /// Whether the component closes it.
    closing: bool,
    closed: Option<Closing>,
}

impl Guest for Replay {
    type Connection = Connection;

    fn first(
        connections: Vec<ConnectionBorrow<'_>>,
        timeout: Option<u64>,
    ) -> Result<Vec<u32>, WaitError> {
        if connections.is_empty() {
            return Err(WaitError::Handled);
        }
        let own: Vec<&Connection> = connections.iter().map(ConnectionBorrow::get).collect();
        first::first(&own, timeout).ok_or(WaitError::TimedOut)
    }

    /// There are no connections of `websocket-handler` here.
    fn wake(_: u64) {}
}

impl GuestConnection for Connection {
    fn connect(url: String, _: Options) -> Result<Served, ConnectError> {
        match book::connection(&url) {
            Ok(Some(Ok(track))) => {
                let id = LAST.get() + 1;
                LAST.set(id);
                let state = RefCell::default();
                Ok(Served::new(Self { id, track, state }))
            }
            Ok(Some(Err(why))) => Err(error(why)),
            Ok(None) => {
                log::warn!("not recorded: a connection to {url}");
                Err(ConnectError::Unreachable)
            }
            Err(why) => {
                log::error!("{why}");
                Err(ConnectError::Unreachable)
            }
        }
    }

    fn id(&self) -> u64 {
        self.id
    }

    fn protocol(&self) -> Option<String> {
        self.track.protocol.clone()
    }

    fn send(&self, message: Message) -> Result<(), SendError> {
        let size = match &message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        };
        if size > MESSAGE_MAX {
            return Err(SendError::TooLarge);
        }
        if self.state.borrow().closing || self.state.borrow().closed.is_some() {
            return Err(SendError::Closed);
        }
        let sent = match message {
            Message::Text(text) => Bytes::Text(text),
            Message::Binary(bytes) => Bytes::Base64(Encoded(bytes)),
        };
        match self.own() {
            Some(Own::Sent(recorded)) if *recorded == sent => self.state.borrow_mut().done += 1,
            Some(_) => self.give_up("another message is recorded"),
            None => self.give_up("no such message is recorded"),
        }
        Ok(())
    }

    fn queued(&self) -> u64 {
        0
    }

    fn flush(&self, _: Option<u64>) -> Result<(), WaitError> {
        Ok(())
    }

    fn next(&self, timeout: Option<u64>) -> Result<Event, WaitError> {
        if let Some(event) = self.take() {
            return Ok(event);
        }
        if timeout.is_some() {
            return Err(WaitError::TimedOut);
        }
        self.give_up(NOTHING);
        self.take().ok_or(WaitError::TimedOut)
    }

    fn close(&self, code: u16, reason: String) {
        if self.state.borrow().closing || self.state.borrow().closed.is_some() {
            return;
        }
        self.state.borrow_mut().closing = true;
        if let Some(Own::Closing) = self.own() {
            self.state.borrow_mut().done += 1;
        } else {
            // The other side agrees, as most do.
            self.state.borrow_mut().closed = Some(Closing { code, reason });
        }
    }
}

impl Replayed for Connection {
    fn has_event(&self) -> bool {
        self.told().is_some() || self.state.borrow().closed.is_some()
    }

    fn give_up(&self, why: &str) {
        log::warn!(connection = self.id; "a connection ends: {why}");
        self.state.borrow_mut().closed = Some(Closing {
            code: BROKEN,
            reason: why.to_owned(),
        });
    }
}

impl Connection {
    /// What the component did next when this was recorded.
    fn own(&self) -> Option<&Own> {
        self.track.own.get(self.state.borrow().done)
    }

    /// What it is told next, if it has done by now what it had done by then.
    fn told(&self) -> Option<&Told> {
        let state = self.state.borrow();
        let (after, told) = self.track.told.get(state.told)?;
        (*after <= state.done).then_some(told)
    }

    fn take(&self) -> Option<Event> {
        let Some(told) = self.told() else {
            let closed = self.state.borrow().closed.clone();
            return closed.map(Event::Closed);
        };
        let event = match told {
            Told::Received(Bytes::Text(text)) => Event::Message(Message::Text(text.clone())),
            Told::Received(Bytes::Base64(Encoded(bytes))) => {
                Event::Message(Message::Binary(bytes.clone()))
            }
            Told::Closed(code, reason) => Event::Closed(Closing {
                code: *code,
                reason: reason.clone(),
            }),
        };
        let mut state = self.state.borrow_mut();
        state.told += 1;
        if let Event::Closed(closing) = &event {
            state.closed = Some(closing.clone());
        }
        Some(event)
    }
}

fn error(why: NoConnection) -> ConnectError {
    match why {
        NoConnection::Invalid(what) => ConnectError::Invalid(what),
        NoConnection::Denied => ConnectError::Denied,
        NoConnection::Unresolved => ConnectError::Unresolved,
        NoConnection::Unreachable => ConnectError::Unreachable,
        NoConnection::TimedOut => ConnectError::TimedOut,
        NoConnection::Untrusted => ConnectError::Untrusted,
        NoConnection::Refused(status) => ConnectError::Refused(status),
        NoConnection::Protocol(what) => ConnectError::Protocol(what),
        NoConnection::TooMany(count) => ConnectError::TooMany(count),
    }
}
