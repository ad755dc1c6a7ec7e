//! Writes records by `loop:core/logging`; the first argument says which.
//!
//! - `records`: one of each level, with a field of each kind
//! - `spans`: records inside of two spans, and one in a span that is not entered
//! - `long`: a message, a key and a text beyond their limits, and 40 fields
//! - `many N`: so many records
//! - `leak`: ends with a span open
//! - `recent`: three records, then prints what `recent` gives

use loop_guest::log::{self, Field, Level, Value};

fn main() {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("records") => records(),
        Some("spans") => spans(),
        Some("long") => long(),
        Some("many") => many(
            args.next()
                .and_then(|count| count.parse().ok())
                .unwrap_or(0),
        ),
        Some("leak") => leak(),
        Some("recent") => recent(),
        _ => println!("records, spans, long, many, leak or recent"),
    }
}

fn records() {
    log::trace!("step");
    log::debug!(count = 3_u64, shift = -4; "detail");
    log::info!(path = "/index.html", share = 0.5, cached = true; "served");
    log::warn!("odd {}", "thing");
    log::error!("broken");
    for level in [Level::Trace, Level::Info] {
        println!("{level:?} {}", log::enabled(level));
    }
}

fn spans() {
    let outer = log::span!(info: "outer", request = 7);
    let entered = outer.enter();
    let inner = log::span!(info: "inner");
    inner.run(|| log::info!("in both"));
    log::info!("in outer");
    drop(entered);
    log::info!("in none");
    inner.write(Level::Info, format_args!("in inner, not entered"), &[]);
    inner.set(&log::fields![pages = 2]);
    inner.fail("it went wrong");
}

fn long() {
    let text = "é".repeat(10_000);
    let fields: Vec<_> = (0..40)
        .map(|_| Field {
            key: text.as_str(),
            value: Value::Text(&text),
        })
        .collect();
    log::write(Level::Info, format_args!("{text}"), &fields);
}

fn many(count: u32) {
    for index in 0..count {
        log::info!(index = index; "one of many");
    }
}

fn leak() {
    let span = std::mem::ManuallyDrop::new(log::span!(info: "left open"));
    log::info!(entered = span.run(|| true); "ending");
}

fn recent() {
    let span = log::span!(info: "reading");
    span.run(|| {
        for index in 0..3_u32 {
            log::info!(index = index; "kept");
        }
    });
    for entry in log::recent(2) {
        let keys: Vec<_> = entry
            .fields
            .iter()
            .map(|field| field.key.as_str())
            .collect();
        println!(
            "{} {:?} {} {} {keys:?} {:?}",
            entry.sequence, entry.level, entry.component, entry.message, entry.spans
        );
    }
}
