//! The calls that reach a component: its exports, as bytes in and bytes out.

use std::sync::Arc;

use bytes::Bytes;
use loop_codec::{Fault, Plan, adapter};
use wasmtime::component::{Component, ComponentExportIndex, Linker, TypedFunc, Val};
use wasmtime::{Error, Result};

use crate::app::outside;
use crate::chain::Call;
use crate::error::CallError;
use crate::instances::{Instances, Live};
use crate::route::caller::{Told, told};
use crate::route::handles::{Holder, ProviderHandles};
use crate::state::State;
use crate::values::{from_engine, to_engine};

type Serve<'a> = TypedFunc<(u32, &'a [u8]), (Vec<u8>,)>;

/// What a component serves to others: its interfaces, in two parts.
#[derive(Default)]
pub(crate) struct Served {
    /// Those that its adapter serves, and the adapter's one function.
    pub(crate) by_adapter: Option<(Plan, ComponentExportIndex)>,
    /// Those whose functions are called with dynamic values, and these functions.
    pub(crate) by_values: Option<(Plan, Vec<ComponentExportIndex>)>,
}

/// A function that a component serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    ByAdapter(usize),
    ByValues(usize),
}

impl Served {
    /// What a component serves: `adapter` through an adapter that it has, `values` without one. `None` if it lacks a function.
    pub(crate) fn new(
        component: &Component,
        adapter: Option<Plan>,
        values: Option<Plan>,
    ) -> Option<Self> {
        let mut served = Self::default();
        if let Some(plan) = adapter {
            let instance = component.get_export_index(None, adapter::SERVE)?;
            let serve = component.get_export_index(Some(&instance), "serve")?;
            served.by_adapter = Some((plan, serve));
        }
        if let Some(plan) = values {
            let functions = plan.functions().iter().map(|function| {
                let interface = plan.interfaces().get(function.interface)?;
                let interface = component.get_export_index(None, interface)?;
                component.get_export_index(Some(&interface), &function.name)
            });
            let functions = functions.collect::<Option<_>>()?;
            served.by_values = Some((plan, functions));
        }
        (served.by_adapter.is_some() || served.by_values.is_some()).then_some(served)
    }

    /// The number of a function.
    pub(crate) fn find(&self, interface: &str, function: &str) -> Option<Number> {
        let by_adapter = self.by_adapter.as_ref();
        let by_values = self.by_values.as_ref();
        let by_adapter = by_adapter.and_then(|(plan, _)| plan.find(interface, function));
        let by_values = || by_values.and_then(|(plan, _)| plan.find(interface, function));
        let number = by_adapter.map(Number::ByAdapter);
        number.or_else(|| by_values().map(Number::ByValues))
    }

    /// All functions, each with its interface, its name and its number.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (&str, &str, Number)> {
        let by_adapter = self.by_adapter.iter().map(|(plan, _)| plan);
        let by_adapter = by_adapter.flat_map(|plan| named(plan, Number::ByAdapter));
        let by_values = self.by_values.iter().map(|(plan, _)| plan);
        by_adapter.chain(by_values.flat_map(|plan| named(plan, Number::ByValues)))
    }

    /// A resource that it serves, with its interface.
    pub(crate) fn resource(&self) -> Option<(&str, &str)> {
        let (plan, _) = self.by_values.as_ref()?;
        let resource = plan.resources().first()?;
        let interface = plan.interfaces().get(resource.interface)?;
        Some((interface, &resource.name))
    }

    /// Says whether a stranger's bytes are parameters of a function.
    pub(crate) fn check(&self, number: Number, params: &[u8]) -> Option<Result<(), Fault>> {
        Some(match number {
            Number::ByAdapter(function) => {
                let (plan, _) = self.by_adapter.as_ref()?;
                plan.check_params(function, params)
            }
            Number::ByValues(function) => {
                let (plan, _) = self.by_values.as_ref()?;
                plan.check_params(function, params)
            }
        })
    }

    async fn call(
        &self,
        live: &mut Live,
        number: Number,
        params: &[u8],
        holder: &Holder,
    ) -> Result<Bytes> {
        let none = || Error::msg("there is no such function");
        match number {
            Number::ByAdapter(function) => {
                let (_, serve) = self.by_adapter.as_ref().ok_or_else(none)?;
                let serve: Serve<'_> = live.instance.get_typed_func(&mut live.store, serve)?;
                let params = (u32::try_from(function)?, params);
                let (gave,) = serve.call_async(&mut live.store, params).await?;
                Ok(gave.into())
            }
            Number::ByValues(function) => {
                let (plan, exports) = self.by_values.as_ref().ok_or_else(none)?;
                let export = exports.get(function).ok_or_else(none)?;
                call_values(live, plan, function, export, params, holder).await
            }
        }
    }
}

fn named(plan: &Plan, number: fn(usize) -> Number) -> impl Iterator<Item = (&str, &str, Number)> {
    let functions = plan.functions().iter().enumerate();
    functions.filter_map(move |(at, function)| {
        let interface = plan.interfaces().get(function.interface)?;
        Some((interface.as_str(), function.name.as_str(), number(at)))
    })
}

async fn call_values(
    live: &mut Live,
    plan: &Plan,
    number: usize,
    export: &ComponentExportIndex,
    params: &[u8],
    holder: &Holder,
) -> Result<Bytes> {
    for ended in live.store.data_mut().lent.end_of_gone() {
        ended.resource_drop_async(&mut live.store).await?;
    }
    let function = plan.functions().get(number);
    let function = function.ok_or_else(|| Error::msg("there is no such function"))?;
    let params = plan
        .decode_params(number, params)
        .map_err(|fault| Error::new(Told(fault)))?;
    let mut handles = ProviderHandles {
        store: &mut live.store,
        holder,
    };
    let params = function.params.iter().zip(params);
    let params = params
        .map(|(ty, value)| to_engine(plan, *ty, value, &mut handles))
        .collect::<Result<Vec<_>>>()?;
    let export = live.instance.get_func(&mut live.store, export);
    let export = export.ok_or_else(|| Error::msg("the export is not a function"))?;
    let mut gave = vec![Val::Bool(false); usize::from(function.result.is_some())];
    export
        .call_async(&mut live.store, &params, &mut gave)
        .await?;
    let mut handles = ProviderHandles {
        store: &mut live.store,
        holder,
    };
    let gave = match (function.result, gave.first()) {
        (Some(ty), Some(value)) => Some(from_engine(plan, ty, value, &mut handles)?),
        _ => None,
    };
    let gave = plan.encode_result(number, gave.as_ref());
    Ok(gave.map_err(Error::new)?.into())
}

/// What an adapter of a component that serves wants of its host.
pub(crate) fn link_adapter(linker: &mut Linker<State>) -> Result<()> {
    linker.instance(adapter::FAULT)?.func_wrap("fail", told)
}

/// Calls a function that a component serves, under the call's deadline. The parameters are well-formed: whoever has them from
/// a stranger checks them. What comes back may hold handles, which are `holder`'s.
pub(crate) async fn call(
    provider: &Instances,
    call: &Call,
    number: Number,
    params: Bytes,
    holder: Holder,
) -> core::result::Result<Bytes, CallError> {
    let linked = Arc::clone(&provider.linked);
    provider
        .with(call, move |live: &mut Live| {
            Box::pin(async move {
                let served = linked.served.as_ref();
                let served = served.ok_or_else(|| Error::msg("nothing is served"))?;
                served.call(live, number, &params, &holder).await
            })
        })
        .await
}

/// Drops a resource that a component lent, in a task of its own.
///
/// Where there is no runtime any more, the app ends, and the component with it.
pub(crate) fn release(provider: &Arc<Instances>, handle: Bytes) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let provider = Arc::clone(provider);
    runtime.spawn(async move {
        let call = outside().within(provider.linked.call_limit());
        let released = provider.with(&call, move |live: &mut Live| {
            Box::pin(async move {
                match live.store.data_mut().lent.end(&handle) {
                    Some(lent) => lent.resource_drop_async(&mut live.store).await,
                    None => Ok(()),
                }
            })
        });
        if let Err(error) = released.await {
            let component = &*provider.linked.name;
            tracing::debug!(component, %error, "a resource was not dropped in order");
        }
    });
}
