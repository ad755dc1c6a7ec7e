//! Waiting for the first of several things.
//!
//! ```no_run
//! use std::time::Duration;
//! use loop_guest::{cancel::Token, time::Timer, wait::{self, Source}};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (beat, call) = (Timer::every(Duration::from_secs(1))?, Token::current());
//! for index in wait::any(&[Source::Timer(&beat), Source::Token(&call)], None)? {
//!     match index {
//!         0 => println!("{} beats", beat.take()),
//!         _ => println!("no longer wanted"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use crate::bindings::waiting;
use crate::cancel::Token;
use crate::time::{Timer, to_nanos};

pub use crate::bindings::waiting::AnyError;

/// Something that can be waited for.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Ready when the timer has fired and the event has not been taken.
    Timer(&'a Timer),
    /// Ready when the token is cancelled.
    Token(&'a Token),
}

/// Blocks until at least one source is ready, and gives the indices of all that are, rising. Takes no event.
///
/// Without a timeout it waits as long as the call may take.
pub fn any(sources: &[Source<'_>], timeout: Option<Duration>) -> Result<Vec<u32>, AnyError> {
    let sources: Vec<_> = sources
        .iter()
        .map(|source| match source {
            Source::Timer(timer) => waiting::Source::Timer(timer.raw()),
            Source::Token(token) => waiting::Source::Token(token.raw()),
        })
        .collect();
    waiting::any(&sources, timeout.map(to_nanos))
}
