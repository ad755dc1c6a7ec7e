//! The calls that leave a component: its imports, linked to a [`Route`].

use std::sync::Arc;

use loop_codec::{Fault, Plan};
use wasmtime::component::{Linker, Resource, ResourceType, Val};
use wasmtime::{AsContextMut, Error, Result, StoreContextMut};

use crate::chain::Call;
use crate::error::CallError;
use crate::route::handles::{CallerHandles, Foreign};
use crate::route::{Route, RouteFailed};
use crate::state::State;
use crate::values::{from_engine, to_engine};

/// A message is not what the function takes or gives. Travels through the guest as the cause of its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Told(pub(crate) Fault);

/// The host's side of an adapter that ends its component: it says why.
pub(crate) fn told(_: StoreContextMut<'_, State>, (code, at): (u32, u32)) -> Result<()> {
    Err(match Fault::from_codes(code, at) {
        Some(fault) => Error::new(Told(fault)),
        None => Error::msg("an adapter failed in a way that is not known"),
    })
}

/// What a call through a route is made under: who calls, and what it is part of.
fn current(store: &mut StoreContextMut<'_, State>) -> Call {
    let state = store.data_mut();
    let core = &mut state.hooks.core;
    let (trace, token) = (core.trace(), core.token().clone());
    state.call.get().traced(Some(trace)).under(&token)
}

fn failed(error: CallError) -> Error {
    Error::new(RouteFailed(Box::new(error)))
}

/// Links an interface of a component whose adapter turns its calls into bytes.
pub(crate) fn link_adapter(
    linker: &mut Linker<State>,
    route: &Arc<Route>,
    caller: &Arc<str>,
) -> Result<()> {
    let mut instance = linker.instance(&route.interface)?;
    let (route, caller) = (Arc::clone(route), Arc::clone(caller));
    instance.func_wrap_async(
        "invoke",
        move |mut store: StoreContextMut<'_, State>, (function, params): (u32, Vec<u8>)| {
            let call = current(&mut store);
            let (route, caller) = (Arc::clone(&route), Arc::clone(&caller));
            Box::new(async move {
                let gave = route.call(&caller, &call, function as usize, params.into());
                let gave = gave.await.map_err(failed)?;
                Ok((Vec::from(gave),))
            })
        },
    )?;
    instance.func_wrap("fail", told)
}

/// Links an interface of a component that no adapter fits: its resources and functions, with dynamic values.
pub(crate) fn link_values(
    linker: &mut Linker<State>,
    route: &Arc<Route>,
    caller: &Arc<str>,
    plan: &Arc<Plan>,
) -> Result<()> {
    let is_its = |number| plan.interfaces().get(number) == Some(&route.interface);
    let mut instance = linker.instance(&route.interface)?;
    for resource in plan.resources() {
        if is_its(resource.interface) {
            instance.resource(
                &resource.name,
                ResourceType::host::<Foreign>(),
                |mut store, handle| {
                    let handle = Resource::<Foreign>::new_own(handle);
                    store.data_mut().table.delete(handle)?;
                    Ok(())
                },
            )?;
        }
    }
    for (number, function) in plan.functions().iter().enumerate() {
        if !is_its(function.interface) {
            continue;
        }
        let (route, caller, plan) = (Arc::clone(route), Arc::clone(caller), Arc::clone(plan));
        instance.func_new_async(
            &function.name,
            move |mut store: StoreContextMut<'_, State>, _, params, results| {
                let call = current(&mut store);
                let (route, caller, plan) =
                    (Arc::clone(&route), Arc::clone(&caller), Arc::clone(&plan));
                Box::new(async move {
                    let mut handles = CallerHandles {
                        store: store.as_context_mut(),
                        plan: &plan,
                        route: &route,
                    };
                    let message = write(&plan, number, params, &mut handles)?;
                    let gave = route.call(&caller, &call, number, message.into()).await;
                    let gave = gave.map_err(failed)?;
                    if let Some(place) = results.first_mut() {
                        *place = read(&plan, number, &gave, &mut handles)?;
                    }
                    Ok(())
                })
            },
        )?;
    }
    Ok(())
}

fn write(
    plan: &Plan,
    number: usize,
    params: &[Val],
    handles: &mut CallerHandles<'_>,
) -> Result<Vec<u8>> {
    let types = plan
        .functions()
        .get(number)
        .map(|function| &function.params);
    let params = types.into_iter().flatten().zip(params);
    let params = params.map(|(ty, value)| from_engine(plan, *ty, value, handles));
    let params = params.collect::<Result<Vec<_>>>()?;
    plan.encode_params(number, &params).map_err(Error::new)
}

fn read(plan: &Plan, number: usize, gave: &[u8], handles: &mut CallerHandles<'_>) -> Result<Val> {
    let value = plan
        .decode_result(number, gave)
        .map_err(|fault| Error::new(Told(fault)))?;
    let ty = plan.functions().get(number).and_then(|found| found.result);
    let (Some(ty), Some(value)) = (ty, value) else {
        return Err(Error::msg("a result is missing"));
    };
    to_engine(plan, ty, value, handles)
}
