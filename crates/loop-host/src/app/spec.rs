//! What an app is made of, before it is linked.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use loop_core::Limits;
use loop_core::grants::{Config, Grants};
use loop_core::name::ImportName;
use loop_core::policy::Trust;

use crate::component::Component;
use crate::core::CoreOptions;
use crate::instances::Mode;
use crate::stdio::Stdio;
use crate::wasi::{Resolver, SystemResolver};

/// What an app is made of.
#[derive(Clone, Debug)]
pub struct AppSpec {
    /// Its name, for messages.
    pub name: String,
    /// The component that starts. It is one of `components`.
    pub root: String,
    /// The components, by name.
    pub components: BTreeMap<String, ComponentSpec>,
    /// Who satisfies which import. What is not here is satisfied by WASI and `loop:core`, or not at all. What is said of an interface
    /// counts before what is said of its package.
    pub provide: BTreeMap<ImportName, RouteSpec>,
    /// The standard streams of its components.
    pub stdio: Stdio,
    /// How `loop:core` behaves: what is logged and who takes it, and the seed of a deterministic run, which
    /// `wasi:random/insecure-seed` gives as well.
    pub core: CoreOptions,
    /// Who resolves names for its components.
    pub resolver: ResolverRef,
}

impl AppSpec {
    /// An app of one component, its root.
    pub fn single(component: ComponentSpec) -> Self {
        let root = component.component.name().to_owned();
        Self {
            name: root.clone(),
            components: BTreeMap::from([(root.clone(), component)]),
            root,
            provide: BTreeMap::new(),
            stdio: Stdio::default(),
            core: CoreOptions::default(),
            resolver: ResolverRef::default(),
        }
    }
}

/// A resolver in an [`AppSpec`]. The default is the system's.
#[derive(Clone)]
pub struct ResolverRef(pub Arc<dyn Resolver>);

impl Default for ResolverRef {
    fn default() -> Self {
        Self(Arc::new(SystemResolver))
    }
}

impl fmt::Debug for ResolverRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResolverRef")
    }
}

/// One component of an app, and what it gets.
#[derive(Clone, Debug)]
pub struct ComponentSpec {
    /// The component.
    pub component: Component,
    /// What it may do. Nothing by default.
    pub grants: Grants,
    /// How much of the machine it may use.
    pub limits: Limits,
    /// How many instances it has, and who shares them. By default those that serve `wasi:http` have one
    /// per request, and all others one.
    pub instances: Option<Mode>,
    /// What it reads through `wasi:config/store`.
    pub config: Config,
    /// Whether the app trusts it.
    pub trust: Trust,
    /// Whether other processes may call what it exports: see [`App::expose`](crate::App::expose).
    pub exposed: bool,
    /// The folder that the paths of its grants are relative to.
    pub base: PathBuf,
    /// The host's environment variables, of which it sees those that are granted.
    pub variables: BTreeMap<String, String>,
    /// Where programs are, by name, of which it may start those that are granted by name. Absolute paths need not be here.
    pub programs: BTreeMap<String, PathBuf>,
}

impl ComponentSpec {
    /// A component to which nothing is granted, with the default limits.
    pub fn new(component: Component) -> Self {
        Self {
            component,
            grants: Grants::default(),
            limits: Limits::default(),
            instances: None,
            config: Config::new(),
            trust: Trust::Untrusted,
            exposed: false,
            base: PathBuf::from("."),
            variables: BTreeMap::new(),
            programs: BTreeMap::new(),
        }
    }
}

/// What satisfies an import.
#[expect(
    clippy::large_enum_variant,
    reason = "an app has a few of them, each made once"
)]
#[derive(Clone, Debug)]
pub enum RouteSpec {
    /// A provider of the host.
    Native(NativeSpec),
    /// The component of the app with this name, which exports the interface.
    Component(String),
    /// A peer elsewhere, which serves the interface.
    Remote(RemoteSpec),
}

/// A peer that serves an interface.
#[derive(Clone, Debug)]
pub struct RemoteSpec {
    /// Where it is, for messages: `loop+unix:///run/store.sock`.
    pub address: String,
    /// What calls it. Clones share their connection, so one client may stand in several specs.
    pub client: loop_wire::Client,
    /// The time for one call.
    pub call: Duration,
}

/// How an app uses a provider of the host. The default takes whichever serves the interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NativeSpec {
    /// The provider's name.
    pub provider: Option<String>,
    /// What the provider itself may do in this app.
    pub grants: Grants,
    /// The folder below which the paths of its grants are. The default is the working directory.
    pub base: PathBuf,
    /// Its settings.
    pub config: Config,
    /// Whether the app trusts it.
    pub trust: Trust,
    /// The host's environment variables, of which it sees those that are granted.
    pub variables: BTreeMap<String, String>,
}
