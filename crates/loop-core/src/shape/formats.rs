//! The forms of text that the schema names, each with the function that knows it.
//!
//! A field says which form its text has by `#[schemars(with = "…")]` and a type from here. The types have no
//! values: they only stand in a schema, as `"format": "loop-…"`, where an editor shows it and the walk finds it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::grants::check as entry;
use crate::limits::{ByteSize, Span};
use crate::name;

/// What is wrong with a text: the parts of a diagnostic without the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// One sentence without a period.
    pub(crate) message: String,
    /// What is expected, in a few words.
    pub(crate) label: String,
    /// What to write instead.
    pub(crate) hint: Option<String>,
}

impl Complaint {
    pub(crate) fn new(message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            label: label.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// Holds a text against the form that is called `format`. Names that are not ours check nothing.
pub(crate) fn check(format: &str, text: &str) -> Result<(), Complaint> {
    FORMATS
        .iter()
        .find(|(name, _)| *name == format)
        .map_or(Ok(()), |(_, check)| check(text))
}

type Check = fn(&str) -> Result<(), Complaint>;

macro_rules! formats {
    ($($(#[$doc:meta])* $type:ident = $name:literal, $example:literal, $check:expr;)*) => {
        const FORMATS: &[(&str, Check)] = &[
            $(($name, $check),)*
            (ByteSize::FORMAT, check_size),
            (Span::FORMAT, check_time),
        ];

        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub(crate) enum $type {}

            impl JsonSchema for $type {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    stringify!($type).into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!({ "type": "string", "format": $name, "examples": [$example] })
                }
            }
        )*
    };
}

formats! {
    /// A name in kebab-case.
    Name = "loop-name", "web", check_name;
    /// A glob that names members of a workspace.
    MemberGlob = "loop-member", "components/*", check_member;
    /// The name under which a component sees a folder.
    FolderName = "loop-folder-name", "data", entry::folder_name;
    /// A folder of the host.
    FolderPath = "loop-folder-path", "./data", entry::folder_path;
    /// The name of an environment variable.
    VariableName = "loop-variable", "LANG", entry::variable;
    /// A program.
    Program = "loop-program", "git", entry::program;
    /// An argument of a program, with wildcards.
    ArgumentEntry = "loop-argument", "log", entry::argument;
    /// `host:port`.
    ConnectEntry = "loop-connect", "db.example.com:5432", entry::connect;
    /// `address:port`.
    ListenEntry = "loop-listen", "127.0.0.1:8080", entry::listen;
    /// A name that may be resolved.
    LookupEntry = "loop-lookup", "example.com", entry::lookup;
    /// The beginning of URLs that may be requested.
    HttpEntry = "loop-http", "https://api.example.com", entry::http;
}

pub(crate) fn check_name(text: &str) -> Result<(), Complaint> {
    if name::is_kebab(text) {
        return Ok(());
    }
    let shown: String = text.chars().take(64).collect();
    let complaint = Complaint::new(
        format!("`{shown}` is not a name in kebab-case"),
        "not kebab-case",
    );
    Err(complaint.hint("letters and digits in words joined by single hyphens, each word beginning with a letter: `my-app`"))
}

fn check_member(text: &str) -> Result<(), Complaint> {
    if text.is_empty() {
        return Err(Complaint::new("a member is empty", "names no folder")
            .hint("for example \"components/*\""));
    }
    if text.starts_with('/') || text.split(['/', '\\']).any(|part| part == "..") {
        return Err(Complaint::new(
            format!("the member `{text}` leads out of the workspace"),
            "must stay below the file's own folder",
        ));
    }
    Ok(())
}

fn check_size(text: &str) -> Result<(), Complaint> {
    text.parse::<ByteSize>()
        .map(drop)
        .map_err(|message| Complaint::new(message, "not a size"))
}

fn check_time(text: &str) -> Result<(), Complaint> {
    text.parse::<Span>()
        .map(drop)
        .map_err(|message| Complaint::new(message, "not a time"))
}
