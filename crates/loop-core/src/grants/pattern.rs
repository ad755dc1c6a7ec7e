//! What the text of a network entry means, and what it matches.
//!
//! A pattern is made from text that a person wrote, so the errors are theirs to read. What is asked for comes as a
//! [`Host`] or an address; names are compared without regard to case and to a trailing dot.

mod text;
mod url;

use std::net::{IpAddr, SocketAddr};

use crate::address::{AddressClass, Destination, Range, canonical};
use crate::shape::formats::Complaint;

pub(crate) use url::{PathVerdict, UrlPattern, default_port};

/// A host that a component named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    /// An address, in its canonical form.
    Address(IpAddr),
    /// Anything else, without a trailing dot.
    Name(&'a str),
}

impl<'a> Host<'a> {
    /// Reads a host with brackets or without.
    pub(crate) fn of(text: &'a str) -> Self {
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        // What neither ends in a digit nor has a colon is no address; most names are told by that alone.
        let may_be_address = bare.ends_with(|c: char| c.is_ascii_digit()) || bare.contains(':');
        match may_be_address.then(|| bare.parse()) {
            Some(Ok(address)) => Self::Address(canonical(address)),
            _ => Self::Name(text.strip_suffix('.').unwrap_or(text)),
        }
    }

    /// Whether an entry can be for this host.
    pub(crate) fn is_grantable(self) -> bool {
        match self {
            Self::Address(_) => true,
            Self::Name(name) => text::is_name(name),
        }
    }

    /// Whether the host stands for this machine whatever a resolver says: `localhost` and the names below it (RFC 6761).
    pub(crate) fn is_localhost(self) -> bool {
        match self {
            Self::Address(_) => false,
            Self::Name(name) => {
                name.eq_ignore_ascii_case("localhost") || is_below(name, ".localhost")
            }
        }
    }

    /// Whether this host may lead to `destination` by its name alone.
    ///
    /// A name lets public addresses through and no others, or whoever answers for the name could point it at this
    /// machine or its neighbours.
    pub(crate) fn may_lead_to(self, destination: Destination) -> bool {
        match self {
            Self::Address(own) => own == destination.ip,
            Self::Name(_) if self.is_localhost() => destination.class() == AddressClass::Loopback,
            Self::Name(_) => destination.class() == AddressClass::Public,
        }
    }
}

/// A host, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostPattern {
    /// One name, in small letters, without a trailing dot.
    Name(String),
    /// All names that end so: `.example.com`.
    Below(String),
    /// One address, canonical.
    Address(IpAddr),
    /// A range of addresses.
    Range(Range),
}

impl HostPattern {
    /// Reads an entry of `lookup`: a host without a port.
    pub(crate) fn parse_lookup(text: &str) -> Result<Self, Complaint> {
        text::lookup_host(text)
    }

    /// Whether the pattern is for this host, as it was named.
    pub(crate) fn matches(&self, host: Host<'_>) -> bool {
        match (self, host) {
            (Self::Name(own), Host::Name(name)) => own.eq_ignore_ascii_case(name),
            (Self::Below(suffix), Host::Name(name)) => is_below(name, suffix),
            (_, Host::Address(address)) => self.covers(Destination::of(address)),
            (Self::Address(_) | Self::Range(_), Host::Name(_)) => false,
        }
    }

    /// Whether the pattern names this address, or a range that speaks for it.
    pub(crate) fn covers(&self, destination: Destination) -> bool {
        match self {
            Self::Address(own) => *own == destination.ip,
            Self::Range(range) => range.speaks_for(destination),
            // `localhost` is this machine by definition, so its addresses need no lookup.
            Self::Name(name) => {
                name == "localhost" && destination.class() == AddressClass::Loopback
            }
            Self::Below(_) => false,
        }
    }
}

/// A port, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortPattern {
    /// `*`.
    Any,
    /// A number.
    Exactly(u16),
}

impl PortPattern {
    pub(crate) fn matches(self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(own) => own == port,
        }
    }
}

/// An entry of `connect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectPattern {
    pub(crate) host: HostPattern,
    pub(crate) port: PortPattern,
}

impl ConnectPattern {
    /// Reads `host:port`.
    pub(crate) fn parse(text: &str) -> Result<Self, Complaint> {
        let (host, port) = text::host_and_port(text, "connect")?;
        Ok(Self { host, port })
    }
}

/// An entry of `listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenPattern {
    address: IpAddr,
    port: PortPattern,
}

impl ListenPattern {
    /// Reads `address:port`.
    pub(crate) fn parse(text: &str) -> Result<Self, Complaint> {
        let (host, port) = text::host_and_port(text, "listen")?;
        match host {
            HostPattern::Address(address) => Ok(Self { address, port }),
            HostPattern::Range(_) => {
                let complaint = Complaint::new(format!("`{text}` is a range"), "not one address");
                Err(complaint.hint("a component listens on one address; `0.0.0.0` and `[::]` stand for all of a machine's"))
            }
            HostPattern::Name(_) | HostPattern::Below(_) => {
                let complaint = Complaint::new(
                    format!("`{text}` is a name, and a component listens on an address"),
                    "not an address",
                );
                Err(complaint.hint("for example \"127.0.0.1:8080\" for this machine, or \"0.0.0.0:8080\" for all that can reach it"))
            }
        }
    }

    /// Whether listening on `address` is meant.
    pub(crate) fn covers(&self, address: SocketAddr) -> bool {
        self.is_for(address.ip()) && self.port.matches(address.port())
    }

    /// Whether listening on `address` is meant, whatever the port. All addresses of a family stand for each of that
    /// family.
    pub(crate) fn is_for(&self, address: IpAddr) -> bool {
        let ip = canonical(address);
        self.address == ip
            || self.address.is_unspecified() && self.address.is_ipv4() == ip.is_ipv4()
    }
}

/// Whether `name` ends with `suffix`, which begins with a dot, and has something before it.
fn is_below(name: &str, suffix: &str) -> bool {
    name.len()
        .checked_sub(suffix.len())
        .filter(|at| *at > 0)
        .is_some_and(|at| {
            name.get(at..)
                .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        })
}
