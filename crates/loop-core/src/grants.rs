//! What one component of an app may do. What is not here is refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The grants of one component. The default grants nothing.
///
/// Standard output and error (bounded by [`crate::Limits::output`]), the arguments given on the command
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
    pub env: Vec<String>,
    /// Programs that the component may start, by name or absolute path. For trusted components only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub process: Vec<String>,
}

/// One folder of the host, given to a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderGrant {
    /// The path under which the component sees the folder, such as `data`.
    pub name: String,
    /// The folder, relative to `loop.toml`.
    pub path: PathBuf,
    /// What may be done in it. Default `read`.
    #[serde(default)]
    pub access: Access,
}

/// What may be done in a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Read files and list folders.
    #[default]
    Read,
    /// Also create, change and remove.
    ReadWrite,
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
    pub connect: Vec<String>,
    /// `address:port` on which the component may listen: `"127.0.0.1:8080"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listen: Vec<String>,
    /// Names that may be resolved. Those under `connect` may be anyway.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lookup: Vec<String>,
    /// URLs that may be requested over `wasi:http`: `"https://api.example.com"`, or with a path that
    /// requests must begin with: `"https://api.example.com/v1/"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<String>,
}

impl NetGrants {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// The settings that a component reads through `wasi:config/store`.
pub type Config = BTreeMap<String, String>;
