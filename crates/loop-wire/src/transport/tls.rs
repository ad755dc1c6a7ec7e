//! TLS 1.3 over TCP, with a certificate on both sides where the configuration asks for one.
//!
//! The peer's certificate, once it is verified, is in [`Peer::certificate`]: who may call what is decided by it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::transport::accept::{Accepted, Handshake, Sender};
use crate::transport::{Connect, Listen, Peer, Stream};

/// How long a peer may take to shake hands: three round trips of the slowest network, and time to compute.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// Connects to an address, whose certificate is of a name.
#[derive(Clone)]
pub struct Connector {
    address: String,
    name: ServerName<'static>,
    tls: TlsConnector,
}

impl Connector {
    /// Will connect to `address`, a host and a port, and take no certificate that is not of `name`. The configuration says
    /// whom to trust, and who this side is. It is made to take TLS 1.3 only by
    /// `ClientConfig::builder_with_protocol_versions(&[&rustls::version::TLS13])`.
    ///
    /// # Errors
    ///
    /// If `name` is neither a DNS name nor an IP address.
    pub fn new(
        address: impl Into<String>,
        name: &str,
        config: Arc<ClientConfig>,
    ) -> Result<Self, InvalidDnsNameError> {
        let name = ServerName::try_from(name.to_owned())?;
        Ok(Self {
            address: address.into(),
            name,
            tls: config.into(),
        })
    }
}

impl Connect for Connector {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            let socket = TcpStream::connect(&self.address).await?;
            socket.set_nodelay(true)?;
            let address = socket.peer_addr()?;
            let shaking = self.tls.connect(self.name.clone(), socket);
            let tls = timeout(HANDSHAKE_TIME_MAX, shaking).await??;
            let certificates = tls.get_ref().1.peer_certificates();
            let peer = peer(address, certificates);
            Ok(stream(tls, peer))
        })
    }
}

/// Listens at an address. Peers shake hands beside each other, so a slow one holds up nobody.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    accepted: Accepted,
}

impl Listener {
    /// Listens at `address`; port 0 takes a free one. The configuration says who this side is, and whose certificates it
    /// takes: with a `WebPkiClientVerifier`, callers without one are refused.
    ///
    /// # Errors
    ///
    /// If the address is in use, or the system refuses.
    pub async fn bind(address: impl ToSocketAddrs, config: Arc<ServerConfig>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            accepted: Accepted::of(listener, TlsAcceptor::from(config)),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Listen for Listener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        self.accepted.accept()
    }
}

impl Handshake<(TcpStream, SocketAddr)> for TlsAcceptor {
    async fn shake(&self, (socket, address): (TcpStream, SocketAddr), sender: Sender) {
        if let Ok(Ok(tls)) = timeout(HANDSHAKE_TIME_MAX, self.accept(socket)).await {
            let peer = peer(address, tls.get_ref().1.peer_certificates());
            let _ = sender.send(Ok(stream(tls, peer))).await;
        }
    }
}

fn peer(address: SocketAddr, certificates: Option<&[CertificateDer<'static>]>) -> Peer {
    let leaf = certificates.and_then(|chain| chain.first());
    let certificate = leaf.map(|leaf| Bytes::copy_from_slice(leaf));
    Peer {
        address: Some(address),
        certificate,
        ..Peer::default()
    }
}

fn stream(tls: impl AsyncRead + AsyncWrite + Send + 'static, peer: Peer) -> Stream {
    let (reader, writer) = tokio::io::split(tls);
    Stream::new(reader, writer).from_peer(peer)
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
