//! TCP, without encryption: for one machine, or a network that is trusted.

use std::io;
use std::net::SocketAddr;

use futures::future::BoxFuture;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};

use crate::transport::{Connect, Listen, Peer, Stream, is_of_one_peer};

/// Connects to an address.
#[derive(Clone, Debug)]
pub struct Connector {
    address: String,
}

impl Connector {
    /// Will connect to `address`, a host and a port: `localhost:9000`, `[::1]:9000`.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
        }
    }
}

impl Connect for Connector {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async { stream(TcpStream::connect(&self.address).await?) })
    }
}

/// Listens at an address.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
}

impl Listener {
    /// Listens at `address`; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// If the address is in use, or the system refuses.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address).await?,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// If the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Listen for Listener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            loop {
                let accepted = self.listener.accept().await;
                match accepted.and_then(|(socket, _)| stream(socket)) {
                    Err(error) if is_of_one_peer(&error) => {}
                    result => return result,
                }
            }
        })
    }
}

#[cfg(any(feature = "http2", feature = "tls"))]
impl crate::transport::accept::Source for TcpListener {
    type Connection = (TcpStream, SocketAddr);

    async fn next(&mut self) -> io::Result<Self::Connection> {
        let (socket, address) = self.accept().await?;
        socket.set_nodelay(true)?;
        Ok((socket, address))
    }
}

/// Makes a stream of a connected socket. Small writes leave at once: each is a call that somebody waits for.
fn stream(socket: TcpStream) -> io::Result<Stream> {
    socket.set_nodelay(true)?;
    let address = socket.peer_addr()?;
    let (reader, writer) = socket.into_split();
    Ok(Stream::new(reader, writer).from_peer(Peer {
        address: Some(address),
        ..Peer::default()
    }))
}
