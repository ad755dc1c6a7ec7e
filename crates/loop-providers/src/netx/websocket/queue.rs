//! What a component has sent, and the connection has not yet taken.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;

use crate::netx::bindings::loop_::netx::websocket::Closing;

/// Bytes of a message: what a chat or an API sends is far below, and a server has a thousand connections that may each hold as many.
pub(crate) const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Bytes of a reason to close: what a control frame has room for beside the code.
const REASON_BYTES_MAX: usize = 123;

/// Bytes that are queued for one connection, messages' own weight included. One message of the largest size fits an empty queue.
const QUEUE_BYTES_MAX: usize = MESSAGE_BYTES_MAX + MESSAGE_WEIGHT;

/// What each message counts beside its bytes, so that empty ones do not fill the memory.
pub(crate) const MESSAGE_WEIGHT: usize = 64;

/// Why a message was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Closed,
    TooLarge,
    Full,
}

/// What the connection sends next.
#[derive(Debug)]
pub(crate) enum Item {
    /// A message, with its weight: to be said when it is sent.
    Message(Message, usize),
    Ping,
    /// The last.
    Close(Closing),
}

/// The queue of one connection.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Told when there is something to send.
    filled: Notify,
    /// Told when nothing is queued any more, or the connection has ended.
    emptied: Notify,
    /// Told when a close is asked for, and when the connection has ended.
    closed: Notify,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<(Message, usize)>,
    /// The weight of what is queued, and of what is being sent.
    weight: usize,
    ping: bool,
    close: Close,
}

#[derive(Debug, Default)]
enum Close {
    /// It is open.
    #[default]
    Not,
    /// This is the last that is to be sent.
    Asked(Closing),
    /// It was sent.
    Sent(Closing),
    /// The connection has ended.
    Ended,
}

impl Queue {
    /// Queues a message.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn push(&self, message: Message) -> Result<(), Refused> {
        let mut state = self.lock();
        if !matches!(state.close, Close::Not) {
            return Err(Refused::Closed);
        }
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(Refused::TooLarge);
        }
        let weight = message.len() + MESSAGE_WEIGHT;
        if state.weight + weight > QUEUE_BYTES_MAX {
            return Err(Refused::Full);
        }
        state.weight += weight;
        state.messages.push_back((message, weight));
        self.filled.notify_one();
        Ok(())
    }

    /// Queues a message once there is room for it.
    ///
    /// # Errors
    /// Why not; never that it is full.
    pub(crate) async fn push_when_it_fits(&self, message: Message) -> Result<(), Refused> {
        loop {
            let emptied = self.emptied.notified();
            match self.push(message.clone()) {
                Err(Refused::Full) => emptied.await,
                pushed => return pushed,
            }
        }
    }

    /// Has a ping sent before what is queued.
    pub(crate) fn ping(&self) {
        self.lock().ping = true;
        self.filled.notify_one();
    }

    /// Has the connection closed after what is queued, unless it was asked before.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        let mut state = self.lock();
        if matches!(state.close, Close::Not) {
            self.ask(&mut state, code, reason);
        }
    }

    /// Has it closed without sending what is queued.
    pub(crate) fn close_now(&self, code: u16, reason: &str) {
        let mut state = self.lock();
        if matches!(state.close, Close::Not | Close::Asked(_)) {
            let dropped = state.messages.drain(..).map(|(_, weight)| weight).sum();
            state.weight = state.weight.saturating_sub(dropped);
            self.ask(&mut state, code, reason);
        }
    }

    fn ask(&self, state: &mut State, code: u16, reason: &str) {
        state.close = Close::Asked(Closing {
            code,
            reason: cut(reason),
        });
        self.filled.notify_one();
        self.closed.notify_waiters();
    }

    /// Waits until a close is asked for, and says which.
    pub(crate) async fn closing(&self) -> Closing {
        loop {
            let closed = self.closed.notified();
            if let Close::Asked(closing) | Close::Sent(closing) = &self.lock().close {
                return closing.clone();
            }
            closed.await;
        }
    }

    /// Nothing is sent any more: the connection has ended, or the other side has said that it does.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.messages.clear();
        state.weight = 0;
        state.close = Close::Ended;
        self.emptied.notify_waiters();
        self.closed.notify_waiters();
    }

    /// Waits until nothing is sent any more.
    pub(crate) async fn over(&self) {
        loop {
            let closed = self.closed.notified();
            if matches!(self.lock().close, Close::Ended) {
                return;
            }
            closed.await;
        }
    }

    /// The weight of what is queued.
    pub(crate) fn weight(&self) -> usize {
        self.lock().weight
    }

    /// Waits until nothing is queued.
    pub(crate) async fn flushed(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.weight() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// What to do next. Waits until there is something; after a close there is nothing more.
    pub(crate) async fn next(&self) -> Item {
        loop {
            if let Some(item) = self.take() {
                return item;
            }
            self.filled.notified().await;
        }
    }

    /// What to do next, if there is something.
    pub(crate) fn take(&self) -> Option<Item> {
        let mut state = self.lock();
        if std::mem::take(&mut state.ping) {
            return Some(Item::Ping);
        }
        if let Some((message, weight)) = state.messages.pop_front() {
            return Some(Item::Message(message, weight));
        }
        match &state.close {
            Close::Asked(closing) => {
                let closing = closing.clone();
                state.close = Close::Sent(closing.clone());
                Some(Item::Close(closing))
            }
            _ => None,
        }
    }

    /// Notes that something of this weight was sent.
    pub(crate) fn sent(&self, weight: usize) {
        let mut state = self.lock();
        state.weight = state.weight.saturating_sub(weight);
        if state.weight == 0 {
            self.emptied.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reason as a frame has room for it: cut between characters.
fn cut(reason: &str) -> String {
    if reason.len() <= REASON_BYTES_MAX {
        return reason.to_owned();
    }
    let room = REASON_BYTES_MAX - '…'.len_utf8();
    let end = reason.floor_char_boundary(room);
    format!("{}…", reason.get(..end).unwrap_or_default())
}
