//! `codec/*`: a guest calls its import through the adapters of `loop-codec`, and through a bare `func_wrap`.
//!
//! The host's side of an adapted call is the least there is: it gives back bytes that were made before, or those that it
//! got, so what is measured is the adapter and the one typed call that it makes.

use loop_codec::{Plan, adapter};
use wasmtime::StoreContextMut;
use wasmtime::component::{Component, Linker, TypedFunc, Val};

use crate::calls::{Floor, LIST_BYTES, LIST_TIMES, ROUNDS, SCALAR_TIMES, engine, floor, guest};
use crate::row::{Row, median, timed};

const INTERFACE: &str = "bench:calls/host";

/// How many calls through dynamic values are timed: one takes milliseconds.
const VAL_TIMES: u32 = 5;

fn read_plan() -> anyhow::Result<Plan> {
    let mut resolve = wit_parser::Resolve::new();
    let wit = loop_test::root().join("benches/guests/calls/wit");
    let (package, _) = resolve.push_dir(wit)?;
    let package = resolve.packages.get(package);
    let host = package.and_then(|package| package.interfaces.get("host"));
    let host = host.ok_or_else(|| anyhow::anyhow!("the guest imports host"))?;
    Ok(Plan::new(&resolve, [(INTERFACE, *host)])?)
}

/// The guest's function with an adapter in it.
async fn adapted<P, R>(
    function: &str,
) -> wasmtime::Result<(wasmtime::Store<Floor>, TypedFunc<P, R>)>
where
    P: wasmtime::component::ComponentNamedList + wasmtime::component::Lower,
    R: wasmtime::component::ComponentNamedList + wasmtime::component::Lift,
{
    let plan = read_plan().map_err(|error| wasmtime::format_err!("{error:?}"))?;
    let bytes = adapter::caller(&std::fs::read(guest())?, &plan)
        .map_err(|error| wasmtime::format_err!("{error:?}"))?;
    let echo = plan.find(INTERFACE, "echo");
    let engine = engine()?;
    let component = Component::new(&engine, bytes)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    let mut wire = linker.instance(INTERFACE)?;
    wire.func_wrap(
        "invoke",
        move |mut store: StoreContextMut<'_, Floor>, (function, params): (u32, Vec<u8>)| {
            let served = store.data_mut().served();
            // An echo's result has the bytes of its arguments; a sum is made of what a varint of each holds.
            if Some(function as usize) == echo {
                return Ok((served.echo(params),));
            }
            let (a, used) = varint(&params);
            let (b, _) = varint(params.get(used..).unwrap_or_default());
            let mut sum = served.add(a, b);
            let mut bytes = Vec::with_capacity(5);
            while sum >= 0x80 {
                bytes.push(sum.to_le_bytes()[0] | 0x80);
                sum >>= 7;
            }
            bytes.push(sum.to_le_bytes()[0]);
            Ok((bytes,))
        },
    )?;
    wire.func_wrap(
        "fail",
        |_: StoreContextMut<'_, Floor>, (code, at): (u32, u32)| -> wasmtime::Result<()> {
            wasmtime::bail!("the adapter says {code} at {at}")
        },
    )?;
    let mut store = Floor::store(&engine);
    let instance = linker.instantiate_async(&mut store, &component).await?;
    let run = instance
        .get_export_index(&mut store, None, "bench:calls/run")
        .ok_or_else(|| wasmtime::format_err!("the guest exports run"))?;
    let index = instance
        .get_export_index(&mut store, Some(&run), function)
        .ok_or_else(|| wasmtime::format_err!("the guest exports {function}"))?;
    let function = instance.get_typed_func(&mut store, index)?;
    Ok((store, function))
}

/// The number at the beginning, and how many bytes it takes.
fn varint(bytes: &[u8]) -> (u32, usize) {
    let mut number = 0;
    for (place, byte) in bytes.iter().enumerate() {
        number |= u32::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return (number, place + 1);
        }
    }
    (number, bytes.len())
}

/// The guest's `echo`, served with dynamic values.
async fn dynamic() -> wasmtime::Result<(wasmtime::Store<Floor>, TypedFunc<(u32, u32), (u64,)>)> {
    let engine = engine()?;
    let component = Component::from_file(&engine, guest())?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    let mut host = linker.instance(INTERFACE)?;
    host.func_new("add", |_, _, _, results| {
        results.fill(Val::U32(0));
        Ok(())
    })?;
    host.func_new("echo", |_, _, params, results| {
        results.clone_from_slice(params);
        Ok(())
    })?;
    let mut store = Floor::store(&engine);
    let instance = linker.instantiate_async(&mut store, &component).await?;
    let run = instance
        .get_export_index(&mut store, None, "bench:calls/run")
        .ok_or_else(|| wasmtime::format_err!("the guest exports run"))?;
    let index = instance
        .get_export_index(&mut store, Some(&run), "echo")
        .ok_or_else(|| wasmtime::format_err!("the guest exports echo"))?;
    let function = instance.get_typed_func(&mut store, index)?;
    Ok((store, function))
}

pub(crate) async fn scalar() -> wasmtime::Result<Row> {
    let (mut ours_store, ours) = adapted::<(u32,), (u32,)>("add").await?;
    let (mut store, function) = floor::<(u32,), (u32,)>("add").await?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let params = (SCALAR_TIMES,);
        let (sum, value) = timed(SCALAR_TIMES, ours.call_async(&mut ours_store, params)).await;
        let (floor_sum, floor) = timed(SCALAR_TIMES, function.call_async(&mut store, params)).await;
        wasmtime::ensure!(sum? == floor_sum?, "both count the same");
        values.push(value);
        floors.push(floor);
    }
    let (value, floor) = (median(&mut values), median(&mut floors));
    Ok(Row::new("codec/scalar", "ns", value, floor, 4.0))
}

/// Two rows of one measurement: over a typed function, and over dynamic values.
pub(crate) async fn list() -> wasmtime::Result<[Row; 2]> {
    let (mut ours_store, ours) = adapted::<(u32, u32), (u64,)>("echo").await?;
    let (mut store, function) = floor::<(u32, u32), (u64,)>("echo").await?;
    let (mut val_store, val) = dynamic().await?;
    let (mut values, mut floors, mut vals) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let params = (LIST_TIMES, LIST_BYTES);
        let (sum, value) = timed(LIST_TIMES, ours.call_async(&mut ours_store, params)).await;
        let (floor_sum, floor) = timed(LIST_TIMES, function.call_async(&mut store, params)).await;
        let few = (VAL_TIMES, LIST_BYTES);
        let (val_sum, dynamic) = timed(VAL_TIMES, val.call_async(&mut val_store, few)).await;
        wasmtime::ensure!(sum? == floor_sum?, "both echo the same");
        let expected = u64::from(VAL_TIMES) * u64::from(LIST_BYTES);
        wasmtime::ensure!(val_sum? == (expected,), "values echo the same");
        values.push(value);
        floors.push(floor);
        vals.push(dynamic);
    }
    let (value, floor, val) = (median(&mut values), median(&mut floors), median(&mut vals));
    Ok([
        Row::new("codec/list-64KiB", "ns", value, floor, 2.0),
        Row::new("codec/list-64KiB/against-val", "ns", value, val, 0.02),
    ])
}
