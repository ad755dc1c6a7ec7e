//! Counters, gauges and histograms.
//!
//! ```no_run
//! use loop_guest::metrics::{self, Metric};
//!
//! # fn main() -> Result<(), metrics::OpenError> {
//! const REQUESTS: Metric<'_> = Metric { name: "requests_total", unit: "{request}", description: "Requests answered" };
//!
//! let requests = metrics::Counter::open(REQUESTS, &[("method", "GET")])?;
//! requests.add(1);
//! # Ok(())
//! # }
//! ```
//!
//! A handle is one series: a metric with one set of labels. Opening it again gives the same series, and dropping a handle
//! loses no number, so open one where it is needed, or once for all.

use std::fmt;
use std::time::Duration;

use crate::bindings::metrics;

pub use crate::bindings::metrics::{
    Distribution, LabelResult as KeptLabel, MetricParam as Metric, MetricResult as KeptMetric,
    OpenError, Reading, Sample,
};

/// The series of this component, or of its whole app if it has the grant `telemetry`, with their values now.
pub fn snapshot() -> Vec<Sample> {
    metrics::snapshot(u32::MAX)
}

/// Counts what happens.
pub struct Counter {
    raw: metrics::Counter,
}

impl Counter {
    /// Opens the series of this metric with these labels, keys and values.
    pub fn open(metric: Metric<'_>, labels: &[(&str, &str)]) -> Result<Self, OpenError> {
        let raw = metrics::Counter::open(metric, &to_labels(labels))?;
        Ok(Self { raw })
    }

    /// Adds to the total.
    pub fn add(&self, amount: u64) {
        self.raw.add(amount);
    }
}

/// A level that goes up and down.
pub struct Gauge {
    raw: metrics::Gauge,
}

impl Gauge {
    /// Opens the series of this metric with these labels, keys and values.
    pub fn open(metric: Metric<'_>, labels: &[(&str, &str)]) -> Result<Self, OpenError> {
        let raw = metrics::Gauge::open(metric, &to_labels(labels))?;
        Ok(Self { raw })
    }

    /// Sets the level.
    pub fn set(&self, level: f64) {
        self.raw.set(level);
    }

    /// Raises the level, or lowers it with a negative amount.
    pub fn add(&self, amount: f64) {
        self.raw.add(amount);
    }
}

/// How measurements are spread.
pub struct Histogram {
    raw: metrics::Histogram,
}

impl Histogram {
    /// Opens the series of this metric with these labels. Its buckets suit seconds of a person's waiting.
    pub fn open(metric: Metric<'_>, labels: &[(&str, &str)]) -> Result<Self, OpenError> {
        Self::with_bounds(metric, labels, &[])
    }

    /// The same, with the upper ends of the buckets, rising.
    pub fn with_bounds(
        metric: Metric<'_>,
        labels: &[(&str, &str)],
        bounds: &[f64],
    ) -> Result<Self, OpenError> {
        let raw = metrics::Histogram::open(metric, &to_labels(labels), bounds)?;
        Ok(Self { raw })
    }

    /// Counts one measurement.
    pub fn record(&self, measurement: f64) {
        self.raw.record(measurement);
    }

    /// Counts a length of time, in seconds.
    pub fn record_time(&self, time: Duration) {
        self.raw.record(time.as_secs_f64());
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counter")
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gauge")
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Histogram")
    }
}

fn to_labels<'a>(labels: &[(&'a str, &'a str)]) -> Vec<metrics::LabelParam<'a>> {
    labels
        .iter()
        .map(|&(key, value)| metrics::LabelParam { key, value })
        .collect()
}
