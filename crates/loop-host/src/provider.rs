//! What an embedder adds to a host: interfaces that it serves itself, in its own process.
//!
//! A [`Provider`] has three lifetimes, and its types show them. The provider itself lives as long as the host. For
//! each app that names one of its interfaces under `provide` it makes an [`Provider::App`], from the app's
//! configuration; and for each instance that imports one, a [`Provider::Instance`], which is what its
//! functions work on. Both are dropped with what they were made for.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;

use loop_core::grants::{Access, Config};
use loop_core::name::InterfaceName;
use wasmtime::component::{HasData, Linker};

use crate::gate::Gate;
use crate::net::Dialer;
use crate::state::State;
use crate::upgrade::Upgrades;

/// Why a provider could not do its part.
pub type ProviderError = Box<dyn std::error::Error + Send + Sync>;

/// Serves interfaces to components, in the host's own process.
///
/// `examples/embed` is a complete one.
pub trait Provider: Send + Sync + 'static {
    /// What lives as long as an app: a pool of connections, a cache.
    type App: Send + Sync + 'static;

    /// What lives as long as an instance, and what the provider's functions are called on.
    type Instance: Send + 'static;

    /// Its name, by which `provide` can choose among several providers of an interface.
    fn name(&self) -> &str;

    /// The interfaces that it serves.
    fn interfaces(&self) -> Vec<InterfaceName>;

    /// The WIT of those interfaces, from which a link error shows how what a component wants differs.
    fn wit(&self) -> Option<&str> {
        None
    }

    /// Adds its functions to the linker of a component that imports one of its interfaces.
    ///
    /// Functions made by `wasmtime::component::bindgen!` are added with
    /// `add_to_linker::<State, Serves<Self>>(linker, State::of::<Self>)`.
    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;

    /// Adds those that use `async`, `stream` or `future`, which not every engine knows. Called after [`Provider::link`] for the linker of a component
    /// whose engine does, as that of each component does that imports such a function. Adds nothing by itself.
    fn link_concurrent(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        let _ = linker;
        Ok(())
    }

    /// Prepares for an app. Called once for each app that uses the provider, when it is linked.
    fn app(&self, context: &AppContext<'_>) -> Result<Self::App, ProviderError>;

    /// Looks at the settings and grants of an app that is only checked ([`crate::Host::check`]). What it does by itself is to prepare for the
    /// app, and to drop that: a provider that opens or makes something then, leaves it alone here.
    fn check(&self, context: &AppContext<'_>) -> Result<(), ProviderError> {
        self.app(context).map(drop)
    }

    /// Prepares for an instance. Called before it is made, on the way of its first call.
    fn instance(
        &self,
        app: &Arc<Self::App>,
        context: &InstanceContext<'_>,
    ) -> Result<Self::Instance, ProviderError>;

    /// How it serves connections that begin as HTTP and go on as something else, if it does.
    fn upgrades(&self) -> Option<Arc<dyn Upgrades>> {
        None
    }
}

/// What a provider learns of an app.
#[derive(Debug)]
#[non_exhaustive]
pub struct AppContext<'a> {
    /// The settings under `provide`.
    pub config: &'a Config,
    /// Decides what the provider itself may do in this app, by the grants under `provide`.
    pub gate: &'a Gate,
    /// The folders among those grants. The policy was asked about them; about more than their `access` it has not been.
    pub folders: &'a [Folder],
    /// The environment variables among those grants, with their values, as far as they are set.
    pub variables: &'a [(String, String)],
}

/// What a provider learns of an instance.
#[derive(Debug)]
#[non_exhaustive]
pub struct InstanceContext<'a> {
    /// The name of the component in its app.
    pub component: &'a str,
    /// Decides what the component may do.
    pub gate: &'a Gate,
    /// The folders that it was granted. The policy was asked about them; about more than their `access` it has not been.
    pub folders: &'a [Folder],
    /// The variables of the host that it was granted, with their values. The policy was asked about them.
    pub variables: &'a [(String, String)],
    /// Where the programs are that it was granted by name. The policy has not been asked about them.
    pub programs: &'a BTreeMap<String, PathBuf>,
    /// Connects to servers that the component was granted.
    pub dialer: &'a Dialer,
}

/// A folder that a component or a provider was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Folder {
    /// The name under which it was granted.
    pub name: String,
    /// Where it is. It was there when the app was linked.
    pub path: PathBuf,
    /// What may be done in it.
    pub access: Access,
}

/// Ties the functions that `bindgen!` makes to a provider's state of an instance.
pub struct Serves<P>(PhantomData<fn() -> P>);

impl<P> fmt::Debug for Serves<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Serves")
    }
}

impl<P: Provider> HasData for Serves<P> {
    type Data<'a> = &'a mut P::Instance;
}

/// A provider whose types are hidden, so that providers of all types stand in one list.
pub(crate) trait ErasedProvider: Send + Sync {
    fn name(&self) -> &str;
    fn interfaces(&self) -> Vec<InterfaceName>;
    fn wit(&self) -> Option<&str>;
    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;
    fn link_concurrent(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;
    fn app(&self, context: &AppContext<'_>) -> Result<Arc<dyn Any + Send + Sync>, ProviderError>;
    fn check(&self, context: &AppContext<'_>) -> Result<(), ProviderError>;
    fn instance(
        &self,
        app: &Arc<dyn Any + Send + Sync>,
        context: &InstanceContext<'_>,
    ) -> Result<Slot, ProviderError>;
    fn upgrades(&self) -> Option<Arc<dyn Upgrades>>;
}

/// A provider's state of one instance, with the provider's type to find it by.
pub(crate) struct Slot {
    pub(crate) provider: TypeId,
    pub(crate) state: Box<dyn Any + Send>,
}

impl<P: Provider> ErasedProvider for P {
    fn name(&self) -> &str {
        Provider::name(self)
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        Provider::interfaces(self)
    }

    fn wit(&self) -> Option<&str> {
        Provider::wit(self)
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        Provider::link(self, linker)
    }

    fn link_concurrent(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        Provider::link_concurrent(self, linker)
    }

    fn app(&self, context: &AppContext<'_>) -> Result<Arc<dyn Any + Send + Sync>, ProviderError> {
        Ok(Arc::new(Provider::app(self, context)?))
    }

    fn check(&self, context: &AppContext<'_>) -> Result<(), ProviderError> {
        Provider::check(self, context)
    }

    fn instance(
        &self,
        app: &Arc<dyn Any + Send + Sync>,
        context: &InstanceContext<'_>,
    ) -> Result<Slot, ProviderError> {
        let app = Arc::clone(app)
            .downcast::<P::App>()
            .map_err(|_| "the app was prepared by another provider")?;
        let state = Provider::instance(self, &app, context)?;
        Ok(Slot {
            provider: TypeId::of::<P>(),
            state: Box::new(state),
        })
    }

    fn upgrades(&self) -> Option<Arc<dyn Upgrades>> {
        Provider::upgrades(self)
    }
}
