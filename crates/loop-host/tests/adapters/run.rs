//! Running adapted components.

use std::sync::LazyLock;

use loop_codec::{Fault, Plan, Value, adapter};
use loop_host::values::{Handles, from_engine, to_engine};
use wasmtime::component::{Component, Instance, Linker, ResourceAny, StreamAny, Val};
use wasmtime::{Config, Engine, Store, StoreContextMut, Strategy};

use crate::guest::{INTERFACE, Passing};

/// Compiles well.
pub(crate) static CRANELIFT: LazyLock<Engine> = LazyLock::new(|| engine(Strategy::Cranelift));
/// Compiles quickly, and is another implementation of what adapters rely on.
pub(crate) static WINCH: LazyLock<Engine> = LazyLock::new(|| engine(Strategy::Winch));

fn engine(strategy: Strategy) -> Engine {
    let mut config = Config::new();
    config.concurrency_support(false).strategy(strategy);
    Engine::new(&config).unwrap()
}

/// What the host does when it is called, and what it saw.
#[derive(Default)]
pub(crate) struct Host {
    /// The bytes to give, or the values.
    gives: Vec<u8>,
    gives_value: Option<Val>,
    saw: Vec<u8>,
    saw_values: Vec<Val>,
    function: u32,
}

/// No resource is passed.
struct NoHandles;

impl Handles for NoHandles {
    fn to_bytes(&mut self, _: usize, _: ResourceAny, _: bool) -> wasmtime::Result<Vec<u8>> {
        panic!("a resource")
    }

    fn to_handle(&mut self, _: usize, _: &[u8], _: bool) -> wasmtime::Result<ResourceAny> {
        panic!("a resource")
    }

    fn take_stream(&mut self, _: StreamAny) -> wasmtime::Result<Option<Vec<u8>>> {
        panic!("a stream")
    }

    fn give_stream(&mut self, _: Option<Vec<u8>>) -> wasmtime::Result<StreamAny> {
        panic!("a stream")
    }
}

/// A fault that an adapter told.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Told(Fault);

/// Why a call through an adapter failed: the fault that it told.
pub(crate) fn fault(error: &wasmtime::Error) -> Fault {
    match error.downcast_ref::<Told>() {
        Some(told) => told.0,
        None => panic!("no fault was told: {error:?}"),
    }
}

pub(crate) fn told<T>(_: StoreContextMut<'_, T>, (code, at): (u32, u32)) -> wasmtime::Result<()> {
    Err(Told(Fault::from_codes(code, at).unwrap()).into())
}

/// An adapted component, ready for calls.
pub(crate) struct Running<'a> {
    plan: &'a Plan,
    store: Store<Host>,
    instance: Instance,
}

/// The caller's adapter: the component's imports have become messages.
pub(crate) fn caller<'a>(engine: &Engine, passing: &'a Passing) -> Running<'a> {
    let adapted = adapter::caller(&passing.component, &passing.plan).unwrap();
    let mut linker = Linker::<Host>::new(engine);
    let mut wire = linker.instance(INTERFACE).unwrap();
    wire.func_wrap(
        "invoke",
        |mut store: StoreContextMut<'_, Host>, (function, params): (u32, Vec<u8>)| {
            let host = store.data_mut();
            host.saw = params;
            host.function = function;
            Ok((host.gives.clone(),))
        },
    )
    .unwrap();
    wire.func_wrap("fail", told).unwrap();
    start(engine, &adapted, &linker, &passing.plan)
}

/// The provider's adapter: messages become calls of the component's exports.
pub(crate) fn provider<'a>(engine: &Engine, passing: &'a Passing) -> Running<'a> {
    let adapted = adapter::provider(&passing.component, &passing.plan).unwrap();
    let mut linker = Linker::<Host>::new(engine);
    let mut real = linker.instance(INTERFACE).unwrap();
    for function in passing.plan.functions() {
        real.func_new(&function.name, |mut store, _, params, results| {
            let host = store.data_mut();
            host.saw_values = params.to_vec();
            if let [result] = results {
                *result = host.gives_value.clone().unwrap();
            }
            Ok(())
        })
        .unwrap();
    }
    linker
        .instance(adapter::FAULT)
        .unwrap()
        .func_wrap("fail", told)
        .unwrap();
    start(engine, &adapted, &linker, &passing.plan)
}

fn start<'a>(
    engine: &Engine,
    adapted: &[u8],
    linker: &Linker<Host>,
    plan: &'a Plan,
) -> Running<'a> {
    let component = Component::new(engine, adapted).unwrap();
    let mut store = Store::new(engine, Host::default());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    Running {
        plan,
        store,
        instance,
    }
}

impl Running<'_> {
    /// Calls an export with values, where the other side gives these bytes. Gives what the other side got, and the result.
    pub(crate) fn call(
        &mut self,
        function: usize,
        params: &[Value],
        gives: &[u8],
    ) -> Result<(Vec<u8>, Option<Value>), Fault> {
        let of_plan = &self.plan.functions()[function];
        let params: Vec<Val> = of_plan
            .params
            .iter()
            .zip(params)
            .map(|(ty, value)| to_engine(self.plan, *ty, value.clone(), &mut NoHandles).unwrap())
            .collect();
        let mut results = vec![Val::Bool(false); usize::from(of_plan.result.is_some())];
        self.store.data_mut().gives = gives.to_vec();
        let store = &mut self.store;
        let interface = self
            .instance
            .get_export_index(&mut *store, None, INTERFACE)
            .unwrap();
        let export = self
            .instance
            .get_export_index(&mut *store, Some(&interface), &of_plan.name)
            .unwrap();
        let export = self.instance.get_func(&mut *store, export).unwrap();
        export
            .call(&mut *store, &params, &mut results)
            .map_err(|error| fault(&error))?;
        let host = store.data_mut();
        assert_eq!(host.function as usize, function);
        let result = of_plan
            .result
            .map(|ty| from_engine(self.plan, ty, &results[0], &mut NoHandles).unwrap());
        Ok((std::mem::take(&mut host.saw), result))
    }

    /// Serves a message, where the import gives this value. Gives what the import got, and what is sent back.
    pub(crate) fn serve(
        &mut self,
        function: usize,
        params: &[u8],
        gives: Option<&Value>,
    ) -> Result<(Vec<Value>, Vec<u8>), Fault> {
        let of_plan = self.plan.functions().get(function);
        let result = of_plan.and_then(|function| function.result);
        self.store.data_mut().gives_value = result
            .zip(gives)
            .map(|(ty, value)| to_engine(self.plan, ty, value.clone(), &mut NoHandles).unwrap());
        let store = &mut self.store;
        let interface = self
            .instance
            .get_export_index(&mut *store, None, adapter::SERVE)
            .unwrap();
        let export = self
            .instance
            .get_export_index(&mut *store, Some(&interface), "serve")
            .unwrap();
        let serve = self
            .instance
            .get_typed_func::<(u32, Vec<u8>), (Vec<u8>,)>(&mut *store, export)
            .unwrap();
        let function = u32::try_from(function).unwrap();
        let (bytes,) = serve
            .call(&mut *store, (function, params.to_vec()))
            .map_err(|error| fault(&error))?;
        let saw = std::mem::take(&mut store.data_mut().saw_values);
        let types = of_plan
            .map(|function| function.params.clone())
            .unwrap_or_default();
        let saw = types.iter().zip(&saw);
        Ok((
            saw.map(|(ty, value)| from_engine(self.plan, *ty, value, &mut NoHandles).unwrap())
                .collect(),
            bytes,
        ))
    }
}
