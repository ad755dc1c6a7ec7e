//! Benchmarks: every figure with its floor, measured in the same run.
//!
//! `loop-bench host [--json FILE]` and `loop-bench capabilities [--json FILE]` print tables of docs/perf.md. Each row says what was measured, what the floor
//! was and the ratio of the two; smaller is always better. Ours and the floor are measured in turn, and the medians of
//! several rounds are compared, so that a machine that gets slower in between slows both.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table"
)]

mod calls;
mod codec;
mod fsx;
mod instantiate;
mod javascript;
mod keyvalue;
mod netx;
mod policy;
mod process;
mod programs;
mod row;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use row::Row;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut json = None;
    let mut only = None;
    let suite = args.next().unwrap_or_default();
    anyhow::ensure!(
        matches!(suite.as_str(), "host" | "capabilities"),
        "usage: loop-bench host|capabilities [--json FILE] [--only ROW], not {suite:?}"
    );
    while let Some(arg) = args.next() {
        let value = args
            .next()
            .with_context(|| format!("{arg} takes a value"))?;
        match arg.as_str() {
            "--json" => json = Some(PathBuf::from(value)),
            "--only" => only = Some(value),
            _ => bail!("there is no option {arg}"),
        }
    }
    if cfg!(debug_assertions) {
        eprintln!("warning: built without optimisation, so the figures mean nothing");
    }

    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    let rows = match suite.as_str() {
        "host" => host(&wanted)?,
        _ => capabilities(&wanted)?,
    };
    row::print(&rows);
    if let Some(path) = json {
        std::fs::write(&path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// What calls, instances and requests cost.
fn host(wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    let runtime = runtime()?;
    if wanted("native/scalar") || wanted("policy/decision") {
        rows.push(told(runtime.block_on(calls::scalar()))?);
    }
    if wanted("native/list-64KiB") {
        rows.push(told(runtime.block_on(calls::list()))?);
    }
    if wanted("codec/scalar") {
        rows.push(told(runtime.block_on(codec::scalar()))?);
    }
    if wanted("codec/list-64KiB") {
        let both = runtime.block_on(codec::list());
        rows.extend(both.map_err(|error| anyhow::anyhow!("{error:?}"))?);
    }
    if wanted("start/hello-warm") {
        rows.push(process::start()?);
    }
    if wanted("instantiate/100KB") {
        rows.push(told(runtime.block_on(instantiate::instantiate()))?);
    }
    for (version, guest) in [("http02", "http-p2"), ("http03", "http-p3")] {
        if wanted(&format!("{version}/cpu-per-request")) {
            rows.push(process::http(version, guest)?);
        }
    }
    if wanted("memory/idle-app") {
        rows.push(process::memory()?);
    }
    if wanted("policy/decision") {
        let scalar = rows.first().context("native/scalar was measured")?.value;
        rows.push(policy::decision(scalar)?);
    }
    Ok(rows)
}

/// What the capability packages cost.
fn capabilities(wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let runtime = runtime()?;
    if wanted("fsx/read-4KiB") {
        rows.push(runtime.block_on(fsx::read())?);
    }
    if wanted("fsx/write-atomic-4KiB") {
        rows.push(runtime.block_on(fsx::write())?);
    }
    if wanted("fsx/glob-100k-files") {
        rows.push(runtime.block_on(fsx::glob())?);
    }
    if wanted("fsx/digest-1GiB") {
        rows.push(runtime.block_on(fsx::digest())?);
    }
    if wanted("netx/http-get-reuse") {
        rows.push(runtime.block_on(netx::get_reuse())?);
    }
    if wanted("netx/ws-echo") {
        rows.push(netx::ws_echo()?);
    }
    if wanted("netx/stream-1GiB") {
        rows.push(runtime.block_on(netx::stream())?);
    }
    if wanted("process/spawn-true") {
        rows.push(runtime.block_on(programs::spawn())?);
    }
    if wanted("keyvalue/get") {
        rows.push(runtime.block_on(keyvalue::get())?);
    }
    if wanted("keyvalue/set-batch-1000") {
        rows.push(runtime.block_on(keyvalue::set_batch())?);
    }
    if wanted("build/js-changed") {
        rows.push(javascript::changed()?);
    }
    Ok(rows)
}

/// As `loop run` has for a command.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// The engine's errors are no standard ones.
fn told(row: wasmtime::Result<Row>) -> anyhow::Result<Row> {
    row.map_err(|error| anyhow::anyhow!("{error:?}"))
}
