//! What could satisfy an import.

use std::fmt;

use loop_core::name::InterfaceName;
use serde::{Serialize, Serializer};

use crate::shape::{Interface, Shape, interfaces_of_wit};

/// Who offers an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum Origin {
    /// The host itself: an interface of WASI.
    BuiltIn,
    /// A native provider, with its name.
    Native(String),
    /// A component of the app, with its name.
    Component(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("the host"),
            Self::Native(name) => write!(f, "the native provider `{name}`"),
            Self::Component(name) => write!(f, "the component `{name}`"),
        }
    }
}

/// One interface that somebody offers.
#[derive(Clone, Debug, Serialize)]
pub struct Offer {
    /// Its name.
    #[serde(serialize_with = "as_text")]
    pub name: InterfaceName,
    /// Who offers it.
    pub from: Origin,
    /// What it looks like, where that is known.
    #[serde(skip)]
    pub interface: Option<Interface>,
}

/// Two offers are the same if they offer the same name from the same place.
impl PartialEq for Offer {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.from == other.from
    }
}

impl Eq for Offer {}

fn as_text<S: Serializer>(name: &InterfaceName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(name)
}

/// All that could satisfy imports in one app.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    pub(crate) all: Vec<Offer>,
    pub(crate) provided: Vec<InterfaceName>,
    pub(crate) app: Option<String>,
}

impl Offers {
    /// What this host has of WASI, and nothing else.
    pub fn built_in() -> Self {
        let mut offers = Self::default();
        for (package, version, interfaces) in WASI {
            for interface in interfaces {
                let name = InterfaceName {
                    namespace: "wasi".to_owned(),
                    package: package.to_owned(),
                    interface: (*interface).to_owned(),
                    version: version.parse().ok(),
                };
                offers.all.push(Offer {
                    name,
                    from: Origin::BuiltIn,
                    interface: None,
                });
            }
        }
        offers
    }

    /// Adds the interfaces of a native provider. A `wit` that cannot be read counts as none.
    pub fn native(&mut self, provider: &str, interfaces: &[InterfaceName], wit: Option<&str>) {
        let known = wit
            .and_then(|wit| interfaces_of_wit(&[(provider, wit)]).ok())
            .unwrap_or_default();
        for name in interfaces {
            let interface = known.iter().find(|interface| {
                interface
                    .id
                    .as_ref()
                    .is_some_and(|id| id == name || id.unversioned() == *name)
            });
            self.all.push(Offer {
                name: name.clone(),
                from: Origin::Native(provider.to_owned()),
                interface: interface.cloned(),
            });
        }
    }

    /// Adds the exports of a component of the app.
    pub fn component(&mut self, name: &str, shape: &Shape) {
        for interface in shape.exported_interfaces() {
            if let Some(id) = &interface.id {
                self.all.push(Offer {
                    name: id.clone(),
                    from: Origin::Component(name.to_owned()),
                    interface: Some(interface.clone()),
                });
            }
        }
    }

    /// Says that the app names a provider for `interface`, so that an offer of it that fits is taken.
    /// Interfaces of the host need not be named.
    pub fn provided(&mut self, interface: &InterfaceName) {
        self.provided.push(interface.clone());
    }

    /// Names the app, for the lines that hints show.
    pub fn app(&mut self, name: &str) {
        self.app = Some(name.to_owned());
    }
}

/// The interfaces of WASI that wasmtime's implementations serve, with the version that they serve.
const WASI: [(&str, &str, &[&str]); 14] = [
    (
        "cli",
        "0.2.12",
        &[
            "environment",
            "exit",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
    ),
    ("clocks", "0.2.12", &["monotonic-clock", "wall-clock"]),
    ("filesystem", "0.2.12", &["types", "preopens"]),
    ("io", "0.2.12", &["error", "poll", "streams"]),
    ("random", "0.2.12", &["random", "insecure", "insecure-seed"]),
    (
        "sockets",
        "0.2.12",
        &[
            "instance-network",
            "ip-name-lookup",
            "network",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
        ],
    ),
    ("http", "0.2.12", &["types", "outgoing-handler"]),
    ("config", "0.2.0-rc.1", &["store"]),
    (
        "cli",
        "0.3.0",
        &[
            "environment",
            "exit",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
            "types",
        ],
    ),
    (
        "clocks",
        "0.3.0",
        &["monotonic-clock", "system-clock", "types"],
    ),
    ("filesystem", "0.3.0", &["types", "preopens"]),
    ("random", "0.3.0", &["random", "insecure", "insecure-seed"]),
    ("sockets", "0.3.0", &["ip-name-lookup", "types"]),
    ("http", "0.3.0", &["types", "client"]),
];
