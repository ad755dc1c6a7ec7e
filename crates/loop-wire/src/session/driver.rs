//! The task that drives a session.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::time::{Sleep, timeout};
use tokio_util::io::poll_read_buf;
use tracing::debug;

use crate::call::{Meta, Target};
use crate::envelope::{Resource, Role, Settings};
use crate::session::{Hold, Incoming, Notice, Outgoing, Session, State, wait};
use crate::transport::{Reader, Stream};

/// Room that is made for reading: several small messages, or the beginning of a large one.
const READ_BYTES: usize = 16 * 1024;

/// How long the end of a stream may take. A peer that does not read would hold the session.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(1);

/// Drives a session: nothing happens while nobody awaits it.
pub(crate) struct Driver {
    session: Arc<Session>,
    reader: Reader,
    buffer: BytesMut,
    /// Whether the buffer holds bytes that nobody has looked at.
    begun: bool,
    /// Bytes that the last large message took: the next may be as large.
    large: usize,
    timer: Option<Pin<Box<Sleep>>>,
    notices: Vec<Notice>,
}

/// What the peer wants of a server.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A call to be answered.
    Call {
        target: Target,
        meta: Meta,
        params: Incoming,
        results: Outgoing,
        hold: Arc<Hold>,
    },
    /// A resource that is needed no longer.
    Dropped(Resource),
}

impl Driver {
    /// A session over a stream, and what drives it. `begun` was read from the stream before.
    pub(crate) fn new(
        role: Role,
        settings: &Settings,
        stream: Stream,
        begun: BytesMut,
    ) -> (Arc<Session>, Self) {
        let session = Arc::new(Session::new(role, settings, stream.writer, stream.peer));
        let driver = Self {
            session: Arc::clone(&session),
            reader: stream.reader,
            begun: !begun.is_empty(),
            buffer: begun,
            large: 0,
            timer: None,
            notices: Vec::new(),
        };
        (session, driver)
    }

    /// Drives a caller's session to its end.
    pub(crate) async fn run(mut self) {
        // A callee opens no calls, so there is nothing to be told of.
        while poll_fn(|context| self.poll_next(context)).await.is_some() {}
        self.end().await;
    }

    /// The next thing that the peer wants; `None` when the session is over.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Opened>> {
        loop {
            if let Some(notice) = self.notices.pop() {
                return Poll::Ready(Some(self.opened(notice)));
            }
            let progress = self.poll_read(context);
            let session = Arc::clone(&self.session);
            let mut state = session.lock();
            if progress.is_ready() {
                state.hand_out(&session, &mut self.notices);
                // They are taken from the end, oldest first.
                self.notices.reverse();
                if !self.notices.is_empty() {
                    state.driver_writes = true;
                }
                continue;
            }
            return self.poll_idle(context, &session, &mut state);
        }
    }

    /// Reads once, if the connection wants to; ready if something came of it.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let session = Arc::clone(&self.session);
        let needs = {
            let mut state = session.lock();
            if std::mem::take(&mut self.begun) {
                self.receive(&mut state);
                return Poll::Ready(());
            }
            if !state.connection.wants_input() {
                return Poll::Pending;
            }
            state.connection.needs()
        };
        if needs > READ_BYTES {
            self.large = needs;
        }
        let whole = needs.max(self.large);
        let free = self.buffer.capacity() - self.buffer.len();
        if free < READ_BYTES / 4 || whole > self.buffer.capacity() {
            let room = whole.saturating_sub(self.buffer.len()) + READ_BYTES;
            self.buffer.reserve(room);
        }
        let read = match poll_read_buf(Pin::new(&mut self.reader), context, &mut self.buffer) {
            Poll::Ready(read) => read,
            Poll::Pending => return Poll::Pending,
        };
        let mut state = session.lock();
        match read {
            Ok(0) => state.connection.lost("it closed the stream"),
            Ok(_) => self.receive(&mut state),
            // Some transports connect with the first bytes, and are refused after them.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                state.connection.refused(&error);
            }
            Err(error) => state.connection.lost(&error),
        }
        Poll::Ready(())
    }

    fn receive(&mut self, state: &mut State) {
        if let Err(error) = state.connection.receive(&mut self.buffer, Instant::now()) {
            debug!(%error, "a peer broke the protocol");
        }
    }

    /// Writes, sets the timer, and says whether the session is over.
    fn poll_idle(
        &mut self,
        context: &mut Context<'_>,
        session: &Session,
        state: &mut State,
    ) -> Poll<Option<Opened>> {
        let now = Instant::now();
        wait(&mut state.driver, context);
        state.driver_writes = match state.poll_flush(context, now) {
            Poll::Ready(Ok(())) => false,
            Poll::Pending => true,
            Poll::Ready(Err(error)) => {
                state.connection.lost(&error);
                state.writer = None;
                false
            }
        };
        // Ticking may end calls, fill the outbox and end the session: then there is more to do at once.
        if state.connection.timeout().is_some_and(|time| time <= now) {
            if let Err(error) = state.connection.tick(now) {
                debug!(%error, "a peer was given up");
            }
            context.waker().wake_by_ref();
        }
        state.hand_out(session, &mut self.notices);
        self.set_timer(state.connection.timeout(), context);
        let idle = state.connection.open_calls() == 0 && state.connection.outbox().is_empty();
        if state.connection.is_done() || state.closing && idle {
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    fn set_timer(&mut self, time: Option<Instant>, context: &mut Context<'_>) {
        let Some(time) = time.map(tokio::time::Instant::from_std) else {
            self.timer = None;
            return;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(time)));
        if timer.deadline() != time {
            timer.as_mut().reset(time);
        }
        if timer.as_mut().poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
    }

    fn opened(&self, notice: Notice) -> Opened {
        match notice {
            Notice::Opened { call, target, meta } => {
                let hold = Arc::new(Hold::new(Arc::clone(&self.session), call));
                let params = Incoming::of_callee(Arc::clone(&hold));
                let results = Outgoing::of_callee(Arc::clone(&hold));
                Opened::Call {
                    target,
                    meta,
                    params,
                    results,
                    hold,
                }
            }
            Notice::Dropped(resource) => Opened::Dropped(resource),
        }
    }

    /// Ends the stream in good order, where the peer reads it.
    pub(crate) async fn end(self) {
        let writer = self.session.lock().writer.take();
        if let Some(mut writer) = writer {
            let _ = timeout(CLOSE_TIME_MAX, writer.shutdown()).await;
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A runtime that ends, or a server that is dropped, ends its sessions: nobody may wait for them.
        let mut state = self.session.lock();
        state
            .connection
            .lost("the connection was given up on this side");
        state.writer = None;
        state.hand_out(&self.session, &mut self.notices);
        self.session.usable.store(false, Ordering::Relaxed);
    }
}
