//! The calls that leave a component: its imports, linked to a [`Route`].

use std::sync::Arc;

use bytes::Bytes;
use loop_codec::{Fault, Plan};
use wasmtime::component::{Accessor, Linker, Resource, ResourceType, Val};
use wasmtime::{AsContextMut, Error, Result, StoreContextMut};

use crate::chain::Call;
use crate::error::CallError;
use crate::route::handles::{CallerHandles, Foreign};
use crate::route::pipe::Reader;
use crate::route::{Message, Route, RouteFailed};
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
                let params = Bytes::from(params).into();
                let gave = route.call(&caller, &call, function as usize, params);
                let gave = gave.await.map_err(failed)?;
                Ok((Vec::from(gave.values),))
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
        let link = Arc::new(Link {
            route: Arc::clone(route),
            caller: Arc::clone(caller),
            plan: Arc::clone(plan),
            number,
        });
        if function.is_async {
            instance.func_new_concurrent(&function.name, move |accessor, _, params, results| {
                let link = Arc::clone(&link);
                Box::pin(async move { link.call_concurrent(accessor, params, results).await })
            })?;
        } else {
            instance.func_new_async(&function.name, move |store, _, params, results| {
                let link = Arc::clone(&link);
                Box::new(async move { link.call(store, params, results).await })
            })?;
        }
    }
    Ok(())
}

/// A function that a component calls with dynamic values.
struct Link {
    route: Arc<Route>,
    caller: Arc<str>,
    plan: Arc<Plan>,
    number: usize,
}

/// Stands in the table of an instance for a call that it made and that is under way, so that `limits.handles` holds for those too.
struct UnderWay;

impl Link {
    /// Calls while the instance waits.
    async fn call(
        &self,
        mut store: StoreContextMut<'_, State>,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let call = current(&mut store);
        let params = self.write(store.as_context_mut(), params)?;
        let gave = self.route.call(&self.caller, &call, self.number, params);
        let gave = gave.await.map_err(failed)?;
        self.read(store, gave, results)
    }

    /// Calls while the instance goes on, and makes other calls.
    async fn call_concurrent(
        &self,
        accessor: &Accessor<State>,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let (under_way, call, params) = accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            let under_way = store.data_mut().table.push(UnderWay)?;
            let call = current(&mut store);
            Ok::<_, Error>((under_way, call, self.write(store, params)?))
        })?;
        let gave = self.route.call(&self.caller, &call, self.number, params);
        let gave = gave.await.map_err(failed)?;
        accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            store.data_mut().table.delete(under_way)?;
            self.read(store, gave, results)
        })
    }

    fn handles<'a>(
        &'a self,
        store: StoreContextMut<'a, State>,
        stream: Option<Reader>,
    ) -> CallerHandles<'a> {
        CallerHandles {
            store,
            plan: &self.plan,
            route: &self.route,
            stream,
        }
    }

    fn write(&self, store: StoreContextMut<'_, State>, params: &[Val]) -> Result<Message> {
        let plan = &*self.plan;
        let mut handles = self.handles(store, None);
        let types = plan.functions().get(self.number);
        let types = types.map(|function| &function.params);
        let params = types.into_iter().flatten().zip(params);
        let params = params.map(|(ty, value)| from_engine(plan, *ty, value, &mut handles));
        let params = params.collect::<Result<Vec<_>>>()?;
        let values = plan.encode_params(self.number, &params)?;
        Ok(Message {
            values: values.into(),
            stream: handles.stream,
        })
    }

    fn read(
        &self,
        store: StoreContextMut<'_, State>,
        gave: Message,
        results: &mut [Val],
    ) -> Result<()> {
        let Some(place) = results.first_mut() else {
            return Ok(());
        };
        let plan = &*self.plan;
        let value = plan
            .decode_result(self.number, &gave.values)
            .map_err(|fault| Error::new(Told(fault)))?;
        let function = plan.functions().get(self.number);
        let ty = function.and_then(|function| function.result);
        let (Some(ty), Some(value)) = (ty, value) else {
            return Err(Error::msg("a result is missing"));
        };
        let mut handles = self.handles(store, gave.stream);
        *place = to_engine(plan, ty, value, &mut handles)?;
        Ok(())
    }
}
