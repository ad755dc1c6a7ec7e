//! Grants as one line of TOML, and back.

use std::fmt::Write as _;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, in_reading_order};
use crate::grants::{Access, FRAGMENT_BYTES_MAX, FolderGrant, Grants, ProgramGrant, SCHEMA, check};
use crate::shape;

/// Reads what follows `grants`, or the whole line.
pub(crate) fn parse(text: &str) -> Result<Grants, Diagnostic> {
    if text.len() > FRAGMENT_BYTES_MAX {
        let message = format!(
            "the grant has {} bytes, more than {FRAGMENT_BYTES_MAX}",
            text.len()
        );
        return Err(Diagnostic::new(0..0, message, ""));
    }
    let document = shape::parse_toml(text)?;
    let document = whole_line(document.get_ref()).unwrap_or(document);
    let mut found = shape::hold(&document, &SCHEMA).err().unwrap_or_default();
    if found.is_empty() {
        check::lists(document.get_ref(), &mut found);
    }
    match in_reading_order(found).into_iter().next() {
        Some(first) => Err(first),
        None => shape::read(&document),
    }
}

/// The table of `grants = { … }` where the text is such a line.
fn whole_line<'t>(document: &DeTable<'t>) -> Option<Spanned<DeTable<'t>>> {
    let value = document.get("grants").filter(|_| document.len() == 1)?;
    match value.get_ref() {
        DeValue::Table(table) => Some(Spanned::new(value.span(), table.clone())),
        _ => None,
    }
}

/// `grants = { … }`.
pub(crate) fn line(grants: &Grants) -> String {
    let mut net = Vec::new();
    push_list(&mut net, "connect", &grants.net.connect);
    push_list(&mut net, "listen", &grants.net.listen);
    push_list(&mut net, "lookup", &grants.net.lookup);
    push_list(&mut net, "http", &grants.net.http);
    let mut parts = Vec::new();
    if !grants.fs.is_empty() {
        let folders: Vec<String> = grants.fs.iter().map(folder).collect();
        parts.push(format!("fs = [{}]", folders.join(", ")));
    }
    if !net.is_empty() {
        parts.push(format!("net = {{ {} }}", net.join(", ")));
    }
    push_list(&mut parts, "env", &grants.env);
    if !grants.process.is_empty() {
        let programs: Vec<String> = grants.process.iter().map(program).collect();
        parts.push(format!("process = [{}]", programs.join(", ")));
    }
    if grants.telemetry {
        parts.push("telemetry = true".to_owned());
    }
    if parts.is_empty() {
        return "grants = {}".to_owned();
    }
    format!("grants = {{ {} }}", parts.join(", "))
}

/// One folder as an inline table.
pub(crate) fn folder(folder: &FolderGrant) -> String {
    let access = match folder.access {
        Access::Read => "read",
        Access::ReadWrite => "read-write",
    };
    format!(
        "{{ name = {}, path = {}, access = \"{access}\" }}",
        quoted(&folder.name),
        quoted(&folder.path.to_string_lossy()),
    )
}

/// One program as a string, or as an inline table where a string does not say it all.
pub(crate) fn program(grant: &ProgramGrant) -> String {
    if grant.args.is_none() && grant.env.is_empty() {
        return quoted(&grant.program);
    }
    let mut parts = vec![format!("program = {}", quoted(&grant.program))];
    if let Some(args) = &grant.args {
        parts.push(list("args", args));
    }
    push_list(&mut parts, "env", &grant.env);
    format!("{{ {} }}", parts.join(", "))
}

/// A basic string of TOML, on one line whatever it holds.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a string does not fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn push_list(parts: &mut Vec<String>, key: &str, entries: &[String]) {
    if !entries.is_empty() {
        parts.push(list(key, entries));
    }
}

fn list(key: &str, entries: &[String]) -> String {
    let entries: Vec<String> = entries.iter().map(|entry| quoted(entry)).collect();
    format!("{key} = [{}]", entries.join(", "))
}
