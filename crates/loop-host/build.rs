//! Generates the traits of `loop:core`.
//!
//! `wasmtime::component::bindgen!` would do it, if it did not use a package's namespace as the name of a module
//! as it is: `loop` is a keyword of Rust. So its generator is called here, and the one name changed.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use wasmtime_internal_wit_bindgen::{FunctionConfig, FunctionFilter, FunctionFlags, Opts};
use wit_parser::Resolve;

const WIT: &str = "../../wit/core";

/// Functions that wait.
const ASYNC: [&str; 3] = [
    "loop:core/clocks.[method]timer.wait",
    "loop:core/cancellation.[method]token.wait",
    "loop:core/waiting.any",
];

/// Resources, and the types that stand for them.
const RESOURCES: [(&str, &str); 7] = [
    (
        "loop:core/logging.span",
        "crate::core::serve::logging::Span",
    ),
    (
        "loop:core/metrics.counter",
        "crate::core::serve::metrics::Counter",
    ),
    (
        "loop:core/metrics.gauge",
        "crate::core::serve::metrics::Gauge",
    ),
    (
        "loop:core/metrics.histogram",
        "crate::core::serve::metrics::Histogram",
    ),
    (
        "loop:core/clocks.timer",
        "crate::core::serve::clocks::Timer",
    ),
    (
        "loop:core/randomness.generator",
        "crate::core::xoshiro::Xoshiro",
    ),
    (
        "loop:core/cancellation.token",
        "crate::core::serve::cancellation::Token",
    ),
];

fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed={WIT}");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(WIT)?;
    let world = resolve.select_world(&[package], Some("imports"))?;

    let mut imports = FunctionConfig::new();
    for name in ASYNC {
        let flags = FunctionFlags::ASYNC | FunctionFlags::TRAPPABLE;
        imports.push(FunctionFilter::Name(name.to_owned()), flags);
    }
    imports.push(FunctionFilter::Default, FunctionFlags::TRAPPABLE);
    let with = RESOURCES.map(|(wit, rust)| (wit.to_owned(), rust.to_owned()));
    let options = Opts {
        imports,
        with: HashMap::from(with),
        ..Opts::default()
    };
    let code = options.generate(&mut resolve, world)?;

    let code = code
        .replace("pub mod loop {", "pub mod loop_ {")
        .replace("::loop::", "::loop_::")
        .replace(" loop::", " loop_::");
    let out = std::env::var_os("OUT_DIR").context("cargo tells where to write")?;
    std::fs::write(Path::new(&out).join("core_bindings.rs"), code)?;
    Ok(())
}
