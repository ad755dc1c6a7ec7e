//! The calling side, whatever the transport.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use futures::future::{Either, select};

use crate::VALUE_BYTES_MAX;
use crate::address::Address;
use crate::call::{self, CallError, Code, Incoming, Meta, Outgoing, Target};
use crate::envelope::{CallId, Resource, Role, Settings};
use crate::frame::Path;
use crate::plain;
use crate::session::{self, Driver, Session};
use crate::transport::{Connect, Connector, Keys};

/// What is spoken over a transport. It is chosen, never found out: both sides of an address agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Plain wRPC: a stream for each call, values and nothing beside them.
    Plain,
    /// The envelope: many calls on one stream, with deadlines, cancellation, and errors that say whether to try again.
    Envelope,
}

/// Calls functions of one peer. Clones are cheap, and share what is connected.
///
/// In the envelope, calls share one stream. It is made by the first call and again when it was lost or its peer is about to
/// go; calls that were under way then fail, and say whether another try is safe. When the last clone is dropped, the
/// stream ends as soon as its calls have.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    protocol: Protocol,
    connector: Box<dyn Connect>,
    settings: Settings,
    session: Mutex<Option<Arc<Session>>>,
    /// Held by who connects.
    connecting: tokio::sync::Mutex<()>,
}

impl Client {
    /// A client that speaks `protocol` over what `connector` connects to. Nothing is connected before the first call.
    pub fn new(protocol: Protocol, connector: impl Connect) -> Self {
        Self::with_settings(protocol, connector, Settings::default())
    }

    /// As [`new`](Self::new), with what this side of the envelope takes.
    pub fn with_settings(protocol: Protocol, connector: impl Connect, settings: Settings) -> Self {
        let shared = Shared {
            protocol,
            connector: Box::new(connector),
            settings,
            session: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// A client of the peer at an address, with the keys that its transport needs. Nothing is connected before the first
    /// call.
    ///
    /// # Errors
    ///
    /// If the host's name is none that a certificate could have; for `stdio:`, whose stream is there already and goes to
    /// [`new`](Self::new) by `stdio::Connector`; or if the transport was left out when this was built.
    pub fn at(address: &Address, keys: &Keys) -> Result<Self, CallError> {
        let connector = Connector::at(address, keys).map_err(|error| {
            let message = format!("no client can be made for `{address}`: {error}");
            CallError::new(Code::Unsupported, message)
        })?;
        Ok(Self::new(address.protocol, connector))
    }

    /// What it speaks.
    pub fn protocol(&self) -> Protocol {
        self.shared.protocol
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
        check(self.shared.protocol, meta)?;
        if self.shared.protocol == Protocol::Plain {
            let (outgoing, incoming) = self.start_plain(target).await?;
            return Ok((
                Outgoing(call::outgoing::Kind::Plain(outgoing)),
                Incoming(call::incoming::Kind::Plain(incoming)),
            ));
        }
        let (session, call) = self.open(target, meta, &Bytes::new(), false).await?;
        let hold = Arc::new(session::Hold::new(session, call));
        let outgoing = session::Outgoing::of_caller(Arc::clone(&hold));
        let incoming = session::Incoming::of_caller(hold);
        Ok((
            Outgoing(call::outgoing::Kind::Envelope(outgoing)),
            Incoming(call::incoming::Kind::Envelope(incoming)),
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
        check(self.shared.protocol, meta)?;
        if self.shared.protocol == Protocol::Envelope {
            let (session, call) = self.open(target, meta, &params, true).await?;
            return session::Unary::new(&session, call)
                .results(VALUE_BYTES_MAX)
                .await;
        }
        let (mut outgoing, incoming) = self.start_plain(target).await?;
        let mut incoming = Incoming(call::incoming::Kind::Plain(incoming));
        let send = pin!(async move {
            outgoing
                .send(&Path::root(), params)
                .await
                .map_err(CallError::gone)?;
            outgoing.finish().await.map_err(CallError::gone)
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

    /// Tells the peer that a resource of its own is needed no longer. Nobody answers, and a peer that is gone has no
    /// resources.
    ///
    /// # Errors
    ///
    /// If the protocol has no word for it, or the transport [spreads](Connect::spreads) the calls over servers.
    pub fn drop_resource(&self, resource: &Resource) -> Result<(), CallError> {
        if self.shared.protocol == Protocol::Plain {
            let message = "plain wRPC has no word for a dropped resource: use the envelope";
            return Err(CallError::new(Code::Unsupported, message));
        }
        if self.shared.connector.spreads() {
            let message =
                "calls are spread over servers, and a resource belongs to one: keep to one server";
            return Err(CallError::new(Code::Unsupported, message));
        }
        if let Some(session) = &*self.shared.session() {
            session.drop_resource(resource);
        }
        Ok(())
    }

    async fn start_plain(
        &self,
        target: &Target,
    ) -> Result<(plain::outgoing::Outgoing, plain::incoming::Incoming), CallError> {
        let connected = self.shared.connector.connect().await;
        let stream = connected.map_err(|error| CallError::unreachable(&error))?;
        let outgoing = plain::outgoing::Outgoing::of_caller(stream.writer, target);
        Ok((
            outgoing,
            plain::incoming::Incoming::of_caller(stream.reader),
        ))
    }

    /// Opens a call of the envelope, on a session that takes it.
    async fn open(
        &self,
        target: &Target,
        meta: &Meta,
        data: &Bytes,
        end: bool,
    ) -> Result<(Arc<Session>, CallId), CallError> {
        if self.shared.connector.spreads() {
            let session = self.connect().await?;
            let call = session.open(target, meta, data, end).await?;
            // It is for this call alone.
            session.close();
            return Ok((session, call));
        }
        let session = self.connected().await?;
        match session.open(target, meta, data, end).await {
            // It took no more calls since it was last looked at: the next one does, or there is none.
            Err(error) if error.code == Code::GoingAway => {
                let session = self.connected().await?;
                let call = session.open(target, meta, data, end).await?;
                Ok((session, call))
            }
            opened => Ok((session, opened?)),
        }
    }

    /// The session, made anew if there is none that takes calls.
    async fn connected(&self) -> Result<Arc<Session>, CallError> {
        if let Some(session) = self.shared.usable() {
            return Ok(session);
        }
        let _connecting = self.shared.connecting.lock().await;
        if let Some(session) = self.shared.usable() {
            return Ok(session);
        }
        let session = self.connect().await?;
        let before = self.shared.session().replace(Arc::clone(&session));
        if let Some(before) = before {
            before.close();
        }
        Ok(session)
    }

    /// A session on a stream of its own.
    async fn connect(&self) -> Result<Arc<Session>, CallError> {
        let connected = self.shared.connector.connect().await;
        let stream = connected.map_err(|error| CallError::unreachable(&error))?;
        let settings = &self.shared.settings;
        let (session, driver) = Driver::new(Role::Caller, settings, stream, BytesMut::new());
        tokio::spawn(driver.run());
        Ok(session)
    }
}

impl Shared {
    fn session(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn usable(&self) -> Option<Arc<Session>> {
        self.session()
            .as_ref()
            .filter(|session| session.is_usable())
            .cloned()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(session) = self.session().take() {
            session.close();
        }
    }
}

/// Refuses what the protocol cannot carry.
fn check(protocol: Protocol, meta: &Meta) -> Result<(), CallError> {
    if meta.is_empty() {
        return Ok(());
    }
    if protocol == Protocol::Plain {
        let message = "plain wRPC carries no deadline, trace or caller: use the envelope";
        return Err(CallError::new(Code::Unsupported, message));
    }
    meta.check()
        .map_err(|error| CallError::new(Code::Limit, error.to_string()))
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.shared.protocol;
        formatter
            .debug_struct("Client")
            .field("protocol", &protocol)
            .finish_non_exhaustive()
    }
}
