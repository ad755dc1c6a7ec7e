//! OTLP 1.x requests in the JSON form of their Protobuf messages: 64-bit numbers are texts, enums are numbers, and ids are in
//! hexadecimal.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::core::metrics::{Reading, Sample};
use crate::core::record::{Field, Level, Record, SpanRecord, Value};

/// Spans of components are neither servers nor clients: those are the host's.
const SPAN_KIND_INTERNAL: u32 = 1;
const STATUS_CODE_ERROR: u32 = 2;
/// Values count from the start of the run.
const TEMPORALITY_CUMULATIVE: u32 = 2;

/// Where all of it comes from.
#[derive(Debug)]
pub(super) struct Source {
    /// The name of the app, which is the `service.name`.
    pub(super) app: String,
    /// When the run began: nanoseconds since 1970.
    pub(super) start_ns: u64,
}

pub(super) fn logs(source: &Source, records: &[Record]) -> Json {
    let records: Vec<Json> = records.iter().map(log).collect();
    json!({ "resourceLogs": [{
        "resource": resource(source),
        "scopeLogs": [{ "scope": scope(), "logRecords": records }],
    }] })
}

pub(super) fn traces(source: &Source, spans: &[SpanRecord]) -> Json {
    let spans: Vec<Json> = spans.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": resource(source),
        "scopeSpans": [{ "scope": scope(), "spans": spans }],
    }] })
}

pub(super) fn metrics(source: &Source, now_ns: u64, samples: &[Sample]) -> Json {
    // The series of a metric belong into one entry, those of all components together.
    let mut families: BTreeMap<(&str, &str, &str), Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        let metric = &sample.metric;
        let family = (
            metric.name.as_str(),
            shape(&sample.reading),
            metric.unit.as_str(),
        );
        families.entry(family).or_default().push(sample);
    }
    let families = families
        .values()
        .filter_map(|samples| family(source, now_ns, samples));
    let metrics: Vec<Json> = families.collect();
    json!({ "resourceMetrics": [{
        "resource": resource(source),
        "scopeMetrics": [{ "scope": scope(), "metrics": metrics }],
    }] })
}

fn log(record: &Record) -> Json {
    let severity = match record.level {
        Level::Trace => 1,
        Level::Debug => 5,
        Level::Info => 9,
        Level::Warn => 13,
        Level::Error => 17,
    };
    json!({
        "timeUnixNano": record.time_ns.to_string(),
        "observedTimeUnixNano": record.time_ns.to_string(),
        "severityNumber": severity,
        "severityText": record.level.as_str(),
        "body": { "stringValue": record.message },
        "attributes": attributes(&record.component, &record.fields),
        "traceId": record.trace_id.to_string(),
        "spanId": record.span_id.to_string(),
    })
}

fn span(span: &SpanRecord) -> Json {
    let mut json = json!({
        "traceId": span.trace_id.to_string(),
        "spanId": span.span_id.to_string(),
        "name": &*span.name,
        "kind": SPAN_KIND_INTERNAL,
        "startTimeUnixNano": span.start_ns.to_string(),
        "endTimeUnixNano": span.end_ns.to_string(),
        "attributes": attributes(&span.component, &span.fields),
    });
    let Some(object) = json.as_object_mut() else {
        return json;
    };
    if let Some(parent) = span.parent {
        object.insert("parentSpanId".to_owned(), parent.to_string().into());
    }
    if let Some(reason) = &span.failed {
        object.insert(
            "status".to_owned(),
            json!({ "code": STATUS_CODE_ERROR, "message": reason }),
        );
    }
    json
}

fn family(source: &Source, now_ns: u64, samples: &[&Sample]) -> Option<Json> {
    let first = samples.first()?;
    let points: Vec<Json> = samples
        .iter()
        .map(|sample| point(source, now_ns, sample))
        .collect();
    let data = match &first.reading {
        Reading::Total(_) => json!({
            "aggregationTemporality": TEMPORALITY_CUMULATIVE,
            "isMonotonic": true,
            "dataPoints": points,
        }),
        Reading::Level(_) => json!({ "dataPoints": points }),
        Reading::Distribution(_) => json!({
            "aggregationTemporality": TEMPORALITY_CUMULATIVE,
            "dataPoints": points,
        }),
    };
    Some(json!({
        "name": first.metric.name,
        "description": first.metric.description,
        "unit": first.metric.unit,
        shape(&first.reading): data,
    }))
}

/// What the format calls this kind of metric.
fn shape(reading: &Reading) -> &'static str {
    match reading {
        Reading::Total(_) => "sum",
        Reading::Level(_) => "gauge",
        Reading::Distribution(_) => "histogram",
    }
}

fn point(source: &Source, now_ns: u64, sample: &Sample) -> Json {
    let mut labels = vec![text("loop.component", &sample.component)];
    labels.extend(sample.labels.iter().map(|(key, value)| text(key, value)));
    let mut point = match &sample.reading {
        Reading::Total(total) => json!({ "asInt": total.to_string() }),
        Reading::Level(level) => json!({ "asDouble": number(*level) }),
        Reading::Distribution(all) => {
            let within: u64 = all.buckets.iter().map(|(_, count)| count).sum();
            let rest = all.count.saturating_sub(within);
            let counts = all.buckets.iter().map(|(_, count)| *count).chain([rest]);
            json!({
                "count": all.count.to_string(),
                "sum": number(all.sum),
                "bucketCounts": counts.map(|count| count.to_string()).collect::<Vec<_>>(),
                "explicitBounds": all.buckets.iter().map(|(bound, _)| *bound).collect::<Vec<_>>(),
            })
        }
    };
    if let Some(point) = point.as_object_mut() {
        point.insert("attributes".to_owned(), labels.into());
        point.insert(
            "startTimeUnixNano".to_owned(),
            source.start_ns.to_string().into(),
        );
        point.insert("timeUnixNano".to_owned(), now_ns.to_string().into());
    }
    point
}

fn resource(source: &Source) -> Json {
    json!({ "attributes": [text("service.name", &source.app)] })
}

fn scope() -> Json {
    json!({ "name": "loop:core", "version": "0.1.0" })
}

fn attributes(component: &str, fields: &[Field]) -> Json {
    let mut attributes = vec![text("loop.component", component)];
    attributes.extend(fields.iter().map(|field| {
        let value = match &field.value {
            Value::Text(text) => json!({ "stringValue": text }),
            Value::Signed(number) => json!({ "intValue": number.to_string() }),
            // The format's whole numbers have a sign.
            Value::Unsigned(number) => match i64::try_from(*number) {
                Ok(number) => json!({ "intValue": number.to_string() }),
                Err(_) => json!({ "stringValue": number.to_string() }),
            },
            Value::Number(value) => json!({ "doubleValue": number(*value) }),
            Value::Truth(truth) => json!({ "boolValue": truth }),
        };
        json!({ "key": field.key, "value": value })
    }));
    attributes.into()
}

fn text(key: &str, value: &str) -> Json {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// JSON has no infinite numbers: Protobuf writes them as texts.
fn number(value: f64) -> Json {
    match value {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        value if value.is_nan() => "NaN".into(),
        value => value.into(),
    }
}
