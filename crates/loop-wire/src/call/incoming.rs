//! The half of a call that is received.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};

use crate::call::CallError;
use crate::frame::Frame;
use crate::{plain, session};

/// The half of a call that is received: the caller's parameters, or the callee's results.
pub struct Incoming(pub(crate) Kind);

pub(crate) enum Kind {
    Plain(plain::incoming::Incoming),
    Envelope(session::Incoming),
}

impl Incoming {
    /// The next piece of the values, or of a stream within them; `None` after the last.
    ///
    /// What is not asked for is not received either: the peer waits. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// If the call failed, or the peer is gone.
    pub async fn next(&mut self) -> Result<Option<Frame>, CallError> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// As [`next`](Self::next), for those who poll.
    pub fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Frame>, CallError>> {
        match &mut self.0 {
            Kind::Plain(half) => half.poll_frame(context),
            Kind::Envelope(half) => half.poll_frame(context),
        }
    }

    /// Everything up to the end, where the values have no streams within them.
    ///
    /// # Errors
    ///
    /// If the call failed, the values have more than `bytes_max` bytes, or there is a stream within them.
    pub async fn collect(&mut self, bytes_max: usize) -> Result<Bytes, CallError> {
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(frame) = self.next().await? {
            if !frame.path.is_root() {
                return Err(CallError::protocol(
                    "a stream came where only values are taken",
                ));
            }
            if first.len() + all.len() + frame.data.len() > bytes_max {
                return Err(CallError::too_large(bytes_max));
            }
            if first.is_empty() && all.is_empty() {
                first = frame.data;
                continue;
            }
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&frame.data);
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Incoming").finish_non_exhaustive()
    }
}
