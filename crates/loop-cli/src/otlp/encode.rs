//! Records, spans and metrics as OTLP has them in JSON: ids in hexadecimal, 64-bit numbers as text, enums as numbers.

use loop_host::core::metrics::{Distribution, Reading, Sample};
use loop_host::core::{Field, Level, Record, SpanRecord, Value};
use serde_json::{Value as Json, json};

use crate::time::Timestamp;

/// A sum that counts from the start of the run.
const CUMULATIVE: u8 = 2;

/// A span that happened within the program.
const INTERNAL: u8 = 1;

/// A span whose work failed.
const ERROR: u8 = 2;

/// Records of an app.
pub(super) fn logs(app: &str, records: &[Record]) -> Json {
    let records: Vec<Json> = records.iter().map(log).collect();
    json!({ "resourceLogs": [{
        "resource": resource(app),
        "scopeLogs": [{ "scope": scope(), "logRecords": records }],
    }] })
}

/// Spans of an app.
pub(super) fn spans(app: &str, spans: &[SpanRecord]) -> Json {
    let spans: Vec<Json> = spans.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": resource(app),
        "scopeSpans": [{ "scope": scope(), "spans": spans }],
    }] })
}

/// The metrics of an app between two points in time.
pub(super) fn metrics(app: &str, samples: &[Sample], between: (Timestamp, Timestamp)) -> Json {
    let of_one = |one: &Sample, next: &Sample| {
        one.metric.name == next.metric.name && one.component == next.component
    };
    let metrics: Vec<Json> = samples
        .chunk_by(of_one)
        .filter_map(|samples| metric(samples, between))
        .collect();
    json!({ "resourceMetrics": [{
        "resource": resource(app),
        "scopeMetrics": [{ "scope": scope(), "metrics": metrics }],
    }] })
}

fn log(record: &Record) -> Json {
    let number = match record.level {
        Level::Trace => 1,
        Level::Debug => 5,
        Level::Info => 9,
        Level::Warn => 13,
        Level::Error => 17,
    };
    json!({
        "timeUnixNano": record.time_ns.to_string(),
        "severityNumber": number,
        "severityText": record.level.as_str(),
        "body": { "stringValue": record.message },
        "attributes": attributes(&record.component, &record.fields),
        "traceId": record.trace_id.to_string(),
        "spanId": record.span_id.to_string(),
    })
}

fn span(span: &SpanRecord) -> Json {
    let status = match &span.failed {
        Some(reason) => json!({ "code": ERROR, "message": reason }),
        None => json!({}),
    };
    json!({
        "traceId": span.trace_id.to_string(),
        "spanId": span.span_id.to_string(),
        "parentSpanId": span.parent.map(|parent| parent.to_string()).unwrap_or_default(),
        "name": &*span.name,
        "kind": INTERNAL,
        "startTimeUnixNano": span.start_ns.to_string(),
        "endTimeUnixNano": span.end_ns.to_string(),
        "attributes": attributes(&span.component, &span.fields),
        "status": status,
    })
}

/// The samples of one metric of one component.
fn metric(samples: &[Sample], between: (Timestamp, Timestamp)) -> Option<Json> {
    let first = samples.first()?;
    let points: Vec<Json> = samples
        .iter()
        .map(|sample| point(sample, between))
        .collect();
    let kind = match first.reading {
        Reading::Total(_) => "sum",
        Reading::Level(_) => "gauge",
        Reading::Distribution(_) => "histogram",
    };
    let mut data = json!({ "dataPoints": points });
    if let Some(data) = data.as_object_mut().filter(|_| kind != "gauge") {
        data.insert("aggregationTemporality".to_owned(), CUMULATIVE.into());
    }
    if let Some(data) = data.as_object_mut().filter(|_| kind == "sum") {
        data.insert("isMonotonic".to_owned(), true.into());
    }
    let metric = &first.metric;
    Some(
        json!({ "name": metric.name, "unit": metric.unit, "description": metric.description, kind: data }),
    )
}

fn point(sample: &Sample, (start, now): (Timestamp, Timestamp)) -> Json {
    let mut labels: Vec<Json> = sample
        .labels
        .iter()
        .map(|(key, value)| attribute(key, json!({ "stringValue": value })))
        .collect();
    labels.push(of_component(&sample.component));
    let mut point = json!({
        "startTimeUnixNano": start.0.to_string(),
        "timeUnixNano": now.0.to_string(),
        "attributes": labels,
    });
    let numbers = match &sample.reading {
        Reading::Total(total) => json!({ "asInt": total.to_string() }),
        Reading::Level(level) => json!({ "asDouble": level }),
        Reading::Distribution(distribution) => buckets(distribution),
    };
    if let (Json::Object(point), Json::Object(numbers)) = (&mut point, numbers) {
        point.extend(numbers);
    }
    point
}

/// A histogram. Its last bucket, beyond all bounds, holds what the others do not.
fn buckets(distribution: &Distribution) -> Json {
    let below: u64 = distribution.buckets.iter().map(|(_, count)| count).sum();
    let counts = distribution.buckets.iter().map(|(_, count)| *count);
    let counts = counts.chain(std::iter::once(distribution.count.saturating_sub(below)));
    let counts: Vec<String> = counts.map(|count| count.to_string()).collect();
    let bounds: Vec<f64> = distribution
        .buckets
        .iter()
        .map(|(bound, _)| *bound)
        .collect();
    json!({
        "count": distribution.count.to_string(),
        "sum": distribution.sum,
        "bucketCounts": counts,
        "explicitBounds": bounds,
    })
}

fn resource(app: &str) -> Json {
    json!({ "attributes": [attribute("service.name", json!({ "stringValue": app }))] })
}

fn scope() -> Json {
    json!({ "name": "loop", "version": env!("CARGO_PKG_VERSION") })
}

fn attributes(component: &str, fields: &[Field]) -> Vec<Json> {
    let fields = fields
        .iter()
        .map(|field| attribute(&field.key, value(&field.value)));
    std::iter::once(of_component(component))
        .chain(fields)
        .collect()
}

fn of_component(component: &str) -> Json {
    attribute("component", json!({ "stringValue": component }))
}

fn attribute(key: &str, value: Json) -> Json {
    Json::Object(
        [("key".to_owned(), key.into()), ("value".to_owned(), value)]
            .into_iter()
            .collect(),
    )
}

fn value(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!({ "stringValue": text }),
        Value::Signed(number) => json!({ "intValue": number.to_string() }),
        // OTLP knows signed numbers only.
        Value::Unsigned(number) => match i64::try_from(*number) {
            Ok(number) => json!({ "intValue": number.to_string() }),
            Err(_) => json!({ "stringValue": number.to_string() }),
        },
        Value::Number(number) => json!({ "doubleValue": number }),
        Value::Truth(truth) => json!({ "boolValue": truth }),
    }
}
