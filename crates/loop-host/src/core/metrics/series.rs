//! One series: the numbers of a metric with one set of labels.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{BOUNDS_DEFAULT, BOUNDS_MAX, OpenError};

/// What kind of metric it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How measurements are spread, by these upper ends of buckets.
    Histogram(Arc<[f64]>),
}

/// The numbers of one series. Writing to it takes no lock, except on a histogram.
#[derive(Debug)]
pub struct Series(Numbers);

#[derive(Debug)]
enum Numbers {
    Counter(AtomicU64),
    /// The bits of an `f64`.
    Gauge(AtomicU64),
    Histogram {
        bounds: Arc<[f64]>,
        spread: Mutex<Spread>,
    },
}

#[derive(Clone, Debug)]
struct Spread {
    count: u64,
    sum: f64,
    buckets: Box<[u64]>,
}

/// What a series held when it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Of a counter: the total.
    Total(u64),
    /// Of a gauge: the level.
    Level(f64),
    /// Of a histogram: all of it.
    Distribution(Distribution),
}

/// How measurements were spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// How many there were.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Each bound with how many were at most so large and larger than the bound before.
    pub buckets: Vec<(f64, u64)>,
}

impl Kind {
    /// A histogram with these bounds, or the usual ones if there are none.
    pub fn histogram(bounds: &[f64]) -> Self {
        Self::Histogram(if bounds.is_empty() {
            BOUNDS_DEFAULT.into()
        } else {
            bounds.into()
        })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }

    pub(super) fn check(&self) -> Result<(), OpenError> {
        let Self::Histogram(bounds) = self else {
            return Ok(());
        };
        let rising = bounds
            .iter()
            .zip(bounds.iter().skip(1))
            .all(|(low, high)| low < high);
        let usable =
            bounds.len() <= BOUNDS_MAX && rising && bounds.iter().all(|bound| bound.is_finite());
        if usable {
            Ok(())
        } else {
            Err(OpenError::InvalidBounds)
        }
    }
}

impl Series {
    pub(super) fn new(kind: &Kind) -> Self {
        Self(match kind {
            Kind::Counter => Numbers::Counter(AtomicU64::new(0)),
            Kind::Gauge => Numbers::Gauge(AtomicU64::new(0_f64.to_bits())),
            Kind::Histogram(bounds) => Numbers::Histogram {
                bounds: Arc::clone(bounds),
                spread: Mutex::new(Spread {
                    count: 0,
                    sum: 0.0,
                    buckets: bounds.iter().map(|_| 0).collect(),
                }),
            },
        })
    }

    /// Adds to a counter. Does nothing to another kind.
    pub fn count(&self, amount: u64) {
        if let Numbers::Counter(total) = &self.0 {
            total.fetch_add(amount, Ordering::Relaxed);
        }
    }

    /// Sets a gauge. `NaN` changes nothing. Does nothing to another kind.
    pub fn set(&self, level: f64) {
        if let (Numbers::Gauge(bits), false) = (&self.0, level.is_nan()) {
            bits.store(level.to_bits(), Ordering::Relaxed);
        }
    }

    /// Raises or lowers a gauge. What would make it `NaN` changes nothing. Does nothing to another kind.
    pub fn shift(&self, amount: f64) {
        if let Numbers::Gauge(bits) = &self.0 {
            let shifted = |bits| {
                let level = f64::from_bits(bits) + amount;
                (!level.is_nan()).then(|| level.to_bits())
            };
            let _ = bits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, shifted);
        }
    }

    /// Counts a measurement in a histogram. One that is not finite is left out. Does nothing to another kind.
    pub fn record(&self, measurement: f64) {
        let Numbers::Histogram { bounds, spread } = &self.0 else {
            return;
        };
        if !measurement.is_finite() {
            return;
        }
        let mut spread = spread.lock().unwrap_or_else(PoisonError::into_inner);
        spread.count += 1;
        spread.sum += measurement;
        let bucket = bounds.partition_point(|bound| *bound < measurement);
        if let Some(count) = spread.buckets.get_mut(bucket) {
            *count += 1;
        }
    }

    /// What it holds now.
    pub fn read(&self) -> Reading {
        match &self.0 {
            Numbers::Counter(total) => Reading::Total(total.load(Ordering::Relaxed)),
            Numbers::Gauge(bits) => Reading::Level(f64::from_bits(bits.load(Ordering::Relaxed))),
            Numbers::Histogram { bounds, spread } => {
                let Spread {
                    count,
                    sum,
                    buckets,
                } = spread
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                let buckets = bounds.iter().copied().zip(buckets).collect();
                Reading::Distribution(Distribution {
                    count,
                    sum,
                    buckets,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Distribution, Kind, Reading, Series};

    #[test]
    fn a_counter_only_counts() {
        let series = Series::new(&Kind::Counter);
        series.count(2);
        series.count(3);
        series.set(9.0);
        series.record(1.0);
        assert_eq!(series.read(), Reading::Total(5));
    }

    #[test]
    fn a_gauge_never_holds_what_is_no_number() {
        let series = Series::new(&Kind::Gauge);
        series.set(4.0);
        series.shift(-1.5);
        series.set(f64::NAN);
        series.shift(f64::NAN);
        assert_eq!(series.read(), Reading::Level(2.5));
        series.set(f64::INFINITY);
        series.shift(f64::NEG_INFINITY);
        assert_eq!(series.read(), Reading::Level(f64::INFINITY));
    }

    #[test]
    fn a_measurement_on_a_bound_counts_below_it() {
        let series = Series::new(&Kind::histogram(&[1.0, 10.0]));
        for measurement in [-5.0, 1.0, 1.5, 10.0, 11.0, f64::NAN, f64::INFINITY] {
            series.record(measurement);
        }
        let expected = Distribution {
            count: 5,
            sum: 18.5,
            buckets: vec![(1.0, 2), (10.0, 2)],
        };
        assert_eq!(series.read(), Reading::Distribution(expected));
    }

    #[test]
    fn bounds_must_be_finite_and_rise() {
        let rising = |count: u32| -> Vec<f64> { (0..count).map(f64::from).collect() };
        for (bounds, usable) in [
            (vec![], true),
            (rising(32), true),
            (rising(33), false),
            (vec![1.0, 1.0], false),
            (vec![2.0, 1.0], false),
            (vec![f64::NAN], false),
            (vec![1.0, f64::INFINITY], false),
        ] {
            assert_eq!(
                Kind::histogram(&bounds).check().is_ok(),
                usable,
                "{bounds:?}"
            );
        }
    }
}
