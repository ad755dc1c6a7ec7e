//! Addresses of the wire: providers elsewhere, and components that are served to others.

use std::io;
use std::net::SocketAddr;

use loop_core::Limits;
use loop_host::RemoteSpec;
use loop_wire::Client;
use loop_wire::address::{Address, Place};
use loop_wire::transport::{Keys, Listen, http2, tcp, unix};

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
    let client = Client::at(&address, &Keys::default()).map_err(|error| Problem::new(error.to_string()))?;
    Ok(RemoteSpec {
        address: address.to_string(),
        client,
        call: limits.call.map_or(Limits::CALL_DEFAULT, |span| span.0),
    })
}

/// An address to listen on.
pub(crate) struct Served {
    pub(crate) address: Address,
    /// On which address of the network that is, if it is a network.
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
            Place::Unix(_) => None,
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
                let hint = "serve over `unix`, `tcp` or `http2`; hosts of your own can serve over the others";
                return Err(usage(Problem::new(message).hint(hint)));
            }
        };
        Ok(Self { address, at })
    }

    /// Listens there. The address is the one that was asked for, with the port that the system chose where that was 0.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) async fn listen(&mut self) -> io::Result<Box<dyn Listen>> {
        Ok(match (&mut self.address.place, self.at) {
            (Place::Http2(authority), Some(at)) => {
                let listener = http2::Listener::bind(at).await?;
                authority.port = listener.address().port();
                Box::new(listener)
            }
            (Place::Tcp(authority), Some(at)) => {
                let listener = tcp::Listener::bind(at).await?;
                authority.port = listener.address()?.port();
                Box::new(listener)
            }
            (Place::Unix(path), _) => Box::new(unix::Listener::bind(path)?),
            _ => return Err(io::ErrorKind::Unsupported.into()),
        })
    }
}

fn parse(text: &str) -> Result<Address, Problem> {
    text.parse::<Address>().map_err(|error| {
        let hint = "an address looks like loop+unix:///run/store.sock or wrpc+tcp://localhost:7761";
        Problem::new(error.to_string()).hint(hint)
    })
}
