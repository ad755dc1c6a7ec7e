//! What the peer says.

use std::time::Instant;

use bytes::{Buf, BytesMut};

use crate::call::{CallError, Code, Retry};
use crate::envelope::connection::call::{Call, Sending, cost};
use crate::envelope::connection::{CallId, Connection, Event, Role, Stage};
use crate::envelope::decode::{self, Decoded};
use crate::envelope::message::{Hello, Message, Open, kind};
use crate::envelope::{CALLS_MIN, IDLE_MIN, PREFACE, ProtocolError, WINDOW_BYTES_MIN, encode};
use crate::frame::{Frame, Path};

impl Connection {
    /// Takes whole messages from the front of `bytes`, and leaves the beginning of one that is not whole.
    ///
    /// # Errors
    ///
    /// If the peer broke the protocol. Every call has failed, and what the peer should be told waits in the outbox.
    pub fn receive(&mut self, bytes: &mut BytesMut, now: Instant) -> Result<(), ProtocolError> {
        self.heard = now;
        let result = self.take(bytes, now);
        if let Err(error) = &result {
            self.refuse(error);
        }
        result
    }

    fn take(&mut self, bytes: &mut BytesMut, now: Instant) -> Result<(), ProtocolError> {
        if self.stage == Stage::Preface {
            let common = bytes
                .iter()
                .zip(&PREFACE)
                .take_while(|(is, should)| is == should)
                .count();
            if common < bytes.len().min(PREFACE.len()) {
                return Err(ProtocolError::Preface);
            }
            if common < PREFACE.len() {
                return Ok(());
            }
            bytes.advance(PREFACE.len());
            self.stage = Stage::Hello;
        }
        while self.stage != Stage::Over {
            match decode::message(bytes)? {
                Decoded::Message(message) => self.handle(message, now)?,
                Decoded::Needs(count) => {
                    self.needs = count;
                    break;
                }
            }
        }
        Ok(())
    }

    fn handle(&mut self, message: Message, now: Instant) -> Result<(), ProtocolError> {
        if (self.stage == Stage::Hello) != matches!(message, Message::Hello(_)) {
            return Err(ProtocolError::Hello);
        }
        match message {
            Message::Data { call, end, frame } => self.on_data(call, end, frame),
            Message::Open(open) => self.on_open(open, now),
            Message::Credit { call, bytes } => self.on_credit(call, bytes),
            Message::Stop { call } => self.on_stop(call),
            Message::Cancel { call } => self.on_cancel(call),
            Message::Fail { call, error } => self.on_fail(call, error),
            Message::Hello(hello) => self.on_hello(&hello),
            Message::Drop(resource) => {
                self.only(Role::Callee, kind::DROP)?;
                self.events.push_back(Event::Dropped(resource));
                Ok(())
            }
            Message::Ping(token) => {
                // Answers that wait are answered by the last, so pings fill no memory.
                if self.outbox.is_empty() {
                    encode::pong(token, &mut self.outbox);
                } else {
                    self.pong = Some(token);
                }
                Ok(())
            }
            Message::GoAway { last, error } => self.on_go_away(last, &error),
            Message::Pong(_) | Message::Ignored => Ok(()),
        }
    }

    fn on_hello(&mut self, hello: &Hello) -> Result<(), ProtocolError> {
        let idle = hello.idle.is_none_or(|idle| idle >= IDLE_MIN);
        if hello.window < WINDOW_BYTES_MIN || hello.calls < CALLS_MIN || !idle {
            return Err(ProtocolError::HelloTooSmall);
        }
        self.stage = Stage::Open;
        let more = hello.window - self.peer.window;
        let room = hello.calls - self.peer.calls;
        self.peer = *hello;
        if more > 0 {
            for id in self.open_ids() {
                self.on_credit(id, more)?;
            }
        }
        if room > 0 && self.role == Role::Caller {
            self.events.push_back(Event::Room(room));
        }
        Ok(())
    }

    fn on_open(&mut self, open: Open, now: Instant) -> Result<(), ProtocolError> {
        self.only(Role::Callee, kind::OPEN)?;
        let Open {
            call: id,
            end,
            target,
            meta,
            data,
        } = open;
        if id <= self.last {
            return Err(ProtocolError::Order {
                call: id.0,
                last: self.last.0,
            });
        }
        self.last = id;
        if self.going.is_some() {
            let error = CallError::new(Code::GoingAway, "this side takes no new calls");
            encode::fail(id, &error.retry(Retry::Safe), &mut self.outbox);
            return Ok(());
        }
        if self.open >= self.settings.calls {
            let error = CallError::new(Code::Busy, "there are as many calls as are taken at once");
            encode::fail(id, &error.retry(Retry::Safe), &mut self.outbox);
            return Ok(());
        }
        self.open += 1;
        let deadline = meta.deadline.and_then(|time| now.checked_add(time));
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, id));
        }
        let mut call = Call::new(self.settings.window, self.peer.window, deadline);
        if !data.is_empty() {
            // Invariant: the window is larger than any message.
            call.incoming.granted -= cost(&Path::root(), data.len());
            call.incoming.frames.push_back(Frame::root(data));
        }
        call.incoming.ended = end;
        self.calls.insert(id, call);
        self.events.push_back(Event::Opened {
            call: id,
            target,
            meta,
        });
        Ok(())
    }

    fn on_data(
        &mut self,
        id: CallId,
        end: bool,
        frame: Option<Frame>,
    ) -> Result<(), ProtocolError> {
        let Some(call) = self.known(id)?.filter(|call| call.is_open) else {
            return Ok(());
        };
        let incoming = &mut call.incoming;
        if incoming.ended {
            // Where this side has stopped reading, the peer may not know it yet.
            return Ok(());
        }
        if let Some(frame) = frame {
            let cost = cost(&frame.path, frame.data.len());
            let left = incoming.granted.checked_sub(cost);
            incoming.granted = left.ok_or(ProtocolError::Credit { call: id.0 })?;
            incoming.frames.push_back(frame);
        }
        incoming.ended |= end;
        self.events.push_back(Event::Readable(id));
        self.close_if_over(id);
        Ok(())
    }

    fn on_credit(&mut self, id: CallId, bytes: u32) -> Result<(), ProtocolError> {
        let Some(call) = self.known(id)? else {
            return Ok(());
        };
        let credit = call.outgoing.credit.checked_add(bytes);
        call.outgoing.credit = credit.ok_or(ProtocolError::CreditOverflow { call: id.0 })?;
        if !call.outgoing.queue.is_empty() {
            self.ready(id);
            self.pump();
        }
        Ok(())
    }

    fn on_stop(&mut self, id: CallId) -> Result<(), ProtocolError> {
        let Some(call) = self.known(id)? else {
            return Ok(());
        };
        call.outgoing.queue.clear();
        call.outgoing.state = Sending::Done;
        self.events.push_back(Event::Writable(id));
        self.close_if_over(id);
        Ok(())
    }

    fn on_cancel(&mut self, id: CallId) -> Result<(), ProtocolError> {
        self.only(Role::Callee, kind::CANCEL)?;
        if self.known(id)?.is_some() {
            self.end_with(
                id,
                CallError::new(Code::Cancelled, "the caller gave the call up"),
            );
        }
        Ok(())
    }

    fn on_fail(&mut self, id: CallId, error: CallError) -> Result<(), ProtocolError> {
        self.only(Role::Caller, kind::FAIL)?;
        if self.known(id)?.is_some() {
            self.end_with(id, error);
        }
        Ok(())
    }

    fn on_go_away(&mut self, last: CallId, error: &CallError) -> Result<(), ProtocolError> {
        if error.code == Code::Protocol {
            // The peer says that this side broke the protocol, and reads nothing more.
            self.lost(format_args!("it refuses the connection: {error}"));
            return Ok(());
        }
        self.only(Role::Caller, kind::GO_AWAY)?;
        self.going = Some(last);
        let later = CallError {
            retry: Retry::Safe,
            ..error.clone()
        };
        for id in self.open_ids().into_iter().filter(|id| *id > last) {
            self.end_with(id, later.clone());
        }
        self.events.push_back(Event::GoingAway);
        Ok(())
    }

    /// A call that was opened; `None` if it is over.
    fn known(&mut self, id: CallId) -> Result<Option<&mut Call>, ProtocolError> {
        if id > self.last {
            return Err(ProtocolError::NoSuchCall { call: id.0 });
        }
        Ok(self.calls.get_mut(&id))
    }

    /// Refuses what only the other side may say.
    fn only(&self, role: Role, kind: u8) -> Result<(), ProtocolError> {
        if self.role == role {
            Ok(())
        } else {
            Err(ProtocolError::Side { kind })
        }
    }
}
