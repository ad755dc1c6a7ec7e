//! Transports by address: what connects to one, and what listens at one.

use std::fmt;
use std::io;
#[cfg(any(feature = "quic", feature = "tls"))]
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::address::{Address, Authority, Place};
use crate::transport::{Connect, Listen, Stream};

/// What an address does not say: whom this side trusts, and who it is. The default is enough for every transport where
/// nobody proves who they are, and for calling servers that the web trusts.
#[derive(Clone, Default)]
pub struct Keys {
    /// For calling over TLS and QUIC: which certificates are taken, and which one is shown. Without it, those of servers that
    /// the roots of the web vouch for (Mozilla's list), and none.
    #[cfg(any(feature = "quic", feature = "tls"))]
    pub caller: Option<Arc<rustls::ClientConfig>>,
    /// For listening over TLS and QUIC: which certificate is shown, and whether callers need one. There is no default.
    #[cfg(any(feature = "quic", feature = "tls"))]
    pub callee: Option<Arc<rustls::ServerConfig>>,
    /// For NATS servers: who this side is to them. Without it, nobody in particular.
    #[cfg(feature = "nats")]
    pub nats: async_nats::ConnectOptions,
}

/// Connects to an address, whatever the transport.
pub struct Connector {
    address: Address,
    connector: Box<dyn Connect>,
}

impl Connector {
    /// What connects to `address`, with the keys that its transport needs. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// If the host's name is none that a certificate could have; for `stdio:`, whose stream is there already; or if the
    /// transport was left out when this was built.
    pub fn at(address: &Address, keys: &Keys) -> io::Result<Self> {
        Ok(Self {
            address: address.clone(),
            connector: connector(&address.place, keys)?,
        })
    }
}

impl Connect for Connector {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        self.connector.connect()
    }

    fn spreads(&self) -> bool {
        self.connector.spreads()
    }
}

/// Listens at an address, whatever the transport.
pub struct Listener {
    address: Address,
    listener: Box<dyn Listen>,
}

impl Listener {
    /// Listens at `address`, with the keys that its transport needs. Port 0 takes a free one. It must be called in a tokio
    /// runtime.
    ///
    /// The address says what callers are to speak. A [`Server`](crate::Server) tells the protocols apart by itself, and
    /// answers both.
    ///
    /// # Errors
    ///
    /// If the system, or a NATS server, refuses; if a certificate is needed and `keys` has none; for `stdio:`, where a
    /// server [attaches](crate::Server::attach) to its one stream; or if the transport was left out when this was built.
    pub async fn at(address: &Address, keys: &Keys) -> io::Result<Self> {
        let (port, listener) = listen(&address.place, keys).await?;
        let mut address = address.clone();
        if let (Some(port), Some(authority)) = (port, address.place.authority_mut()) {
            authority.port = port;
        }
        Ok(Self { address, listener })
    }

    /// Where it listens: as it was asked to, with the port that the system chose.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl Listen for Listener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        self.listener.accept()
    }
}

/// What connects to a place.
#[allow(
    unused_variables,
    unreachable_code,
    unreachable_patterns,
    clippy::unused_async,
    reason = "it depends on which transports are built in"
)]
fn connector(place: &Place, keys: &Keys) -> io::Result<Box<dyn Connect>> {
    Ok(match place {
        #[cfg(feature = "unix")]
        Place::Unix(path) => Box::new(crate::transport::unix::Connector::new(path)),
        #[cfg(all(feature = "shm", target_os = "linux"))]
        Place::Shm(path) => Box::new(crate::transport::shm::Connector::new(path)),
        #[cfg(feature = "tcp")]
        Place::Tcp(to) => Box::new(crate::transport::tcp::Connector::new(to.to_string())),
        #[cfg(feature = "tls")]
        Place::Tls(to) => {
            let config = keys.caller()?;
            let connector = crate::transport::tls::Connector::new(to.to_string(), &to.host, config);
            Box::new(connector.map_err(invalid)?)
        }
        #[cfg(feature = "quic")]
        Place::Quic(to) => {
            let config = quinn::crypto::rustls::QuicClientConfig::try_from(keys.caller()?);
            let config = quinn::ClientConfig::new(Arc::new(config.map_err(invalid)?));
            let connector = crate::transport::quic::Connector::at(to.to_string(), &to.host, config);
            Box::new(connector)
        }
        #[cfg(feature = "http2")]
        Place::Http2(to) => Box::new(crate::transport::http2::Connector::new(to.to_string())),
        #[cfg(feature = "nats")]
        Place::Nats(to) => {
            let options = keys.nats.clone();
            let server = to.server.to_string();
            let connector = crate::transport::nats::Connector::new(server, &to.name, options);
            Box::new(if to.sticky {
                connector.sticky()
            } else {
                connector
            })
        }
        Place::Stdio => {
            return Err(invalid(
                "the standard streams are there already: `transport::stdio` makes a stream of them",
            ));
        }
        _ => return Err(left_out()),
    })
}

/// What listens at a place, and its port, where the system chose one.
#[allow(
    unused_variables,
    unreachable_code,
    unreachable_patterns,
    clippy::unused_async,
    reason = "it depends on which transports are built in"
)]
async fn listen(place: &Place, keys: &Keys) -> io::Result<(Option<u16>, Box<dyn Listen>)> {
    Ok(match place {
        #[cfg(feature = "unix")]
        Place::Unix(path) => (
            None,
            Box::new(crate::transport::unix::Listener::bind(path)?),
        ),
        #[cfg(all(feature = "shm", target_os = "linux"))]
        Place::Shm(path) => (None, Box::new(crate::transport::shm::Listener::bind(path)?)),
        #[cfg(feature = "tcp")]
        Place::Tcp(at) => {
            let listener = crate::transport::tcp::Listener::bind(at.to_string()).await?;
            (Some(listener.address()?.port()), Box::new(listener))
        }
        #[cfg(feature = "tls")]
        Place::Tls(at) => {
            let config = keys.callee()?;
            let listener = crate::transport::tls::Listener::bind(at.to_string(), config).await?;
            (Some(listener.address().port()), Box::new(listener))
        }
        #[cfg(feature = "quic")]
        Place::Quic(at) => {
            let config = quinn::crypto::rustls::QuicServerConfig::try_from(keys.callee()?);
            let config = quinn::ServerConfig::with_crypto(Arc::new(config.map_err(invalid)?));
            let address = tokio::net::lookup_host(at.to_string()).await?.next();
            let address = address.ok_or_else(|| invalid("the host has no address"))?;
            let endpoint = quinn::Endpoint::server(config, address)?;
            let listener = crate::transport::quic::Listener::new(endpoint);
            (Some(listener.address()?.port()), Box::new(listener))
        }
        #[cfg(feature = "http2")]
        Place::Http2(at) => {
            let listener = crate::transport::http2::Listener::bind(at.to_string()).await?;
            (Some(listener.address().port()), Box::new(listener))
        }
        #[cfg(feature = "nats")]
        Place::Nats(at) => {
            let (server, options) = (at.server.to_string(), keys.nats.clone());
            let listener = crate::transport::nats::Listener::bind(&server, &at.name, options);
            (None, Box::new(listener.await?))
        }
        Place::Stdio => {
            return Err(invalid(
                "the standard streams are one stream: attach the server to `transport::stdio::inherit`",
            ));
        }
        _ => return Err(left_out()),
    })
}

#[cfg(any(feature = "quic", feature = "tls"))]
impl Keys {
    fn caller(&self) -> io::Result<Arc<rustls::ClientConfig>> {
        if let Some(config) = &self.caller {
            return Ok(Arc::clone(config));
        }
        let mut roots = rustls::RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(invalid)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }

    fn callee(&self) -> io::Result<Arc<rustls::ServerConfig>> {
        let needed = "listening with encryption needs a certificate: it goes into `Keys::callee`";
        self.callee.clone().ok_or_else(|| invalid(needed))
    }
}

fn invalid(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn left_out() -> io::Error {
    let why = "the transport was left out when this program was built";
    io::Error::new(io::ErrorKind::Unsupported, why)
}

impl Place {
    fn authority_mut(&mut self) -> Option<&mut Authority> {
        match self {
            Self::Tcp(authority)
            | Self::Tls(authority)
            | Self::Quic(authority)
            | Self::Http2(authority) => Some(authority),
            Self::Unix(_) | Self::Shm(_) | Self::Stdio | Self::Nats(_) => None,
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing of it is for a log.
        formatter.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Listener")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
