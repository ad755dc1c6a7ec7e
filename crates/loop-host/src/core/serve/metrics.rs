//! `loop:core/metrics`.

use std::sync::Arc;

use wasmtime::component::Resource;

use crate::core::CoreCtxView;
use crate::core::app::Reads;
use crate::core::bindings::loop_::core::metrics as wit;
use crate::core::metrics::{
    Kind, LABELS_MAX, METRICS_MAX, Metric, OpenError, Reading, SNAPSHOT_MAX, Sample, Series,
};

/// A guest's handle to a counter.
#[derive(Debug)]
pub struct Counter(Arc<Series>);

/// A guest's handle to a gauge.
#[derive(Debug)]
pub struct Gauge(Arc<Series>);

/// A guest's handle to a histogram.
#[derive(Debug)]
pub struct Histogram(Arc<Series>);

impl CoreCtxView<'_> {
    fn open(
        &mut self,
        kind: &Kind,
        metric: wit::Metric,
        labels: Vec<wit::Label>,
    ) -> Result<Arc<Series>, wit::OpenError> {
        let wit::Metric {
            name,
            unit,
            description,
        } = metric;
        let metric = Metric {
            name,
            unit,
            description,
        };
        let labels = labels
            .into_iter()
            .map(|label| (label.key, label.value))
            .collect();
        let metrics = self.ctx.app.metrics();
        metrics
            .open(&self.ctx.component, kind, metric, labels)
            .map_err(wit::OpenError::from)
    }
}

impl wit::Host for CoreCtxView<'_> {
    fn snapshot(&mut self, max: u32) -> wasmtime::Result<Vec<wit::Sample>> {
        let max = usize::try_from(max)
            .unwrap_or(SNAPSHOT_MAX)
            .min(SNAPSHOT_MAX);
        let component = match self.ctx.reads {
            Reads::Own => Some(&*self.ctx.component),
            Reads::App => None,
        };
        let samples = self.ctx.app.metrics().snapshot(component);
        Ok(samples
            .into_iter()
            .take(max)
            .map(wit::Sample::from)
            .collect())
    }
}

impl wit::HostCounter for CoreCtxView<'_> {
    fn open(
        &mut self,
        metric: wit::Metric,
        labels: Vec<wit::Label>,
    ) -> wasmtime::Result<Result<Resource<Counter>, wit::OpenError>> {
        match self.open(&Kind::Counter, metric, labels) {
            Ok(series) => Ok(Ok(self.table.push(Counter(series))?)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn add(&mut self, this: Resource<Counter>, amount: u64) -> wasmtime::Result<()> {
        self.table.get(&this)?.0.count(amount);
        Ok(())
    }

    fn drop(&mut self, this: Resource<Counter>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl wit::HostGauge for CoreCtxView<'_> {
    fn open(
        &mut self,
        metric: wit::Metric,
        labels: Vec<wit::Label>,
    ) -> wasmtime::Result<Result<Resource<Gauge>, wit::OpenError>> {
        match self.open(&Kind::Gauge, metric, labels) {
            Ok(series) => Ok(Ok(self.table.push(Gauge(series))?)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn set(&mut self, this: Resource<Gauge>, level: f64) -> wasmtime::Result<()> {
        self.table.get(&this)?.0.set(level);
        Ok(())
    }

    fn add(&mut self, this: Resource<Gauge>, amount: f64) -> wasmtime::Result<()> {
        self.table.get(&this)?.0.shift(amount);
        Ok(())
    }

    fn drop(&mut self, this: Resource<Gauge>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl wit::HostHistogram for CoreCtxView<'_> {
    fn open(
        &mut self,
        metric: wit::Metric,
        labels: Vec<wit::Label>,
        bounds: Vec<f64>,
    ) -> wasmtime::Result<Result<Resource<Histogram>, wit::OpenError>> {
        match self.open(&Kind::histogram(&bounds), metric, labels) {
            Ok(series) => Ok(Ok(self.table.push(Histogram(series))?)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn record(&mut self, this: Resource<Histogram>, measurement: f64) -> wasmtime::Result<()> {
        self.table.get(&this)?.0.record(measurement);
        Ok(())
    }

    fn drop(&mut self, this: Resource<Histogram>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl From<OpenError> for wit::OpenError {
    fn from(error: OpenError) -> Self {
        let limit = |max: usize| u32::try_from(max).unwrap_or(u32::MAX);
        match error {
            OpenError::InvalidName(name) => Self::InvalidName(name),
            OpenError::InvalidUnit(unit) => Self::InvalidUnit(unit),
            OpenError::InvalidLabel(key) => Self::InvalidLabel(key),
            OpenError::TooManyLabels => Self::TooManyLabels(limit(LABELS_MAX)),
            OpenError::TooManyMetrics => Self::TooManyMetrics(limit(METRICS_MAX)),
            OpenError::InvalidBounds => Self::InvalidBounds,
            OpenError::Conflict(how) => Self::Conflict(how),
        }
    }
}

impl From<Sample> for wit::Sample {
    fn from(sample: Sample) -> Self {
        let Metric {
            name,
            unit,
            description,
        } = (*sample.metric).clone();
        let label = |(key, value): &(String, String)| wit::Label {
            key: key.clone(),
            value: value.clone(),
        };
        Self {
            component: sample.component.to_string(),
            metric: wit::Metric {
                name,
                unit,
                description,
            },
            labels: sample.labels.iter().map(label).collect(),
            reading: match sample.reading {
                Reading::Total(total) => wit::Reading::Total(total),
                Reading::Level(level) => wit::Reading::Level(level),
                Reading::Distribution(all) => wit::Reading::Distribution(wit::Distribution {
                    count: all.count,
                    sum: all.sum,
                    buckets: all.buckets,
                }),
            },
        }
    }
}
