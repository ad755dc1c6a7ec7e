//! The numbers that the components of an app collect, and the host's own if it wants to.
//!
//! A registry belongs to one app. Everything that a component can make here is bounded, for each component by itself,
//! so that none takes the room of another.

mod prometheus;
mod series;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use series::{Distribution, Kind, Reading, Series};

/// Metrics of one component: more than any program has been seen to need.
pub const METRICS_MAX: usize = 128;
/// Series of one metric. A label with more values than that is a name or an address, and belongs into a log.
pub const METRIC_SERIES_MAX: usize = 256;
/// Series of one component, some hundred bytes each.
pub const SERIES_MAX: usize = 2_048;
/// Labels of one series.
pub const LABELS_MAX: usize = 8;
/// Bytes of a metric's name and of a label's key.
pub const NAME_BYTES_MAX: usize = 64;
/// Bytes of a label's value.
pub const VALUE_BYTES_MAX: usize = 128;
/// Bytes of a unit.
pub const UNIT_BYTES_MAX: usize = 32;
/// Bytes of a description.
pub const DESCRIPTION_BYTES_MAX: usize = 256;
/// Bounds of a histogram.
pub const BOUNDS_MAX: usize = 32;
/// Samples that one reading gives a component.
pub const SNAPSHOT_MAX: usize = 4_096;

/// The bounds of a histogram that names none: seconds of a person's waiting.
pub const BOUNDS_DEFAULT: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Labels that components may not use: the host and the text format put them there.
const RESERVED: [&str; 3] = ["component", "le", OVERFLOW];
/// The label of the series that stands for all beyond the limit.
const OVERFLOW: &str = "overflow";

/// What a metric is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Lower-case letters, digits and `_`.
    pub name: String,
    /// In UCUM notation, or empty.
    pub unit: String,
    /// One sentence.
    pub description: String,
}

/// A series with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The component that it belongs to.
    pub component: Arc<str>,
    /// Its metric.
    pub metric: Arc<Metric>,
    /// Its labels, by key.
    pub labels: Labels,
    /// Its value.
    pub reading: Reading,
}

/// Keys and values, by key.
pub type Labels = Arc<[(String, String)]>;

/// Why a series could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The metric's name is not spelled as names are.
    #[error("`{0}` is not a metric's name, which is of lower-case letters, digits and `_`")]
    InvalidName(String),
    /// The unit is too long.
    #[error("the unit `{0}` is longer than {UNIT_BYTES_MAX} bytes")]
    InvalidUnit(String),
    /// A label's key is not spelled as keys are, is reserved, or occurs twice.
    #[error("`{0}` is not a label's key here: misspelled, reserved or twice")]
    InvalidLabel(String),
    /// More than [`LABELS_MAX`] labels.
    #[error("a series has at most {LABELS_MAX} labels")]
    TooManyLabels,
    /// More than [`METRICS_MAX`] metrics.
    #[error("a component has at most {METRICS_MAX} metrics")]
    TooManyMetrics,
    /// The bounds are too many, not rising or not finite.
    #[error("a histogram has at most {BOUNDS_MAX} bounds, finite numbers that rise")]
    InvalidBounds,
    /// The component knows the metric as something else.
    #[error("the component has opened this metric {0}")]
    Conflict(String),
}

/// The metrics of an app. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<Arc<str>, OfComponent>>>);

#[derive(Debug, Default)]
struct OfComponent {
    metrics: BTreeMap<String, Family>,
    series: usize,
}

#[derive(Debug)]
struct Family {
    metric: Arc<Metric>,
    kind: Kind,
    series: BTreeMap<Labels, Arc<Series>>,
    overflow: Option<Arc<Series>>,
}

impl Metrics {
    /// Opens the series of that metric with those labels, and makes it if there is none.
    ///
    /// Beyond the limits on series it is the metric's overflow series.
    ///
    /// # Errors
    /// [`OpenError`] if something is not spelled as it must be, or the component has too many metrics. Nothing is made then.
    pub fn open(
        &self,
        component: &Arc<str>,
        kind: &Kind,
        metric: Metric,
        labels: Vec<(String, String)>,
    ) -> Result<Arc<Series>, OpenError> {
        let metric = check_metric(metric)?;
        let labels = check_labels(labels)?;
        kind.check()?;
        let mut components = self.lock();
        let OfComponent { metrics, series } = components.entry(Arc::clone(component)).or_default();
        let known = metrics.len();
        let family = match metrics.entry(metric.name.clone()) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(_) if known >= METRICS_MAX => {
                return Err(OpenError::TooManyMetrics);
            }
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Family::new(metric.clone(), kind.clone()))
            }
        };
        family.agrees(&metric, kind)?;
        if let Some(open) = family.series.get(&labels) {
            return Ok(Arc::clone(open));
        }
        if family.series.len() >= METRIC_SERIES_MAX || *series >= SERIES_MAX {
            let overflow = family
                .overflow
                .get_or_insert_with(|| Arc::new(Series::new(kind)));
            return Ok(Arc::clone(overflow));
        }
        *series += 1;
        let made = Arc::new(Series::new(kind));
        family.series.insert(labels, Arc::clone(&made));
        Ok(made)
    }

    /// All series with their values now, by component, name and labels; of one component if it is named.
    pub fn snapshot(&self, component: Option<&str>) -> Vec<Sample> {
        let components = self.lock();
        let wanted = components
            .iter()
            .filter(|(name, _)| component.is_none_or(|only| ***name == *only));
        let mut samples = Vec::new();
        for (name, of) in wanted {
            for family in of.metrics.values() {
                let overflow = family
                    .overflow
                    .as_ref()
                    .map(|series| (overflow_labels(), series));
                let series = family
                    .series
                    .iter()
                    .map(|(labels, series)| (Arc::clone(labels), series));
                samples.extend(series.chain(overflow).map(|(labels, series)| Sample {
                    component: Arc::clone(name),
                    metric: Arc::clone(&family.metric),
                    labels,
                    reading: series.read(),
                }));
            }
        }
        samples
    }

    /// All series in Prometheus' text format 0.0.4, with a label `component`.
    pub fn to_prometheus(&self) -> String {
        prometheus::write(&self.snapshot(None))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, OfComponent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Family {
    fn new(metric: Metric, kind: Kind) -> Self {
        Self {
            metric: Arc::new(metric),
            kind,
            series: BTreeMap::new(),
            overflow: None,
        }
    }

    fn agrees(&self, metric: &Metric, kind: &Kind) -> Result<(), OpenError> {
        if self.kind.name() != kind.name() {
            return Err(OpenError::Conflict(format!("as a {}", self.kind.name())));
        }
        if self.kind != *kind {
            return Err(OpenError::Conflict("with other bounds".to_owned()));
        }
        if self.metric.unit != metric.unit {
            return Err(OpenError::Conflict(format!(
                "with the unit `{}`",
                self.metric.unit
            )));
        }
        Ok(())
    }
}

fn overflow_labels() -> Labels {
    Arc::new([(OVERFLOW.to_owned(), "true".to_owned())])
}

fn check_metric(metric: Metric) -> Result<Metric, OpenError> {
    let Metric {
        name,
        unit,
        description,
    } = metric;
    if !is_name(&name) {
        return Err(OpenError::InvalidName(super::record::cut(
            name,
            NAME_BYTES_MAX,
        )));
    }
    if unit.len() > UNIT_BYTES_MAX {
        return Err(OpenError::InvalidUnit(super::record::cut(
            unit,
            UNIT_BYTES_MAX,
        )));
    }
    Ok(Metric {
        name,
        unit,
        description: super::record::cut(description, DESCRIPTION_BYTES_MAX),
    })
}

fn check_labels(labels: Vec<(String, String)>) -> Result<Labels, OpenError> {
    if labels.len() > LABELS_MAX {
        return Err(OpenError::TooManyLabels);
    }
    let mut checked = BTreeMap::new();
    for (key, value) in labels {
        if !is_name(&key) || RESERVED.contains(&key.as_str()) || checked.contains_key(&key) {
            return Err(OpenError::InvalidLabel(super::record::cut(
                key,
                NAME_BYTES_MAX,
            )));
        }
        checked.insert(key, super::record::cut(value, VALUE_BYTES_MAX));
    }
    Ok(checked.into_iter().collect())
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= NAME_BYTES_MAX
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::{
        Kind, METRIC_SERIES_MAX, METRICS_MAX, Metric, Metrics, OpenError, Reading, SERIES_MAX,
    };
    use std::sync::Arc;

    fn metric(name: &str) -> Metric {
        Metric {
            name: name.to_owned(),
            unit: String::new(),
            description: String::new(),
        }
    }

    fn count(metrics: &Metrics, name: &str, user: usize) -> Result<(), OpenError> {
        let labels = vec![("user".to_owned(), user.to_string())];
        let component: Arc<str> = "web".into();
        metrics
            .open(&component, &Kind::Counter, metric(name), labels)
            .map(|series| series.count(1))
    }

    #[test]
    fn a_series_beyond_the_limit_counts_as_overflow() {
        let metrics = Metrics::default();
        for user in 0..METRIC_SERIES_MAX + 5 {
            count(&metrics, "users_total", user).unwrap();
        }
        count(&metrics, "users_total", 0).unwrap();
        let samples = metrics.snapshot(None);
        assert_eq!(samples.len(), METRIC_SERIES_MAX + 1);
        let overflow = samples
            .iter()
            .find(|sample| sample.labels[0].0 == "overflow")
            .unwrap();
        assert_eq!(overflow.reading, Reading::Total(5));
    }

    #[test]
    fn a_component_has_so_many_metrics_and_so_many_series() {
        let metrics = Metrics::default();
        for index in 0..METRICS_MAX {
            for user in 0..20 {
                count(&metrics, &format!("m{index}"), user).unwrap();
            }
        }
        assert_eq!(count(&metrics, "more", 0), Err(OpenError::TooManyMetrics));
        let of_its_own = metrics
            .snapshot(Some("web"))
            .iter()
            .filter(|sample| sample.labels[0].0 == "user")
            .count();
        assert_eq!(of_its_own, SERIES_MAX);
        assert!(metrics.snapshot(Some("other")).is_empty());
    }

    #[test]
    fn components_of_one_app_have_series_of_their_own() {
        let metrics = Metrics::default();
        for (name, amount) in [("a", 1), ("b", 2), ("a", 3)] {
            let component: Arc<str> = name.into();
            let series = metrics.open(&component, &Kind::Counter, metric("hits_total"), Vec::new());
            series.unwrap().count(amount);
        }
        let readings: Vec<_> = metrics
            .snapshot(None)
            .into_iter()
            .map(|sample| sample.reading)
            .collect();
        assert_eq!(readings, [Reading::Total(4), Reading::Total(2)]);
    }
}
