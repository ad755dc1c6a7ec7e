//! What could satisfy an import.

use std::fmt;

use loop_core::name::{ImportName, InterfaceName};
use serde::{Serialize, Serializer};

use crate::link_report::built_in::{self, PACKAGES};
use crate::shape::{Interface, Shape, WitPackage, interfaces_of_wit};

/// Who offers an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum Origin {
    /// The host itself: an interface of WASI, or `loop:core`.
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
    pub(crate) provided: Vec<ImportName>,
    pub(crate) app: Option<String>,
}

impl Offers {
    /// What this host has by itself: WASI and `loop:core`.
    pub fn built_in() -> Self {
        let mut offers = Self::default();
        for interface in built_in::interfaces() {
            if let Some(name) = interface.id.clone() {
                let interface = Some(interface);
                offers.all.push(Offer {
                    name,
                    from: Origin::BuiltIn,
                    interface,
                });
            }
        }
        offers
    }

    /// Adds the interfaces of a native provider. Its `wit` may use the packages that this host has by itself; one that cannot be
    /// read counts as none.
    pub fn native(&mut self, provider: &str, interfaces: &[InterfaceName], wit: Option<&str>) {
        let read = |wit| {
            let package = WitPackage {
                name: provider,
                files: &[(provider, wit)],
            };
            let with_built_in: Vec<_> = PACKAGES.into_iter().chain([package]).collect();
            // Alone, a text may hold packages that are the host's as well.
            interfaces_of_wit(&with_built_in)
                .or_else(|_| interfaces_of_wit(&[package]))
                .ok()
        };
        let known = wit.and_then(read).unwrap_or_default();
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

    /// Says that the app names a provider for `import`, so that an offer of it that fits is taken.
    /// Interfaces of the host need not be named.
    pub fn provided(&mut self, import: ImportName) {
        self.provided.push(import);
    }

    /// Names the app, for the lines that hints show.
    pub fn app(&mut self, name: &str) {
        self.app = Some(name.to_owned());
    }
}
