//! The decision: may this component do that.

use std::net::SocketAddr;

use crate::Grants;

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
    /// Use a folder: asked when the handle to it is made, before the first call.
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
    /// Resolve a name.
    Lookup {
        /// The name, as the component gave it.
        name: &'a str,
    },
    /// Send a request over `wasi:http`.
    Http {
        /// `GET`.
        method: &'a str,
        /// `https`.
        scheme: &'a str,
        /// A name or an address, without brackets.
        host: &'a str,
        /// The port, the scheme's own where none was given.
        port: u16,
        /// The path, beginning with a slash, without the query.
        path: &'a str,
    },
    /// Connect to an address that the host of an allowed `wasi:http` request resolved to.
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
    },
    /// Read an environment variable of the host.
    Variable {
        /// Its name.
        name: &'a str,
    },
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow {
        /// The entry of the grants that says so, as the user wrote it.
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
    /// The least grants that would allow it; empty when no grant can.
    pub missing: Grants,
}
