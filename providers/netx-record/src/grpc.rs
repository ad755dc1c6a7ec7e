//! Calls of gRPC.

use std::cell::Cell;

use netx_recording::{Bytes, Line, NoCall};

use crate::Record;
use crate::ahead::{self, Kept, Told};
use crate::bindings::exports::loop_::netx::grpc::{
    AskError, Call as Served, CallBorrow, Event, Guest, GuestCall, Metadata, Options, Reply,
    SendError, StartError, Status, WaitError,
};
use crate::bindings::loop_::netx::grpc as used;
use crate::file::{note, number};

/// A call of the host's, handed on.
pub(crate) struct Call {
    used: used::Call,
    number: u64,
    ready: Kept<Event>,
    /// Whether it is written down that nothing more is sent, and that it has ended.
    finished: Cell<bool>,
    ended: Cell<bool>,
}

impl Guest for Record {
    type Call = Call;

    fn first(calls: Vec<CallBorrow<'_>>, timeout: Option<u64>) -> Result<Vec<u32>, WaitError> {
        let own: Vec<&Call> = calls.iter().map(CallBorrow::get).collect();
        let used: Vec<_> = own.iter().map(|call| &call.used).collect();
        ahead::first(&own, timeout, |timeout| used::first(&used, timeout))
    }

    fn ask(url: String, message: Vec<u8>, options: Options) -> Result<Reply, AskError> {
        let reply = used::ask(&url, &message, &options);
        if let Err(AskError::Start(error)) = &reply {
            let why = why(error);
            note(&Line::CallNotBegun { url, why });
            return reply;
        }
        let call = number();
        note(&Line::CallBegun { call, url });
        let message = Bytes::of(message);
        note(&Line::CallSent { call, message });
        note(&Line::CallFinished { call });
        match &reply {
            Ok(reply) => {
                happened(call, &Event::Answered(reply.headers.clone()));
                happened(call, &Event::Message(reply.message.clone()));
                happened(call, &Event::Ended(Ok(reply.trailers.clone())));
            }
            Err(AskError::Status(status)) => happened(call, &Event::Ended(Err(status.clone()))),
            Err(AskError::Start(_)) => {}
        }
        reply
    }
}

impl GuestCall for Call {
    fn start(url: String, options: Options) -> Result<Served, StartError> {
        match used::Call::start(&url, &options) {
            Ok(used) => {
                let number = number();
                note(&Line::CallBegun { call: number, url });
                Ok(Served::new(Self {
                    used,
                    number,
                    ready: Kept::default(),
                    finished: Cell::default(),
                    ended: Cell::default(),
                }))
            }
            Err(error) => {
                let why = why(&error);
                note(&Line::CallNotBegun { url, why });
                Err(error)
            }
        }
    }

    fn send(&self, message: Vec<u8>) -> Result<(), SendError> {
        self.used.send(&message)?;
        note(&Line::CallSent {
            call: self.number,
            message: Bytes::of(message),
        });
        Ok(())
    }

    fn finish(&self) {
        self.used.finish();
        if !self.finished.replace(true) {
            note(&Line::CallFinished { call: self.number });
        }
    }

    fn flush(&self, timeout: Option<u64>) -> Result<(), WaitError> {
        self.used.flush(timeout)
    }

    fn next(&self, timeout: Option<u64>) -> Result<Event, WaitError> {
        match self.ready.take() {
            Some(event) => Ok(event),
            None => self.take(timeout),
        }
    }
}

impl Told for Call {
    type Event = Event;

    fn kept(&self) -> &Kept<Event> {
        &self.ready
    }

    fn take_now(&self) -> Option<Event> {
        self.take(Some(0)).ok()
    }
}

impl Call {
    fn take(&self, timeout: Option<u64>) -> Result<Event, WaitError> {
        let event = self.used.next(timeout)?;
        let known = matches!(event, Event::Ended(_)) && self.ended.replace(true);
        if !known {
            happened(self.number, &event);
        }
        Ok(event)
    }
}

/// Writes down what happened in a call.
fn happened(call: u64, event: &Event) {
    note(&match event {
        Event::Answered(metadata) => Line::CallAnswered {
            call,
            metadata: recorded(metadata),
        },
        Event::Message(message) => Line::CallReceived {
            call,
            message: Bytes::of(message.clone()),
        },
        Event::Ended(Ok(metadata)) => Line::CallEnded {
            call,
            metadata: recorded(metadata),
        },
        Event::Ended(Err(status)) => Line::CallFailed {
            call,
            status: failed(status),
        },
    });
}

fn failed(status: &Status) -> netx_recording::Status {
    netx_recording::Status {
        // The codes stand in the WIT in the order of their numbers, of which 0 is no failure.
        code: status.code as u8 + 1,
        message: status.message.clone(),
        details: Bytes::of(status.details.clone()),
        metadata: recorded(&status.metadata),
    }
}

fn recorded(metadata: &Metadata) -> netx_recording::Metadata {
    let entries = metadata.iter();
    let entries = entries.map(|(name, value)| (name.clone(), Bytes::of(value.clone())));
    entries.collect()
}

fn why(error: &StartError) -> NoCall {
    match error {
        StartError::Invalid(what) => NoCall::Invalid(what.clone()),
        StartError::Denied => NoCall::Denied,
        StartError::Unresolved => NoCall::Unresolved,
        StartError::Unreachable => NoCall::Unreachable,
        StartError::TimedOut => NoCall::TimedOut,
        StartError::Untrusted => NoCall::Untrusted,
        StartError::Protocol(what) => NoCall::Protocol(what.clone()),
        StartError::TooMany(count) => NoCall::TooMany(*count),
    }
}
