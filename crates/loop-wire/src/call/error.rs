//! How a call fails, and whether to try it again.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use crate::frame::FrameError;
use crate::plain::PlainError;

/// Why a call failed: what went wrong in words, a code that programs act on, and whether to try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// What kind of failure.
    pub code: Code,
    /// Whether another try makes sense.
    pub retry: Retry,
    /// What went wrong: a sentence in lower case, without a period.
    pub message: Cow<'static, str>,
}

/// What kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The caller gave the call up.
    Cancelled,
    /// The time for the call is over.
    Deadline,
    /// Nobody serves this function here.
    NotFound,
    /// The caller may not do this.
    Denied,
    /// The peer has as much to do as it takes.
    Busy,
    /// The peer is about to go, and takes no new calls.
    GoingAway,
    /// The function ran and failed.
    Failed,
    /// The parameters, or the results, are not what the function takes or gives.
    Invalid,
    /// A limit was reached; the message names it.
    Limit,
    /// The call came back to a component that waits for it.
    Reentered,
    /// The resource is not there, or no longer.
    NoResource,
    /// What was asked for cannot be carried by this protocol or transport.
    Unsupported,
    /// The peer could not be reached: the call never began.
    Unreachable,
    /// The peer went away while the call ran.
    Gone,
    /// The peer broke the protocol.
    Protocol,
    /// A code that this version does not know.
    Other(u32),
}

/// Whether another try makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// It would fail again.
    Never,
    /// The function did not run: trying again, here or elsewhere, is safe.
    Safe,
    /// The function did not run, and the peer asks to wait so long.
    After(Duration),
    /// Nobody knows whether the function ran: trying again is safe only if running it twice is.
    Unknown,
}

impl CallError {
    /// A failure that another try would meet again.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            retry: Retry::Never,
            message: message.into(),
        }
    }

    /// The same failure with another advice.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The function ran and failed.
    pub fn failed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Failed, message)
    }

    /// The peer could not be reached.
    pub(crate) fn unreachable(why: impl Display) -> Self {
        let message = format!("the peer cannot be reached: {why}");
        Self::new(Code::Unreachable, message).retry(Retry::Safe)
    }

    /// The peer went away while the call ran.
    pub(crate) fn gone(why: impl Display) -> Self {
        Self::new(Code::Gone, format!("the peer went away: {why}")).retry(Retry::Unknown)
    }

    /// The peer broke the protocol.
    pub(crate) fn protocol(error: impl Display) -> Self {
        let message = format!("the peer broke the protocol: {error}");
        Self::new(Code::Protocol, message).retry(Retry::Unknown)
    }

    /// The values of a call are too many.
    pub(crate) fn too_large(bytes_max: usize) -> Self {
        let message = format!("the values have more than {bytes_max} bytes (VALUE_BYTES_MAX)");
        Self::new(Code::Limit, message)
    }
}

impl From<PlainError> for CallError {
    fn from(error: PlainError) -> Self {
        match error {
            PlainError::Frame(FrameError::Truncated) => Self::gone(error),
            error => Self::protocol(error),
        }
    }
}
