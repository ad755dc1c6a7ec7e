//! Connections that begin as HTTP and go on as something else, in the hands of a provider.
//!
//! A [`Provider`](crate::Provider) that serves such a protocol gives an [`Upgrades`]. Where a component exports the interface that it names, and
//! uses the provider, the server hands it the requests that ask for the protocol; the provider answers, takes the connection over, and calls the
//! component ([`Callee`]) with what happens on it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderName, Request, Response, request};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use loop_core::name::InterfaceName;
use tokio::sync::{OwnedSemaphorePermit, watch};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::app::outside;
use crate::error::CallError;
use crate::instances::Instances;
use crate::net::Connection;
use crate::observer::Event;
use crate::state::State;

/// Serves a protocol to which HTTP connections are upgraded.
#[async_trait]
pub trait Upgrades: Send + Sync + 'static {
    /// The protocol as requests name it: `websocket`.
    fn protocol(&self) -> &str;

    /// The interface that a component exports to be served so. Such a component has one instance.
    fn handler(&self) -> Option<InterfaceName>;

    /// Looks for what it calls of a component that exports the interface. Called once, when the component is linked; each component
    /// gets an [`Upgrades`] of its own.
    ///
    /// # Errors
    /// The interface is not what it expects.
    fn prepare(&self, pre: &InstancePre<State>) -> wasmtime::Result<()>;

    /// Answers a request for the protocol. If it answers `101`, the connection is the provider's: see [`Upgrading`].
    async fn upgrade(&self, upgrade: Upgrade) -> Response<Bytes>;
}

/// A request for another protocol.
#[derive(Debug)]
#[non_exhaustive]
pub struct Upgrade {
    /// The request, which has no body.
    pub head: request::Parts,
    /// Who sent it.
    pub peer: SocketAddr,
    /// The component that it is for.
    pub callee: Callee,
    /// The connection, once the request is answered.
    pub connection: Upgrading,
    /// To be held for as long as the connection is open.
    pub place: Place,
}

impl Upgrade {
    pub(crate) fn new(
        mut request: Request<Incoming>,
        peer: SocketAddr,
        component: &Arc<Instances>,
        place: Place,
    ) -> Self {
        let connection = Upgrading(hyper::upgrade::on(&mut request));
        let callee = Callee(Arc::clone(component));
        Self {
            head: request.into_parts().0,
            peer,
            callee,
            connection,
            place,
        }
    }
}

/// A connection that still speaks HTTP, until its request is answered.
#[derive(Debug)]
pub struct Upgrading(OnUpgrade);

impl Upgrading {
    /// Waits until the request is answered with `101`, and gives the connection.
    ///
    /// # Errors
    /// It was answered otherwise, or the client went away.
    pub async fn finish(self) -> io::Result<Box<dyn Connection>> {
        match self.0.await {
            Ok(upgraded) => Ok(Box::new(TokioIo::new(upgraded))),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

/// A connection's place among those that a server has at once. Dropping it gives it to another.
#[derive(Clone, Debug)]
pub struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
    stopping: watch::Receiver<()>,
}

impl Place {
    pub(crate) fn new(permit: OwnedSemaphorePermit, stopping: watch::Receiver<()>) -> Self {
        Self {
            _permit: Arc::new(permit),
            stopping,
        }
    }

    /// Waits until the server is to stop. It then waits some seconds for its places to be given up.
    pub async fn stopping(&mut self) {
        // An error says that the server is gone.
        let _ = self.stopping.changed().await;
    }
}

/// A component that is called with what happens elsewhere. Clones are the same.
#[derive(Clone)]
pub struct Callee(Arc<Instances>);

impl Callee {
    /// Its name in the app.
    pub fn component(&self) -> &str {
        &self.0.linked.name
    }

    /// The same, without keeping its app alive.
    pub fn downgrade(&self) -> WeakCallee {
        WeakCallee(Arc::downgrade(&self.0))
    }

    /// Calls it, as one call from outside the app with the component's limits: `body` gets the instance and its store. Waits for those that
    /// called before, for as long as a call may take; that time is not the call's.
    ///
    /// Dropping the future ends the call and the instance.
    ///
    /// # Errors
    /// How the call was ended. The observer was told of it.
    pub async fn call<R: Send>(
        &self,
        body: impl for<'a> FnOnce(
            &'a mut Store<State>,
            &'a Instance,
        ) -> BoxFuture<'a, wasmtime::Result<R>>
        + Send,
    ) -> Result<R, CallError> {
        let linked = &*self.0.linked;
        let called = async {
            let _turn = self.0.turn().await?;
            let call = outside()
                .within(linked.call_limit())
                .under(linked.core.token());
            self.0
                .with(&call, |live| body(&mut live.store, &live.instance))
                .await
        };
        let called = called.await;
        if let Err(error) = &called {
            linked.host.observer.event(&Event::Failed {
                component: &linked.name,
                error,
            });
        }
        called
    }
}

impl fmt::Debug for Callee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Callee").field(&self.component()).finish()
    }
}

/// A [`Callee`] whose app may have ended.
#[derive(Clone)]
pub struct WeakCallee(Weak<Instances>);

impl WeakCallee {
    /// The component, if its app lives.
    pub fn upgrade(&self) -> Option<Callee> {
        self.0.upgrade().map(Callee)
    }
}

impl fmt::Debug for WeakCallee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakCallee")
    }
}

/// Whether a request asks for a protocol: RFC 9110, section 7.8.
pub(crate) fn asks_for(headers: &HeaderMap, protocol: &str) -> bool {
    has(headers, &CONNECTION, UPGRADE.as_str()) && has(headers, &UPGRADE, protocol)
}

/// Whether a list in a header has this word.
fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lists = headers.get_all(name).into_iter();
    let mut words = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    words.any(|own| own.trim().eq_ignore_ascii_case(word))
}
