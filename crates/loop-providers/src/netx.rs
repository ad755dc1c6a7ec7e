//! `loop:netx`: what components use the network for beyond WASI.
//!
//! Names are resolved and connections opened by [`loop_host::net::Dialer`], which asks the component's grants for the name, the URL and each address; those of others are
//! taken over by [`loop_host::upgrade`]. Nothing here asks a resolver or connects a socket.

mod bindings;
mod dns;
pub(crate) mod grpc;
pub(crate) mod websocket;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use loop_core::name::InterfaceName;
use loop_host::net::Dialer;
use loop_host::upgrade::Upgrades;
use loop_host::{AppContext, InstanceContext, Provider, ProviderError, State};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::netx::bindings::WebsocketServerAsync;
use crate::netx::bindings::loop_::netx as generated;
use crate::netx::websocket::Serving;

/// Serves `loop:netx` from the network, under the grants of each component.
///
/// It needs a tokio runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct Netx;

impl Provider for Netx {
    type App = ();
    type Instance = Network;

    fn name(&self) -> &'static str {
        "netx"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        ["dns", "grpc", "websocket", "websocket-async"]
            .into_iter()
            .filter_map(|name| format!("loop:netx/{name}@0.1.0").parse().ok())
            .collect()
    }

    fn wit(&self) -> Option<&str> {
        Some(concat!(
            include_str!("../../../wit/netx/netx.wit"),
            include_str!("../../../wit/netx/dns.wit"),
            include_str!("../../../wit/netx/grpc.wit"),
            include_str!("../../../wit/netx/websocket.wit"),
            include_str!("../../../wit/netx/websocket-async.wit")
        ))
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        generated::dns::add_to_linker::<State, Functions>(linker, view)?;
        generated::grpc::add_to_linker::<State, Functions>(linker, view)?;
        generated::websocket::add_to_linker::<State, Functions>(linker, view)
    }

    fn link_concurrent(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        generated::websocket_async::add_to_linker::<State, Functions>(linker, view)
    }

    fn app(&self, _: &AppContext<'_>) -> Result<(), ProviderError> {
        Ok(())
    }

    fn instance(
        &self,
        _: &Arc<()>,
        context: &InstanceContext<'_>,
    ) -> Result<Network, ProviderError> {
        Ok(Network {
            dialer: context.dialer.clone(),
            connections: Arc::default(),
            calls: Arc::default(),
            channels: grpc::Channels::default(),
            alive: Arc::default(),
            serving: None,
            handler: None,
            wake: None,
        })
    }

    fn upgrades(&self) -> Option<Arc<dyn Upgrades>> {
        Some(Arc::new(websocket::Server::default()))
    }
}

/// What an instance has of the network.
pub struct Network {
    dialer: Dialer,
    /// Each connection that the instance opened has a clone of it until it has ended: there are as many as there are clones.
    connections: Arc<()>,
    /// The same of the calls that it has.
    calls: Arc<()>,
    /// The connections over which it calls.
    channels: grpc::Channels,
    /// Stands for the instance, and ends with it.
    alive: Arc<()>,
    /// What others are served by, once somebody connected to it.
    serving: Option<Serving>,
    /// The functions that are called then, looked up once.
    handler: Option<Arc<WebsocketServerAsync>>,
    /// What waits to wake it.
    wake: Option<AbortHandle>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("dialer", &self.dialer)
            .field("serving", &self.serving)
            .finish_non_exhaustive()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(wake) = &self.wake {
            wake.abort();
        }
    }
}

/// Waits for something, for so many nanoseconds at most; 0 only looks. Nothing if the time was over.
async fn within<R>(limit: Option<u64>, work: impl Future<Output = R>) -> Option<R> {
    match limit {
        None => Some(work.await),
        Some(limit) => timeout(Duration::from_nanos(limit), work).await.ok(),
    }
}

/// What the functions work on.
pub(crate) struct NetworkView<'a> {
    network: &'a mut Network,
    table: &'a mut ResourceTable,
}

fn view(state: &mut State) -> NetworkView<'_> {
    let (network, table) = state.of_with_table::<Netx>();
    NetworkView { network, table }
}

/// Ties the generated functions to [`NetworkView`].
struct Functions;

impl HasData for Functions {
    type Data<'a> = NetworkView<'a>;
}
