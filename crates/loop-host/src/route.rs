//! From an import to the provider that serves it now.
//!
//! Every import that an app names under `provide` is linked once, to a route, and knows nothing of where the
//! provider runs:
//!
//! - `native`: the provider's own typed functions stand in the linker. The route is known when
//!   the component is linked, so a call costs what a host function costs and not more.
//! - `component`: [`Route`] calls an export of another component of the app, which has instances, grants and
//!   limits of its own. For `wasi:http` the host knows the types, and requests go from handler to handler
//!   as they are (see [`crate::serve`]); the functions of all other interfaces are called with dynamic
//!   values, which any value type can be, at the cost that docs/perf.md shows.
//!
//! A placement in another process is one more way for [`Route::call`] to have a function called: arguments
//! in, results out, under the deadline of the [`Call`] that it hands on. The caller's side does not change
//! for it, and neither does the policy, which is asked at the provider.

use std::fmt;
use std::sync::Arc;

use loop_core::manifest::Placement;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{ComponentExportIndex, Linker, Type, Val};
use wasmtime::{Engine, StoreContextMut};

use crate::chain::Call;
use crate::error::{CallError, LinkError};
use crate::instances::{Instances, Live};
use crate::linked::Linked;
use crate::observer::Event;
use crate::state::State;

/// A call through a route failed. Travels through the caller's guest as the cause of its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct RouteFailed(pub(crate) Box<CallError>);

/// The way to one interface of another component.
pub(crate) struct Route {
    /// The interface, as the caller imports it.
    interface: String,
    provider: Arc<Instances>,
}

impl Route {
    pub(crate) fn new(interface: &str, provider: Arc<Instances>) -> Self {
        Self {
            interface: interface.to_owned(),
            provider,
        }
    }

    /// Adds the functions of the interface to the linker of a component that imports it.
    ///
    /// # Errors
    /// [`LinkError::NotExported`] if the provider lacks a function, [`LinkError::NotCrossable`] if one has types that cannot cross.
    pub(crate) fn link(
        self: &Arc<Self>,
        linker: &mut Linker<State>,
        wanted: &ComponentInstance,
        exported: &str,
        caller: &Arc<str>,
    ) -> Result<(), LinkError> {
        let engine = linker.engine().clone();
        let provider = &self.provider.linked;
        let fail = |source| LinkError::Engine {
            component: caller.to_string(),
            source,
        };
        let code = provider.pre.component().clone();
        let missing = || LinkError::NotExported {
            component: provider.name.to_string(),
            interface: self.interface.clone(),
            exports: Vec::new(),
        };
        let interface = code.get_export_index(None, exported).ok_or_else(missing)?;
        let mut reasons = Vec::new();
        let mut instance = linker.instance(&self.interface).map_err(fail)?;
        for (name, item) in wanted.exports(&engine) {
            let function = match item.ty {
                ComponentItem::ComponentFunc(function) => function,
                ComponentItem::Resource(_) => {
                    reasons.push(format!(
                        "`{name}` is a resource, which belongs to one component"
                    ));
                    continue;
                }
                _ => continue,
            };
            let mut types = function
                .params()
                .map(|(_, ty)| ty)
                .chain(function.results());
            if function.async_() {
                reasons.push(format!("`{name}` is an `async func`"));
            } else if let Some(kind) = types.find_map(|ty| uncrossable(&ty)) {
                reasons.push(format!("`{name}` has a {kind} in its type"));
            }
            let export = code
                .get_export_index(Some(&interface), name)
                .ok_or_else(missing)?;
            let route = Arc::clone(self);
            let caller = Arc::clone(caller);
            instance
                .func_new_async(
                    name,
                    move |mut store: StoreContextMut<'_, State>, _, params, results| {
                        let route = Arc::clone(&route);
                        let caller = Arc::clone(&caller);
                        let state = store.data_mut();
                        let core = &mut state.hooks.core;
                        let (trace, token) = (core.trace(), core.token().clone());
                        let call = state.call.get().traced(Some(trace)).under(&token);
                        Box::new(async move {
                            let called = route.call(&caller, &call, export, params, results).await;
                            called
                                .map_err(|error| wasmtime::Error::new(RouteFailed(Box::new(error))))
                        })
                    },
                )
                .map_err(fail)?;
        }
        if reasons.is_empty() {
            return Ok(());
        }
        Err(LinkError::NotCrossable {
            interface: self.interface.clone(),
            reasons,
        })
    }

    async fn call(
        &self,
        caller: &Arc<str>,
        call: &Call,
        export: ComponentExportIndex,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<(), CallError> {
        let linked: &Linked = &self.provider.linked;
        linked.host.observer.event(&Event::Route {
            caller,
            interface: &self.interface,
            provider: &linked.name,
            placement: Placement::Component,
        });
        let params = params.to_vec();
        let count = results.len();
        let returned = self
            .provider
            .with(&call.within(linked.call_limit()), move |live: &mut Live| {
                Box::pin(async move {
                    let function = live
                        .instance
                        .get_func(&mut live.store, export)
                        .ok_or_else(|| wasmtime::format_err!("the export is not a function"))?;
                    let mut returned = vec![Val::Bool(false); count];
                    function
                        .call_async(&mut live.store, &params, &mut returned)
                        .await?;
                    Ok(returned)
                })
            })
            .await?;
        for (place, value) in results.iter_mut().zip(returned) {
            *place = value;
        }
        Ok(())
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("interface", &self.interface)
            .field("provider", &self.provider)
            .finish()
    }
}

/// Whether an interface that one component wants is the one that another offers: all functions are there, with the same types.
///
/// Each comes with the engine of the component that it belongs to.
pub(crate) fn fits(
    wanted_in: &Engine,
    wanted: &ComponentInstance,
    offered_in: &Engine,
    offered: &ComponentInstance,
) -> bool {
    wanted.exports(wanted_in).all(|(name, item)| {
        let ComponentItem::ComponentFunc(wanted) = item.ty else {
            return true;
        };
        let Some(ComponentItem::ComponentFunc(offered)) =
            offered.get_export(offered_in, name).map(|item| item.ty)
        else {
            return false;
        };
        wanted.async_() == offered.async_()
            && wanted.params().eq(offered.params())
            && wanted.results().eq(offered.results())
    })
}

/// The kind of value in a type that cannot leave its component, if there is one.
fn uncrossable(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Own(_) | Type::Borrow(_) => Some("resource"),
        Type::Stream(_) => Some("stream"),
        Type::Future(_) => Some("future"),
        Type::ErrorContext => Some("error-context"),
        Type::List(list) => uncrossable(&list.ty()),
        Type::FixedLengthList(list) => uncrossable(&list.ty()),
        Type::Map(map) => uncrossable(&map.key()).or_else(|| uncrossable(&map.value())),
        Type::Option(option) => uncrossable(&option.ty()),
        Type::Record(record) => record.fields().find_map(|field| uncrossable(&field.ty)),
        Type::Tuple(tuple) => tuple.types().find_map(|ty| uncrossable(&ty)),
        Type::Variant(variant) => variant
            .cases()
            .find_map(|case| case.ty.and_then(|ty| uncrossable(&ty))),
        Type::Result(result) => result
            .ok()
            .and_then(|ty| uncrossable(&ty))
            .or_else(|| result.err().and_then(|ty| uncrossable(&ty))),
        _ => None,
    }
}
