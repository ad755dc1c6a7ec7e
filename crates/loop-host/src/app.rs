//! An app: a graph of components that runs as one.

mod spec;

pub use self::spec::{AppSpec, ComponentSpec, NativeSpec, RemoteSpec, ResolverRef, RouteSpec};

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use loop_codec::Plan;
use loop_core::grants::Grants;
use loop_core::name::{ImportName, InterfaceName};
use loop_core::policy::{self, Request};
use wasmtime::component::types::{ComponentInstance, ComponentItem};

use crate::chain::Call;
use crate::command;
use crate::component::Component;
use crate::core::{CoreApp, Reads};
use crate::error::{CallError, LinkError, ServeError};
use crate::expose::Exposed;
use crate::gate::Gate;
use crate::host::Shared;
use crate::instances::{Instances, Mode};
use crate::invoke::{Function, Signatures};
use crate::link_report;
use crate::linked::{Linked, Used};
use crate::provider::{AppContext, ErasedProvider, Folder};
use crate::route::provider;
use crate::route::remote::Remote;
use crate::route::weave::weave;
use crate::route::{self, Route, Target, caller};
use crate::serve;
use crate::server::Server;
use crate::upgrade::Upgrades;
use crate::wasi::{self, Pool};

/// A linked app. Cheap to clone; clones are the same app. Its instances end with the last clone.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) root: Arc<Instances>,
    pub(crate) core: CoreApp,
}

impl App {
    /// Runs the root, which is a `wasi:cli` command, with these arguments after the program's name.
    ///
    /// Dropping the future ends the command where it is.
    ///
    /// # Errors
    /// [`CallError::NoExport`] if the root is no command; otherwise how it was ended. A command that reports a failure
    /// itself is no error: see [`Exit`].
    pub async fn run(&self, args: &[String]) -> Result<Exit, CallError> {
        command::run(&self.root, args).await
    }

    /// Calls an exported function of the root, written `acme:math/calc#add(1, 2)`, and gives its results as text. Values are written as
    /// [WAVE](https://github.com/bytecodealliance/wasm-tools/tree/main/crates/wasm-wave).
    ///
    /// # Errors
    /// [`CallError::Arguments`] if the text cannot be read, [`CallError::NoExport`] if there is no such function; otherwise how
    /// the call was ended.
    pub async fn invoke(&self, call: &str) -> Result<String, CallError> {
        crate::invoke::invoke(&self.root, call).await
    }

    /// An exported function of the root, named `acme:math/calc#add`, or `add` if it is exported by itself.
    ///
    /// # Errors
    /// [`CallError::NoExport`] if there is no such function.
    pub fn function(&self, name: &str) -> Result<Function, CallError> {
        let (interface, name) = crate::invoke::split(name);
        Function::find(&self.root, interface, name)
    }

    /// Begins to serve the root's HTTP handler on an address.
    ///
    /// # Errors
    /// [`Server`] lists them; among them that the root is not granted the address.
    pub async fn listen(&self, address: std::net::SocketAddr) -> Result<Server, ServeError> {
        Server::listen(&self.root, address).await
    }

    /// Has other processes call what the root exports, which its spec says is [exposed](ComponentSpec::exposed): the handler
    /// is given to a [`loop_wire::Server`]. `at` is the address of this machine's network on which it will be served, if
    /// it is a network; who can reach a socket in a folder is up to whoever makes the folder.
    ///
    /// # Errors
    /// [`ServeError::Denied`] if the root is not granted the address, [`ServeError::NothingExposed`] if it exports nothing that
    /// others could call.
    pub fn expose(&self, at: Option<std::net::SocketAddr>) -> Result<Exposed, ServeError> {
        Exposed::new(&self.root, at)
    }

    /// The logs and metrics that its components gave so far.
    pub fn telemetry(&self) -> &CoreApp {
        &self.core
    }

    pub(crate) fn link(
        host: Arc<Shared>,
        spec: &AppSpec,
        providers: Providers,
    ) -> Result<Self, LinkError> {
        let no_component = |name: &String| LinkError::NoComponent { name: name.clone() };
        for route in spec.provide.values() {
            if let RouteSpec::Component(name) = route
                && !spec.components.contains_key(name)
            {
                return Err(no_component(name));
            }
        }
        let mut linker = AppLinker {
            core: CoreApp::new(spec.core.clone()),
            host,
            spec,
            providers,
            prepared: Vec::new(),
            done: BTreeMap::new(),
        };
        let root = linker.component(&spec.root, &mut Vec::new())?;
        // The others too, though the root never reaches them: whoever wrote them down wants to know if they fit.
        for name in spec.components.keys() {
            linker.component(name, &mut Vec::new())?;
        }
        Ok(Self {
            root,
            core: linker.core,
        })
    }
}

/// How a command ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code: 0 for success, 1 if it reported a failure without one.
    pub code: i32,
}

/// An import that a route serves.
struct Routed<'a> {
    import: String,
    to: To<'a>,
}

enum To<'a> {
    /// To a component, and its export.
    Component(Arc<Instances>, String),
    Remote(&'a RemoteSpec),
}

/// What a native provider prepared for the app.
struct Prepared {
    provider: String,
    /// How the app uses it, as far as the provider is concerned.
    spec: NativeSpec,
    app: Arc<dyn std::any::Any + Send + Sync>,
}

/// What native providers do for an app that is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Providers {
    /// They prepare for it: it will run.
    Prepare,
    /// They only look at what it gives them: it will not.
    Check,
}

/// Links the components of one app, those that others need first.
struct AppLinker<'a> {
    host: Arc<Shared>,
    spec: &'a AppSpec,
    providers: Providers,
    core: CoreApp,
    /// What native providers prepared: once for lines under `provide` that say the same of one provider.
    prepared: Vec<Prepared>,
    done: BTreeMap<String, Arc<Instances>>,
}

impl<'a> AppLinker<'a> {
    /// Links a component, after those that it needs. `path` holds the components that wait for this one.
    fn component(
        &mut self,
        name: &str,
        path: &mut Vec<String>,
    ) -> Result<Arc<Instances>, LinkError> {
        if let Some(done) = self.done.get(name) {
            return Ok(Arc::clone(done));
        }
        if let Some(start) = path.iter().position(|waiting| waiting == name) {
            let mut cycle = path.split_off(start);
            cycle.push(name.to_owned());
            return Err(LinkError::Cycle { path: cycle });
        }
        let spec = self.spec.components.get(name);
        let spec = spec.ok_or_else(|| LinkError::NoComponent {
            name: name.to_owned(),
        })?;
        path.push(name.to_owned());
        let instances = Arc::new(self.link(name, spec, path)?);
        path.pop();
        self.done.insert(name.to_owned(), Arc::clone(&instances));
        Ok(instances)
    }

    fn link(
        &mut self,
        name: &str,
        spec: &'a ComponentSpec,
        path: &mut Vec<String>,
    ) -> Result<Instances, LinkError> {
        let component = &spec.component;
        let app_name: Arc<str> = name.into();
        let fail = |source| LinkError::Engine {
            component: name.to_owned(),
            source,
        };
        let routed = self.routed(name, component, path)?;
        let imports: Vec<&str> = routed.iter().map(|routed| &*routed.import).collect();
        let exports = self.called(name, spec);
        let exports: Vec<&str> = exports.iter().map(String::as_str).collect();
        let woven = weave(&self.host, component, &imports, &exports)?;
        let code = &woven.component.code;
        let engine = code.engine().clone();
        let ty = code.component_type();
        let imports = ty.imports(&engine).map(|(name, _)| name);
        let mut linker = wasi::linker(&engine, imports).map_err(fail)?;
        if woven
            .served
            .as_ref()
            .is_some_and(|served| served.by_adapter.is_some())
        {
            provider::link_adapter(&mut linker).map_err(fail)?;
        }
        let mut providers: Vec<Used> = Vec::new();
        let mut http_server = None;
        for (import, _) in ty.imports(&engine) {
            let Ok(interface) = import.parse::<InterfaceName>() else {
                continue;
            };
            let native = match self.route(&interface, name) {
                Some((key, RouteSpec::Native(native))) => {
                    let provider = self.provider(&interface, key, native)?;
                    let app = self.prepare(native, &*provider)?;
                    Used { provider, app }
                }
                Some((_, RouteSpec::Component(provider))) if serve::is_client(&interface) => {
                    let target = self.component(provider, path)?;
                    serve::check_server(&target)?;
                    http_server = Some(target);
                    continue;
                }
                Some(_) => continue,
                None => {
                    let Some(provider) = self.standard(&interface) else {
                        continue;
                    };
                    let app = self.prepare(&NativeSpec::default(), &*provider)?;
                    Used { provider, app }
                }
            };
            let is_it = |used: &&Used| used.provider.name() == native.provider.name();
            match providers.iter().find(is_it) {
                // An instance has one state of each provider.
                Some(used) if !Arc::ptr_eq(&used.app, &native.app) => {
                    return Err(LinkError::TwoSettings {
                        component: name.to_owned(),
                        provider: native.provider.name().to_owned(),
                    });
                }
                Some(_) => {}
                None => {
                    native.provider.link(&mut linker).map_err(fail)?;
                    if woven.component.is_concurrent() {
                        let linked = native.provider.link_concurrent(&mut linker);
                        linked.map_err(fail)?;
                    }
                    providers.push(native);
                }
            }
        }
        // After the providers, which link all that they serve: what is handed to somebody else takes the place of theirs.
        let elsewhere = routed
            .iter()
            .filter_map(|routed| routed.import.parse().ok());
        let elsewhere: Vec<InterfaceName> = elsewhere.collect();
        for Routed { import, to } in routed {
            let calls = &woven.calls;
            let has = |plan: &&Arc<Plan>| plan.interfaces().contains(&import);
            let by_adapter = calls.by_adapter.as_ref().filter(has);
            let by_values = calls.by_values.as_ref().filter(has);
            let Some(plan) = by_adapter.or(by_values) else {
                continue;
            };
            let target = match to {
                To::Component(provider, exported) => {
                    Target::component(plan, &import, provider, &exported)
                }
                To::Remote(spec) => Target::Remote(Remote::new(spec, plan, &self.spec.name, name)?),
            };
            let route = Arc::new(Route::new(&import, &self.host, target));
            let linked = if by_adapter.is_some() {
                caller::link_adapter(&mut linker, &route, &app_name)
            } else {
                caller::link_values(&mut linker, &route, &app_name, plan)
            };
            linked.map_err(fail)?;
        }

        let pre = linker.instantiate_pre(code).map_err(|error| {
            if let Some(missing) = self.explain(name, component) {
                return missing;
            }
            match apart(component, &providers, &elsewhere) {
                Some((provider, one, other)) => LinkError::Apart {
                    component: name.to_owned(),
                    provider,
                    one,
                    other,
                    source: error,
                },
                None => fail(error),
            }
        })?;

        let gate = Gate::new(
            name,
            spec.grants.clone(),
            spec.trust,
            Arc::clone(&self.host.observer),
        );
        // Asked only for those it was meant for: the others read their own and are not refused anything.
        let reads = if spec.grants.telemetry && gate.ask(&Request::Telemetry).is_ok() {
            Reads::App
        } else {
            Reads::Own
        };
        let mut stdio = self.spec.stdio.clone();
        if name != self.spec.root {
            stdio.stdin = crate::stdio::Input::Empty;
        }
        let handler = serve::Handler::of(&pre);
        let upgrades = upgrades(component, &providers);
        if let Some((provider, upgrades)) = &upgrades {
            let prepared = upgrades.prepare(&pre);
            prepared.map_err(|error| LinkError::Provider {
                provider: provider.clone(),
                source: error.into(),
            })?;
        }
        let kept = (name == self.spec.root && handler.is_none()).then(|| component.bytes().clone());
        let linked = Linked {
            name: app_name,
            host: Arc::clone(&self.host),
            signatures: Signatures(kept),
            served: woven.served,
            handler,
            upgrades: upgrades.map(|(_, upgrades)| upgrades),
            pre,
            limits: spec.limits.clone(),
            folders: folders(&spec.grants, &spec.base, &gate),
            variables: variables(&spec.grants, &spec.variables, &gate),
            programs: spec.programs.clone(),
            gate,
            config: spec.config.clone(),
            stdio,
            providers,
            http_server,
            pool: Pool::default(),
            resolver: Arc::clone(&self.spec.resolver.0),
            core: self.core.clone(),
            reads,
            seed: self.spec.core.seed,
        };
        check_folders(name, &linked.folders)?;
        let mode = spec.instances.unwrap_or_else(|| {
            if linked.handler.is_some() && linked.upgrades.is_none() {
                Mode::PerCall
            } else {
                Mode::One
            }
        });
        let resource = linked.served.as_ref().and_then(|served| served.resource());
        if let (Some((interface, resource)), true) = (resource, mode != Mode::One) {
            return Err(LinkError::NotCrossable {
                interface: interface.to_owned(),
                reasons: vec![format!(
                    "its resource `{resource}` lives in one instance: let `{name}` have `instances = \"one\"`"
                )],
            });
        }
        let handler = linked.upgrades.as_ref().and_then(|all| all.handler());
        if let (Some(interface), true) = (handler, mode != Mode::One) {
            return Err(LinkError::NotCrossable {
                interface: interface.to_string(),
                reasons: vec![format!(
                    "its connections live in one instance: let `{name}` have `instances = \"one\"`"
                )],
            });
        }
        Ok(Instances::new(Arc::new(linked), mode))
    }

    /// The imports of a component that routes serve, each with where its route leads. The components there are linked before.
    fn routed(
        &mut self,
        name: &str,
        component: &Component,
        path: &mut Vec<String>,
    ) -> Result<Vec<Routed<'a>>, LinkError> {
        let engine = component.code.engine();
        let ty = component.code.component_type();
        let mut routed = Vec::new();
        for (import, item) in ty.imports(engine) {
            let ComponentItem::ComponentInstance(wanted) = item.ty else {
                continue;
            };
            let Ok(interface) = import.parse::<InterfaceName>() else {
                continue;
            };
            let to = match self.route(&interface, name) {
                Some((_, RouteSpec::Component(provider))) if !serve::is_client(&interface) => {
                    let target = self.component(provider, path)?;
                    let exported = self.exported(provider, &interface)?;
                    if !self.fits(&wanted, engine, provider, &exported)
                        && let Some(error) = self.explain(name, component)
                    {
                        return Err(error);
                    }
                    To::Component(target, exported)
                }
                Some((_, RouteSpec::Remote(remote))) => To::Remote(remote),
                _ => continue,
            };
            let import = import.to_owned();
            routed.push(Routed { import, to });
        }
        Ok(routed)
    }

    /// The exports of a component that others call: those that the app routes to it, and if it is exposed all that are the
    /// user's own.
    fn called(&self, name: &str, spec: &ComponentSpec) -> Vec<String> {
        let keys = self.spec.provide.iter().filter_map(|(key, route)| {
            matches!(route, RouteSpec::Component(provider) if provider == name).then_some(key)
        });
        let keys: Vec<_> = keys.collect();
        let is_called = |export: &String| {
            export.parse::<InterfaceName>().is_ok_and(|export| {
                let is_http = export.namespace == "wasi" && export.package == "http";
                let routed = keys
                    .iter()
                    .filter_map(|key| key.interface(&export.interface))
                    .any(|key| key.serves(&export) || export.serves(&key));
                (routed && !is_http) || (spec.exposed && export.namespace != "wasi")
            })
        };
        spec.component
            .exports()
            .into_iter()
            .filter(is_called)
            .collect()
    }

    /// Who satisfies an import of a component, if `provide` names it. A component does not provide to itself:
    /// one that imports what it exports stands between its callers and somebody else.
    fn route(
        &self,
        import: &InterfaceName,
        component: &str,
    ) -> Option<(&'a ImportName, &'a RouteSpec)> {
        let said = self.spec.provide.iter().filter(|(key, route)| {
            key.serves(import)
                && !matches!(route, RouteSpec::Component(provider) if provider == component)
        });
        // Of an interface rather than of its package.
        said.min_by_key(|(key, _)| key.interface.is_none())
    }

    /// The provider of the host that serves an import, for which `provide` has an entry.
    fn provider(
        &self,
        import: &InterfaceName,
        key: &ImportName,
        spec: &NativeSpec,
    ) -> Result<Arc<dyn ErasedProvider>, LinkError> {
        let named = key.interface(&import.interface);
        let fits = |provider: &&Arc<dyn ErasedProvider>| {
            spec.provider
                .as_ref()
                .is_none_or(|name| provider.name() == name)
                && provider
                    .interfaces()
                    .iter()
                    .any(|served| named.as_ref().is_some_and(|wanted| served.serves(wanted)))
        };
        self.host
            .providers
            .iter()
            .find(fits)
            .cloned()
            .ok_or_else(|| LinkError::NotNative {
                interface: named.map_or_else(|| import.to_string(), |named| named.to_string()),
                provider: spec.provider.clone(),
            })
    }

    /// The provider that serves an interface for which `provide` names nobody.
    fn standard(&self, interface: &InterfaceName) -> Option<Arc<dyn ErasedProvider>> {
        let serves = |provider: &&Arc<dyn ErasedProvider>| {
            let interfaces = provider.interfaces();
            interfaces.iter().any(|served| served.serves(interface))
        };
        self.host.standard.iter().find(serves).cloned()
    }

    fn prepare(
        &mut self,
        spec: &NativeSpec,
        provider: &dyn ErasedProvider,
    ) -> Result<Arc<dyn std::any::Any + Send + Sync>, LinkError> {
        // Which name it was chosen by says nothing to the provider.
        let spec = NativeSpec {
            provider: None,
            ..spec.clone()
        };
        let is_it = |it: &&Prepared| it.provider == provider.name() && it.spec == spec;
        if let Some(prepared) = self.prepared.iter().find(is_it) {
            return Ok(Arc::clone(&prepared.app));
        }
        let gate = Gate::new(
            provider.name(),
            spec.grants.clone(),
            spec.trust,
            Arc::clone(&self.host.observer),
        );
        let folders = folders(&spec.grants, &spec.base, &gate);
        check_folders(provider.name(), &folders)?;
        let context = AppContext {
            config: &spec.config,
            gate: &gate,
            folders: &folders,
            variables: &variables(&spec.grants, &spec.variables, &gate),
        };
        let prepared = match self.providers {
            Providers::Prepare => provider.app(&context),
            // No instance is made of this.
            Providers::Check => provider
                .check(&context)
                .map(|()| Arc::new(()) as Arc<dyn std::any::Any + Send + Sync>),
        };
        let prepared = prepared.map_err(|source| LinkError::Provider {
            provider: provider.name().to_owned(),
            source,
        })?;
        self.prepared.push(Prepared {
            provider: provider.name().to_owned(),
            spec,
            app: Arc::clone(&prepared),
        });
        Ok(prepared)
    }

    /// The full name under which a component exports an interface that another imports.
    fn exported(&self, provider: &str, wanted: &InterfaceName) -> Result<String, LinkError> {
        let exports = self
            .spec
            .components
            .get(provider)
            .map(|spec| spec.component.exports())
            .unwrap_or_default();
        let serving = exports.iter().find(|export| {
            export
                .parse::<InterfaceName>()
                .is_ok_and(|export| export.serves(wanted))
        });
        serving.cloned().ok_or_else(|| LinkError::NotExported {
            component: provider.to_owned(),
            interface: wanted.to_string(),
            exports,
        })
    }

    /// Whether the interface that a component exports is the one that another wants.
    fn fits(
        &self,
        wanted: &ComponentInstance,
        wanted_in: &wasmtime::Engine,
        provider: &str,
        exported: &str,
    ) -> bool {
        let Some(spec) = self.spec.components.get(provider) else {
            return false;
        };
        let engine = spec.component.code.engine();
        let ty = spec.component.code.component_type();
        match ty.get_export(engine, exported).map(|item| item.ty) {
            Some(ComponentItem::ComponentInstance(offered)) => {
                route::fits(wanted_in, wanted, engine, &offered)
            }
            _ => false,
        }
    }

    /// What of a component's imports is not satisfied, if its types say so.
    fn explain(&self, name: &str, component: &Component) -> Option<LinkError> {
        let shape = component.shape().ok()?;
        let missing = link_report::missing(&shape, &self.offers(name));
        let component = name.to_owned();
        (!missing.is_empty()).then_some(LinkError::Missing { component, missing })
    }

    /// Everything that could satisfy an import of a component of this app, for a readable error.
    fn offers(&self, of: &str) -> link_report::Offers {
        let mut offers = link_report::Offers::built_in();
        offers.app(&self.spec.name);
        for (import, route) in &self.spec.provide {
            // A component does not provide to itself.
            if !matches!(route, RouteSpec::Component(name) if name == of) {
                offers.provided(import.clone());
            }
        }
        for provider in &self.host.providers {
            offers.native(provider.name(), &provider.interfaces(), provider.wit());
        }
        for provider in &self.host.standard {
            for interface in provider.interfaces() {
                offers.provided(interface.into());
            }
        }
        for (name, spec) in self.spec.components.iter().filter(|(name, _)| *name != of) {
            if let Ok(shape) = spec.component.shape() {
                offers.component(name, &shape);
            }
        }
        offers
    }
}

/// The folders that the policy lets a component or a provider have. It is asked here, before there is a handle.
fn folders(grants: &Grants, base: &Path, gate: &Gate) -> Vec<Folder> {
    let granted = grants.fs.iter().filter(|folder| {
        let request = Request::OpenFolder {
            name: &folder.name,
            access: folder.access,
        };
        gate.ask(&request).is_ok()
    });
    granted
        .map(|folder| Folder {
            name: folder.name.clone(),
            path: base.join(&folder.path).components().collect(),
            access: folder.access,
        })
        .collect()
}

/// Opens granted folders once, so that one that is missing is known before anything runs.
fn check_folders(whose: &str, folders: &[Folder]) -> Result<(), LinkError> {
    folders.iter().try_for_each(|folder| {
        std::fs::read_dir(&folder.path)
            .map(drop)
            .map_err(|source| LinkError::Folder {
                component: whose.to_owned(),
                name: folder.name.clone(),
                path: folder.path.clone(),
                source,
            })
    })
}

/// The variables that the policy lets a component or a provider read.
fn variables(
    grants: &Grants,
    variables: &BTreeMap<String, String>,
    gate: &Gate,
) -> Vec<(String, String)> {
    let granted = grants.env.iter().filter_map(|name| {
        let value = variables.get(name)?;
        gate.ask(&policy::Request::Variable { name }).ok()?;
        Some((name.clone(), value.clone()))
    });
    granted.collect()
}

/// A provider from which a component takes one interface, and not another that it serves too: its name, and the two.
fn apart(
    component: &Component,
    providers: &[Used],
    elsewhere: &[InterfaceName],
) -> Option<(String, String, String)> {
    providers.iter().find_map(|used| {
        let interfaces = used.provider.interfaces();
        let serves = |import: &InterfaceName| interfaces.iter().any(|served| served.serves(import));
        let other = elsewhere.iter().find(|import| serves(import))?;
        let imports = component.imports();
        let mut imports = imports.iter().filter_map(|import| import.parse().ok());
        let one = imports.find(|import| serves(import) && !elsewhere.contains(import))?;
        let name = used.provider.name().to_owned();
        Some((name, one.to_string(), other.to_string()))
    })
}

/// Who takes over connections for a component that exports what it takes for it, after the name of the provider.
fn upgrades(component: &Component, providers: &[Used]) -> Option<(String, Arc<dyn Upgrades>)> {
    let exports = component.exports();
    let handles = |handler: &InterfaceName| {
        let mut exports = exports.iter().filter_map(|export| export.parse().ok());
        exports.any(|export: InterfaceName| handler.serves(&export))
    };
    let mut all = providers.iter().filter_map(|used| {
        let name = used.provider.name().to_owned();
        Some((name, used.provider.upgrades()?))
    });
    all.find(|(_, upgrades)| upgrades.handler().is_some_and(|handler| handles(&handler)))
}

/// A call that comes from outside the app.
pub(crate) fn outside() -> Call {
    Call::default()
}
