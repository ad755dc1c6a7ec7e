//! `wasi:keyvalue`: named buckets of keys and values, that outlive the app.
//!
//! Two providers serve it: [`Keyvalue`] from a file, by redb, and `KeyvalueRedis` from a server. They differ in where the entries
//! are ([`store::Store`]) and in nothing else: names, limits and the order of keys are decided here, for both. An app names one of
//! them under `provide`, with the grants that the provider itself needs; `docs/guides/storage.md` has the settings.
//!
//! All components of an app share the buckets, unless its settings say `per-component`. Keys are listed in the order of their bytes. A
//! number is decimal text.

pub(crate) mod atomics;
mod batch;
mod bindings;
pub(crate) mod bucket;
mod error;
mod file;
mod limits;
#[cfg(feature = "keyvalue-redis")]
mod server;
mod store;

use std::sync::Arc;

use loop_core::name::InterfaceName;
use loop_host::{AppContext, InstanceContext, Provider, ProviderError, State};
use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::keyvalue::bindings::wasi::keyvalue as wit;
use crate::keyvalue::file::{Files, Place};
use crate::keyvalue::store::Store;
use crate::settings::{Names, Settings};

/// The version of the package.
const VERSION: &str = "0.2.0-draft2";

/// Its WIT.
const WIT: &str = concat!(
    include_str!("../../../wit/vendor/wasi-keyvalue-0.2.0-draft2/world.wit"),
    include_str!("../../../wit/vendor/wasi-keyvalue-0.2.0-draft2/store.wit"),
    include_str!("../../../wit/vendor/wasi-keyvalue-0.2.0-draft2/atomic.wit"),
    include_str!("../../../wit/vendor/wasi-keyvalue-0.2.0-draft2/batch.wit"),
    include_str!("../../../wit/vendor/wasi-keyvalue-0.2.0-draft2/watch.wit"),
);

/// Serves `wasi:keyvalue` from a file in a folder that is granted to it.
///
/// It needs a tokio runtime. Two apps of a host that name the same file share it; another process is refused while one has it.
#[derive(Debug, Default)]
pub struct Keyvalue {
    files: Files,
}

impl Provider for Keyvalue {
    type App = App;
    type Instance = Opened;

    fn name(&self) -> &'static str {
        "keyvalue"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        interfaces()
    }

    fn wit(&self) -> Option<&str> {
        Some(WIT)
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        link::<Self>(linker)
    }

    fn app(&self, context: &AppContext<'_>) -> Result<App, ProviderError> {
        let (place, buckets) = of_file(context)?;
        Ok(App {
            store: Store::File(self.files.open(place)?),
            buckets,
        })
    }

    fn check(&self, context: &AppContext<'_>) -> Result<(), ProviderError> {
        of_file(context).map(drop)
    }

    fn instance(
        &self,
        app: &Arc<App>,
        context: &InstanceContext<'_>,
    ) -> Result<Opened, ProviderError> {
        Ok(Opened::new(app, context))
    }
}

/// Serves `wasi:keyvalue` from a server that speaks Redis's protocol, at an address that is granted to it.
///
/// It needs a tokio runtime. Connections are made when something is asked, and again after they broke.
#[cfg(feature = "keyvalue-redis")]
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyvalueRedis;

#[cfg(feature = "keyvalue-redis")]
impl Provider for KeyvalueRedis {
    type App = App;
    type Instance = Opened;

    fn name(&self) -> &'static str {
        "keyvalue-redis"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        interfaces()
    }

    fn wit(&self) -> Option<&str> {
        Some(WIT)
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        link::<Self>(linker)
    }

    fn app(&self, context: &AppContext<'_>) -> Result<App, ProviderError> {
        let known = [
            "address",
            "prefix",
            "database",
            "user",
            "password-variable",
            "buckets",
            "per-component",
        ];
        let settings = Settings::new(context.config, &known)?;
        let buckets = settings.names("buckets")?;
        let target = server::Target::find(settings, context)?;
        Ok(App {
            store: Store::Server(server::ServerStore::new(target)),
            buckets,
        })
    }

    fn instance(
        &self,
        app: &Arc<App>,
        context: &InstanceContext<'_>,
    ) -> Result<Opened, ProviderError> {
        Ok(Opened::new(app, context))
    }
}

/// What an app says of its file.
fn of_file(context: &AppContext<'_>) -> Result<(Place, Names), ProviderError> {
    let known = ["folder", "file", "size", "buckets", "per-component"];
    let settings = Settings::new(context.config, &known)?;
    let buckets = settings.names("buckets")?;
    Ok((Place::find(settings, context)?, buckets))
}

fn interfaces() -> Vec<InterfaceName> {
    let names = ["store", "atomics", "batch"].into_iter();
    let names = names.map(|name| format!("wasi:keyvalue/{name}@{VERSION}"));
    names.filter_map(|name| name.parse().ok()).collect()
}

/// Where the entries of an app are, and which buckets it has.
#[derive(Debug)]
pub struct App {
    store: Store,
    buckets: Names,
}

/// What an instance has.
#[derive(Debug)]
pub struct Opened {
    app: Arc<App>,
    component: Arc<str>,
    /// What its handles of `cas` hold.
    held: atomics::Held,
}

impl Opened {
    fn new(app: &Arc<App>, context: &InstanceContext<'_>) -> Self {
        Self {
            app: Arc::clone(app),
            component: context.component.into(),
            held: atomics::Held::default(),
        }
    }
}

/// What the functions work on.
pub(crate) struct View<'a> {
    opened: &'a mut Opened,
    table: &'a mut ResourceTable,
}

/// Ties the generated functions to [`View`].
struct Serves;

impl HasData for Serves {
    type Data<'a> = View<'a>;
}

fn link<P: Provider<Instance = Opened>>(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    fn view<P: Provider<Instance = Opened>>(state: &mut State) -> View<'_> {
        let (opened, table) = state.of_with_table::<P>();
        View { opened, table }
    }
    wit::store::add_to_linker::<State, Serves>(linker, view::<P>)?;
    wit::atomics::add_to_linker::<State, Serves>(linker, view::<P>)?;
    wit::batch::add_to_linker::<State, Serves>(linker, view::<P>)
}
