//! What is to be sent in a call, and what has happened in it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::Notify;

use crate::netx::bindings::loop_::netx::grpc::{Event, Metadata, Status};

/// The most bytes of a message: what gRPC's libraries take where nobody says otherwise.
pub(crate) const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// What a message weighs beside its bytes, so that many empty ones are counted too.
const MESSAGE_WEIGHT: usize = 64;

/// What waits in each direction. One message always fits.
const WEIGHT_MAX: usize = MESSAGE_BYTES_MAX + MESSAGE_WEIGHT;

/// What a component's functions and the network meet at.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    state: Mutex<State>,
    /// Told when something happens that the component may wait for.
    changed: Notify,
    /// Told when there is something to send, or to be taken.
    wanted: Notify,
}

#[derive(Debug, Default)]
struct State {
    to_send: VecDeque<Bytes>,
    to_send_weight: usize,
    finished: bool,
    answered: Option<Metadata>,
    came: VecDeque<Bytes>,
    came_weight: usize,
    ended: Option<Result<Metadata, Status>>,
}

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Finished,
    TooLarge,
    Full,
}

/// The component's side.
impl Exchange {
    pub(crate) fn send(&self, message: Vec<u8>) -> Result<(), Refused> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(Refused::TooLarge);
        }
        let mut state = self.lock();
        if state.finished || state.ended.is_some() {
            return Err(Refused::Finished);
        }
        let weight = message.len() + MESSAGE_WEIGHT;
        if state.to_send_weight + weight > WEIGHT_MAX {
            return Err(Refused::Full);
        }
        state.to_send_weight += weight;
        state.to_send.push_back(message.into());
        self.wanted.notify_waiters();
        Ok(())
    }

    pub(crate) fn finish(&self) {
        self.lock().finished = true;
        self.wanted.notify_waiters();
    }

    /// Waits until nothing is to be sent.
    pub(crate) async fn flushed(&self) {
        loop {
            let changed = self.changed();
            {
                let state = self.lock();
                if state.to_send.is_empty() || state.ended.is_some() {
                    return;
                }
            }
            changed.await;
        }
    }

    /// What happened next, if it has.
    pub(crate) fn take(&self) -> Option<Event> {
        let mut state = self.lock();
        if let Some(metadata) = state.answered.take() {
            return Some(Event::Answered(metadata));
        }
        if let Some(message) = state.came.pop_front() {
            state.came_weight -= message.len() + MESSAGE_WEIGHT;
            self.wanted.notify_waiters();
            return Some(Event::Message(message.into()));
        }
        state.ended.clone().map(Event::Ended)
    }

    /// Waits for what happens next.
    pub(crate) async fn next(&self) -> Event {
        loop {
            let changed = self.changed();
            if let Some(event) = self.take() {
                return event;
            }
            changed.await;
        }
    }

    pub(crate) fn has_event(&self) -> bool {
        let state = self.lock();
        state.answered.is_some() || !state.came.is_empty() || state.ended.is_some()
    }

    /// Waits until something happens after this was called.
    pub(crate) fn changed(&self) -> impl Future<Output = ()> {
        self.changed.notified()
    }
}

/// The network's side.
impl Exchange {
    /// What the component sends, until it has finished.
    pub(crate) fn sent(self: Arc<Self>) -> impl Stream<Item = Bytes> + Send + 'static {
        unfold(self, |exchange| async move {
            loop {
                let wanted = exchange.wanted.notified();
                {
                    let mut state = exchange.lock();
                    if let Some(message) = state.to_send.pop_front() {
                        state.to_send_weight -= message.len() + MESSAGE_WEIGHT;
                        drop(state);
                        exchange.changed.notify_waiters();
                        return Some((message, Arc::clone(&exchange)));
                    }
                    if state.finished {
                        return None;
                    }
                }
                wanted.await;
            }
        })
    }

    /// The server begins to answer.
    pub(crate) fn answered(&self, metadata: Metadata) {
        self.lock().answered = Some(metadata);
        self.changed.notify_waiters();
    }

    /// A message came. Waits for room.
    pub(crate) async fn deliver(&self, message: Bytes) {
        let weight = message.len() + MESSAGE_WEIGHT;
        loop {
            let wanted = self.wanted.notified();
            {
                let mut state = self.lock();
                if state.came_weight + weight <= WEIGHT_MAX {
                    state.came_weight += weight;
                    state.came.push_back(message);
                    self.changed.notify_waiters();
                    return;
                }
            }
            wanted.await;
        }
    }

    /// Nothing happens any more.
    pub(crate) fn end(&self, ended: Result<Metadata, Status>) {
        let mut state = self.lock();
        state.ended = Some(ended);
        state.to_send.clear();
        drop(state);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
