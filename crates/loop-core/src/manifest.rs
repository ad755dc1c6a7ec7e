//! The workspace file, `loop.toml`: what it says once it is known to be right.
//!
//! [`Manifest::parse`] takes the text and either returns all that it says or all that is wrong with it,
//! each with its place. The file's own shape stands in `manifest/file.rs`, its JSON Schema ([`schema`]) is
//! made from that, and unknown keys are found with that schema: there is one description of the file.
//! Nothing here looks at a disk: whether a folder exists is for others to say.

mod check;
mod file;
mod target;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, in_reading_order};
use crate::grants::{Config, Grants};
use crate::limits::Limits;
use crate::name::ImportName;
use crate::shape;

/// The largest `loop.toml` that is read, in bytes: 1 MiB. A workspace of a thousand components needs a fifth
/// of it, and a larger file is a wrong path (a wasm file, a log) rather than a large workspace.
pub const MANIFEST_BYTES_MAX: usize = 1 << 20;

/// What a `loop.toml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The workspace, when the file is at its root.
    pub workspace: Option<Workspace>,
    /// The apps, by name.
    pub apps: BTreeMap<String, App>,
}

/// The workspace that the file stands at the root of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// What it is called.
    pub name: String,
    /// The folders that it is made of, as globs relative to the file.
    pub members: Vec<String>,
    /// The place of its table's header.
    pub span: Range<usize>,
}

/// A graph of components that runs as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The component that starts. It is one of `components`.
    pub root: String,
    /// The components, by name. Never empty.
    pub components: BTreeMap<String, ComponentEntry>,
    /// Who satisfies an import, and where. Imports that are not here are satisfied by the host, if it can. What is said of an interface
    /// counts before what is said of its package.
    pub provide: BTreeMap<ImportName, ProvideEntry>,
    /// The place of its table's header.
    pub span: Range<usize>,
}

/// One component of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentEntry {
    /// Where the component comes from.
    pub source: Source,
    /// What it may do.
    pub grants: Grants,
    /// How much of the machine it may use.
    pub limits: Limits,
    /// How its instances live, if it is said. The host decides otherwise: for each call anew where the
    /// component serves HTTP, and one for all calls elsewhere.
    pub instances: Option<Instances>,
    /// What it reads through `wasi:config/store`.
    pub config: Config,
    /// Whether the app trusts it.
    pub trusted: bool,
    /// The place of its table's header.
    pub span: Range<usize>,
    /// The place of the value of `grants`, when there is one.
    pub grants_span: Option<Range<usize>>,
}

/// One provider of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvideEntry {
    /// What provides.
    pub target: ProvideTarget,
    /// Where it runs.
    pub placement: Placement,
    /// What carries the calls, for the placement `sidecar`.
    pub transport: Option<String>,
    /// What the provider may do. Empty when another component of the app provides: that has its own.
    pub grants: Grants,
    /// How much of the machine it may use.
    pub limits: Limits,
    /// How its instances live, if it is said. The host decides otherwise: for each call anew where the
    /// component serves HTTP, and one for all calls elsewhere.
    pub instances: Option<Instances>,
    /// What it reads through `wasi:config/store`.
    pub config: Config,
    /// Whether the app trusts it.
    pub trusted: bool,
    /// The place of its table's header.
    pub span: Range<usize>,
    /// The place of the value of `grants`, when there is one.
    pub grants_span: Option<Range<usize>>,
}

/// Where a component comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A folder to build or a `.wasm` file, relative to `loop.toml`.
    Path(PathBuf),
    /// A package: `acme:notes@1.2`.
    Package(String),
}

/// What satisfies an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvideTarget {
    /// Another component of the same app, by name.
    Component(String),
    /// A component that runs for this only.
    Source(Source),
    /// Code in the host.
    Native {
        /// Which of the host's providers; the only one for the interface when it is not said.
        provider: Option<String>,
    },
    /// A provider elsewhere, by its address.
    Endpoint(String),
}

/// How the instances of a component live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instances {
    /// One instance serves all calls, one after the other, and keeps its state.
    One,
    /// Several instances serve calls at once, and are used again.
    Pool,
    /// Each call gets an instance of its own.
    PerCall,
}

/// Where a provider runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// In the host's own process, as code of the host.
    Native,
    /// In the host's own process, as a component.
    Component,
    /// In a process of its own on this machine.
    Sidecar,
    /// At an endpoint elsewhere.
    Remote,
}

impl Manifest {
    /// Reads a `loop.toml`.
    ///
    /// # Errors
    ///
    /// All that is wrong with the text, in the order of the text, as far as it can be known at once: where the
    /// text is not TOML that is all that is reported; keys and the kinds of values come next; what the values
    /// say together comes last.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        if text.len() > MANIFEST_BYTES_MAX {
            return Err(vec![Diagnostic {
                message: format!(
                    "the file has {} bytes, more than the {MANIFEST_BYTES_MAX} that are read",
                    text.len()
                ),
                span: 0..0,
                label: String::new(),
                hint: Some("is this the right file?".to_owned()),
            }]);
        }
        let document = shape::parse(text, &SCHEMA).map_err(in_reading_order)?;
        let file = shape::read(&document).map_err(|found| vec![found])?;
        check::manifest(file, &document).map_err(in_reading_order)
    }
}

/// The JSON Schema of `loop.toml`, for editors.
pub fn schema() -> Value {
    SCHEMA.clone()
}

static SCHEMA: LazyLock<Value> = LazyLock::new(shape::schema_of::<file::File>);
