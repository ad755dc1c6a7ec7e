//! Opens metrics by `loop:core/metrics` and prints what can be read back; the first argument says which.
//!
//! - `count`: a counter, a gauge and a histogram, then all samples
//! - `bad`: each way in which a metric is refused
//! - `flood N`: one counter with so many labels

use loop_guest::metrics::{self, Counter, Gauge, Histogram, Metric, OpenError, Reading};

fn main() -> Result<(), OpenError> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("count") => count(),
        Some("bad") => {
            bad();
            Ok(())
        }
        Some("flood") => flood(
            args.next()
                .and_then(|count| count.parse().ok())
                .unwrap_or(0),
        ),
        _ => {
            println!("count, bad or flood");
            Ok(())
        }
    }
}

fn plain(name: &str) -> Metric<'_> {
    Metric {
        name,
        unit: "",
        description: "",
    }
}

fn count() -> Result<(), OpenError> {
    let requests = Metric {
        name: "requests_total",
        unit: "{request}",
        description: "Requests answered",
    };
    Counter::open(requests.clone(), &[("method", "GET")])?.add(2);
    Counter::open(requests.clone(), &[("method", "PUT")])?.add(1);
    Counter::open(requests, &[("method", "GET")])?.add(3);
    let queue = Gauge::open(plain("queue_length"), &[])?;
    queue.set(4.5);
    queue.add(-1.0);
    queue.set(f64::NAN);
    let sizes = Histogram::with_bounds(
        Metric {
            name: "page_bytes",
            unit: "By",
            description: "Sizes of pages",
        },
        &[],
        &[100.0, 1000.0],
    )?;
    for size in [1.0, 100.0, 101.0, 5000.0, f64::INFINITY] {
        sizes.record(size);
    }
    print();
    Ok(())
}

fn print() {
    for sample in metrics::snapshot() {
        let labels: Vec<_> = sample
            .labels
            .iter()
            .map(|label| format!("{}={}", label.key, label.value))
            .collect();
        let reading = match sample.reading {
            Reading::Total(total) => format!("{total}"),
            Reading::Level(level) => format!("{level}"),
            Reading::Distribution(all) => {
                format!("{} {} {:?}", all.count, all.sum, all.buckets)
            }
        };
        println!(
            "{}/{} {labels:?} {reading}",
            sample.component, sample.metric.name
        );
    }
}

fn bad() {
    let nine: Vec<(&str, &str)> = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
        .map(|key| (key, ""))
        .into();
    let long = "a".repeat(65);
    let tries = [
        Counter::open(plain("Requests"), &[]).map(drop),
        Counter::open(plain(""), &[]).map(drop),
        Counter::open(plain(&long), &[]).map(drop),
        Counter::open(
            Metric {
                name: "ok",
                unit: &long,
                description: "",
            },
            &[],
        )
        .map(drop),
        Counter::open(plain("ok"), &[("component", "me")]).map(drop),
        Counter::open(plain("ok"), &[("a", "1"), ("a", "2")]).map(drop),
        Counter::open(plain("ok"), &nine).map(drop),
        Counter::open(plain("ok"), &[]).map(drop),
        Gauge::open(plain("ok"), &[]).map(drop),
        Histogram::with_bounds(plain("spread"), &[], &[2.0, 1.0]).map(drop),
        Histogram::with_bounds(plain("spread"), &[], &[f64::NAN]).map(drop),
    ];
    for result in tries {
        match result {
            Ok(()) => println!("opened"),
            Err(error) => println!("{error:?}"),
        }
    }
}

fn flood(count: u32) -> Result<(), OpenError> {
    for index in 0..count {
        Counter::open(plain("users_total"), &[("user", &index.to_string())])?.add(1);
    }
    let samples = metrics::snapshot();
    let mut sum = 0;
    for sample in &samples {
        if let Reading::Total(total) = sample.reading {
            sum += total;
        }
    }
    let over = samples
        .iter()
        .filter(|sample| sample.labels.iter().any(|l| l.key == "overflow"));
    println!(
        "{} series, {} of them overflow, {sum} in all",
        samples.len(),
        over.count()
    );
    Ok(())
}
