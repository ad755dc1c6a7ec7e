//! The page that shows what the app did: its metrics and its last records.

use loop_guest::log::{self, Entry, KeptField, KeptValue, Level};
use loop_guest::metrics::{self, Reading, Sample};

use crate::html::{Text, document};
use crate::reply::Reply;
use crate::views::push;

/// The most records that are shown.
const RECORDS_MAX: u32 = 100;

/// Metrics and records: those of this component, or of the whole app where the host gives them.
pub fn status() -> Reply {
    let mut body = String::from(
        "<h1>Status</h1>\n<h2>Metrics</h2>\n\
         <table><thead><tr><th>component</th><th>metric</th><th>labels</th><th>value</th></tr></thead><tbody>\n",
    );
    for sample in metrics::snapshot() {
        push_sample(&mut body, &sample);
    }
    body.push_str(
        "</tbody></table>\n<h2>Records</h2>\n<p>The last ones first.</p>\n\
         <table><thead><tr><th>time</th><th>level</th><th>component</th><th>record</th><th>fields</th></tr></thead><tbody>\n",
    );
    for entry in log::recent(RECORDS_MAX).iter().rev() {
        push_entry(&mut body, entry);
    }
    body.push_str("</tbody></table>\n");
    Reply::html(200, document("Status", "", &body))
}

fn push_sample(body: &mut String, sample: &Sample) {
    let labels: Vec<String> = sample
        .labels
        .iter()
        .map(|label| format!("{}={}", label.key, label.value))
        .collect();
    let value = match &sample.reading {
        Reading::Total(total) => total.to_string(),
        Reading::Level(level) => level.to_string(),
        Reading::Distribution(all) if all.count == 0 => "none".to_owned(),
        Reading::Distribution(all) => {
            let average = all.sum / all.count as f64;
            format!(
                "{}, {average:.6} {} on average",
                all.count, sample.metric.unit
            )
        }
    };
    push(
        body,
        format_args!(
            "<tr><td>{}</td><td title=\"{}\">{}</td><td>{}</td><td>{}</td></tr>\n",
            Text(&sample.component),
            Text(&sample.metric.description),
            Text(&sample.metric.name),
            Text(&labels.join(" ")),
            Text(&value),
        ),
    );
}

fn push_entry(body: &mut String, entry: &Entry) {
    let level = match entry.level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    let fields: Vec<String> = entry.fields.iter().map(shown).collect();
    push(
        body,
        format_args!(
            "<tr class=\"{level}\"><td>{}</td><td>{level}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            time_of_day(entry.time),
            Text(&entry.component),
            Text(&entry.message),
            Text(&fields.join(" ")),
        ),
    );
}

fn shown(field: &KeptField) -> String {
    let key = &field.key;
    match &field.value {
        KeptValue::Text(text) => format!("{key}={text}"),
        KeptValue::Signed(number) => format!("{key}={number}"),
        KeptValue::Unsigned(number) => format!("{key}={number}"),
        KeptValue::Number(number) => format!("{key}={number}"),
        KeptValue::Truth(truth) => format!("{key}={truth}"),
    }
}

/// The time of day in UTC, to the millisecond.
fn time_of_day(nanoseconds: u64) -> String {
    let millis = nanoseconds / 1_000_000;
    let (seconds, minutes, hours) = (millis / 1000, millis / 60_000, millis / 3_600_000);
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        hours % 24,
        minutes % 60,
        seconds % 60,
        millis % 1000
    )
}
