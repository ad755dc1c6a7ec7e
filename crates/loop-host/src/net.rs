//! Connections to servers that a component was granted by URL, for protocols that begin as HTTP does; and the names that it may resolve.
//!
//! Invariant: the address that was judged is the address that is connected to. The host resolves a name itself, asks
//! the policy of each address before it tries it, and gives the system nothing but addresses. So a
//! name that changes its meaning between two lookups gains nothing.

mod connect;
mod target;

use std::fmt;
use std::net::IpAddr;

use crate::gate::Gate;
use crate::wasi::Lookup;

pub use crate::wasi::LookupError;
pub use connect::Connection;
pub(crate) use connect::{Tls, Version, connect, from_io};
pub use target::Target;

/// Why a server was not connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// It is no URL that can be connected to.
    #[error("it is not a URL of a scheme that is spoken here, or it names a user")]
    Url,
    /// It has more than 16 KiB.
    #[error("the URL is too long")]
    UrlTooLong,
    /// The component is not granted the URL.
    #[error("the URL is not granted")]
    Denied,
    /// The component is not granted any of the addresses that the host has.
    #[error("no address of the host is granted")]
    AddressDenied,
    /// The name does not resolve.
    #[error("the name of the host does not resolve")]
    NameNotFound,
    /// The name was not resolved in time.
    #[error("the name of the host was not resolved in time")]
    NameTimedOut,
    /// Nobody listens there.
    #[error("the connection was refused")]
    Refused,
    /// There is no way there.
    #[error("there is no route to the host")]
    Unroutable,
    /// This machine has no network for it.
    #[error("the network is down")]
    Unavailable,
    /// Nobody answered.
    #[error("the connection took too long")]
    TimedOut,
    /// The connection ended.
    #[error("the connection broke off")]
    BrokenOff,
    /// The server's certificate is not for it, or not signed by an authority that is trusted.
    #[error("the server's certificate is not trusted")]
    Certificate,
    /// The server refused in the words of TLS.
    #[error("the server refused: {name}")]
    Alert {
        /// The number of the alert.
        code: u8,
        /// Its name.
        name: String,
    },
    /// The server does not speak TLS.
    #[error("the server does not speak TLS")]
    Tls,
}

/// Connects to servers that the component of an instance was granted by URL, as `wasi:http` does for its requests, and resolves names for it. Clones are
/// the same.
#[derive(Clone)]
pub struct Dialer {
    gate: Gate,
    lookup: Lookup,
    tls: Option<Tls>,
}

impl Dialer {
    pub(crate) fn new(gate: Gate, lookup: Lookup, tls: Option<Tls>) -> Self {
        Self { gate, lookup, tls }
    }

    /// Asks whether the component may send a request with this method there, then connects to the first address of its host that is
    /// allowed and answers. A connection to `https` or `wss` is encrypted, and its server is who the URL says.
    ///
    /// Takes as long as the system lets it: who calls has the time. Dropping the future closes what it has opened.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn dial(
        &self,
        method: &str,
        target: &Target,
    ) -> Result<Box<dyn Connection>, DialError> {
        self.ask(method, target)?;
        self.connect(target, Version::One).await
    }

    /// As [`dial`](Self::dial), for what is spoken over HTTP/2: a server of TLS is asked whether it knows that, any other has to.
    ///
    /// # Errors
    /// As `dial`; [`DialError::Alert`] if the server knows no HTTP/2.
    pub async fn dial_http2(
        &self,
        method: &str,
        target: &Target,
    ) -> Result<Box<dyn Connection>, DialError> {
        self.ask(method, target)?;
        self.connect(target, Version::Two).await
    }

    /// Asks whether the component may send a request with this method there, over a connection that is open.
    ///
    /// # Errors
    /// [`DialError::Denied`].
    pub fn ask(&self, method: &str, target: &Target) -> Result<(), DialError> {
        let asked = self.gate.ask(&target.request(method));
        asked.map_err(|_| DialError::Denied)
    }

    async fn connect(
        &self,
        target: &Target,
        version: Version,
    ) -> Result<Box<dyn Connection>, DialError> {
        connect(&self.gate, &self.lookup, self.tls.as_ref(), target, version).await
    }

    /// Asks whether the component may resolve a name, and gives its addresses, at least one, the preferred one first. An address is its own
    /// answer, and nobody is asked about it. As for `wasi:sockets`, the name counts when the component connects to one of its addresses.
    ///
    /// Takes 10 s at most. Dropping the future does not stop what the system has begun.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, LookupError> {
        self.lookup.resolve(name).await
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer")
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}
