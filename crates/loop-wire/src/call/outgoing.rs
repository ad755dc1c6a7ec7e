//! The half of a call that is sent.

use std::fmt;

use bytes::Bytes;

use crate::call::CallError;
use crate::frame::Path;
use crate::{plain, session};

/// The half of a call that is sent: the caller's parameters, or the callee's results.
///
/// Dropped before [`finish`](Self::finish), it breaks the call off, and the peer sees that the values are not whole.
pub struct Outgoing(pub(crate) Kind);

pub(crate) enum Kind {
    Plain(plain::outgoing::Outgoing),
    Envelope(session::Outgoing),
}

impl Outgoing {
    /// Sends bytes of the stream at `path`. Waits while the peer, or the transport, takes no more.
    ///
    /// If the future is dropped before it is done, the call cannot go on: part of the bytes may have been sent.
    ///
    /// # Errors
    ///
    /// If the call has failed or the peer is gone. [`Incoming`](crate::Incoming) may still have an answer that says more.
    pub async fn send(&mut self, path: &Path, data: Bytes) -> Result<(), CallError> {
        match &mut self.0 {
            Kind::Plain(half) => half.send(path, data).await.map_err(CallError::gone),
            Kind::Envelope(half) => half.send(path, data).await,
        }
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn finish(mut self) -> Result<(), CallError> {
        match &mut self.0 {
            Kind::Plain(half) => half.finish().await.map_err(CallError::gone),
            Kind::Envelope(half) => half.finish(),
        }
    }

    /// Sends the last bytes, and says that nothing more comes. In the envelope that is one message, and they leave as the
    /// peer takes them: this does not wait for it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_last(mut self, path: &Path, data: Bytes) -> Result<(), CallError> {
        match &mut self.0 {
            Kind::Plain(half) => {
                half.send(path, data).await.map_err(CallError::gone)?;
                half.finish().await.map_err(CallError::gone)
            }
            Kind::Envelope(half) => half.send_last(path, data),
        }
    }

    /// Fails the call, on the side that answers it. Plain wRPC has no word for why: the caller sees that the values are not
    /// whole. On the side that calls, it is cancelled.
    pub fn fail(mut self, error: &CallError) {
        match &mut self.0 {
            // It breaks the call off when it is dropped.
            Kind::Plain(_) => {}
            Kind::Envelope(half) => half.fail(error),
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Outgoing").finish_non_exhaustive()
    }
}
