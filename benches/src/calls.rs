//! `native/*`: a guest calls its import, through a provider of ours and through a bare `func_wrap`.

use std::sync::Arc;

use loop_core::name::InterfaceName;
use loop_host::wasmtime::component::{Linker, Val};
use loop_host::{
    AppContext, AppSpec, ComponentSpec, Function, Host, InstanceContext, LoadOptions, NativeSpec,
    Provider, ProviderError, RouteSpec, State,
};
use wasmtime::component::{Component, TypedFunc};
use wasmtime::{Config, Engine, Store, UpdateDeadline};

use crate::row::{Row, median, timed};

pub(crate) const ROUNDS: usize = 15;
pub(crate) const SCALAR_TIMES: u32 = 200_000;
pub(crate) const LIST_TIMES: u32 = 5_000;
pub(crate) const LIST_BYTES: u32 = 64 << 10;

/// The guest, built once.
pub(crate) fn guest() -> std::path::PathBuf {
    let folder = loop_test::root().join("benches/guests/calls");
    loop_test::component(&folder, &folder)
}

/// The bytes that were echoed and the numbers that were added, so that serving is not optimised away.
#[derive(Default)]
pub(crate) struct Served {
    calls: u64,
}

impl Served {
    pub(crate) fn add(&mut self, a: u32, b: u32) -> u32 {
        self.calls += 1;
        a.wrapping_add(b)
    }

    pub(crate) fn echo(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.calls += 1;
        bytes
    }
}

/// The provider of ours.
struct Native;

impl Provider for Native {
    type App = ();
    type Instance = Served;

    fn name(&self) -> &'static str {
        "native"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        "bench:calls/host".parse().into_iter().collect()
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        let mut host = linker.instance("bench:calls/host")?;
        host.func_wrap("add", |mut store, (a, b): (u32, u32)| {
            Ok((State::of::<Self>(store.data_mut()).add(a, b),))
        })?;
        host.func_wrap("echo", |mut store, (bytes,): (Vec<u8>,)| {
            Ok((State::of::<Self>(store.data_mut()).echo(bytes),))
        })
    }

    fn app(&self, _: &AppContext<'_>) -> Result<(), ProviderError> {
        Ok(())
    }

    fn instance(&self, _: &Arc<()>, _: &InstanceContext<'_>) -> Result<Served, ProviderError> {
        Ok(Served::default())
    }
}

/// The guest's function in an app of ours.
fn ours(function: &str) -> wasmtime::Result<Function> {
    let host = Host::builder().provider(Native).build()?;
    let component = host.load_file(&guest(), LoadOptions::default())?;
    let mut spec = AppSpec::single(ComponentSpec::new(component));
    spec.provide.insert(
        "bench:calls/host".parse()?,
        RouteSpec::Native(NativeSpec::default()),
    );
    Ok(host
        .link(spec)?
        .function(&format!("bench:calls/run#{function}"))?)
}

/// An engine like ours, without us.
pub(crate) fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.concurrency_support(false).epoch_interruption(true);
    Engine::new(&config)
}

/// What a floor's store holds.
pub(crate) struct Floor {
    served: Served,
    wasi: wasmtime_wasi::WasiCtx,
    table: wasmtime::component::ResourceTable,
}

impl wasmtime_wasi::WasiView for Floor {
    fn ctx(&mut self) -> wasmtime_wasi::WasiCtxView<'_> {
        wasmtime_wasi::WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl Floor {
    pub(crate) fn store(engine: &Engine) -> Store<Self> {
        let mut store = Store::new(
            engine,
            Self {
                served: Served::default(),
                wasi: wasmtime_wasi::WasiCtx::builder().build(),
                table: wasmtime::component::ResourceTable::new(),
            },
        );
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        store
    }

    pub(crate) fn served(&mut self) -> &mut Served {
        &mut self.served
    }

    pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Self>> {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        let mut host = linker.instance("bench:calls/host")?;
        host.func_wrap(
            "add",
            |mut store: wasmtime::StoreContextMut<'_, Self>, (a, b): (u32, u32)| {
                Ok((store.data_mut().served.add(a, b),))
            },
        )?;
        host.func_wrap(
            "echo",
            |mut store: wasmtime::StoreContextMut<'_, Self>, (bytes,): (Vec<u8>,)| {
                Ok((store.data_mut().served.echo(bytes),))
            },
        )?;
        Ok(linker)
    }
}

/// The guest's function in a bare store.
pub(crate) async fn floor<P, R>(function: &str) -> wasmtime::Result<(Store<Floor>, TypedFunc<P, R>)>
where
    P: wasmtime::component::ComponentNamedList + wasmtime::component::Lower,
    R: wasmtime::component::ComponentNamedList + wasmtime::component::Lift,
{
    let engine = engine()?;
    let component = Component::from_file(&engine, guest())?;
    let mut store = Floor::store(&engine);
    let instance = Floor::linker(&engine)?
        .instantiate_async(&mut store, &component)
        .await?;
    let run = instance
        .get_export_index(&mut store, None, "bench:calls/run")
        .ok_or_else(|| wasmtime::format_err!("the guest exports run"))?;
    let index = instance
        .get_export_index(&mut store, Some(&run), function)
        .ok_or_else(|| wasmtime::format_err!("the guest exports {function}"))?;
    let function = instance.get_typed_func(&mut store, index)?;
    Ok((store, function))
}

pub(crate) async fn scalar() -> wasmtime::Result<Row> {
    let ours = ours("add")?;
    let (mut store, function) = floor::<(u32,), (u32,)>("add").await?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (sum, value) = timed(SCALAR_TIMES, ours.call(&[Val::U32(SCALAR_TIMES)])).await;
        let (floor_sum, floor) = timed(
            SCALAR_TIMES,
            function.call_async(&mut store, (SCALAR_TIMES,)),
        )
        .await;
        wasmtime::ensure!(sum? == [Val::U32(floor_sum?.0)], "both count the same");
        values.push(value);
        floors.push(floor);
    }
    Ok(Row::new(
        "native/scalar",
        "ns",
        median(&mut values),
        median(&mut floors),
        1.2,
    ))
}

pub(crate) async fn list() -> wasmtime::Result<Row> {
    let ours = ours("echo")?;
    let (mut store, function) = floor::<(u32, u32), (u64,)>("echo").await?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let params = [Val::U32(LIST_TIMES), Val::U32(LIST_BYTES)];
        let (sum, value) = timed(LIST_TIMES, ours.call(&params)).await;
        let (floor_sum, floor) = timed(
            LIST_TIMES,
            function.call_async(&mut store, (LIST_TIMES, LIST_BYTES)),
        )
        .await;
        wasmtime::ensure!(sum? == [Val::U64(floor_sum?.0)], "both echo the same");
        values.push(value);
        floors.push(floor);
    }
    Ok(Row::new(
        "native/list-64KiB",
        "ns",
        median(&mut values),
        median(&mut floors),
        1.2,
    ))
}
