//! Samples in Prometheus' text format, version 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Distribution, Reading, Sample};

/// Writes all samples. Two components may have a metric of one name and different kinds: the format has no place for
/// that, so the first component's kind counts, and a comment names what was left out.
pub(super) fn write(samples: &[Sample]) -> String {
    let mut families: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        families
            .entry(&sample.metric.name)
            .or_default()
            .push(sample);
    }
    let mut text = String::new();
    for (name, samples) in families {
        write_family(&mut text, name, &samples);
    }
    text
}

fn write_family(text: &mut String, name: &str, samples: &[&Sample]) {
    let Some(first) = samples.first() else { return };
    let kind = kind(&first.reading);
    let help = first
        .metric
        .description
        .replace('\\', "\\\\")
        .replace('\n', "\\n");
    if !help.is_empty() {
        put(text, format_args!("# HELP {name} {help}\n"));
    }
    put(text, format_args!("# TYPE {name} {kind}\n"));
    for sample in samples {
        let labels = labels(sample);
        match &sample.reading {
            reading if self::kind(reading) != kind => {
                let other = self::kind(reading);
                put(
                    text,
                    format_args!("# left out, because it is a {other}: {name}{{{labels}}}\n"),
                );
            }
            Reading::Total(total) => put(text, format_args!("{name}{{{labels}}} {total}\n")),
            Reading::Level(level) => put(
                text,
                format_args!("{name}{{{labels}}} {}\n", number(*level)),
            ),
            Reading::Distribution(all) => write_distribution(text, name, &labels, all),
        }
    }
}

/// The format's buckets count all that is at most so large, where ours count what lies between two bounds.
fn write_distribution(text: &mut String, name: &str, labels: &str, all: &Distribution) {
    let mut below = 0;
    for (bound, count) in &all.buckets {
        below += count;
        put(
            text,
            format_args!(
                "{name}_bucket{{{labels},le=\"{}\"}} {below}\n",
                number(*bound)
            ),
        );
    }
    put(
        text,
        format_args!("{name}_bucket{{{labels},le=\"+Inf\"}} {}\n", all.count),
    );
    put(
        text,
        format_args!("{name}_sum{{{labels}}} {}\n", number(all.sum)),
    );
    put(
        text,
        format_args!("{name}_count{{{labels}}} {}\n", all.count),
    );
}

fn kind(reading: &Reading) -> &'static str {
    match reading {
        Reading::Total(_) => "counter",
        Reading::Level(_) => "gauge",
        Reading::Distribution(_) => "histogram",
    }
}

fn labels(sample: &Sample) -> String {
    let mut text = format!("component=\"{}\"", escape(&sample.component));
    for (key, value) in sample.labels.iter() {
        put(&mut text, format_args!(",{key}=\"{}\"", escape(value)));
    }
    text
}

fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn number(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use crate::core::metrics::{Kind, Metric, Metrics};

    #[test]
    fn all_kinds_are_written() {
        let metrics = Metrics::default();
        let open = |component: &str, kind: &Kind, name: &str, labels: &[(&str, &str)]| {
            let metric = Metric {
                name: name.into(),
                unit: String::new(),
                description: format!("What {name} is"),
            };
            let labels = labels
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect();
            metrics
                .open(&component.into(), kind, metric, labels)
                .unwrap()
        };
        open(
            "web",
            &Kind::Counter,
            "hits_total",
            &[("path", "/\"a\"\\\n")],
        )
        .count(3);
        open("index", &Kind::Counter, "hits_total", &[]).count(1);
        open("zoo", &Kind::Gauge, "hits_total", &[]).set(1.0);
        open("web", &Kind::Gauge, "queue", &[]).set(f64::INFINITY);
        let times = open(
            "web",
            &Kind::histogram(&[0.5, 1.0]),
            "times",
            &[("of", "x")],
        );
        for time in [0.25, 0.75, 2.0] {
            times.record(time);
        }
        insta::assert_snapshot!(metrics.to_prometheus(), @r#"
        # HELP hits_total What hits_total is
        # TYPE hits_total counter
        hits_total{component="index"} 1
        hits_total{component="web",path="/\"a\"\\\n"} 3
        # left out, because it is a gauge: hits_total{component="zoo"}
        # HELP queue What queue is
        # TYPE queue gauge
        queue{component="web"} +Inf
        # HELP times What times is
        # TYPE times histogram
        times_bucket{component="web",of="x",le="0.5"} 1
        times_bucket{component="web",of="x",le="1"} 2
        times_bucket{component="web",of="x",le="+Inf"} 3
        times_sum{component="web",of="x"} 3
        times_count{component="web",of="x"} 3
        "#);
    }
}
