//! `instantiate/100KB`: an instance of its own for each call, of a Rust component of about 100 KB.

use loop_host::{Allocation, AppSpec, ComponentSpec, Host, Instances, LoadOptions, NativeSpec};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::calls::{Floor, guest};
use crate::row::{Row, median, timed};

const ROUNDS: usize = 21;
const TIMES: u32 = 2_000;

pub(crate) async fn instantiate() -> wasmtime::Result<Row> {
    let host = Host::builder()
        .allocation(Allocation::Pooling)
        .provider(Silent)
        .build()?;
    let component = host.load_file(&guest(), LoadOptions::default())?;
    let mut spec = ComponentSpec::new(component);
    spec.instances = Some(Instances::PerCall);
    let mut app = AppSpec::single(spec);
    let native = loop_host::RouteSpec::Native(NativeSpec::default());
    app.provide.insert("bench:calls/host".parse()?, native);
    let ours = host.link(app)?.function("bench:calls/run#nothing")?;

    let mut config = Config::new();
    config.concurrency_support(false).epoch_interruption(true);
    let mut pool = PoolingAllocationConfig::new();
    // What a slot keeps is ours too: the floor is to differ in nothing but us.
    pool.linear_memory_keep_resident(256 << 10)
        .table_keep_resident(256 << 10);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config)?;
    let component = Component::from_file(&engine, guest())?;
    let pre = Floor::linker(&engine)?.instantiate_pre(&component)?;
    let run = component
        .get_export_index(None, "bench:calls/run")
        .and_then(|run| component.get_export_index(Some(&run), "nothing"))
        .ok_or_else(|| wasmtime::format_err!("the guest exports nothing"))?;

    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (done, value) = timed(TIMES, async {
            for _ in 0..TIMES {
                ours.call(&[]).await?;
            }
            wasmtime::error::Ok(())
        })
        .await;
        done?;
        let (done, floor) = timed(TIMES, async {
            for _ in 0..TIMES {
                let mut store = Floor::store(&engine);
                let instance = pre.instantiate_async(&mut store).await?;
                let nothing = instance.get_typed_func::<(), ()>(&mut store, run)?;
                nothing.call_async(&mut store, ()).await?;
            }
            wasmtime::error::Ok(())
        })
        .await;
        done?;
        values.push(value / 1000.0);
        floors.push(floor / 1000.0);
    }
    Ok(Row::new(
        "instantiate/100KB",
        "us",
        median(&mut values),
        median(&mut floors),
        1.2,
    ))
}

/// Serves what the guest imports and never calls here.
struct Silent;

impl loop_host::Provider for Silent {
    type App = ();
    type Instance = ();

    fn name(&self) -> &'static str {
        "silent"
    }

    fn interfaces(&self) -> Vec<loop_core::name::InterfaceName> {
        "bench:calls/host".parse().into_iter().collect()
    }

    fn link(
        &self,
        linker: &mut wasmtime::component::Linker<loop_host::State>,
    ) -> wasmtime::Result<()> {
        let mut host = linker.instance("bench:calls/host")?;
        host.func_wrap("add", |_, (a, _): (u32, u32)| Ok((a,)))?;
        host.func_wrap("echo", |_, (bytes,): (Vec<u8>,)| Ok((bytes,)))
    }

    fn app(&self, _: &loop_host::AppContext<'_>) -> Result<(), loop_host::ProviderError> {
        Ok(())
    }

    fn instance(
        &self,
        _: &std::sync::Arc<()>,
        _: &loop_host::InstanceContext<'_>,
    ) -> Result<(), loop_host::ProviderError> {
        Ok(())
    }
}
