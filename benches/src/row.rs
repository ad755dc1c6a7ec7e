//! One figure, and how it compares with its floor.

use std::time::{Duration, Instant};

use serde::Serialize;

/// A figure of ours beside its floor. Smaller is always better.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) floor: f64,
    pub(crate) ratio: f64,
    /// The most that the ratio may be.
    pub(crate) goal: f64,
}

impl Row {
    pub(crate) fn new(
        name: &'static str,
        unit: &'static str,
        value: f64,
        floor: f64,
        goal: f64,
    ) -> Self {
        Self {
            name,
            value,
            unit,
            floor,
            ratio: value / floor,
            goal,
        }
    }
}

/// Prints the table that docs/perf.md holds.
pub(crate) fn print(rows: &[Row]) {
    println!("| row | ours | floor | unit | ratio | goal | |");
    println!("|---|---:|---:|---|---:|---:|---|");
    for row in rows {
        let verdict = if row.ratio <= row.goal {
            "met"
        } else {
            "missed"
        };
        println!(
            "| `{}` | {:.1} | {:.1} | {} | {:.2} | {} | {verdict} |",
            row.name, row.value, row.floor, row.unit, row.ratio, row.goal
        );
    }
}

/// The middle one of the values.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How long `work` takes, in nanoseconds for each of `times`.
pub(crate) async fn timed<T>(times: u32, work: impl Future<Output = T>) -> (T, f64) {
    let started = Instant::now();
    let result = work.await;
    (result, nanoseconds(started.elapsed()) / f64::from(times))
}

pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}
