//! The shape of `loop.toml`, as it is written: serde reads these types, and the schema is made from them.
//!
//! The comments here are what an editor shows beside a key, so they are written for the user of the file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::grants::{Config, Grants};
use crate::limits::Limits;
use crate::shape::formats::{MemberGlob, Name};

/// The workspace file of loop-kit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "loop.toml")]
pub(crate) struct File {
    /// The workspace that this file stands at the root of.
    pub(crate) workspace: Option<WorkspaceTable>,
    /// The apps of the workspace, by name.
    #[serde(default)]
    pub(crate) app: BTreeMap<String, AppTable>,
}

/// A folder with a `loop.toml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceTable {
    /// What the workspace is called, in kebab-case.
    #[schemars(with = "Name")]
    pub(crate) name: String,
    /// The folders with components, as globs relative to this file.
    #[serde(default)]
    #[schemars(with = "Vec<MemberGlob>")]
    pub(crate) members: Vec<String>,
}

/// A graph of components that runs as one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppTable {
    /// Which of the components starts. Need not be said when there is only one.
    #[schemars(with = "Option<Name>")]
    pub(crate) root: Option<String>,
    /// The components, by name.
    #[serde(default)]
    pub(crate) component: BTreeMap<String, ComponentTable>,
    /// Who satisfies an import, and where, by the name of the interface: `"acme:store/kv"`; or all imports of a package:
    /// `"acme:store"`.
    #[serde(default)]
    pub(crate) provide: BTreeMap<String, ProvideTable>,
}

/// One component of an app.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComponentTable {
    /// A folder, a .wasm file or a package such as `acme:notes@1.2`. What has no colon is a path, and what begins with
    /// `./`, `../` or `/`.
    #[serde(rename = "use")]
    #[schemars(example = "components/web")]
    pub(crate) source: String,
    /// What the component may do. What is not here is refused.
    #[serde(default)]
    pub(crate) grants: Grants,
    /// How much of the machine one instance may use.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// How its instances live. Default: `per-call` for a component that serves HTTP, `one` for all others.
    pub(crate) instances: Option<InstancesText>,
    /// What the component reads through `wasi:config/store`.
    #[serde(default)]
    pub(crate) config: Config,
    /// Whether the app trusts the component. Some capabilities are for trusted components only. Default false.
    #[serde(default)]
    pub(crate) trusted: bool,
}

/// Who satisfies an import. Exactly one of `use`, `component`, `provider` and `endpoint` is given; with `placement = "native"`
/// none need be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProvideTable {
    /// A component that runs for this only: a folder, a .wasm file or a package.
    #[serde(rename = "use")]
    #[schemars(example = "providers/kv")]
    pub(crate) source: Option<String>,
    /// Another component of the same app.
    #[schemars(with = "Option<Name>")]
    pub(crate) component: Option<String>,
    /// A provider that is part of the host, by its name.
    #[schemars(with = "Option<Name>")]
    pub(crate) provider: Option<String>,
    /// A provider that runs elsewhere, by its address: `wrpc+…` for plain wRPC, `loop+…` for the envelope.
    #[schemars(example = "loop+unix:///run/store.sock")]
    pub(crate) endpoint: Option<String>,
    /// Where the provider runs. Default `component` with `use` and `component`, `native` with `provider`, `remote` with `endpoint`.
    pub(crate) placement: Option<PlacementText>,
    /// What carries the calls to a sidecar.
    pub(crate) transport: Option<TransportText>,
    /// What the provider may do. What is not here is refused.
    #[serde(default)]
    pub(crate) grants: Grants,
    /// How much of the machine one instance may use.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// How its instances live. Default: `per-call` for a component that serves HTTP, `one` for all others.
    pub(crate) instances: Option<InstancesText>,
    /// What the provider reads through `wasi:config/store`.
    #[serde(default)]
    pub(crate) config: Config,
    /// Whether the app trusts the provider. Default false.
    #[serde(default)]
    pub(crate) trusted: bool,
}

/// How the instances of a component live.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Instances")]
pub(crate) enum InstancesText {
    /// One instance serves all calls, one after the other, and keeps its state.
    One,
    /// Several instances serve calls at once, and are used again.
    Pool,
    /// Each call gets an instance of its own.
    PerCall,
}

/// Where a provider runs.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Placement")]
pub(crate) enum PlacementText {
    /// In the host's own process, as code of the host.
    Native,
    /// In the host's own process, as a component.
    Component,
    /// In a process of its own on this machine.
    Sidecar,
    /// At an endpoint elsewhere.
    Remote,
}

/// What carries the calls between processes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Transport")]
pub(crate) enum TransportText {
    /// The standard input and output of a sidecar.
    Stdio,
    /// A Unix domain socket.
    Unix,
    /// Memory shared between two processes.
    Shm,
    /// TCP.
    Tcp,
    /// QUIC.
    Quic,
    /// HTTP/2.
    Http2,
    /// NATS.
    Nats,
}

impl TransportText {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Unix => "unix",
            Self::Shm => "shm",
            Self::Tcp => "tcp",
            Self::Quic => "quic",
            Self::Http2 => "http2",
            Self::Nats => "nats",
        }
    }
}
