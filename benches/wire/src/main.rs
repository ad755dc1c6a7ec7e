//! Benchmarks of the wire: how long a call takes, beside a blocking ping-pong of as many bytes over the same kind of
//! descriptor.
//!
//! `loop-bench-wire transports [--json FILE] [--only ROW]` prints the table. Caller and callee are two processes, each
//! with a runtime of one thread. Free, each runs where the system puts it; pinned, both share one core. Ours and the floor
//! are measured in turn, and the medians of several rounds are compared, so that a machine that gets slower slows both.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table"
)]

mod floor;
mod nats;
mod ours;
mod peer;
mod rings;
mod row;
mod transport;

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::peer::Placement;
use crate::row::{Plan, Row};
use crate::transport::Transport;

/// What is measured: the row, the payload in bytes, how many call at once, and the most that the ratio may be.
fn plans() -> Vec<Plan> {
    let mut plans = Vec::new();
    let sizes = [
        ("0B", 0),
        ("64B", 64),
        ("1KiB", 1024),
        ("64KiB", 65_536),
        ("1MiB", 1_048_576),
    ];
    for transport in Transport::ALL {
        if matches!(transport, Transport::Tls | Transport::Nats) {
            plans.push(Plan::new(transport, "64B", 64, 1, Placement::Free));
            continue;
        }
        for (name, bytes) in sizes {
            for placement in [Placement::Free, Placement::Pinned] {
                plans.push(Plan::new(transport, name, bytes, 1, placement));
            }
        }
        plans.push(Plan::new(transport, "64B", 64, 64, Placement::Free));
        plans.push(Plan::new(transport, "64B", 64, 1, Placement::Awake));
    }
    plans
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let [command, rest @ ..] = args.as_slice() else {
        bail!("usage: loop-bench-wire transports [--json FILE] [--only ROW]");
    };
    match *command {
        "transports" => transports(rest),
        // The other process of a measurement.
        "serve" | "echo" => peer::run(command, rest),
        other => bail!("there is no command {other}"),
    }
}

fn transports(mut args: &[&str]) -> anyhow::Result<()> {
    let (mut json, mut only) = (None, None);
    while let [option, rest @ ..] = args {
        let (value, rest) = rest
            .split_first()
            .with_context(|| format!("{option} takes a value"))?;
        match *option {
            "--json" => json = Some(PathBuf::from(value)),
            "--only" => only = Some(*value),
            _ => bail!("there is no option {option}"),
        }
        args = rest;
    }
    if cfg!(debug_assertions) {
        eprintln!("warning: built without optimisation, so the figures mean nothing");
    }
    let mut rows: Vec<Row> = Vec::new();
    println!("{}", Row::HEAD);
    for plan in plans() {
        if only.is_none_or(|only| plan.name.contains(only)) {
            let row = row::measure(&plan).with_context(|| plan.name.clone())?;
            println!("{row}");
            rows.push(row);
        }
    }
    if let Some(path) = json {
        std::fs::write(path, serde_json::to_vec_pretty(&rows)?)?;
    }
    Ok(())
}
