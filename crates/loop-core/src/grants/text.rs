//! Grants as one line of TOML.

use std::fmt::Write as _;

use crate::grants::{Access, FolderGrant, Grants};

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
    push_list(&mut parts, "process", &grants.process);
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
        let entries: Vec<String> = entries.iter().map(|entry| quoted(entry)).collect();
        parts.push(format!("{key} = [{}]", entries.join(", ")));
    }
}
