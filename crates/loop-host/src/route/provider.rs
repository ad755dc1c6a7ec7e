//! The calls that reach a component: its exports, as bytes in and bytes out.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use futures::channel::oneshot;
use loop_codec::{Fault, Plan, adapter};
use wasmtime::component::{Component, ComponentExportIndex, Func, Linker, TypedFunc, Val};
use wasmtime::{AsContextMut, Error, Result};

use crate::answer::{NoAnswer, answer};
use crate::app::outside;
use crate::chain::Call;
use crate::error::CallError;
use crate::instances::{Instances, Live};
use crate::observer::Event;
use crate::route::Message;
use crate::route::caller::{Told, told};
use crate::route::chunks::Function;
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
        let (plan, function) = match number {
            Number::ByAdapter(function) => (&self.by_adapter.as_ref()?.0, function),
            Number::ByValues(function) => (&self.by_values.as_ref()?.0, function),
        };
        Some(plan.check_params(function, params))
    }

    /// A function whose parameters or result may hold a stream.
    pub(crate) fn streaming(&self, number: Number) -> Option<Function<'_>> {
        let Number::ByValues(number) = number else {
            return None;
        };
        let (plan, _) = self.by_values.as_ref()?;
        Function::streaming(plan, number)
    }

    /// Whether a function is an `async func`. Only those have streams.
    fn is_async(&self, number: Number) -> bool {
        // Adapters leave those to whoever calls with values.
        self.by_values(number)
            .is_some_and(|called| called.function.is_async)
    }

    async fn call(
        &self,
        live: &mut Live,
        number: Number,
        params: Bytes,
        holder: &Holder,
    ) -> Result<Bytes> {
        let none = || Error::msg("there is no such function");
        match number {
            Number::ByAdapter(function) => {
                let (_, serve) = self.by_adapter.as_ref().ok_or_else(none)?;
                let serve: Serve<'_> = live.instance.get_typed_func(&mut live.store, serve)?;
                let params = (u32::try_from(function)?, &params[..]);
                let (gave,) = serve.call_async(&mut live.store, params).await?;
                Ok(gave.into())
            }
            Number::ByValues(_) => {
                let called = self.by_values(number).ok_or_else(none)?;
                called.end_of_gone(live).await?;
                let export = called.export(live)?;
                let params = called.lower(&mut live.store, params.into(), holder)?;
                let mut gave = called.room();
                export
                    .call_async(&mut live.store, &params, &mut gave)
                    .await?;
                Ok(called.lift(&mut live.store, &gave, holder)?.values)
            }
        }
    }

    /// As [`call`](Self::call), for an `async func`: it answers through `answer`, and goes on until the component has done what it still
    /// does after that.
    async fn call_async(
        &self,
        live: &mut Live,
        number: Number,
        params: Message,
        holder: &Holder,
        answer: oneshot::Sender<Message>,
    ) -> Result<()> {
        let called = self
            .by_values(number)
            .ok_or_else(|| Error::msg("there is no such function"))?;
        called.end_of_gone(live).await?;
        let export = called.export(live)?;
        let run = live.store.run_concurrent(async |accessor| {
            let params = accessor
                .with(|mut access| called.lower(&mut access.as_context_mut(), params, holder))?;
            let mut gave = called.room();
            export.call_concurrent(accessor, &params, &mut gave).await?;
            let gave = accessor
                .with(|mut access| called.lift(&mut access.as_context_mut(), &gave, holder))?;
            // Nobody waits any more if the caller gave the call up.
            drop(answer.send(gave));
            poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
            Ok(())
        });
        run.await?
    }

    fn by_values(&self, number: Number) -> Option<ByValues<'_>> {
        let Number::ByValues(number) = number else {
            return None;
        };
        let (plan, exports) = self.by_values.as_ref()?;
        Some(ByValues {
            plan,
            number,
            function: plan.functions().get(number)?,
            export: exports.get(number)?,
        })
    }
}

fn named(plan: &Plan, number: fn(usize) -> Number) -> impl Iterator<Item = (&str, &str, Number)> {
    let functions = plan.functions().iter().enumerate();
    functions.filter_map(move |(at, function)| {
        let interface = plan.interfaces().get(function.interface)?;
        Some((interface.as_str(), function.name.as_str(), number(at)))
    })
}

/// A function that is called with dynamic values.
struct ByValues<'a> {
    plan: &'a Plan,
    number: usize,
    function: &'a loop_codec::Function,
    export: &'a ComponentExportIndex,
}

impl ByValues<'_> {
    /// Drops what was lent to peers that are gone.
    async fn end_of_gone(&self, live: &mut Live) -> Result<()> {
        for ended in live.store.data_mut().lent.end_of_gone() {
            ended.resource_drop_async(&mut live.store).await?;
        }
        Ok(())
    }

    fn export(&self, live: &mut Live) -> Result<Func> {
        let export = live.instance.get_func(&mut live.store, self.export);
        export.ok_or_else(|| Error::msg("the export is not a function"))
    }

    /// Where what it gives will stand.
    fn room(&self) -> Vec<Val> {
        vec![Val::Bool(false); usize::from(self.function.result.is_some())]
    }

    fn lower(
        &self,
        store: &mut impl AsContextMut<Data = State>,
        params: Message,
        holder: &Holder,
    ) -> Result<Vec<Val>> {
        let Message { values, stream } = params;
        let params = self
            .plan
            .decode_params(self.number, &values)
            .map_err(|fault| Error::new(Told(fault)))?;
        let mut handles = ProviderHandles {
            store,
            holder,
            stream,
        };
        let params = self.function.params.iter().zip(params);
        params
            .map(|(ty, value)| to_engine(self.plan, *ty, value, &mut handles))
            .collect()
    }

    fn lift(
        &self,
        store: &mut impl AsContextMut<Data = State>,
        gave: &[Val],
        holder: &Holder,
    ) -> Result<Message> {
        let mut handles = ProviderHandles {
            store,
            holder,
            stream: None,
        };
        let gave = match (self.function.result, gave.first()) {
            (Some(ty), Some(value)) => Some(from_engine(self.plan, ty, value, &mut handles)?),
            _ => None,
        };
        let stream = handles.stream;
        let values = self.plan.encode_result(self.number, gave.as_ref())?.into();
        Ok(Message { values, stream })
    }
}

/// What an adapter of a component that serves wants of its host.
pub(crate) fn link_adapter(linker: &mut Linker<State>) -> Result<()> {
    linker.instance(adapter::FAULT)?.func_wrap("fail", told)
}

/// Calls a function that a component serves, under the call's deadline. The parameters are well-formed: whoever has them from
/// a stranger checks them. What comes back may hold handles, which are `holder`'s.
///
/// The answer of an `async func` comes as soon as it is there, and the component goes on. Its instance is free for the next call when it
/// has done all that it does, and its streams end with that.
pub(crate) async fn call(
    provider: &Arc<Instances>,
    call: &Call,
    number: Number,
    params: Message,
    holder: Holder,
) -> core::result::Result<Message, CallError> {
    let linked = Arc::clone(&provider.linked);
    let served = linked.served.as_ref();
    let goes_on = served.is_some_and(|served| served.is_async(number));
    let nothing = || Error::msg("nothing is served");
    if !goes_on {
        let mine = Arc::clone(provider);
        let called = provider.with(call, move |live: &mut Live| {
            Box::pin(async move {
                end_released(&mine, live).await?;
                let served = linked.served.as_ref().ok_or_else(nothing)?;
                served.call(live, number, params.values, &holder).await
            })
        });
        return called.await.map(Message::from);
    }
    let (instances, call) = (Arc::clone(provider), call.clone());
    let mine = Arc::clone(provider);
    let work = |sender| async move {
        let called = instances.with(&call, move |live: &mut Live| {
            Box::pin(async move {
                end_released(&mine, live).await?;
                let served = linked.served.as_ref().ok_or_else(nothing)?;
                served
                    .call_async(live, number, params, &holder, sender)
                    .await
            })
        });
        called.await
    };
    let linked = Arc::clone(&provider.linked);
    let late = move |error| {
        linked.host.observer.event(&Event::Failed {
            component: &linked.name,
            error: &error,
        });
    };
    answer(work, late).await.map_err(|none| match none {
        NoAnswer::Failed(error) => error,
        NoAnswer::Nothing => CallError::Host {
            component: provider.linked.name.to_string(),
            source: Error::msg("it gave no answer"),
        },
    })
}

/// Has a resource that a component lent dropped: before the next call to it is served, and soon in any case, by a task.
///
/// Where there is no runtime any more, the app ends, and the component with it.
pub(crate) fn release(provider: &Arc<Instances>, handle: Bytes) {
    if !provider.release(handle) {
        // There is a task already.
        return;
    }
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let provider = Arc::clone(provider);
    runtime.spawn(async move {
        let call = outside().within(provider.linked.call_limit());
        let mine = Arc::clone(&provider);
        let released = provider.with(&call, move |live: &mut Live| {
            Box::pin(async move { end_released(&mine, live).await })
        });
        if let Err(error) = released.await {
            let component = &*provider.linked.name;
            tracing::debug!(component, %error, "a resource was not dropped in order");
        }
    });
}

/// Drops what others need no longer of what the instance lent.
async fn end_released(provider: &Instances, live: &mut Live) -> Result<()> {
    for handle in provider.released() {
        if let Some(lent) = live.store.data_mut().lent.end(&handle) {
            lent.resource_drop_async(&mut live.store).await?;
        }
    }
    Ok(())
}
