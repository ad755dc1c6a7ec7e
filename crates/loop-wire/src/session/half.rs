//! The calls of a session, as they are held.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use crate::call::CallError;
use crate::envelope::{CallId, Read};
use crate::frame::{Frame, Path};
use crate::session::{Session, wait};

/// A call that somebody holds. It is released when the last one lets go.
#[derive(Debug)]
pub(crate) struct Hold {
    session: Arc<Session>,
    call: CallId,
}

impl Hold {
    pub(crate) fn new(session: Arc<Session>, call: CallId) -> Self {
        Self { session, call }
    }

    /// Ready when the call is cancelled.
    pub(crate) fn poll_cancelled(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.session.lock();
        if state.connection.is_cancelled(self.call) {
            return Poll::Ready(());
        }
        wait(&mut state.waker_slot(self.call).cancel, context);
        Poll::Pending
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.session.release(self.call);
    }
}

/// The half of a call that is sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    hold: Arc<Hold>,
    finished: bool,
    /// Whether a call that is given up is cancelled by releasing it, as a caller does.
    of_caller: bool,
}

impl Outgoing {
    pub(crate) fn of_caller(hold: Arc<Hold>) -> Self {
        Self {
            hold,
            finished: false,
            of_caller: true,
        }
    }

    pub(crate) fn of_callee(hold: Arc<Hold>) -> Self {
        Self {
            hold,
            finished: false,
            of_caller: false,
        }
    }

    pub(crate) async fn send(&mut self, path: &Path, data: Bytes) -> Result<(), CallError> {
        self.writable().await?;
        self.push(path, data)?;
        // Whoever sends waits here, and not before the next piece: back-pressure is felt at once.
        self.writable().await
    }

    fn push(&self, path: &Path, data: Bytes) -> Result<(), CallError> {
        let mut state = self.hold.session.lock();
        state.connection.send(self.hold.call, path, data)?;
        state.sent(Instant::now());
        Ok(())
    }

    async fn writable(&self) -> Result<(), CallError> {
        poll_fn(|context| {
            let mut state = self.hold.session.lock();
            if state.connection.can_send(self.hold.call)? {
                return Poll::Ready(Ok(()));
            }
            wait(&mut state.waker_slot(self.hold.call).write, context);
            Poll::Pending
        })
        .await
    }

    pub(crate) fn finish(&mut self) -> Result<(), CallError> {
        let mut state = self.hold.session.lock();
        state.connection.finish(self.hold.call)?;
        self.finished = true;
        state.sent(Instant::now());
        Ok(())
    }

    /// Sends the last bytes. They leave as the peer takes them, and nobody waits for it.
    pub(crate) fn send_last(&mut self, path: &Path, data: Bytes) -> Result<(), CallError> {
        let mut state = self.hold.session.lock();
        state.connection.send_last(self.hold.call, path, data)?;
        self.finished = true;
        state.sent(Instant::now());
        Ok(())
    }

    /// Fails the call, or cancels it on the side that calls.
    pub(crate) fn fail(&mut self, error: &CallError) {
        if self.of_caller {
            return self.hold.session.release(self.hold.call);
        }
        let mut state = self.hold.session.lock();
        state.connection.fail(self.hold.call, error);
        self.finished = true;
        state.sent(Instant::now());
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        if self.of_caller {
            // A peer that takes nothing more has enough: it may still answer.
            let takes_more = self
                .hold
                .session
                .lock()
                .connection
                .takes_more(self.hold.call);
            if takes_more {
                self.hold.session.release(self.hold.call);
            }
        } else {
            let error = CallError::failed("the call was dropped without an answer");
            self.fail(&error);
        }
    }
}

/// The half of a call that is received.
#[derive(Debug)]
pub(crate) struct Incoming {
    hold: Arc<Hold>,
    ended: bool,
    of_caller: bool,
}

impl Incoming {
    pub(crate) fn of_caller(hold: Arc<Hold>) -> Self {
        Self {
            hold,
            ended: false,
            of_caller: true,
        }
    }

    pub(crate) fn of_callee(hold: Arc<Hold>) -> Self {
        Self {
            hold,
            ended: false,
            of_caller: false,
        }
    }

    /// The next frame; `None` after the last.
    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Frame>, CallError>> {
        if self.ended {
            return Poll::Ready(Ok(None));
        }
        let mut state = self.hold.session.lock();
        let read = state.connection.read(self.hold.call)?;
        state.sent(Instant::now());
        match read {
            Some(Read::Frame(frame)) => Poll::Ready(Ok(Some(frame))),
            Some(Read::End) => {
                self.ended = true;
                Poll::Ready(Ok(None))
            }
            None => {
                wait(&mut state.waker_slot(self.hold.call).read, context);
                Poll::Pending
            }
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.ended && self.of_caller {
            self.hold.session.release(self.hold.call);
        } else if !self.ended {
            let mut state = self.hold.session.lock();
            state.connection.stop(self.hold.call);
            state.sent(Instant::now());
        }
    }
}

/// A caller's call of values without streams, all of which were sent.
pub(crate) struct Unary<'a> {
    session: &'a Session,
    call: CallId,
    released: bool,
}

impl<'a> Unary<'a> {
    pub(crate) fn new(session: &'a Session, call: CallId) -> Self {
        Self {
            session,
            call,
            released: false,
        }
    }

    /// The results, once they are whole.
    pub(crate) async fn results(mut self, bytes_max: usize) -> Result<Bytes, CallError> {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        poll_fn(|context| self.poll_results(bytes_max, &mut first, &mut rest, context)).await
    }

    fn poll_results(
        &mut self,
        bytes_max: usize,
        first: &mut Bytes,
        all: &mut BytesMut,
        context: &mut Context<'_>,
    ) -> Poll<Result<Bytes, CallError>> {
        let mut state = self.session.lock();
        loop {
            let frame = match state.connection.read(self.call)? {
                Some(Read::Frame(frame)) => frame,
                Some(Read::End) => {
                    state.wakers.remove(&self.call);
                    state.connection.release(self.call);
                    state.sent(Instant::now());
                    self.released = true;
                    let single = std::mem::take(first);
                    let all = std::mem::take(all);
                    return Poll::Ready(Ok(if all.is_empty() { single } else { all.freeze() }));
                }
                None => {
                    wait(&mut state.waker_slot(self.call).read, context);
                    state.sent(Instant::now());
                    return Poll::Pending;
                }
            };
            if !frame.path.is_root() {
                let what = "a stream came where only values are taken";
                return Poll::Ready(Err(CallError::protocol(what)));
            }
            if first.len() + all.len() + frame.data.len() > bytes_max {
                return Poll::Ready(Err(CallError::too_large(bytes_max)));
            }
            if first.is_empty() && all.is_empty() {
                *first = frame.data;
            } else {
                all.extend_from_slice(&std::mem::take(first));
                all.extend_from_slice(&frame.data);
            }
        }
    }
}

impl Drop for Unary<'_> {
    fn drop(&mut self) {
        if !self.released {
            self.session.release(self.call);
        }
    }
}
