//! What one component of an app may do. What is not here is refused.
//!
//! The types are what stands in `loop.toml`, as text. `grants/pattern.rs` knows what the text of a network entry
//! means; [`crate::policy`] decides with it.

pub(crate) mod arguments;
pub(crate) mod check;
pub(crate) mod pattern;
pub(crate) mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::shape;
use crate::shape::formats::{
    ArgumentEntry, ConnectEntry, FolderName, FolderPath, HttpEntry, ListenEntry, LookupEntry,
    Program, VariableName,
};

/// The longest text that [`Grants::parse_fragment`] reads, in bytes: 64 KiB. It comes from a command line.
pub const FRAGMENT_BYTES_MAX: usize = 64 << 10;

/// The grants of one component. The default grants nothing.
///
/// Standard output and error (bounded by the limit `output`), the arguments given on the command
/// line, clocks and randomness need no grant: they reach nothing that belongs to the user.
/// `docs/security.md` says why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Grants {
    /// Folders that the component sees, each under a name of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fs: Vec<FolderGrant>,
    /// Addresses, names and URLs that the component reaches or listens on.
    #[serde(skip_serializing_if = "NetGrants::is_empty")]
    pub net: NetGrants,
    /// Environment variables of the host that the component may read, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<VariableName>")]
    pub env: Vec<String>,
    /// Programs that the component may start, each by name or absolute path, or as a table that says with which arguments. For
    /// trusted components only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub process: Vec<ProgramGrant>,
    /// Whether the component may read the logs and metrics of all components of its app, through
    /// `loop:core`. It may read its own in any case.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub telemetry: bool,
}

/// One folder of the host, given to a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderGrant {
    /// The path under which the component sees the folder, such as `data`.
    #[schemars(with = "FolderName")]
    pub name: String,
    /// The folder, relative to `loop.toml`.
    #[schemars(with = "FolderPath")]
    pub path: PathBuf,
    /// What may be done in it. Default `read`.
    #[serde(default)]
    pub access: Access,
}

/// What may be done in a folder.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Read files and list folders.
    #[default]
    Read,
    /// Also create, change and remove.
    ReadWrite,
}

/// A program that a component may start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "ProgramEntry", into = "ProgramEntry")]
#[schemars(with = "ProgramEntry")]
pub struct ProgramGrant {
    /// A name, which the host looks up, or an absolute path.
    pub program: String,
    /// The arguments that it may be given; none: any.
    pub args: Option<Vec<String>>,
    /// The variables that the component may set for it, by name.
    pub env: Vec<String>,
}

impl ProgramGrant {
    /// A program with any arguments, for which no variable may be set.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            args: None,
            env: Vec::new(),
        }
    }
}

/// A program, as it is written.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum ProgramEntry {
    /// A program with any arguments.
    Any(#[schemars(with = "Program")] String),
    /// A program with the arguments that it may be given.
    With(ProgramTable),
}

/// A program that may be started, and how.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProgramTable {
    /// A name, which the host looks up, or an absolute path.
    #[schemars(with = "Program")]
    program: String,
    /// The arguments, one after the other. `*` stands for any text within one, but not for a `-` at its beginning, unless `--` came
    /// before. `**` at the end is any number of such arguments, and `...` at the end any number of any kind. Default: any arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<ArgumentEntry>>")]
    args: Option<Vec<String>>,
    /// The variables that the component may set for it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<VariableName>")]
    env: Vec<String>,
}

impl From<ProgramEntry> for ProgramGrant {
    fn from(entry: ProgramEntry) -> Self {
        match entry {
            ProgramEntry::Any(program) => Self::new(program),
            ProgramEntry::With(ProgramTable { program, args, env }) => Self { program, args, env },
        }
    }
}

impl From<ProgramGrant> for ProgramEntry {
    fn from(grant: ProgramGrant) -> Self {
        let ProgramGrant { program, args, env } = grant;
        if args.is_none() && env.is_empty() {
            Self::Any(program)
        } else {
            Self::With(ProgramTable { program, args, env })
        }
    }
}

/// What a component may reach on the network. Each entry is text, in the forms that its field shows.
///
/// A host is a name (`example.com`), a name with a leading `*.` for all names below it, an address, or a
/// range of addresses (`10.0.0.0/8`). A port is a number or `*`. A name is resolved by the host, and
/// the addresses it resolves to must be public ones: an address on this machine or in a private network
/// has to be granted as an address. Only the name `localhost` stands for loopback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NetGrants {
    /// `host:port` to which TCP connections may be opened and UDP datagrams sent: `"db.example.com:5432"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<ConnectEntry>")]
    pub connect: Vec<String>,
    /// `address:port` on which the component may listen: `"127.0.0.1:8080"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<ListenEntry>")]
    pub listen: Vec<String>,
    /// Names that may be resolved. Those under `connect` and `http` may be anyway.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<LookupEntry>")]
    pub lookup: Vec<String>,
    /// URLs that may be requested over `wasi:http`: `"https://api.example.com"`, or with a path that
    /// requests must begin with: `"https://api.example.com/v1/"`. WebSockets have the schemes `ws` and `wss`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<HttpEntry>")]
    pub http: Vec<String>,
}

/// The settings that a component reads through `wasi:config/store`.
pub type Config = BTreeMap<String, String>;

/// An entry that is not what its place asks for.
///
/// [`crate::Manifest::parse`] and [`Grants::parse_fragment`] never let one through. Where grants are made by hand,
/// such an entry grants nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GrantError {
    /// What is wrong: one sentence without a period.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Grants {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// What `self` or `other` grants.
    ///
    /// A folder that both name is given once: where the path is the same, with the greater access; where it is not,
    /// as `other` says.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        for folder in &other.fs {
            let name = check::folder_key(&folder.name);
            match merged
                .fs
                .iter_mut()
                .find(|known| check::folder_key(&known.name) == name)
            {
                Some(known) if known.path == folder.path => {
                    known.access = known.access.max(folder.access);
                }
                Some(known) => known.clone_from(folder),
                None => merged.fs.push(folder.clone()),
            }
        }
        add_missing(&mut merged.net.connect, &other.net.connect);
        add_missing(&mut merged.net.listen, &other.net.listen);
        add_missing(&mut merged.net.lookup, &other.net.lookup);
        add_missing(&mut merged.net.http, &other.net.http);
        add_missing(&mut merged.env, &other.env);
        add_missing(&mut merged.process, &other.process);
        merged.telemetry |= other.telemetry;
        merged
    }

    /// The line of `loop.toml` that grants this: `grants = { net = { connect = ["1.2.3.4:80"] } }`.
    ///
    /// The order is always the same: `fs`, `net`, `env`, `process`, `telemetry`, and within them that of the entries.
    pub fn to_toml_line(&self) -> String {
        text::line(self)
    }

    /// Reads a fragment of TOML that stands for what follows `grants` in `loop.toml`:
    /// `net.connect = ["127.0.0.1:80"]`. A whole line as [`Grants::to_toml_line`] writes it is read as well.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with the text, whose spans count from its beginning.
    pub fn parse_fragment(text: &str) -> Result<Self, Diagnostic> {
        text::parse(text)
    }

    /// Looks at every entry, for grants that were made by hand.
    ///
    /// # Errors
    ///
    /// The first entry that is not what its place asks for.
    pub fn validate(&self) -> Result<(), GrantError> {
        check::all(self).map_err(|complaint| GrantError {
            message: complaint.message,
            hint: complaint.hint,
        })
    }
}

impl NetGrants {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

static SCHEMA: LazyLock<Value> = LazyLock::new(shape::schema_of::<Grants>);

fn add_missing<T: Clone + PartialEq>(entries: &mut Vec<T>, more: &[T]) {
    for entry in more {
        if !entries.contains(entry) {
            entries.push(entry.clone());
        }
    }
}
