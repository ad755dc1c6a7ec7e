//! A component in its place in an app: all imports connected, and all that its instances are made from.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use loop_codec::adapter;
use loop_core::Limits;
use loop_core::grants::Config;
use wasmtime::component::{InstancePre, ResourceTableError};
use wasmtime::{FrameInfo, Store, Trap, UpdateDeadline, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::chain::{Call, Current};
use crate::core::{CoreApp, Reads};
use crate::error::CallError;
use crate::gate::Gate;
use crate::host::Shared;
use crate::instances::{Instances, Live};
use crate::invoke::Signatures;
use crate::limits::{Limiter, OutputBudget, OutputSpent};
use crate::net::Dialer;
use crate::observer::Event;
use crate::provider::{ErasedProvider, Folder, InstanceContext};
use crate::route::RouteFailed;
use crate::route::caller::Told;
use crate::route::handles::{Lent, NoHandle};
use crate::route::pipe::{Broken, Held};
use crate::route::provider::Served;
use crate::serve::Handler;
use crate::state::State;
use crate::stdio::{Spent, Stdio};
use crate::upgrade::Upgrades;
use crate::wasi::{self, Lookup, Pool, Resolver};

/// Frames of a backtrace that are kept: a stack overflow has hundreds of thousands.
const FRAMES_MAX: usize = 20;

/// What one host call may always copy out of a guest, however small `limits.body` is: WASI's own calls write
/// at most a page or two at once, and a guest should meet the limit of bodies as an error of theirs.
const HOST_CALL_BYTES_MIN: u64 = 1 << 20;

/// What wasmtime says when a guest hands over more than it may. It has no type of its own; a test holds the text.
const TOO_MUCH_COPIED: &str = "fuel allocated for hostcalls has been exhausted";

/// A provider that the component uses, with what it prepared for the app.
pub(crate) struct Used {
    pub(crate) provider: Arc<dyn ErasedProvider>,
    pub(crate) app: Arc<dyn Any + Send + Sync>,
}

/// A component of an app, ready to be instantiated.
pub(crate) struct Linked {
    pub(crate) name: Arc<str>,
    pub(crate) host: Arc<Shared>,
    pub(crate) pre: InstancePre<State>,
    /// What errors can tell of its exports.
    pub(crate) signatures: Signatures,
    /// What it serves to other components and processes, beside HTTP.
    pub(crate) served: Option<Served>,
    /// How it answers HTTP requests, if it does.
    pub(crate) handler: Option<Handler>,
    /// Who takes over its connections, if it serves another protocol than HTTP, or one beside.
    pub(crate) upgrades: Option<Arc<dyn Upgrades>>,
    pub(crate) limits: Limits,
    pub(crate) gate: Gate,
    pub(crate) config: Config,
    pub(crate) folders: Vec<Folder>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) programs: BTreeMap<String, PathBuf>,
    pub(crate) stdio: Stdio,
    pub(crate) providers: Vec<Used>,
    /// The component that serves its `wasi:http` requests, instead of the network.
    pub(crate) http_server: Option<Arc<Instances>>,
    /// Connections that its instances opened for `wasi:http`, and that wait for another request.
    pub(crate) pool: Pool,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) core: CoreApp,
    pub(crate) reads: Reads,
    /// The seed of a deterministic run.
    pub(crate) seed: Option<u64>,
}

impl Linked {
    /// The time for one call from outside.
    pub(crate) fn call_limit(&self) -> Duration {
        self.limits.call.map_or(Limits::CALL_DEFAULT, |span| span.0)
    }

    /// Makes an instance for a call.
    pub(crate) async fn instantiate(&self, call: &Call) -> Result<Live, CallError> {
        self.instantiate_with(call, &[]).await
    }

    /// Makes an instance whose arguments are `args`, the program's name first.
    pub(crate) async fn instantiate_with(
        &self,
        call: &Call,
        args: &[String],
    ) -> Result<Live, CallError> {
        let mut store = self.store(call, args)?;
        match self.pre.instantiate_async(&mut store).await {
            Ok(instance) => Ok(Live { store, instance }),
            Err(source) => {
                // Code that runs while an instance is made fails like any other; what is left is a refusal.
                if source.root_cause().is::<Trap>() {
                    Err(self.explain(source, &store))
                } else if let Some(limit) = store.data().limiter.refused() {
                    Err(self.reached(limit))
                } else {
                    Err(CallError::Instantiate {
                        component: self.name.to_string(),
                        source,
                    })
                }
            }
        }
    }

    fn store(&self, call: &Call, args: &[String]) -> Result<Store<State>, CallError> {
        let budget = OutputBudget::new(self.limits.output.0);
        let spent = Spent::default();
        let lookup = Lookup::new(self.gate.clone(), Arc::clone(&self.resolver));
        let dialer = Dialer::new(self.gate.clone(), lookup.clone(), self.host.tls.clone());
        let slots = self.providers.iter().map(|used| {
            let context = InstanceContext {
                component: &self.name,
                gate: &self.gate,
                folders: &self.folders,
                variables: &self.variables,
                programs: &self.programs,
                dialer: &dialer,
            };
            used.provider
                .instance(&used.app, &context)
                .map_err(|source| CallError::Provider {
                    component: self.name.to_string(),
                    provider: used.provider.name().to_owned(),
                    source,
                })
        });
        let slots = slots.collect::<Result<_, _>>()?;
        let current = Current::default();
        current.set(call.from(&self.name));
        let parts = wasi::parts(self, args, lookup, &budget, &spent, &current)
            .map_err(|error| CallError::Folder(Box::new(error)))?;
        let state = State {
            wasi: parts.wasi,
            http: parts.http,
            hooks: parts.hooks,
            lookup: parts.lookup,
            folders: parts.folders,
            config: parts.config,
            table: parts.table,
            limiter: Limiter::new(&self.limits),
            spent,
            lent: Lent::new(self.limits.handles),
            streams: Held::default(),
            slots,
            call: current,
        };
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.limiter);
        if let Some(fuel) = self.limits.fuel {
            // For what runs while the instance is made. Each call begins with a full tank of its own.
            store
                .set_fuel(fuel)
                .map_err(|source| self.failed(&source))?;
        }
        let values = self.limits.body.0.max(HOST_CALL_BYTES_MIN);
        store.set_hostcall_fuel(usize::try_from(values).unwrap_or(usize::MAX));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        Ok(store)
    }

    /// Runs `body` on an instance for a call. The instance comes back only if that went well.
    pub(crate) async fn run<R>(
        &self,
        mut live: Live,
        call: &Call,
        body: impl for<'a> FnOnce(&'a mut Live) -> BoxFuture<'a, wasmtime::Result<R>> + Send,
    ) -> Result<(Live, R), CallError> {
        let state = live.store.data_mut();
        // Declared after the instance, so it is dropped before.
        let _streams = state.streams.until_dropped();
        state.call.set(call.from(&self.name));
        state.hooks.core.begin(call.scope());
        if let Some(fuel) = self.limits.fuel {
            live.store
                .set_fuel(fuel)
                .map_err(|source| self.failed(&source))?;
        }
        match body(&mut live).await {
            Ok(result) => {
                live.store.data_mut().hooks.core.finish();
                Ok((live, result))
            }
            Err(error) => Err(self.explain(error, &live.store)),
        }
    }

    /// Says in the words of this crate why a guest did not return.
    pub(crate) fn explain(&self, error: wasmtime::Error, store: &Store<State>) -> CallError {
        let component = self.name.to_string();
        let state = store.data();
        if error.is::<OutputSpent>() || state.spent.get() {
            return self.reached("output");
        }
        let error = match error.downcast::<RouteFailed>() {
            Ok(RouteFailed(source)) => {
                return match *source {
                    // A reentrant call is the fault of the whole chain: it is told as it is.
                    reentrant @ CallError::Reentrant { .. } => reentrant,
                    source => CallError::Callee {
                        component,
                        source: Box::new(source),
                    },
                };
            }
            Err(error) => error,
        };
        let error = match error.downcast::<Told>() {
            Ok(Told(source)) => return CallError::Message { component, source },
            Err(error) => error,
        };
        if error.is::<Broken>() {
            return CallError::Broken { component };
        }
        if error.is::<NoHandle>() {
            return CallError::NoHandle { component };
        }
        if let Some(I32Exit(code)) = error.downcast_ref() {
            return CallError::Exited {
                component,
                code: *code,
            };
        }
        let Some(trap) = error.root_cause().downcast_ref::<Trap>().copied() else {
            return match error.root_cause().downcast_ref::<ResourceTableError>() {
                Some(ResourceTableError::Full) => self.reached("handles"),
                _ if error.root_cause().to_string().contains(TOO_MUCH_COPIED) => {
                    self.reached("body")
                }
                _ => self.failed(&error),
            };
        };
        match (trap, state.limiter.refused()) {
            (Trap::OutOfFuel, _) => self.reached("fuel"),
            // Programs give up with `unreachable` when memory was refused them.
            (Trap::UnreachableCodeReached, Some(limit)) => self.reached(limit),
            _ => CallError::Trap {
                component,
                trap: describe(trap),
                backtrace: frames(&error),
            },
        }
    }

    fn reached(&self, limit: &'static str) -> CallError {
        self.host.observer.event(&Event::Limit {
            component: &self.name,
            limit,
        });
        let limits = &self.limits;
        let value = match limit {
            "memory" => limits.memory.to_string(),
            "tables" => limits.tables.to_string(),
            "output" => limits.output.to_string(),
            "handles" => limits.handles.to_string(),
            "body" => limits.body.to_string(),
            "fuel" => limits
                .fuel
                .map_or_else(String::new, |fuel| fuel.to_string()),
            _ => limits.instances.to_string(),
        };
        CallError::Limit {
            component: self.name.to_string(),
            limit,
            value,
        }
    }

    fn failed(&self, error: &wasmtime::Error) -> CallError {
        // The backtrace of the guest says nothing about a failure of the host.
        let backtrace = error
            .downcast_ref::<WasmBacktrace>()
            .map(ToString::to_string);
        let causes = error.chain().map(ToString::to_string);
        let causes: Vec<String> = causes
            .filter(|cause| Some(cause) != backtrace.as_ref())
            .collect();
        CallError::Host {
            component: self.name.to_string(),
            source: wasmtime::Error::msg(causes.join(": ")),
        }
    }
}

/// A trap as a fragment, in words that say what the program did.
fn describe(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => {
            "it gave up (`unreachable`), as programs do that panic or abort".to_owned()
        }
        Trap::StackOverflow => "its stack overflowed".to_owned(),
        Trap::CannotBlockSyncTask => {
            "it waited by an `async` function, in a call of a function that is none".to_owned()
        }
        trap => trap
            .to_string()
            .trim_start_matches("wasm trap: ")
            .to_owned(),
    }
}

fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    // What was generated into a component says nothing about it.
    let is_own = |frame: &&FrameInfo| frame.module().name() != Some(adapter::MODULE);
    let frames: Vec<_> = backtrace.frames().iter().filter(is_own).collect();
    let mut named: Vec<String> = frames
        .iter()
        .take(FRAMES_MAX)
        .map(|frame| {
            let name = frame.func_name().map(wasmtime_demangle);
            name.unwrap_or_else(|| format!("function {}", frame.func_index()))
        })
        .collect();
    if frames.len() > FRAMES_MAX {
        named.push(format!("and {} more", frames.len() - FRAMES_MAX));
    }
    named
}

/// The name of a function as its source has it: Rust's mangling hides it otherwise.
fn wasmtime_demangle(name: &str) -> String {
    rustc_demangle::try_demangle(name).map_or_else(|_| name.to_owned(), |name| format!("{name:#}"))
}

impl fmt::Debug for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linked")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
