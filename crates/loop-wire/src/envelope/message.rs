//! The messages of the envelope.

use std::time::Duration;

use bytes::Bytes;

use crate::call::{CallError, Meta, Target};
use crate::envelope::CallId;
use crate::frame::Frame;

/// The bytes of a resource's handle at most. Upstream's have 16.
pub const HANDLE_BYTES_MAX: usize = 1024;

/// A resource of the callee that the caller needs no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The instance that the resource belongs to, and the resource's name in it.
    pub target: Target,
    /// Which one, in the bytes that stood for it on the wire.
    pub handle: Bytes,
}

/// What one side says to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// What the sender takes. It comes first, and once.
    Hello(Hello),
    /// A new call, perhaps with the first bytes of its values.
    Open(Open),
    /// Bytes of a call.
    Data {
        call: CallId,
        end: bool,
        frame: Option<Frame>,
    },
    /// The sender takes so many more bytes of a call.
    Credit { call: CallId, bytes: u32 },
    /// The sender reads nothing more of a call.
    Stop { call: CallId },
    /// The caller gives a call up.
    Cancel { call: CallId },
    /// A call failed.
    Fail { call: CallId, error: CallError },
    /// The caller needs a resource no longer.
    Drop(Resource),
    /// To be answered with the same bytes.
    Ping([u8; 8]),
    /// The answer.
    Pong([u8; 8]),
    /// The sender takes no calls after `last`, and why.
    GoAway { last: CallId, error: CallError },
    /// Something that a later version says and that may be ignored.
    Ignored,
}

/// What a side takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    /// Bytes for one direction of one call.
    pub(crate) window: u32,
    /// Calls at once.
    pub(crate) calls: u32,
    /// The silence that it takes for the peer's end.
    pub(crate) idle: Option<Duration>,
}

/// A new call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) call: CallId,
    /// Whether the values end with `data`.
    pub(crate) end: bool,
    pub(crate) target: Target,
    pub(crate) meta: Meta,
    pub(crate) data: Bytes,
}

/// The kinds of messages, in the low six bits of the first byte.
pub(crate) mod kind {
    pub(crate) const HELLO: u8 = 1;
    pub(crate) const OPEN: u8 = 2;
    pub(crate) const DATA: u8 = 3;
    pub(crate) const CREDIT: u8 = 4;
    pub(crate) const STOP: u8 = 5;
    pub(crate) const CANCEL: u8 = 6;
    pub(crate) const FAIL: u8 = 7;
    pub(crate) const DROP: u8 = 8;
    pub(crate) const PING: u8 = 9;
    pub(crate) const PONG: u8 = 10;
    pub(crate) const GO_AWAY: u8 = 11;

    /// The bits of the kind.
    pub(crate) const MASK: u8 = 0x3f;
    /// The message is the last of its direction of the call.
    pub(crate) const END: u8 = 0x80;
    /// The message may be ignored by who does not know its kind.
    pub(crate) const IGNORABLE: u8 = 0x40;
}

/// The fields of what travels with a call.
pub(crate) mod field {
    pub(crate) const DEADLINE: u32 = 1;
    pub(crate) const TRACE_PARENT: u32 = 2;
    pub(crate) const TRACE_STATE: u32 = 3;
    pub(crate) const CALLER: u32 = 4;
}
