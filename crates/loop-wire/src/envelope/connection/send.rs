//! What this side does with calls.

use std::time::Instant;

use bytes::Bytes;

use crate::call::{CallError, Code, Meta, Target};
use crate::envelope::connection::call::{Call, Sending, cost};
use crate::envelope::connection::{CallId, Connection, Event, OpenError, Role, Stage};
use crate::envelope::message::Resource;
use crate::envelope::{DATA_BYTES_MAX, FRAME_COST, OUTBOX_BYTES_MAX, PIECE_BYTES_MIN, encode};
use crate::frame::{Frame, Path};

impl Connection {
    /// Opens a call, with the first of its values, or all of them where `end` says so. Data of any size is taken; it is
    /// sent as the peer takes it.
    ///
    /// # Errors
    ///
    /// If the peer takes no more calls now, or ever.
    pub fn open(
        &mut self,
        target: &Target,
        meta: &Meta,
        mut data: Bytes,
        end: bool,
        now: Instant,
    ) -> Result<CallId, OpenError> {
        debug_assert_eq!(self.role, Role::Caller);
        if !self.takes_calls() {
            return Err(OpenError::GoingAway);
        }
        if self.open >= self.peer.calls {
            return Err(OpenError::Full);
        }
        let id = CallId(self.last.0 + 1);
        self.last = id;
        self.open += 1;
        let deadline = meta.deadline.and_then(|time| now.checked_add(time));
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, id));
        }
        let mut call = Call::new(self.settings.window, self.peer.window, deadline);
        // Invariant: the first piece is never more than the credit that every call begins with.
        let first = data.split_to(data.len().min(DATA_BYTES_MAX));
        let whole = data.is_empty();
        if !first.is_empty() {
            call.outgoing.credit -= cost(&Path::root(), first.len());
        }
        if end && whole {
            call.outgoing.state = Sending::Done;
        } else if end {
            call.outgoing.state = Sending::Ending;
        }
        encode::open(id, end && whole, target, meta, first, &mut self.outbox);
        if !whole {
            call.outgoing.queue.push_back((Path::root(), data));
        }
        self.calls.insert(id, call);
        if !whole {
            self.ready(id);
            self.pump();
        }
        Ok(id)
    }

    /// Sends bytes of a call. Data of any size is taken, and sent as the peer takes it; who waits until
    /// [`can_send`](Self::can_send) says so keeps no more than one piece here.
    ///
    /// # Errors
    ///
    /// If the call has failed, or the peer takes nothing more of it.
    pub fn send(&mut self, id: CallId, path: &Path, data: Bytes) -> Result<(), CallError> {
        let outgoing = &mut self.sending(id)?.outgoing;
        if !data.is_empty() {
            outgoing.queue.push_back((path.clone(), data));
            self.ready(id);
            self.pump();
        }
        Ok(())
    }

    /// Says that nothing more comes of a call.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn finish(&mut self, id: CallId) -> Result<(), CallError> {
        self.sending(id)?.outgoing.state = Sending::Ending;
        self.ready(id);
        self.pump();
        Ok(())
    }

    /// The same as [`send`](Self::send) and then [`finish`](Self::finish), in one message where it fits.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_last(&mut self, id: CallId, path: &Path, data: Bytes) -> Result<(), CallError> {
        let outgoing = &mut self.sending(id)?.outgoing;
        outgoing.state = Sending::Ending;
        if !data.is_empty() {
            outgoing.queue.push_back((path.clone(), data));
        }
        self.ready(id);
        self.pump();
        Ok(())
    }

    /// Whether all that was to be sent of a call is on its way, so that more may be sent. If not, [`Event::Writable`]
    /// follows.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn can_send(&mut self, id: CallId) -> Result<bool, CallError> {
        let outgoing = &mut self.sending(id)?.outgoing;
        outgoing.is_awaited = !outgoing.queue.is_empty();
        Ok(!outgoing.is_awaited)
    }

    /// Whether the peer takes more of a call.
    pub fn takes_more(&self, id: CallId) -> bool {
        let call = self.calls.get(&id);
        call.is_some_and(|call| call.failure.is_none() && call.outgoing.state == Sending::Open)
    }

    /// Fails a call that the peer opened.
    pub fn fail(&mut self, id: CallId, error: &CallError) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_open) else {
            return;
        };
        debug_assert_eq!(self.role, Role::Callee);
        encode::fail(id, error, &mut self.outbox);
        call.fail(error.clone());
        self.close(id);
    }

    /// The next piece of what came of a call. `None` if there is none yet: then [`Event::Readable`] follows.
    ///
    /// # Errors
    ///
    /// If the call has failed.
    pub fn read(&mut self, id: CallId) -> Result<Option<Read>, CallError> {
        let Some(call) = self.calls.get_mut(&id) else {
            return Ok(Some(Read::End));
        };
        if let Some(frame) = call.incoming.frames.pop_front() {
            let incoming = &mut call.incoming;
            incoming.read += cost(&frame.path, frame.data.len());
            let is_due = incoming.read >= self.settings.window / 2 && !incoming.ended;
            if is_due && call.is_open {
                incoming.granted += incoming.read;
                encode::credit(id, incoming.read, &mut self.outbox);
                incoming.read = 0;
            }
            return Ok(Some(Read::Frame(frame)));
        }
        if let Some(error) = &call.failure {
            return Err(error.clone());
        }
        Ok(call.incoming.ended.then_some(Read::End))
    }

    /// Says that nobody on this side holds a call any longer. What was finished is still sent. A caller who releases a call
    /// that is not over cancels it; a callee who releases one that was not finished fails it.
    pub fn release(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.is_released = true;
        call.incoming.frames.clear();
        if !call.is_open {
            self.close(id);
            return;
        }
        match self.role {
            Role::Caller => {
                encode::cancel(id, &mut self.outbox);
                self.close(id);
            }
            Role::Callee if call.outgoing.state == Sending::Open => {
                let error = CallError::new(Code::Failed, "the call was dropped without an answer");
                self.fail(id, &error);
            }
            Role::Callee => {
                if !call.incoming.ended {
                    call.incoming.ended = true;
                    encode::stop(id, &mut self.outbox);
                }
                self.close_if_over(id);
            }
        }
    }

    /// Says that nothing more is read of a call, whose other direction goes on.
    pub fn stop(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.incoming.frames.clear();
        if call.is_open && !call.incoming.ended {
            call.incoming.ended = true;
            encode::stop(id, &mut self.outbox);
            self.close_if_over(id);
        }
    }

    /// Tells the callee that a resource is needed no longer. Nobody answers.
    pub fn drop_resource(&mut self, resource: &Resource) {
        if self.stage != Stage::Over {
            encode::drop_resource(resource, &mut self.outbox);
        }
    }

    /// Puts a call into the queue of those that have something to send.
    pub(super) fn ready(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(&id)
            && !call.outgoing.is_ready
        {
            call.outgoing.is_ready = true;
            self.ready.push_back(id);
        }
    }

    /// Sends what the peer and the outbox take, a piece of each call in turn.
    pub(super) fn pump(&mut self) {
        while self.outbox.len() < OUTBOX_BYTES_MAX {
            let Some(id) = self.ready.pop_front() else {
                return;
            };
            let Some(call) = self.calls.get_mut(&id) else {
                continue;
            };
            call.outgoing.is_ready = false;
            if self.send_piece(id) {
                self.ready(id);
            }
        }
    }

    /// Sends one piece of a call, and says whether there is more that the peer takes.
    fn send_piece(&mut self, id: CallId) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let outgoing = &mut call.outgoing;
        let ending = outgoing.state == Sending::Ending;
        if let Some((path, data)) = outgoing.queue.front_mut() {
            let head = FRAME_COST as usize + path.encoded_size();
            let wanted = data.len().min(DATA_BYTES_MAX);
            let room = (outgoing.credit as usize).saturating_sub(head);
            if room < wanted.min(PIECE_BYTES_MIN) {
                return false;
            }
            let piece = data.split_to(wanted.min(room));
            outgoing.credit -= cost(path, piece.len());
            let path = path.clone();
            if data.is_empty() {
                outgoing.queue.pop_front();
            }
            let last = ending && outgoing.queue.is_empty();
            encode::data(id, last, &path, piece, &mut self.outbox);
            if !last {
                if outgoing.queue.is_empty() && outgoing.is_awaited {
                    outgoing.is_awaited = false;
                    self.events.push_back(Event::Writable(id));
                }
                return !outgoing.queue.is_empty();
            }
        } else if ending {
            encode::end(id, &mut self.outbox);
        } else {
            return false;
        }
        outgoing.state = Sending::Done;
        self.close_if_over(id);
        false
    }

    /// Closes a call whose two directions are over.
    pub(super) fn close_if_over(&mut self, id: CallId) {
        if self
            .calls
            .get(&id)
            .is_some_and(|call| call.is_open && call.is_over())
        {
            self.close(id);
        }
    }

    /// A call that can still be sent to.
    fn sending(&mut self, id: CallId) -> Result<&mut Call, CallError> {
        let call = self
            .calls
            .get_mut(&id)
            .ok_or_else(|| CallError::gone("the call is over"))?;
        match (&call.failure, call.outgoing.state) {
            (Some(error), _) => Err(error.clone()),
            (None, Sending::Open) => Ok(call),
            (None, _) => Err(CallError::new(
                Code::Cancelled,
                "the peer takes nothing more of this call",
            )),
        }
    }
}

/// What was read of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A piece of it.
    Frame(Frame),
    /// Nothing more comes.
    End,
}
