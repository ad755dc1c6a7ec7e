//! What components write: records and spans, as the host hands them on.

use std::fmt;
use std::sync::Arc;

use super::trace::{SpanId, TraceId};

/// Bytes of a message. More is prose, which belongs into a file.
pub const MESSAGE_BYTES_MAX: usize = 8_192;
/// Fields of a record or span: more than anybody reads in one line.
pub const FIELDS_MAX: usize = 32;
/// Bytes of all fields of a record or span together: an instance has many spans, and all of them are kept in memory.
pub const FIELDS_BYTES_MAX: usize = 8_192;
/// Bytes of a field's key.
pub const KEY_BYTES_MAX: usize = 64;
/// Bytes of a field's text, of a span's reason for failing, and of the words of a cancellation.
pub const TEXT_BYTES_MAX: usize = 1_024;
/// Bytes of a span's name.
pub const SPAN_NAME_BYTES_MAX: usize = 128;

/// How much a record matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Each step.
    Trace,
    /// For a developer of the component.
    Debug,
    /// For a user of the component.
    Info,
    /// Something is wrong, and the component goes on.
    Warn,
    /// Something failed.
    Error,
}

/// A named value.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name.
    pub key: String,
    /// The value.
    pub value: Value,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number that may be negative.
    Signed(i64),
    /// A whole number that may not.
    Unsigned(u64),
    /// A number with a fraction.
    Number(f64),
    /// Yes or no.
    Truth(bool),
}

/// A record that a component wrote.
#[derive(Clone, Debug)]
pub struct Record {
    /// Counts the records of the app.
    pub sequence: u64,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub time_ns: u64,
    /// Its level.
    pub level: Level,
    /// The component that wrote it.
    pub component: Arc<str>,
    /// The message, at most [`MESSAGE_BYTES_MAX`] bytes.
    pub message: String,
    /// At most [`FIELDS_MAX`] of them.
    pub fields: Vec<Field>,
    /// The names of the spans around it, the outermost first.
    pub spans: Vec<Arc<str>>,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The span it was written in, or the place of the call if there was none.
    pub span_id: SpanId,
}

/// A span that has ended.
#[derive(Clone, Debug)]
pub struct SpanRecord {
    /// The component that made it.
    pub component: Arc<str>,
    /// Its name, at most [`SPAN_NAME_BYTES_MAX`] bytes.
    pub name: Arc<str>,
    /// Its level.
    pub level: Level,
    /// At most [`FIELDS_MAX`] of them.
    pub fields: Vec<Field>,
    /// When it began: nanoseconds since 1970-01-01T00:00:00Z.
    pub start_ns: u64,
    /// When it ended, on the same clock; never before `start_ns`.
    pub end_ns: u64,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span around it, if there is one; it may be another program's.
    pub parent: Option<SpanId>,
    /// Why the work failed, if it did.
    pub failed: Option<String>,
    /// Whether the instance ended before the span did.
    pub unfinished: bool,
}

/// Takes what the components of an app write, while they write it.
///
/// Called on whatever thread the component runs on, in the middle of its call: an implementation must be quick and must
/// not block. What it prints must be made safe for a terminal by itself: messages hold any text.
pub trait LogSink: Send + Sync + 'static {
    /// Takes a record.
    fn record(&self, record: &Record);

    /// Takes a span that has ended.
    fn span(&self, span: &SpanRecord) {
        let _ = span;
    }
}

impl Level {
    /// Its name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Signed(number) => number.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}

impl Value {
    /// The value in JSON. What JSON has no number for becomes a text.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Signed(number) => (*number).into(),
            Self::Unsigned(number) => (*number).into(),
            Self::Number(number) => serde_json::Number::from_f64(*number)
                .map_or_else(|| number.to_string().into(), serde_json::Value::Number),
            Self::Truth(truth) => (*truth).into(),
        }
    }
}

/// Fields as one JSON object. Written only if somebody wants to see it.
#[derive(Debug)]
pub struct Json<'a>(
    /// The fields.
    pub &'a [Field],
);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self
            .0
            .iter()
            .map(|field| (field.key.clone(), field.value.to_json()));
        serde_json::Value::Object(fields.collect()).fmt(f)
    }
}

/// Cuts a text to so many bytes, the last of them a `…` if something was cut.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    const MORE: char = '…';
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max.saturating_sub(MORE.len_utf8())));
        text.push(MORE);
        // The rest of a long text is not kept in memory with the short one.
        text.shrink_to_fit();
    }
    text
}

/// Adds fields to those that are there, cut to the limits; of two with the same key the later one counts.
pub(crate) fn merge(fields: &mut Vec<Field>, more: impl IntoIterator<Item = Field>) {
    for field in more {
        let key = cut(field.key, KEY_BYTES_MAX);
        let value = match field.value {
            Value::Text(text) => Value::Text(cut(text, TEXT_BYTES_MAX)),
            value => value,
        };
        let field = Field { key, value };
        let known = fields.iter().position(|known| known.key == field.key);
        let replaced = known.and_then(|index| fields.get(index)).map_or(0, size);
        let bytes = fields.iter().map(size).sum::<usize>() - replaced + size(&field);
        if bytes > FIELDS_BYTES_MAX {
            continue;
        }
        let room = fields.len() < FIELDS_MAX;
        match known.and_then(|index| fields.get_mut(index)) {
            Some(known) => *known = field,
            None if room => fields.push(field),
            None => {}
        }
    }
}

/// The bytes of a field.
fn size(field: &Field) -> usize {
    let value = match &field.value {
        Value::Text(text) => text.len(),
        Value::Signed(_) | Value::Unsigned(_) | Value::Number(_) | Value::Truth(_) => 8,
    };
    field.key.len() + value
}

/// What a record or span takes of memory and of a limit on output.
pub(crate) fn cost(text: &str, fields: &[Field]) -> usize {
    /// The time, the level and the like.
    const REST: usize = 64;
    REST + text.len() + fields.iter().map(size).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::{
        FIELDS_BYTES_MAX, FIELDS_MAX, Field, Json, TEXT_BYTES_MAX, Value, cut, merge, size,
    };

    fn field(key: &str, value: Value) -> Field {
        Field {
            key: key.to_owned(),
            value,
        }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        for (text, max, expected) in [
            ("short", 5, "short"),
            ("longer", 5, "lo…"),
            ("ééé", 5, "é…"),
            ("abcd", 3, "…"),
            ("abcd", 0, "…"),
        ] {
            assert_eq!(cut(text.to_owned(), max), expected, "{text} to {max}");
        }
    }

    #[test]
    fn the_last_of_two_fields_counts_and_there_is_room_for_so_many() {
        let mut fields = Vec::new();
        merge(
            &mut fields,
            (0..100).map(|index| field(&format!("k{index}"), Value::Unsigned(index))),
        );
        assert_eq!(fields.len(), FIELDS_MAX);
        merge(
            &mut fields,
            [
                field("k0", Value::Text("x".repeat(5_000))),
                field("new", Value::Truth(true)),
            ],
        );
        assert_eq!(fields.len(), FIELDS_MAX);
        assert!(matches!(&fields[0].value, Value::Text(text) if text.len() <= TEXT_BYTES_MAX));
        let long = Value::Text("x".repeat(1_000));
        merge(
            &mut fields,
            (0..32).map(|index| field(&format!("k{index}"), long.clone())),
        );
        let bytes: usize = fields.iter().map(size).sum();
        assert!((7_000..=FIELDS_BYTES_MAX).contains(&bytes), "{bytes}");
    }

    #[test]
    fn fields_are_written_as_one_object() {
        let fields = [
            field("path", Value::Text("/a\"b".into())),
            field("n", Value::Signed(-1)),
            field("share", Value::Number(0.5)),
            field("none", Value::Number(f64::NAN)),
            field("ok", Value::Truth(true)),
        ];
        assert_eq!(
            Json(&fields).to_string(),
            r#"{"path":"/a\"b","n":-1,"share":0.5,"none":"NaN","ok":true}"#
        );
    }
}
