//! What has come, until the component asks for it.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::netx::bindings::loop_::netx::websocket::{Closing, Event, Message};
use crate::netx::websocket::drive::Deliver;
use crate::netx::websocket::queue::{MESSAGE_BYTES_MAX, MESSAGE_WEIGHT};

/// What is kept, messages' own weight included. The other side is held up beyond it.
const INBOX_BYTES_MAX: usize = MESSAGE_BYTES_MAX + MESSAGE_WEIGHT;

/// The messages of one connection, and its end.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    /// Told when something comes.
    filled: Notify,
    /// Told when something is taken.
    taken: Notify,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Message>,
    weight: usize,
    closing: Option<Closing>,
}

impl Inbox {
    /// What happened next, if it has.
    pub(crate) fn take(&self) -> Option<Event> {
        let mut state = self.lock();
        if let Some(message) = state.messages.pop_front() {
            state.weight -= weight(&message);
            self.taken.notify_one();
            return Some(Event::Message(message));
        }
        state.closing.clone().map(Event::Closed)
    }

    /// Waits for what happens next.
    pub(crate) async fn next(&self) -> Event {
        loop {
            let filled = self.filled();
            if let Some(event) = self.take() {
                return event;
            }
            filled.await;
        }
    }

    pub(crate) fn has_event(&self) -> bool {
        let state = self.lock();
        !state.messages.is_empty() || state.closing.is_some()
    }

    /// Waits until something comes after this was called.
    pub(crate) fn filled(&self) -> impl Future<Output = ()> {
        self.filled.notified()
    }

    /// Nothing comes any more.
    pub(crate) fn end(&self, closing: Closing) {
        self.lock().closing = Some(closing);
        self.filled.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deliver for &Inbox {
    /// Waits for room.
    async fn deliver(
        &mut self,
        message: Message,
        over: impl Future<Output = ()> + Send,
    ) -> Result<(), Closing> {
        let weight = weight(&message);
        let mut over = pin!(over);
        loop {
            let taken = self.taken.notified();
            {
                let mut state = self.lock();
                if state.weight + weight <= INBOX_BYTES_MAX {
                    state.weight += weight;
                    state.messages.push_back(message);
                    self.filled.notify_waiters();
                    return Ok(());
                }
            }
            tokio::select! {
                () = taken => {}
                // Nobody reads any more what comes now.
                () = &mut over => return Ok(()),
            }
        }
    }
}

fn weight(message: &Message) -> usize {
    let bytes = match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
    };
    bytes + MESSAGE_WEIGHT
}
