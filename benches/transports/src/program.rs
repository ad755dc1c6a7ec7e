//! The two components, made of the texts in `components/` when they are needed.

use anyhow::Context as _;
use loop_codec::Plan as Codec;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{PackageId, Resolve};

const WIT: &str = include_str!("../components/bench.wit");
const CALLER: &str = include_str!("../components/caller.wat");
const CALLEE: &str = include_str!("../components/callee.wat");

/// The interface that is called.
pub(crate) const ECHO: &str = "bench:transports/echo";
/// The interface that tells the time.
pub(crate) const CLOCK: &str = "bench:transports/clock";
/// The interface that begins a measurement.
pub(crate) const RUN: &str = "bench:transports/run";

/// The component that calls.
pub(crate) fn caller() -> anyhow::Result<Vec<u8>> {
    component(CALLER, "caller")
}

/// The component that is called.
pub(crate) fn callee() -> anyhow::Result<Vec<u8>> {
    component(CALLEE, "callee")
}

/// How values of the interface that is called become bytes.
pub(crate) fn codec() -> anyhow::Result<Codec> {
    let (resolve, package) = read()?;
    let interfaces = resolve
        .packages
        .get(package)
        .map(|package| &package.interfaces);
    let echo = interfaces.and_then(|interfaces| interfaces.get("echo"));
    Ok(Codec::new(
        &resolve,
        [(ECHO, *echo.context("the echo is declared")?)],
    )?)
}

fn component(text: &str, world: &str) -> anyhow::Result<Vec<u8>> {
    let (resolve, package) = read()?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut module = wat::parse_str(text)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default().module(&module)?.encode()
}

fn read() -> anyhow::Result<(Resolve, PackageId)> {
    let mut resolve = Resolve::new();
    let package = resolve.push_str("bench.wit", WIT)?;
    Ok((resolve, package))
}
