//! The decision: may this component do that.
//!
//! [`decide`] is the whole of it: grants, trust and a request go in, a decision comes out, and nothing else is
//! looked at. Whoever decides often makes [`Rules`] of the grants once. What no entry speaks for is refused.
//!
//! The rules that are not plain from the grants themselves:
//!
//! - An IPv4 address in IPv6 clothes is judged as the IPv4 address ([`crate::address`]).
//! - A name lets a component reach the public addresses that the name resolves to, and no others, whoever answers for
//!   the name. Loopback and private addresses are granted as addresses or ranges. Only `localhost`, and the names below
//!   it, stand for loopback.
//! - A range lets link-local, multicast and broadcast addresses through only when it lies within their block, and
//!   a metadata address of a cloud not at all: that must be named by itself.
//! - Nothing lets a component connect to the unspecified address.
//! - No wildcard among the arguments of a program stands for what begins with `-`, unless `--` came before it: that is how
//!   programs are told to do something else.
//! - A path is compared part by part and decoded, and one that servers read in several ways is refused. Where an
//!   entry has no path, the path of a request does not matter.

mod denial;
mod rules;

use std::net::SocketAddr;

use crate::Grants;

pub use rules::Rules;

/// Decides about one request.
///
/// An entry of `grants` that cannot be read ([`Grants::validate`]) grants nothing.
pub fn decide(grants: &Grants, trust: Trust, request: &Request<'_>) -> Decision {
    Rules::new(grants, trust).decide(request)
}

/// Whether an app trusts a component. Some capabilities are for trusted components only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Nothing is assumed of the component. The default.
    #[default]
    Untrusted,
    /// The app says `trusted = true`.
    Trusted,
}

/// The transport protocol of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A stream of bytes.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What a component asks to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Use a folder: asked before the handle to it is made, and for each path that no handle of the component holds.
    OpenFolder {
        /// The name under which the component sees it.
        name: &'a str,
        /// What is asked to be done in it.
        access: crate::grants::Access,
    },
    /// Open a TCP connection, or send datagrams.
    Connect {
        /// Which of the two.
        protocol: Protocol,
        /// Where to.
        address: SocketAddr,
        /// The names that the host resolved to this address for the component, newest last.
        resolved_from: &'a [String],
    },
    /// Listen for connections or datagrams.
    Listen {
        /// Which of the two.
        protocol: Protocol,
        /// On which address.
        address: SocketAddr,
    },
    /// Resolve a name. An address in place of a name tells nothing, so any entry that reaches the network allows it;
    /// connecting is another request.
    Lookup {
        /// The name, as the component gave it.
        name: &'a str,
    },
    /// Send a request over `wasi:http`, or connect a WebSocket.
    Http {
        /// `GET`.
        method: &'a str,
        /// `https`, or `wss` for a WebSocket.
        scheme: &'a str,
        /// A name or an address, without brackets.
        host: &'a str,
        /// The port, the scheme's own where none was given.
        port: u16,
        /// The path, beginning with a slash, without the query.
        path: &'a str,
    },
    /// Connect to an address that the host of an allowed [`Request::Http`] resolved to.
    HttpConnect {
        /// The host of the request.
        host: &'a str,
        /// What it resolved to.
        address: SocketAddr,
    },
    /// Start a program.
    Spawn {
        /// A name, looked up by the host, or an absolute path.
        program: &'a str,
        /// What follows the program's name.
        arguments: &'a [String],
        /// The names of the variables that are set for it. The host's own are not among them: those are read.
        variables: &'a [String],
    },
    /// Read an environment variable of the host.
    Variable {
        /// Its name.
        name: &'a str,
    },
    /// Read the logs and metrics of the whole app, through `loop:core`.
    Telemetry,
}

/// The answer.
#[expect(
    clippy::large_enum_variant,
    reason = "a denial is rare, and whoever gets one takes it apart: a box would be in the way"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow {
        /// The entry of the grants that says so, as a fragment that [`Grants::parse_fragment`] reads:
        /// `net.connect = ["10.0.0.1:80"]`.
        by: String,
    },
    /// It may not.
    Deny(Denial),
}

/// Why not, and what would change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// What was asked, as a fragment: `connect to 10.0.0.1:80 over tcp`.
    pub request: String,
    /// Why it is refused, as a fragment: `net.connect has no entry for it`.
    pub reason: String,
    /// The least grants that would allow it; empty when no grant can, and when it is for a metadata address, which
    /// hands out credentials: nobody should paste that in without having looked for it.
    ///
    /// The least is meant as a person would write it: a URL without its path, unless the grants already tell the
    /// paths of that origin apart; for a folder that has no entry, the folder of the same name; a program with exactly the
    /// arguments that were asked for.
    pub missing: Grants,
    /// Whether the component must also be trusted: `trusted = true`.
    pub needs_trust: bool,
}
