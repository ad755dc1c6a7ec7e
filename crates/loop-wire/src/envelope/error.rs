//! What a peer may not do.

use crate::envelope::BODY_BYTES_MAX;
use crate::frame::FrameError;
use crate::leb::Overlong;

/// How a peer broke the protocol. The connection is of no further use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// It does not speak the envelope.
    #[error("it does not begin with the word `loop` and version 1")]
    Preface,
    /// It says more at once than is allowed.
    #[error(
        "a message has {length} bytes, and at most {BODY_BYTES_MAX} are allowed (BODY_BYTES_MAX)"
    )]
    TooLong {
        /// How many it says to have.
        length: usize,
    },
    /// A message is of an unknown kind, and not to be ignored.
    #[error("there is no message of kind {kind}")]
    Kind {
        /// The kind.
        kind: u8,
    },
    /// A message is shorter than its kind, or holds what it cannot.
    #[error("a message of kind {kind} is not whole, or holds what it cannot: {what}")]
    Body {
        /// The kind.
        kind: u8,
        /// What is wrong.
        what: &'static str,
    },
    /// A number has more bits than its type.
    #[error("a number has more bits than its type")]
    Number,
    /// The path of a frame is wrong.
    #[error(transparent)]
    Frame(FrameError),
    /// The first message is no hello, or a later one is.
    #[error("the first message is a hello, and no other is")]
    Hello,
    /// The hello takes less than everybody takes.
    #[error("its hello takes less than everybody does")]
    HelloTooSmall,
    /// A message concerns a call that was never opened.
    #[error("call {call} was never opened")]
    NoSuchCall {
        /// Its number.
        call: u32,
    },
    /// A new call has a number that is not above those before.
    #[error("call {call} does not follow call {last}")]
    Order {
        /// Its number.
        call: u32,
        /// The number of the one before.
        last: u32,
    },
    /// More bytes came than were granted.
    #[error("call {call} sent more than its credit")]
    Credit {
        /// Its number.
        call: u32,
    },
    /// Credit was given beyond what can be counted.
    #[error("call {call} was given more credit than can be counted")]
    CreditOverflow {
        /// Its number.
        call: u32,
    },
    /// Bytes came after the end.
    #[error("call {call} goes on after its end")]
    AfterEnd {
        /// Its number.
        call: u32,
    },
    /// Only the other side may say this.
    #[error("a message of kind {kind} came from the wrong side")]
    Side {
        /// The kind.
        kind: u8,
    },
    /// It was silent for too long.
    #[error("it said nothing for {seconds} s")]
    Silent {
        /// How long it was silent.
        seconds: u64,
    },
}

impl From<Overlong> for ProtocolError {
    fn from(_: Overlong) -> Self {
        Self::Number
    }
}
