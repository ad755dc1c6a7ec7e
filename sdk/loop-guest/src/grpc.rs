//! Calls of gRPC services, by `loop:netx/grpc`. With the feature `grpc`.
//!
//! Messages are bytes, which the component encodes and decodes: most services use Protocol Buffers. A method that takes one message and gives one:
//!
//! ```no_run
//! use std::time::Duration;
//! use loop_guest::grpc::Method;
//!
//! # fn main() -> Result<(), loop_guest::grpc::AskError> {
//! # let message = Vec::new();
//! let reply = Method::new("https://api.example.com/acme.Store/Get")
//!     .metadata("authorization", "Bearer abc")
//!     .timeout(Duration::from_secs(5))
//!     .ask(message)?;
//! println!("{} bytes", reply.message.len());
//! # Ok(())
//! # }
//! ```
//!
//! One that takes or gives several:
//!
//! ```no_run
//! use loop_guest::grpc::Method;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let messages: Vec<Vec<u8>> = Vec::new();
//! let call = Method::new("https://api.example.com/acme.Store/Watch").start()?;
//! for message in messages {
//!     call.send(&message)?;
//! }
//! call.finish();
//! while let Some(message) = call.message()? {
//!     println!("{} bytes", message.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A call needs its URL under `net.http`. A message has at most 4 MiB. `wit/netx` says the rest.

use std::fmt;
use std::time::Duration;

use crate::time::to_nanos;

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "generated from wit/netx"
)]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package loop:guest-grpc;
            world imports {
                import loop:netx/grpc@0.1.0;
            }
        ",
        path: ["../../wit/vendor/wasi-0.2.12", "../../wit/netx"],
        runtime_path: "wit_bindgen::rt",
        additional_derives: [PartialEq],
        additional_derives_ignore: ["call"],
        generate_all,
    });
}

use bindings::loop_::netx::grpc as raw;

pub use raw::{AskError, Code, Event, Metadata, Reply, SendError, StartError, Status, WaitError};

/// A method of a service, and how it is called.
#[derive(Clone, Debug)]
pub struct Method {
    url: String,
    metadata: Metadata,
    timeout: Option<Duration>,
}

impl Method {
    /// A method by its URL: `https://api.example.com/acme.Store/Get`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            metadata: Vec::new(),
            timeout: None,
        }
    }

    /// Sends this beside the messages. A name that ends in `-bin` has any bytes for its value.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.metadata.push((name.into(), value.into()));
        self
    }

    /// The longest time until the call has ended, of which the server is told.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// Calls a method that takes one message and gives one. Blocks until it has answered.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn ask(&self, message: impl AsRef<[u8]>) -> Result<Reply, AskError> {
        raw::ask(&self.url, message.as_ref(), &self.options())
    }

    /// Begins a call. Blocks until there is a connection.
    ///
    /// # Errors
    /// Why it did not begin.
    pub fn start(&self) -> Result<Call, StartError> {
        raw::Call::start(&self.url, &self.options()).map(Call)
    }

    fn options(&self) -> raw::Options {
        raw::Options {
            metadata: self.metadata.clone(),
            timeout: self.timeout.map(to_nanos),
        }
    }
}

/// A call. Dropping it before it has ended cancels it.
pub struct Call(raw::Call);

impl Call {
    /// Sends a message after those sent before. Does not block.
    ///
    /// # Errors
    /// Why it was not sent.
    pub fn send(&self, message: impl AsRef<[u8]>) -> Result<(), SendError> {
        self.0.send(message.as_ref())
    }

    /// No more messages are sent.
    pub fn finish(&self) {
        self.0.finish();
    }

    /// Blocks until all that was sent is taken, or the call has ended. Without a timeout it waits as long as the component's own call may take.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`].
    pub fn flush(&self, timeout: Option<Duration>) -> Result<(), WaitError> {
        self.0.flush(timeout.map(to_nanos))
    }

    /// Blocks until something happens, and gives it. Without a timeout it waits as long as the component's own call may take.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`], having taken nothing.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Event, WaitError> {
        self.0.next(timeout.map(to_nanos))
    }

    /// Blocks until a message comes, and gives it; nothing when the call has ended well. What comes beside the messages is passed over.
    ///
    /// # Errors
    /// How the call failed.
    pub fn message(&self) -> Result<Option<Vec<u8>>, Status> {
        loop {
            match self.0.next(None) {
                Ok(Event::Message(message)) => return Ok(Some(message)),
                Ok(Event::Ended(ended)) => return ended.map(|_| None),
                // A wait without a timeout has none that passes.
                Ok(Event::Answered(_)) | Err(_) => {}
            }
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the call failed with {:?}: {}", self.code, self.message)
    }
}

impl std::error::Error for Status {}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

/// Blocks until [`Call::next`] would give something at once on at least one of these, and gives the indices of all such, rising.
///
/// # Errors
/// [`WaitError::TimedOut`]; [`WaitError::Nothing`] without a call.
pub fn first(calls: &[&Call], timeout: Option<Duration>) -> Result<Vec<u32>, WaitError> {
    let raw: Vec<_> = calls.iter().map(|call| &call.0).collect();
    raw::first(&raw, timeout.map(to_nanos))
}
