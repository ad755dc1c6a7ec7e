//! Calls of gRPC.

use std::cell::RefCell;
use std::rc::Rc;

use loop_guest::log;
use netx_recording::{Bytes, NoCall};

use crate::Replay;
use crate::bindings::exports::loop_::netx::grpc::{
    AskError, Call as Served, CallBorrow, Code, Event, Guest, GuestCall, Metadata, Options, Reply,
    SendError, StartError, Status, WaitError,
};
use crate::book::{self, Happened, Own, Track};
use crate::first::{self, NOTHING, Replayed};

/// The most bytes of a message, as the WIT says.
const MESSAGE_MAX: usize = 4 << 20;

/// The codes, in the order of their numbers from 1.
const CODES: [Code; 16] = [
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
];

/// A call that was recorded.
pub(crate) struct Call {
    track: Rc<Track<Happened>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// How much it was told.
    told: usize,
    /// How many steps it has taken.
    done: usize,
    finished: bool,
    ended: Option<Result<Metadata, Status>>,
}

impl Guest for Replay {
    type Call = Call;

    fn first(calls: Vec<CallBorrow<'_>>, timeout: Option<u64>) -> Result<Vec<u32>, WaitError> {
        if calls.is_empty() {
            return Err(WaitError::Nothing);
        }
        let own: Vec<&Call> = calls.iter().map(CallBorrow::get).collect();
        first::first(&own, timeout).ok_or(WaitError::TimedOut)
    }

    fn ask(url: String, message: Vec<u8>, _: Options) -> Result<Reply, AskError> {
        let call = Call::begin(&url).map_err(AskError::Start)?;
        call.say(message);
        call.finish();
        let (mut headers, mut answer) = (Vec::new(), None);
        loop {
            let event = call.next(None);
            match event {
                Ok(Event::Answered(metadata)) => headers = metadata,
                Ok(Event::Message(message)) => {
                    if answer.replace(message).is_some() {
                        let status = failed(Code::Unimplemented, "there are several answers");
                        return Err(AskError::Status(status));
                    }
                }
                Ok(Event::Ended(Ok(trailers))) => {
                    let none = || failed(Code::Unimplemented, "there is no answer");
                    return Ok(Reply {
                        message: answer.ok_or_else(|| AskError::Status(none()))?,
                        headers,
                        trailers,
                    });
                }
                Ok(Event::Ended(Err(status))) => return Err(AskError::Status(status)),
                Err(_) => return Err(AskError::Status(failed(Code::Unavailable, NOTHING))),
            }
        }
    }
}

impl GuestCall for Call {
    fn start(url: String, _: Options) -> Result<Served, StartError> {
        Self::begin(&url).map(Served::new)
    }

    fn send(&self, message: Vec<u8>) -> Result<(), SendError> {
        if message.len() > MESSAGE_MAX {
            return Err(SendError::TooLarge);
        }
        if self.state.borrow().finished || self.state.borrow().ended.is_some() {
            return Err(SendError::Finished);
        }
        self.say(message);
        Ok(())
    }

    fn finish(&self) {
        if std::mem::replace(&mut self.state.borrow_mut().finished, true) {
            return;
        }
        if let Some(Own::Closing) = self.own() {
            self.state.borrow_mut().done += 1;
        }
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
}

impl Replayed for Call {
    fn has_event(&self) -> bool {
        self.told().is_some() || self.state.borrow().ended.is_some()
    }

    fn give_up(&self, why: &str) {
        log::warn!("a call fails: {why}");
        self.state.borrow_mut().ended = Some(Err(failed(Code::Unavailable, why)));
    }
}

impl Call {
    fn begin(url: &str) -> Result<Self, StartError> {
        match book::call(url) {
            Ok(Some(Ok(track))) => Ok(Self {
                track,
                state: RefCell::default(),
            }),
            Ok(Some(Err(why))) => Err(error(why)),
            Ok(None) => {
                log::warn!("not recorded: a call of {url}");
                Err(StartError::Unreachable)
            }
            Err(why) => {
                log::error!("{why}");
                Err(StartError::Unreachable)
            }
        }
    }

    fn say(&self, message: Vec<u8>) {
        let said = Bytes::of(message);
        match self.own() {
            Some(Own::Sent(recorded)) if *recorded == said => self.state.borrow_mut().done += 1,
            Some(_) => self.give_up("another message is recorded"),
            None => self.give_up("no such message is recorded"),
        }
    }

    /// What the component did next when this was recorded.
    fn own(&self) -> Option<&Own> {
        self.track.own.get(self.state.borrow().done)
    }

    /// What it is told next, if it has done by now what it had done by then.
    fn told(&self) -> Option<&Happened> {
        let state = self.state.borrow();
        let (after, told) = self.track.told.get(state.told)?;
        (*after <= state.done).then_some(told)
    }

    fn take(&self) -> Option<Event> {
        let Some(told) = self.told() else {
            let ended = self.state.borrow().ended.clone();
            return ended.map(Event::Ended);
        };
        let event = match told.clone() {
            Happened::Answered(metadata) => Event::Answered(bytes(metadata)),
            Happened::Received(message) => Event::Message(message.into_bytes()),
            Happened::Ended(metadata) => Event::Ended(Ok(bytes(metadata))),
            Happened::Failed(status) => Event::Ended(Err(Status {
                code: code(status.code),
                message: status.message,
                details: status.details.into_bytes(),
                metadata: bytes(status.metadata),
            })),
        };
        let mut state = self.state.borrow_mut();
        state.told += 1;
        if let Event::Ended(ended) = &event {
            state.ended = Some(ended.clone());
        }
        Some(event)
    }
}

fn failed(code: Code, message: &str) -> Status {
    Status {
        code,
        message: message.to_owned(),
        details: Vec::new(),
        metadata: Vec::new(),
    }
}

fn code(number: u8) -> Code {
    let at = usize::from(number).checked_sub(1);
    let code = at.and_then(|at| CODES.get(at));
    code.copied().unwrap_or(Code::Unknown)
}

fn bytes(metadata: netx_recording::Metadata) -> Metadata {
    let entries = metadata.into_iter();
    entries
        .map(|(name, value)| (name, value.into_bytes()))
        .collect()
}

fn error(why: NoCall) -> StartError {
    match why {
        NoCall::Invalid(what) => StartError::Invalid(what),
        NoCall::Denied => StartError::Denied,
        NoCall::Unresolved => StartError::Unresolved,
        NoCall::Unreachable => StartError::Unreachable,
        NoCall::TimedOut => StartError::TimedOut,
        NoCall::Untrusted => StartError::Untrusted,
        NoCall::Protocol(what) => StartError::Protocol(what),
        NoCall::TooMany(count) => StartError::TooMany(count),
    }
}
