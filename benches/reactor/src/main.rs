//! Benchmarks of the reactor: every figure beside the best of its peers, measured in the same run.
//!
//! `loop-bench-reactor [--json FILE] [--only ROW]` prints the table of docs/perf.md. Each round measures all libraries in turn, and
//! the least of each one's rounds counts. Sums and numbers of runs are checked, and the run fails where one of ours is wrong; a peer
//! that gets a workload wrong or panics is left out of it, and that is said. The two libraries that take more than ten times as long as the others take part where a round of theirs takes seconds, not minutes.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table"
)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark that goes wrong ends"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "counts far below the limits, and sums that must come out exactly"
)]
#![expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    reason = "what components are"
)]

mod cellx;
mod fibers;
mod framework;
mod grids;
mod incremental;
mod kairo;
mod memory;
mod propagate;
mod pull;
mod row;
mod sbench;
mod size;
mod snapshot;

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};

use crate::framework::Framework;
use crate::framework::alien::Alien;
use crate::framework::leptos::Leptos;
use crate::framework::ours::Ours;
use crate::framework::samara::Samara;
use crate::framework::sycamore::Sycamore;
use crate::row::{Row, Times};

/// Rounds of a workload; those of the slow libraries are fewer.
const ROUNDS: usize = 5;
const SLOW_ROUNDS: usize = 2;

/// Rounds of fibers, which are short, and for whom what others do to the caches counts most.
const FIBER_ROUNDS: usize = 25;

/// The stack of the thread that measures: peers recurse.
const STACK: usize = 1 << 30;

/// Takes a sample on a thread of its own, since peers recurse and keep their state by thread. None if it panics, as it does where
/// what came out is wrong.
fn isolated(sample: impl FnOnce() -> f64 + Send + 'static) -> Option<f64> {
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(sample).expect("a thread").join().ok()
}

/// Measures `$sample`, in which `$F` stands for each of the quick libraries in turn.
macro_rules! quick {
    ($times:expr, $F:ident => $sample:expr) => {
        for _ in 0..ROUNDS {
            quick!(@one Ours, $times, $F => $sample);
            quick!(@one Alien, $times, $F => $sample);
            quick!(@one Samara, $times, $F => $sample);
        }
    };
    (@one $framework:ident, $times:expr, $F:ident => $sample:expr) => {{
        type $F = $framework;
        $times.add($F::NAME, isolated(move || $sample));
    }};
}

/// The same of all libraries.
macro_rules! every {
    ($times:expr, $F:ident => $sample:expr) => {
        quick!($times, $F => $sample);
        for _ in 0..SLOW_ROUNDS {
            quick!(@one Leptos, $times, $F => $sample);
            quick!(@one Sycamore, $times, $F => $sample);
        }
    };
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut json = None;
    let mut only = None;
    while let Some(arg) = args.next() {
        let value = args
            .next()
            .with_context(|| format!("{arg} takes a value"))?;
        match arg.as_str() {
            "--json" => json = Some(PathBuf::from(value)),
            "--only" => only = Some(value),
            "--memory" => {
                println!("{}", memory::measure(&value)?);
                return Ok(());
            }
            _ => bail!("usage: loop-bench-reactor [--json FILE] [--only ROW], not {arg}"),
        }
    }
    if cfg!(debug_assertions) {
        eprintln!("warning: built without optimisation, so the figures mean nothing");
    }
    let rows = rows(only.as_deref())?;
    row::print(&rows);
    if let Some(path) = json {
        std::fs::write(&path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn rows(only: Option<&str>) -> anyhow::Result<Vec<Row>> {
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    let mut rows = Vec::new();
    if wanted("propagate") {
        propagates(&mut rows)?;
    }
    if wanted("kairo") {
        kairos(&mut rows)?;
    }
    if wanted("cellx") {
        cells(&mut rows)?;
    }
    if wanted("sbench") {
        sbenches(&mut rows)?;
    }
    if wanted("grids") {
        grids(&mut rows)?;
    }
    for (name, sample) in [
        (
            "yields/map-reduce-10k-one-change",
            fibers::one_yields as fn(usize) -> f64,
        ),
        ("fibers/10k-rows-one-changed", fibers::one_changed),
    ] {
        if !wanted(name) {
            continue;
        }
        let mut times = Times::new(name, "ns");
        for _ in 0..FIBER_ROUNDS {
            times.add(Ours::NAME, Some(sample(10_000)));
            times.add("the same of 100", Some(sample(100)));
        }
        rows.push(times.over_best(3.0));
    }
    if wanted("snapshot") {
        snapshots(&mut rows);
    }
    if wanted("memory") {
        let mut times = Times::new("memory/million-signals", "bytes each");
        every!(times, F => memory::sample::<F>().expect("the process of its own"));
        times.tell()?;
        rows.push(times.over_best(1.5));
    }
    if wanted("size") {
        if size::is_possible() {
            let mut times = Times::new("size/wasm", "bytes, gzipped");
            times.add(Ours::NAME, Some(size::counter()?));
            times.add("a program that prints", Some(size::prints()?));
            times.tell()?;
            rows.push(times.over_best(f64::INFINITY));
        } else {
            eprintln!("size/wasm is left out: rustc has no wasm32-unknown-unknown");
        }
    }
    Ok(rows)
}

fn propagates(rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let mut each = Vec::new();
    for width in [1, 10, 100, 1000] {
        for height in [1, 10, 100, 1000] {
            let mut times = Times::new(format!("propagate/{width}x{height}"), "ns");
            quick!(times, F => propagate::sample::<F>(width, height));
            for _ in 0..SLOW_ROUNDS {
                let of_incremental = incremental::propagate(width, height);
                times.add(incremental::NAME, Some(of_incremental));
                if width * height <= 10_000 {
                    let of_salsa = isolated(move || pull::propagate(width, height));
                    times.add(pull::NAME, of_salsa);
                }
                if width * height <= 100 {
                    quick!(@one Leptos, times, F => propagate::sample::<F>(width, height));
                    quick!(@one Sycamore, times, F => propagate::sample::<F>(width, height));
                }
            }
            times.tell()?;
            each.push(times.over_best(1.25));
        }
    }
    let mean = Row::mean("propagate/*", &each, 1.0);
    rows.append(&mut each);
    rows.push(mean);
    Ok(())
}

fn kairos(rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let mut each = Vec::new();
    let mut done = |mut times: Times, of_incremental: &[fn() -> f64]| {
        for _ in 0..SLOW_ROUNDS {
            for sample in of_incremental {
                times.add(incremental::NAME, Some(sample()));
            }
        }
        times.tell()?;
        if matches!(times.name(), "kairo/broad" | "kairo/diamond") {
            rows.extend(times.over(Leptos::NAME, 0.2));
        }
        each.push(times.over_best(1.25));
        anyhow::Ok(())
    };
    macro_rules! case {
        ($name:ident $(, $of_incremental:expr)?) => {
            let mut times = Times::new(concat!("kairo/", stringify!($name)), "ns");
            every!(times, F => kairo::$name::<F>());
            let of_incremental: &[fn() -> f64] = &[$($of_incremental)?];
            done(times, of_incremental)?;
        };
    }
    case!(avoidable);
    case!(broad, incremental::broad);
    case!(deep, incremental::deep);
    case!(diamond, incremental::diamond);
    case!(mux);
    case!(repeated);
    case!(triangle);
    case!(unstable);
    case!(mol);
    let mean = Row::mean("kairo/*", &each, 1.25);
    rows.append(&mut each);
    rows.push(mean);
    Ok(())
}

fn cells(rows: &mut Vec<Row>) -> anyhow::Result<()> {
    for layers in [1000, 2500] {
        let mut times = Times::new(format!("cellx/{layers}"), "ns");
        // reactive_graph does not end: it marks what follows once for each way to it, and the ways double with each layer.
        quick!(times, F => cellx::sample::<F>(layers));
        quick!(@one Sycamore, times, F => cellx::sample::<F>(layers));
        times.tell()?;
        rows.push(times.over_best(1.25));
    }
    Ok(())
}

fn sbenches(rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let mut each = Vec::new();
    let mut times = Times::new("sbench/create-signals", "ms");
    every!(times, F => sbench::create_signals::<F>());
    times.tell()?;
    each.push(times.over_best(1.25));

    let mut times = Times::new("sbench/create-effects", "ms");
    quick!(times, F => sbench::create_effects::<F>());
    times.tell()?;
    each.push(times.over_best(1.25));

    let mut times = Times::new("sbench/update-signals", "ms");
    quick!(times, F => sbench::update_signals::<F>());
    times.tell()?;
    each.push(times.over_best(1.25));

    let mut times = Times::new("sbench/update-1-to-1000", "ms");
    quick!(times, F => sbench::update_1_to_1000::<F>());
    times.tell()?;
    each.push(times.over_best(1.25));

    let mean = Row::mean("sbench/*", &each, 1.25);
    rows.append(&mut each);
    rows.push(mean);
    Ok(())
}

fn snapshots(rows: &mut Vec<Row>) {
    use snapshot::Changed;
    for (name, changed, goal) in [
        ("snapshot/restore-8-replay-10k-tenth", Changed::Tenth, 0.5),
        ("snapshot/restore-8-replay-10k-all", Changed::All, 1.0),
    ] {
        let mut times = Times::new(name, "ms");
        for _ in 0..FIBER_ROUNDS {
            let (replay, rebuild) = snapshot::sample(changed);
            times.add(Ours::NAME, Some(replay));
            times.add("a rebuild", Some(rebuild));
        }
        rows.push(times.over_best(goal));
    }
}

fn grids(rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let mut each = Vec::new();
    for grid in &grids::GRIDS {
        let mut times = Times::new(format!("grids/{}", grid.name), "ms");
        let (_, runs) = grid.sample::<Ours>();
        ensure!(
            runs == grid.runs(),
            "{}: {runs} runs, not {}",
            grid.name,
            grid.runs()
        );
        quick!(times, F => grid.sample::<F>().0);
        times.tell()?;
        each.push(times.over_best(1.25));
    }
    let mean = Row::mean("grids/*", &each, 1.0);
    rows.append(&mut each);
    rows.push(mean);
    Ok(())
}
