//! Addresses of the wire: providers elsewhere, and components that are served to others.

use std::io;
use std::net::SocketAddr;

use loop_core::Limits;
use loop_host::RemoteSpec;
use loop_wire::Client;
use loop_wire::address::{Address, Place};
use loop_wire::transport::{Keys, Listener};

use crate::error::{CliError, Kind, Problem};

/// Whether a text is an address of the wire rather than a host and a port.
pub(crate) fn is_address(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, _)| scheme.contains('+'))
}

/// The provider at an address.
///
/// # Errors
/// If the text is no address, or of a transport that a provider cannot be called over.
pub(crate) fn remote(text: &str, limits: &Limits) -> Result<RemoteSpec, Problem> {
    let address = parse(text)?;
    let client =
        Client::at(&address, &Keys::default()).map_err(|error| Problem::new(error.to_string()))?;
    Ok(RemoteSpec {
        address: address.to_string(),
        client,
        call: limits.call.map_or(Limits::CALL_DEFAULT, |span| span.0),
    })
}

/// An address to listen on.
pub(crate) struct Served {
    address: Address,
    /// On which address of the network that is, if it is a network of this machine.
    pub(crate) at: Option<SocketAddr>,
}

impl Served {
    /// Reads the address.
    ///
    /// # Errors
    /// If the text is no address, or of a transport that a component cannot be served over.
    pub(crate) async fn new(text: &str) -> Result<Self, CliError> {
        let usage = |problem| CliError::new(Kind::Usage, problem);
        let address = parse(text).map_err(usage)?;
        let at = match &address.place {
            Place::Unix(_) | Place::Shm(_) | Place::Nats(_) => None,
            Place::Tcp(authority) | Place::Http2(authority) => {
                let name = authority.to_string();
                let found = tokio::net::lookup_host(&name).await;
                let found = found.ok().and_then(|mut addresses| addresses.next());
                Some(found.ok_or_else(|| {
                    usage(Problem::new(format!(
                        "`{name}` is no address of this machine"
                    )))
                })?)
            }
            _ => {
                let message = format!("`{text}` cannot be listened on from the command line");
                let hint = "serve over `unix`, `shm`, `tcp`, `http2` or `nats`; hosts of your own can serve over the others";
                return Err(usage(Problem::new(message).hint(hint)));
            }
        };
        Ok(Self { address, at })
    }

    /// Listens there.
    ///
    /// # Errors
    /// If the system, or a NATS server, refuses.
    pub(crate) async fn listen(&self) -> io::Result<Listener> {
        Listener::at(&self.address, &Keys::default()).await
    }
}

/// Reads an address.
///
/// # Errors
/// If the text is none.
pub(crate) fn parse(text: &str) -> Result<Address, Problem> {
    text.parse::<Address>().map_err(|error| {
        let hint = "an address looks like loop+unix:///run/store.sock or wrpc+tcp://localhost:7761";
        Problem::new(error.to_string()).hint(hint)
    })
}
