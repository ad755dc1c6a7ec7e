//! A connection of the envelope with a stream around it.
//!
//! One task drives a session: it reads, hands out what came, and writes what could not be written at once. Whoever sends
//! writes to the stream itself where nothing else is under way, so a call that is alone takes one write and wakes nobody;
//! where many are under way they leave it to the driver, which writes them together.

mod driver;
mod half;

use std::collections::HashMap;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use bytes::Bytes;
use tokio::io::AsyncWrite as _;
use tokio::sync::Semaphore;

use crate::call::{CallError, Code, Meta, Retry, Target};
use crate::envelope::{CALLS_MIN, CallId, Connection, Event, OpenError, Resource, Role, Settings};
use crate::transport::{Peer, Writer};

pub(crate) use driver::{Driver, Opened};
pub(crate) use half::{Hold, Incoming, Outgoing, Unary};

/// Slices that are written at once at most: what a socket takes in one call without being asked twice.
const SLICES_MAX: usize = 16;

/// A connection, its stream, and those who wait for it.
pub(crate) struct Session {
    state: Mutex<State>,
    /// One for each call that may be opened.
    room: Semaphore,
    /// Whether calls can be opened. It may be out of date: opening says so.
    usable: AtomicBool,
    pub(crate) peer: Arc<Peer>,
}

struct State {
    connection: Connection,
    /// Gone when the stream is over.
    writer: Option<Writer>,
    wakers: HashMap<CallId, Wakers>,
    driver: Option<Waker>,
    /// Whether only the driver writes now: it does so after what it does, or the stream took nothing more.
    driver_writes: bool,
    /// Whether bytes were written that the stream may still hold.
    unflushed: bool,
    /// Whether nobody will open a call any more.
    closing: bool,
}

/// Who waits for a call.
#[derive(Default)]
struct Wakers {
    read: Option<Waker>,
    write: Option<Waker>,
    cancel: Option<Waker>,
}

impl Session {
    fn new(role: Role, settings: &Settings, writer: Writer, peer: Peer) -> Self {
        let state = State {
            connection: Connection::new(role, settings, Instant::now()),
            writer: Some(writer),
            wakers: HashMap::new(),
            driver: None,
            driver_writes: true,
            unflushed: false,
            closing: false,
        };
        Self {
            state: Mutex::new(state),
            room: Semaphore::new(CALLS_MIN as usize),
            usable: AtomicBool::new(true),
            peer: Arc::new(peer),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state as it was between two messages.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether calls can be opened, as far as is known.
    pub(crate) fn is_usable(&self) -> bool {
        self.usable.load(Ordering::Relaxed)
    }

    /// Opens a call. Waits while the peer has as many as it takes.
    pub(crate) async fn open(
        &self,
        target: &Target,
        meta: &Meta,
        data: &Bytes,
        end: bool,
    ) -> Result<CallId, CallError> {
        let over = || {
            CallError::new(Code::GoingAway, "the connection takes no new calls").retry(Retry::Safe)
        };
        let permit = match self.room.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.room.acquire().await.map_err(|_| over())?,
        };
        let mut state = self.lock();
        let now = Instant::now();
        match state.connection.open(target, meta, data.clone(), end, now) {
            Ok(call) => {
                permit.forget();
                state.sent(now);
                if meta.deadline.is_some() {
                    // Its timer was set before this call was there.
                    state.wake_driver();
                }
                Ok(call)
            }
            Err(OpenError::GoingAway) => Err(over()),
            Err(OpenError::Full) => {
                Err(CallError::new(Code::Busy, "the peer takes no more calls").retry(Retry::Safe))
            }
        }
    }

    /// Tells the callee that a resource is needed no longer.
    pub(crate) fn drop_resource(&self, resource: &Resource) {
        let mut state = self.lock();
        state.connection.drop_resource(resource);
        state.sent(Instant::now());
    }

    /// Ends the session when its calls are over.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        state.wake_driver();
    }

    /// Tells the peer that no new calls are taken, and ends the session when those that are open are answered.
    pub(crate) fn go_away(&self) {
        let mut state = self.lock();
        let why = CallError::new(Code::GoingAway, "the server is about to go").retry(Retry::Safe);
        state.connection.go_away(&why);
        state.wake_driver();
    }

    fn release(&self, call: CallId) {
        let mut state = self.lock();
        state.wakers.remove(&call);
        state.connection.release(call);
        state.sent(Instant::now());
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Writes what was just sent: here where this call is the only one, or else together with what the others send.
    fn sent(&mut self, now: Instant) {
        if self.connection.outbox().is_empty() {
            if self.connection.is_done() || self.closing {
                self.wake_driver();
            }
            return;
        }
        if self.driver_writes {
            return;
        }
        if self.connection.open_calls() > 1 {
            self.driver_writes = true;
            self.wake_driver();
            return;
        }
        let mut context = Context::from_waker(Waker::noop());
        if !matches!(self.poll_flush(&mut context, now), Poll::Ready(Ok(()))) {
            // The driver waits for the stream, or finds out what is wrong with it.
            self.driver_writes = true;
            self.wake_driver();
        }
    }

    fn wake_driver(&self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }

    /// Writes what the stream takes; ready when all of it is written.
    fn poll_flush(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>> {
        let Some(writer) = &mut self.writer else {
            return Poll::Ready(Ok(()));
        };
        while !self.connection.outbox().is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let count = self.connection.outbox().slices(&mut slices);
            let slices = slices.get(..count).unwrap_or_default();
            let writer = Pin::new(&mut *writer);
            let written = match slices {
                [only] => ready!(writer.poll_write(context, only))?,
                slices => ready!(writer.poll_write_vectored(context, slices))?,
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let was_deaf = !self.connection.wants_input();
            self.connection.written(written, now);
            self.unflushed = true;
            if was_deaf && self.connection.wants_input() {
                // Nothing else would have the driver look at the stream again.
                self.driver.as_ref().map(Waker::wake_by_ref);
            }
        }
        if self.unflushed {
            ready!(Pin::new(writer).poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Hands out what has happened. Calls that the peer opened, and resources that it dropped, are for `notices`.
    fn hand_out(&mut self, session: &Session, notices: &mut Vec<Notice>) {
        while let Some(event) = self.connection.next_event() {
            let waker = match event {
                Event::Readable(call) => self.wakers.get_mut(&call).and_then(|who| who.read.take()),
                Event::Writable(call) => {
                    self.wakers.get_mut(&call).and_then(|who| who.write.take())
                }
                Event::Cancelled(call) => {
                    self.wakers.get_mut(&call).and_then(|who| who.cancel.take())
                }
                Event::Opened { call, target, meta } => {
                    notices.push(Notice::Opened { call, target, meta });
                    None
                }
                Event::Dropped(resource) => {
                    notices.push(Notice::Dropped(resource));
                    None
                }
                Event::Room(calls) => {
                    session.room.add_permits(calls as usize);
                    None
                }
                Event::GoingAway => {
                    session.usable.store(false, Ordering::Relaxed);
                    session.room.close();
                    None
                }
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn waker_slot(&mut self, call: CallId) -> &mut Wakers {
        self.wakers.entry(call).or_default()
    }
}

/// What the driver tells the server.
#[derive(Debug)]
pub(crate) enum Notice {
    Opened {
        call: CallId,
        target: Target,
        meta: Meta,
    },
    Dropped(Resource),
}

/// Remembers who waits.
pub(crate) fn wait(slot: &mut Option<Waker>, context: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(context.waker()),
        None => *slot = Some(context.waker().clone()),
    }
}
