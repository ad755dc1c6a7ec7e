//! One figure, and how it compares with the best of the peers.

use std::time::Duration;

use serde::Serialize;

/// A figure of ours beside that of a peer, its floor. Smaller is always better.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) floor: f64,
    pub(crate) ratio: f64,
    /// The most that the ratio may be; infinite where the figure is only stated.
    pub(crate) goal: f64,
    /// Whose figure the floor is.
    pub(crate) peer: String,
}

impl Row {
    /// A mean of ratios, for which there is no value of its own.
    pub(crate) fn mean(name: &str, rows: &[Row], goal: f64) -> Self {
        let logarithms: f64 = rows.iter().map(|row| row.ratio.ln()).sum();
        let ratio = (logarithms / rows.len() as f64).exp();
        Self {
            name: name.to_owned(),
            value: ratio,
            unit: "geometric mean",
            floor: 1.0,
            ratio,
            goal,
            peer: "the best of each".to_owned(),
        }
    }
}

/// What each library took for the same workload.
#[derive(Debug)]
pub(crate) struct Times {
    name: String,
    unit: &'static str,
    /// Ours first.
    best: Vec<(&'static str, f64)>,
}

impl Times {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            unit,
            best: Vec::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A round's figure: the least of all rounds counts, since noise only adds. None where it went wrong.
    pub(crate) fn add(&mut self, framework: &'static str, value: Option<f64>) {
        let value = value.unwrap_or(f64::INFINITY);
        match self.best.iter_mut().find(|(name, _)| *name == framework) {
            Some((_, best)) => *best = best.min(value),
            None => self.best.push((framework, value)),
        }
    }

    /// Ours over the best of the peers.
    pub(crate) fn over_best(&self, goal: f64) -> Row {
        let peers = self.best.iter().skip(1).copied();
        let best = peers.min_by(|(_, a), (_, b)| a.total_cmp(b));
        self.row(self.name.clone(), best.unwrap_or(("none", f64::NAN)), goal)
    }

    /// Ours over one of the peers.
    pub(crate) fn over(&self, framework: &str, goal: f64) -> Option<Row> {
        let peer = self.best.iter().find(|(name, _)| *name == framework)?;
        let name = format!("{} over {framework}", self.name);
        Some(self.row(name, *peer, goal))
    }

    fn row(&self, name: String, (peer, floor): (&str, f64), goal: f64) -> Row {
        let value = self.best.first().map_or(f64::NAN, |(_, value)| *value);
        Row {
            name,
            value,
            unit: self.unit,
            floor,
            ratio: value / floor,
            goal,
            peer: peer.to_owned(),
        }
    }

    /// All figures, on standard error: the table only shows the best.
    pub(crate) fn tell(&self) -> anyhow::Result<()> {
        let figure = |(name, value): &(&str, f64)| {
            if value.is_finite() {
                format!("{name} {value:.1}")
            } else {
                format!("{name} wrong")
            }
        };
        let figures: Vec<String> = self.best.iter().map(figure).collect();
        eprintln!("{} ({}): {}", self.name, self.unit, figures.join(", "));
        let ours = self
            .best
            .first()
            .is_some_and(|(_, value)| value.is_finite());
        anyhow::ensure!(ours, "{} went wrong", self.name);
        Ok(())
    }
}

/// Prints the table that docs/perf.md holds.
pub(crate) fn print(rows: &[Row]) {
    println!("| row | ours | floor | unit | whose | ratio | goal | |");
    println!("|---|---:|---:|---|---|---:|---:|---|");
    for row in rows {
        let (goal, verdict) = match row.goal {
            f64::INFINITY => (String::new(), "stated"),
            goal if row.ratio <= goal => (goal.to_string(), "met"),
            goal => (goal.to_string(), "missed"),
        };
        println!(
            "| `{}` | {:.1} | {:.1} | {} | {} | {:.2} | {} | {verdict} |",
            row.name, row.value, row.floor, row.unit, row.peer, row.ratio, goal
        );
    }
}

pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
