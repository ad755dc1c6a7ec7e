//! One figure, and how it compares with its floor.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::floor::Floor;
use crate::ours::Ours;
use crate::peer::Placement;
use crate::transport::Transport;

/// Rounds of each figure: enough that one disturbed round is no matter.
const ROUNDS: usize = 9;

/// How long one round takes at most.
const ROUND_TIME: Duration = Duration::from_millis(300);

/// What to measure.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) transport: Transport,
    pub(crate) bytes: usize,
    pub(crate) callers: usize,
    pub(crate) placement: Placement,
    goal: Option<f64>,
}

/// A figure of ours beside its floor, in microseconds. Smaller is always better.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    name: String,
    value: f64,
    floor: f64,
    ratio: f64,
    /// The most that the ratio may be, where a goal was set.
    goal: Option<f64>,
}

impl Plan {
    pub(crate) fn new(
        transport: Transport,
        size: &str,
        bytes: usize,
        callers: usize,
        placement: Placement,
    ) -> Self {
        let who = if callers > 1 {
            "64-callers"
        } else {
            placement.name()
        };
        let name = format!("{}/{size}/{who}", transport.name());
        let goal = match name.as_str() {
            "unix/64B/free" | "tcp/64B/free" => Some(1.25),
            "unix/64B/pinned" => Some(2.0),
            "unix/64KiB/free" | "quic/64B/free" | "http2/64B/free" => Some(1.6),
            "unix/64B/64-callers" => Some(0.2),
            _ => None,
        };
        Self {
            name,
            transport,
            bytes,
            callers,
            placement,
            goal,
        }
    }
}

/// Measures ours and the floor in turn. The floor of many callers is one caller of ours: what is gained by company.
pub(crate) fn measure(plan: &Plan) -> anyhow::Result<Row> {
    let mut ours = Ours::start(plan.transport, plan.placement, plan.callers)?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    if plan.callers > 1 {
        let mut alone = Ours::start(plan.transport, plan.placement, 1)?;
        for _ in 0..ROUNDS {
            values.push(ours.round(plan.bytes, ROUND_TIME)?);
            floors.push(alone.round(plan.bytes, ROUND_TIME)?);
        }
    } else {
        let mut floor = Floor::start(plan.transport, plan.placement, plan.bytes.max(1))?;
        for _ in 0..ROUNDS {
            values.push(ours.round(plan.bytes, ROUND_TIME)?);
            floors.push(round(ROUND_TIME, || floor.ping_pong())?);
        }
    }
    let (value, floor) = (median(&mut values), median(&mut floors));
    Ok(Row {
        name: plan.name.clone(),
        value,
        floor,
        ratio: value / floor,
        goal: plan.goal,
    })
}

/// The median time of what is done again and again, in microseconds.
fn round(time: Duration, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    let started = Instant::now();
    while started.elapsed() < time {
        let before = Instant::now();
        work()?;
        times.push(before.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(&mut times))
}

/// The middle one of the values.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Row {
    pub(crate) const HEAD: &str =
        "| row | ours (us) | floor (us) | ratio | goal | |\n|---|---:|---:|---:|---:|---|";
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (goal, verdict) = match self.goal {
            Some(goal) if self.ratio <= goal => (goal.to_string(), "met"),
            Some(goal) => (goal.to_string(), "missed"),
            None => (String::new(), ""),
        };
        write!(
            formatter,
            "| `{}` | {:.1} | {:.1} | {:.2} | {goal} | {verdict} |",
            self.name, self.value, self.floor, self.ratio
        )
    }
}
