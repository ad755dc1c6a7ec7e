//! The calling side, whatever the transport.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{Either, select};

use crate::VALUE_BYTES_MAX;
use crate::call::{self, CallError, Code, Incoming, Meta, Outgoing, Target};
use crate::frame::Path;
use crate::plain;
use crate::transport::Connect;

/// What is spoken over a transport. It is chosen, never found out: both sides of an address agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Plain wRPC: a stream for each call, values and nothing beside them.
    Plain,
}

/// Calls functions of one peer. Clones are cheap, and share what is connected.
#[derive(Clone)]
pub struct Client {
    protocol: Protocol,
    connector: Arc<dyn Connect>,
}

impl Client {
    /// A client that speaks `protocol` over what `connector` connects to. Nothing is connected before the first call.
    pub fn new(protocol: Protocol, connector: impl Connect) -> Self {
        Self {
            protocol,
            connector: Arc::new(connector),
        }
    }

    /// What it speaks.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Begins a call. The parameters are sent through the first half, the results come out of the second.
    ///
    /// Dropping the second half before its end cancels the call, and so does dropping the first before it is finished.
    ///
    /// # Errors
    ///
    /// If the peer cannot be reached, or `meta` holds what the protocol cannot carry.
    pub async fn start(
        &self,
        target: &Target,
        meta: &Meta,
    ) -> Result<(Outgoing, Incoming), CallError> {
        if !meta.is_empty() {
            let message = "plain wRPC carries no deadline, trace or caller: use the envelope";
            return Err(CallError::new(Code::Unsupported, message));
        }
        let connected = self.connector.connect().await;
        let stream = connected.map_err(|error| CallError::unreachable(&error))?;
        let outgoing = plain::outgoing::Outgoing::of_caller(stream.writer, target);
        let incoming = plain::incoming::Incoming::of_caller(stream.reader);
        Ok((
            Outgoing(call::outgoing::Kind::Plain(outgoing)),
            Incoming(call::incoming::Kind::Plain(incoming)),
        ))
    }

    /// Calls a function whose parameters and results have no streams within them. Dropping the future cancels the call.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start); or if the call fails, the peer goes away, or the results have more than
    /// [`VALUE_BYTES_MAX`] bytes.
    pub async fn call(
        &self,
        target: &Target,
        meta: &Meta,
        params: Bytes,
    ) -> Result<Bytes, CallError> {
        let (mut outgoing, mut incoming) = self.start(target, meta).await?;
        let send = pin!(async move {
            outgoing.send(&Path::root(), params).await?;
            outgoing.finish().await
        });
        let receive = pin!(incoming.collect(VALUE_BYTES_MAX));
        let (sent, results) = match select(send, receive).await {
            Either::Left((sent, receive)) => (sent, receive.await),
            // An answer that came before all parameters were read is an answer; no bytes at all are none.
            Either::Right((results, _)) => (Err(CallError::gone("it took no parameters")), results),
        };
        match (sent, results) {
            (Err(error), Ok(results)) if results.is_empty() => Err(error),
            (_, results) => results,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}
