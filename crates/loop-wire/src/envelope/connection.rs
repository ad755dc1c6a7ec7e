//! One side of a connection.

mod call;
mod receive;
mod send;

pub use send::Read;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use crate::call::{CallError, Code, Meta, Retry, Target};
use crate::envelope::connection::call::Call;
use crate::envelope::message::{Hello, Resource};
use crate::envelope::{
    BACKLOG_BYTES_MAX, CALLS_MIN, IDLE_MIN, Outbox, PREFACE, ProtocolError, WINDOW_BYTES_MIN,
    encode,
};

/// The number of a call on its connection: 1, 2, 3 and so on, in the order in which they were opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(crate) u32);

/// Which side of a connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The side that opens calls.
    Caller,
    /// The side that answers them.
    Callee,
}

/// What a side takes from the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of one direction of one call that may be here unread. At least [`WINDOW_BYTES_MIN`], which is the default.
    pub window: u32,
    /// Calls that the peer may have open at once. At least [`CALLS_MIN`], which is the default.
    pub calls: u32,
    /// The silence that is taken for the peer's end. The peer says that it lives three times as often. Default none: most
    /// transports tell when a peer is gone. At least [`IDLE_MIN`].
    pub idle: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: WINDOW_BYTES_MIN,
            calls: CALLS_MIN,
            idle: None,
        }
    }
}

/// What has happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The peer called.
    Opened {
        /// The call.
        call: CallId,
        /// What is called.
        target: Target,
        /// What travels with it.
        meta: Meta,
    },
    /// There is something to read of a call: bytes, its end, or its failure.
    Readable(CallId),
    /// All that was to be sent of a call is on its way, or nothing more will be taken.
    Writable(CallId),
    /// The caller gave a call up, its time is over, or the peer is gone.
    Cancelled(CallId),
    /// So many more calls may be opened: calls have ended, or the peer takes more than everybody does.
    Room(u32),
    /// The caller needs a resource no longer.
    Dropped(Resource),
    /// The peer takes no new calls.
    GoingAway,
}

/// Why a call cannot be opened, and another connection should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The peer has as many calls as it takes: wait for [`Event::Room`].
    #[error("the peer has as many calls as it takes")]
    Full,
    /// The connection takes no new calls.
    #[error("the connection takes no new calls")]
    GoingAway,
}

/// One side of a connection: bytes and the time go in, events and bytes come out.
///
/// After each call of a method, bytes may wait in [`outbox`](Self::outbox) and events in [`next_event`](Self::next_event).
/// Every call that is opened, here or by the peer, is to be [released](Self::release) in the end.
pub struct Connection {
    role: Role,
    settings: Settings,
    /// What the peer takes.
    peer: Hello,
    stage: Stage,
    calls: HashMap<CallId, Call>,
    /// The last call that was opened.
    last: CallId,
    /// Calls that are open on the wire.
    open: u32,
    /// Calls that have data which the outbox had no room for.
    ready: VecDeque<CallId>,
    deadlines: BTreeSet<(Instant, CallId)>,
    events: VecDeque<Event>,
    outbox: Outbox,
    /// The answer to the last ping, if it is still to be written.
    pong: Option<[u8; 8]>,
    /// Bytes that are needed before anything more can be read.
    needs: usize,
    heard: Instant,
    spoke: Instant,
    /// The last call that is still served, once one side is going away.
    going: Option<CallId>,
}

/// How far a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// The peer's first bytes are still to come.
    Preface,
    /// The peer's hello is still to come.
    Hello,
    Open,
    /// Nothing more is read.
    Over,
}

impl Connection {
    /// A side of a new connection. What it says first waits in the outbox.
    pub fn new(role: Role, settings: &Settings, now: Instant) -> Self {
        let hello = Hello {
            window: settings.window.max(WINDOW_BYTES_MIN),
            calls: settings.calls.max(CALLS_MIN),
            idle: settings.idle.map(|idle| idle.max(IDLE_MIN)),
        };
        let settings = Settings {
            window: hello.window,
            calls: hello.calls,
            idle: hello.idle,
        };
        let mut outbox = Outbox::default();
        outbox.tail().extend_from_slice(&PREFACE);
        encode::hello(&hello, &mut outbox);
        Self {
            role,
            settings,
            peer: Hello {
                window: WINDOW_BYTES_MIN,
                calls: CALLS_MIN,
                idle: None,
            },
            stage: Stage::Preface,
            calls: HashMap::new(),
            last: CallId(0),
            open: 0,
            ready: VecDeque::new(),
            deadlines: BTreeSet::new(),
            events: VecDeque::new(),
            outbox,
            pong: None,
            needs: PREFACE.len(),
            heard: now,
            spoke: now,
            going: None,
        }
    }

    /// What has happened, oldest first.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Bytes to be written to the peer.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Says that the first bytes of the outbox were written.
    pub fn written(&mut self, count: usize, now: Instant) {
        self.outbox.advance(count);
        self.spoke = now;
        if let Some(token) = self.pong.take_if(|_| self.outbox.is_empty()) {
            encode::pong(token, &mut self.outbox);
        }
        self.pump();
    }

    /// Whether bytes should be read from the peer. A callee reads nothing while the peer does not read its answers.
    pub fn wants_input(&self) -> bool {
        // Invariant: a caller always reads, or two sides that wait for each other would wait for ever. What it says of
        // its own accord while it reads is bounded by the calls that it may open.
        self.stage != Stage::Over
            && (self.role == Role::Caller || self.outbox.len() < BACKLOG_BYTES_MAX)
    }

    /// How many bytes the next message needs in all, as far as is known: a reader may make room for as many at once. It is
    /// never more than a message may have.
    pub fn needs(&self) -> usize {
        self.needs
    }

    /// Whether new calls can be opened at all.
    pub fn takes_calls(&self) -> bool {
        self.stage != Stage::Over && self.going.is_none() && self.last.0 < u32::MAX
    }

    /// Whether it is over: going away, every call answered, everything written.
    pub fn is_done(&self) -> bool {
        self.outbox.is_empty()
            && (self.stage == Stage::Over || self.going.is_some() && self.open == 0)
    }

    /// Calls that are open on the wire.
    pub fn open_calls(&self) -> u32 {
        self.open
    }

    /// Whether a call was ended by the other side or by time, and not by who answers it here.
    pub fn is_cancelled(&self, id: CallId) -> bool {
        self.calls.get(&id).is_some_and(|call| call.is_cancelled)
    }

    /// When [`tick`](Self::tick) is to be called at the latest.
    pub fn timeout(&self) -> Option<Instant> {
        if self.stage == Stage::Over {
            return None;
        }
        let deadline = self.deadlines.first().map(|(time, _)| *time);
        let silence = self.settings.idle.map(|idle| self.heard + idle);
        let sign = self.peer.idle.map(|idle| self.spoke + idle / 3);
        [deadline, silence, sign].into_iter().flatten().min()
    }

    /// Does what time asks for: ends calls whose time is over, tells the peer that this side lives, and gives up a peer that
    /// was silent for too long.
    ///
    /// # Errors
    ///
    /// If the peer was silent for too long. Every call has failed.
    pub fn tick(&mut self, now: Instant) -> Result<(), ProtocolError> {
        while let Some((_, id)) = self
            .deadlines
            .first()
            .copied()
            .filter(|(time, _)| *time <= now)
        {
            let error = CallError::new(Code::Deadline, "the time for the call is over");
            match self.role {
                Role::Caller => {
                    encode::cancel(id, &mut self.outbox);
                    self.end_with(id, error.retry(Retry::Unknown));
                }
                Role::Callee => {
                    encode::fail(id, &error, &mut self.outbox);
                    self.end_with(id, error);
                }
            }
        }
        if let Some(idle) = self.settings.idle
            && now.saturating_duration_since(self.heard) >= idle
        {
            let error = ProtocolError::Silent {
                seconds: idle.as_secs(),
            };
            self.lost(&error);
            return Err(error);
        }
        if let Some(idle) = self.peer.idle
            && now.saturating_duration_since(self.spoke) >= idle / 3
        {
            self.spoke = now;
            encode::ping([0; 8], &mut self.outbox);
        }
        Ok(())
    }

    /// Says that the stream is over: calls that are open fail.
    pub fn lost(&mut self, why: impl fmt::Display) {
        self.end_all(&CallError::gone(why));
    }

    /// As [`lost`](Self::lost), where the stream never had another end: no call ran.
    pub fn refused(&mut self, why: impl fmt::Display) {
        self.end_all(&CallError::unreachable(why));
    }

    fn end_all(&mut self, error: &CallError) {
        if self.stage == Stage::Over {
            return;
        }
        self.stage = Stage::Over;
        for id in self.open_ids() {
            self.end_with(id, error.clone());
        }
        self.outbox = Outbox::default();
        self.ready.clear();
        self.events.push_back(Event::GoingAway);
    }

    /// Takes no new calls from now on: those that are open are answered, and then it [is done](Self::is_done).
    pub fn go_away(&mut self, why: &CallError) {
        if self.stage != Stage::Over && self.going.is_none() {
            self.going = Some(self.last);
            encode::go_away(self.last, why, &mut self.outbox);
        }
    }

    /// Gives the connection up because of what the peer did.
    fn refuse(&mut self, error: &ProtocolError) {
        let message = CallError::new(Code::Protocol, error.to_string());
        // What is half written is written to its end, or the peer could not read the last message.
        let outbox = std::mem::take(&mut self.outbox);
        self.lost(error);
        self.outbox = outbox;
        encode::go_away(self.last, &message, &mut self.outbox);
    }

    fn open_ids(&self) -> Vec<CallId> {
        let mut ids: Vec<CallId> = self.calls.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Ends a call that failed, if it is not over.
    fn end_with(&mut self, id: CallId, error: CallError) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if !call.is_open {
            return;
        }
        call.fail(error);
        call.is_cancelled = true;
        self.close(id);
        self.events.push_back(Event::Readable(id));
        self.events.push_back(Event::Writable(id));
        if self.role == Role::Callee {
            self.events.push_back(Event::Cancelled(id));
        }
    }

    /// Counts a call as no longer open on the wire, if it was, and forgets it if nobody holds it.
    fn close(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if std::mem::take(&mut call.is_open) {
            self.open -= 1;
            if self.role == Role::Caller {
                self.events.push_back(Event::Room(1));
            }
        }
        if let Some(deadline) = call.deadline.take() {
            self.deadlines.remove(&(deadline, id));
        }
        if call.is_released {
            self.calls.remove(&id);
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("role", &self.role)
            .field("stage", &self.stage)
            .field("open", &self.open)
            .field("outbox", &self.outbox.len())
            .finish_non_exhaustive()
    }
}
