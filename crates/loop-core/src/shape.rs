//! Holds a TOML text against a JSON Schema, and says where it differs.
//!
//! The schema is the one that editors get, so there is no second list of keys. All that can be wrong with
//! single keys and values is reported here at once, with places; serde reads the text only after that, and
//! then has nothing left to say. What several values mean together is for the callers.

mod depth;
pub(crate) mod formats;
mod walk;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::DeTable;

use crate::diagnostic::Diagnostic;

/// The schema of `T`, as it is read from TOML.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = schemars::SchemaGenerator::default()
        .into_root_schema_for::<T>()
        .to_value();
    tidy(&mut schema);
    schema
}

/// Reads a text as TOML and holds it against `schema`.
pub(crate) fn parse<'t>(
    text: &'t str,
    schema: &Value,
) -> Result<Spanned<DeTable<'t>>, Vec<Diagnostic>> {
    let document = parse_toml(text).map_err(|found| vec![found])?;
    hold(&document, schema)?;
    Ok(document)
}

/// Reads a text as TOML and nothing more.
pub(crate) fn parse_toml(text: &str) -> Result<Spanned<DeTable<'_>>, Diagnostic> {
    depth::check(text)?;
    DeTable::parse(text).map_err(|error| syntax(text, &error))
}

/// Holds what was read against `schema`.
pub(crate) fn hold(document: &Spanned<DeTable<'_>>, schema: &Value) -> Result<(), Vec<Diagnostic>> {
    let found = walk::check(schema, document.get_ref());
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Reads what [`hold`] has found to be right.
pub(crate) fn read<'t, T: Deserialize<'t>>(
    document: &Spanned<DeTable<'t>>,
) -> Result<T, Diagnostic> {
    let deserializer = toml::de::Deserializer::from(document.clone());
    T::deserialize(deserializer).map_err(|error| {
        Diagnostic::new(
            error.span().unwrap_or(0..0),
            error.message(),
            "this cannot be read",
        )
    })
}

/// What the TOML parser says, in our form.
fn syntax(text: &str, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    // At the end of the file and of a line there is nothing to mark, so the place before is marked.
    let span = if span.is_empty() && span.start > 0 {
        let start = text
            .get(..span.start)
            .and_then(|before| before.char_indices().next_back());
        start.map_or(span.clone(), |(at, _)| at..span.end)
    } else {
        span
    };
    Diagnostic::new(
        span,
        format!("this is not TOML: {}", error.message()),
        "here",
    )
}

/// Takes out what a schema for TOML has no use for, and what Rust comments have that an editor does not show.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = plain_description(text);
            }
            // There is no null in TOML: an optional key is left out.
            if map.get("default").is_some_and(Value::is_null) {
                map.shift_remove("default");
            }
            if let Some(Value::Object(default)) = map.get_mut("default") {
                default.retain(|_, value| !value.is_null());
            }
            if let Some(Value::Array(kinds)) = map.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [kind] = kinds.as_slice() {
                    let kind = kind.clone();
                    map.insert("type".to_owned(), kind);
                }
            }
            if let Some(Value::Array(options)) = map.get_mut("anyOf") {
                options.retain(|option| option.get("type").is_none_or(|kind| kind != "null"));
                if let [Value::Object(only)] = options.as_slice() {
                    let only = only.clone();
                    map.shift_remove("anyOf");
                    map.extend(only);
                }
            }
            map.values_mut().for_each(tidy);
        }
        Value::Array(values) => values.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// A Rust comment as plain paragraphs: lines joined, links to code left as code.
fn plain_description(text: &str) -> String {
    let paragraphs = text
        .split("\n\n")
        .map(|paragraph| paragraph.replace('\n', " "));
    paragraphs
        .collect::<Vec<_>>()
        .join("\n\n")
        .replace("[`", "`")
        .replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use crate::shape::{schema_of, walk};

    #[test]
    fn the_walk_knows_every_keyword_of_the_schemas() {
        for schema in [schema_of::<crate::Grants>(), crate::manifest::schema()] {
            assert_eq!(walk::unknown_keywords(&schema), Vec::<String>::new());
        }
    }
}
