//! Whether the work is still wanted.
//!
//! ```no_run
//! use loop_guest::cancel::Token;
//!
//! let call = Token::current();
//! for page in 0..1_000 {
//!     if call.cancelled() {
//!         break;
//!     }
//!     // render the page
//! #   let _ = page;
//! }
//! ```

use std::fmt;
use std::time::Duration;

use crate::bindings::cancellation;
use crate::time::{WaitError, to_nanos};

pub use crate::bindings::cancellation::{Reason, TokenError};

/// Stands for a piece of work. Cancelling it cancels its children; dropping it cancels nothing.
pub struct Token {
    raw: cancellation::Token,
}

impl Token {
    /// The token of the call that is being served. Cancelling it gives up what this component has under way.
    pub fn current() -> Self {
        Self {
            raw: cancellation::Token::current(),
        }
    }

    /// A token for work that goes on after the call.
    pub fn detached() -> Result<Self, TokenError> {
        cancellation::Token::detached().map(|raw| Self { raw })
    }

    /// A token that is cancelled when this one is.
    pub fn child(&self) -> Result<Self, TokenError> {
        self.raw.child(None).map(|raw| Self { raw })
    }

    /// The same, which is also cancelled after this time.
    pub fn child_for(&self, time: Duration) -> Result<Self, TokenError> {
        self.raw.child(Some(to_nanos(time))).map(|raw| Self { raw })
    }

    /// Cancels it. Does nothing if it is cancelled already.
    pub fn cancel(&self, words: &str) {
        self.raw.cancel(words);
    }

    /// Whether it is cancelled.
    pub fn cancelled(&self) -> bool {
        self.raw.cancelled()
    }

    /// Why it is cancelled, if it is.
    pub fn reason(&self) -> Option<Reason> {
        self.raw.reason()
    }

    /// How much time is left, if there is a deadline.
    pub fn remaining(&self) -> Option<Duration> {
        self.raw.remaining().map(Duration::from_nanos)
    }

    /// Blocks until it is cancelled. Without a timeout it waits as long as the call may take.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Reason, WaitError> {
        self.raw.wait(timeout.map(to_nanos))
    }

    pub(crate) fn raw(&self) -> &cancellation::Token {
        &self.raw
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
