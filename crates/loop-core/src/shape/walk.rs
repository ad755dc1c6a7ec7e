//! The walk over a document and its schema, side by side.
//!
//! Invariant: every keyword that our schemas use is either checked here or listed as one that checks nothing
//! ([`CHECKED`], [`SILENT`]); a test holds the schemas to it, so a new keyword cannot be passed over.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::shape::formats;
use crate::suggest::{did_you_mean, list};

/// The keywords that the walk understands.
#[cfg(test)]
const CHECKED: [&str; 12] = [
    "$ref",
    "type",
    "properties",
    "additionalProperties",
    "required",
    "items",
    "anyOf",
    "oneOf",
    "const",
    "format",
    "minimum",
    "maximum",
];

/// The keywords that say nothing about what is right.
#[cfg(test)]
const SILENT: [&str; 6] = [
    "$schema",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
];

/// All that is wrong with the keys and values of `document`.
pub(crate) fn check(schema: &Value, document: &DeTable<'_>) -> Vec<Diagnostic> {
    let mut walk = Walk {
        root: schema,
        found: Vec::new(),
    };
    walk.table(schema, document, 0..0, "");
    walk.found
}

/// How far in a key is looked for that is not known where it stands: as deep as `grants.net.connect`.
const DEEPER_MAX: usize = 2;

struct Walk<'s> {
    root: &'s Value,
    found: Vec<Diagnostic>,
}

impl<'s> Walk<'s> {
    /// Holds the table at `path` against an object's schema.
    fn table(&mut self, schema: &'s Value, table: &DeTable<'_>, span: Range<usize>, path: &str) {
        let schema = self.resolve(schema);
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let inner = join(path, name);
            if let Some(property) = properties.and_then(|properties| properties.get(name)) {
                self.value(property, value, name, &inner);
            } else if let Some(other) = others.filter(|other| other.is_object()) {
                self.value(other, value, name, &inner);
            } else {
                let unknown = self.unknown_key(schema, name, key.span(), path);
                self.found.push(unknown);
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(name) {
                let property = properties.and_then(|properties| properties.get(name));
                let missing = self.missing_key(property, name, span.clone(), path);
                self.found.push(missing);
            }
        }
    }

    /// Holds the value of the key `name` against its schema.
    fn value(&mut self, schema: &'s Value, value: &Spanned<DeValue<'_>>, name: &str, path: &str) {
        let span = value.span();
        let resolved = match self.option_for(self.resolve(schema), value.get_ref()) {
            Ok(resolved) => resolved,
            Err(kinds) => {
                let found = format!(
                    "`{name}` takes {kinds}, not {}",
                    words_of_value(value.get_ref())
                );
                let label = format!("should be {kinds}");
                self.found.push(Diagnostic::new(span, found, label));
                return;
            }
        };
        let expected = expected_kind(resolved);
        match (expected, value.get_ref()) {
            ("object", DeValue::Table(table)) => self.table(resolved, table, span, path),
            ("array", DeValue::Array(items)) => {
                if let Some(schema) = resolved.get("items") {
                    for item in items {
                        self.value(schema, item, name, path);
                    }
                }
            }
            ("string", DeValue::String(text)) => {
                self.found.extend(check_text(resolved, text, name, span));
            }
            ("integer", DeValue::Integer(number)) => {
                self.found
                    .extend(check_number(resolved, number, name, span));
            }
            ("boolean", DeValue::Boolean(_)) => {}
            (expected, value) => self
                .found
                .push(wrong_kind(resolved, expected, value, name, span)),
        }
    }

    /// Where a schema is one of several, the one that is for values of this kind; or which kinds there are.
    fn option_for(&self, schema: &'s Value, value: &DeValue<'_>) -> Result<&'s Value, String> {
        let Some(options) = schema.get("anyOf").and_then(Value::as_array) else {
            return Ok(schema);
        };
        let options = || options.iter().map(|option| self.resolve(option));
        let fitting = options().find(|option| is_of(value, expected_kind(option)));
        fitting.ok_or_else(|| {
            let kinds: Vec<&str> = options()
                .map(|option| words_of_kind(expected_kind(option)))
                .collect();
            kinds.join(" or ")
        })
    }

    fn unknown_key(
        &self,
        schema: &'s Value,
        name: &str,
        span: Range<usize>,
        path: &str,
    ) -> Diagnostic {
        let name = shown(name);
        let message = if path.is_empty() {
            format!("there is no key `{name}` at the top")
        } else {
            format!("`{path}` has no key `{name}`")
        };
        let found = Diagnostic::new(span, message, "not known here");
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return found;
        };
        // A key that belongs to a table further in, such as `connect` written under `grants`, is the likelier slip.
        let hint = match self.deeper(schema, &name, DEEPER_MAX) {
            Some(path) => Some(format!("did you mean `{path}`?")),
            None => did_you_mean(&name, properties.keys().map(String::as_str)),
        };
        Diagnostic { hint, ..found }
    }

    /// Where below `schema` a key `name` is known, as a dotted path.
    fn deeper(&self, schema: &'s Value, name: &str, levels: usize) -> Option<String> {
        let levels = levels.checked_sub(1)?;
        let properties = schema.get("properties").and_then(Value::as_object)?;
        properties.iter().find_map(|(outer, property)| {
            let inner = self.resolve(property);
            if inner
                .get("properties")
                .is_some_and(|inner| inner.get(name).is_some())
            {
                return Some(format!("{outer}.{name}"));
            }
            Some(format!("{outer}.{}", self.deeper(inner, name, levels)?))
        })
    }

    fn missing_key(
        &self,
        property: Option<&'s Value>,
        name: &str,
        span: Range<usize>,
        path: &str,
    ) -> Diagnostic {
        let message = if path.is_empty() {
            format!("the key `{name}` is missing")
        } else {
            format!("`{path}` lacks the key `{name}`")
        };
        let found = Diagnostic::new(span, message, "not complete");
        match property.and_then(|property| example(property, self.resolve(property))) {
            Some(example) => found.hint(format!("for example `{name} = {example}`")),
            None => found,
        }
    }

    /// Follows references to where something is said.
    fn resolve(&self, mut schema: &'s Value) -> &'s Value {
        // Our schemas refer one step far; a bound keeps a circle from being a hang.
        for _ in 0..8 {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
                break;
            };
            let Some(target) = reference
                .strip_prefix('#')
                .and_then(|path| self.root.pointer(path))
            else {
                break;
            };
            schema = target;
        }
        schema
    }
}

/// The `type` of a schema. One that lists values is of text.
fn expected_kind(schema: &Value) -> &str {
    schema
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("string")
}

/// Text against the values that are listed, and against its format.
fn check_text(schema: &Value, text: &str, name: &str, span: Range<usize>) -> Option<Diagnostic> {
    if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
        let known: Vec<&str> = options
            .iter()
            .filter_map(|option| option.get("const").and_then(Value::as_str))
            .collect();
        if known.contains(&text) {
            return None;
        }
        let shown = shown(text);
        let label = list(&known)
            .map(|list| format!("one of {list}"))
            .unwrap_or_default();
        let found = Diagnostic::new(span, format!("`{shown}` is not a value of `{name}`"), label);
        return Some(match did_you_mean(text, known.iter().copied()) {
            Some(hint) if hint.starts_with("did") => found.hint(hint),
            _ => found,
        });
    }
    let format = schema.get("format").and_then(Value::as_str)?;
    let complaint = formats::check(format, text).err()?;
    let found = Diagnostic::new(span, complaint.message, complaint.label);
    Some(Diagnostic {
        hint: complaint.hint,
        ..found
    })
}

/// A number against its bounds.
fn check_number(
    schema: &Value,
    number: &DeInteger<'_>,
    name: &str,
    span: Range<usize>,
) -> Option<Diagnostic> {
    let bound = |key: &str| schema.get(key).and_then(Value::as_i64).map(i128::from);
    let (ceiling, kind) = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => (i128::from(u32::MAX), true),
        // TOML promises no more than 64 bits with a sign.
        _ => (i128::from(i64::MAX), false),
    };
    let least = bound("minimum").unwrap_or(if kind { 0 } else { i128::from(i64::MIN) });
    let most = bound("maximum").unwrap_or(ceiling);
    let found =
        |label: String| Diagnostic::new(span, format!("`{name}` cannot be {number}"), label);
    match i128::from_str_radix(number.as_str(), number.radix()) {
        Ok(value) if value < least => Some(found(format!("at least {least}"))),
        Ok(value) if value <= most => None,
        _ => Some(found(format!("at most {most}"))),
    }
}

fn wrong_kind(
    schema: &Value,
    expected: &str,
    value: &DeValue<'_>,
    name: &str,
    span: Range<usize>,
) -> Diagnostic {
    let (expected_words, found_words) = (words_of_kind(expected), words_of_value(value));
    let found = Diagnostic::new(
        span,
        format!("`{name}` takes {expected_words}, not {found_words}"),
        format!("should be {expected_words}"),
    );
    match (example(schema, schema), value) {
        (Some(example), _) => found.hint(format!("for example {example}")),
        (None, DeValue::Integer(number)) if expected == "string" => {
            found.hint(format!("write it in quotes: \"{number}\""))
        }
        (None, DeValue::Boolean(value)) if expected == "string" => {
            found.hint(format!("write it in quotes: \"{value}\""))
        }
        (None, DeValue::String(_)) if expected == "array" => {
            found.hint("write it in brackets: [\"…\"]")
        }
        _ => found,
    }
}

/// Whether a value is of the kind that a schema calls so.
fn is_of(value: &DeValue<'_>, kind: &str) -> bool {
    match value {
        DeValue::String(_) => kind == "string",
        DeValue::Integer(_) => kind == "integer",
        DeValue::Boolean(_) => kind == "boolean",
        DeValue::Array(_) => kind == "array",
        DeValue::Table(_) => kind == "object",
        DeValue::Float(_) | DeValue::Datetime(_) => false,
    }
}

fn words_of_kind(kind: &str) -> &'static str {
    match kind {
        "object" => "a table",
        "array" => "a list",
        "integer" => "a whole number",
        "boolean" => "true or false",
        _ => "text",
    }
}

fn words_of_value(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// An example of a value, as TOML.
fn example(property: &Value, resolved: &Value) -> Option<String> {
    let examples = property
        .get("examples")
        .or_else(|| resolved.get("examples"))?;
    examples.as_array()?.first().map(Value::to_string)
}

/// As much of a text as a message repeats.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let key = if bare {
        shown(key)
    } else {
        format!("\"{}\"", shown(key).escape_debug())
    };
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}

/// The keywords in `schema` that are neither checked nor known to be silent.
#[cfg(test)]
pub(crate) fn unknown_keywords(schema: &Value) -> Vec<String> {
    let Some(map) = schema.as_object() else {
        return Vec::new();
    };
    let mut unknown = Vec::new();
    for (keyword, value) in map {
        let inner: Vec<&Value> = match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => named.values().collect(),
            ("anyOf" | "oneOf", Value::Array(options)) => options.iter().collect(),
            ("items" | "additionalProperties", value) => vec![value],
            ("type", Value::Array(_)) => {
                unknown.push("several types".to_owned());
                Vec::new()
            }
            _ => Vec::new(),
        };
        if !CHECKED.contains(&keyword.as_str()) && !SILENT.contains(&keyword.as_str()) {
            unknown.push(keyword.clone());
        }
        unknown.extend(inner.into_iter().flat_map(unknown_keywords));
    }
    unknown
}
