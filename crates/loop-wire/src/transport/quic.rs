//! QUIC: many streams over one encrypted connection, each with its own flow control.
//!
//! A plain call opens a stream of its own and costs no round trip for it; a call in the envelope shares one stream. No
//! application protocol (ALPN) is asked for: wRPC names none.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use quinn::rustls::pki_types::CertificateDer;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream, VarInt};
use tokio::io::AsyncWrite;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::transport::{Connect, Listen, Peer, Stream};

/// The code that says that a stream is no longer read, as upstream's implementation sends it.
const DONE: VarInt = VarInt::from_u32(1);

/// The code of a stream that breaks off.
const BROKEN: VarInt = VarInt::from_u32(2);

/// Streams that wait to be accepted. Few: a peer's next ones wait in its own flow control.
const WAITING_MAX: usize = 16;

/// Connects to an address, once, and opens its streams on that connection. A connection that was lost is made anew.
#[derive(Debug)]
pub struct Connector {
    route: Route,
    name: String,
    connection: Mutex<Option<Connection>>,
}

#[derive(Debug)]
enum Route {
    Known(Endpoint, SocketAddr),
    /// The host is looked up, and an endpoint made, for each connection.
    Named(String, ClientConfig),
}

impl Connector {
    /// Will connect from `endpoint`, which has a client's configuration, to `address`, whose certificate is of `name`.
    pub fn new(endpoint: Endpoint, address: SocketAddr, name: impl Into<String>) -> Self {
        Self::over(Route::Known(endpoint, address), name)
    }

    /// Will connect to `address`, a host and a port, whose certificate is of `name`.
    pub fn at(address: impl Into<String>, name: impl Into<String>, config: ClientConfig) -> Self {
        Self::over(Route::Named(address.into(), config), name)
    }

    fn over(route: Route, name: impl Into<String>) -> Self {
        Self {
            route,
            name: name.into(),
            connection: Mutex::default(),
        }
    }

    async fn connection(&self) -> io::Result<Connection> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &*slot
            && connection.close_reason().is_none()
        {
            return Ok(connection.clone());
        }
        let connection = match &self.route {
            Route::Known(endpoint, address) => self.connect_from(endpoint, *address).await?,
            Route::Named(host, config) => self.connect_to(host, config).await?,
        };
        *slot = Some(connection.clone());
        Ok(connection)
    }

    /// Tries the addresses of a host in turn.
    async fn connect_to(&self, host: &str, config: &ClientConfig) -> io::Result<Connection> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in tokio::net::lookup_host(host).await? {
            let any = match address {
                SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            };
            // It lives as long as its connection.
            let mut endpoint = Endpoint::client(any)?;
            endpoint.set_default_client_config(config.clone());
            match self.connect_from(&endpoint, address).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn connect_from(
        &self,
        endpoint: &Endpoint,
        address: SocketAddr,
    ) -> io::Result<Connection> {
        let connecting = endpoint.connect(address, &self.name);
        Ok(connecting.map_err(io::Error::other)?.await?)
    }
}

impl Connect for Connector {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            let connection = self.connection().await?;
            let (writer, reader) = connection.open_bi().await?;
            Ok(stream(&connection, writer, reader))
        })
    }
}

/// Accepts the streams of every connection to an endpoint.
#[derive(Debug)]
pub struct Listener {
    endpoint: Endpoint,
    accepted: mpsc::Receiver<Stream>,
    /// Accepts while the listener lives.
    _accepting: JoinSet<()>,
}

impl Listener {
    /// Listens at `endpoint`, which has a server's configuration. It must be called in a tokio runtime.
    pub fn new(endpoint: Endpoint) -> Self {
        let (sender, accepted) = mpsc::channel(WAITING_MAX);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept_connections(endpoint.clone(), sender));
        Self {
            endpoint,
            accepted,
            _accepting: accepting,
        }
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// If the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }
}

impl Listen for Listener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            let stream = self.accepted.recv().await;
            stream.ok_or_else(|| io::Error::other("the endpoint is closed"))
        })
    }
}

async fn accept_connections(endpoint: Endpoint, sender: mpsc::Sender<Stream>) {
    while let Some(incoming) = endpoint.accept().await {
        let sender = sender.clone();
        // It ends with the connection: calls that run outlive the listener.
        tokio::spawn(async move {
            let Ok(connection) = incoming.await else {
                return;
            };
            loop {
                let accepted = tokio::select! {
                    accepted = connection.accept_bi() => accepted,
                    () = sender.closed() => break,
                };
                let Ok((writer, reader)) = accepted else {
                    return;
                };
                if sender
                    .send(stream(&connection, writer, reader))
                    .await
                    .is_err()
                {
                    break;
                }
            }
            // What was written last is still to be acknowledged.
            connection.closed().await;
        });
    }
}

fn stream(connection: &Connection, writer: SendStream, reader: RecvStream) -> Stream {
    let certificates = connection
        .peer_identity()
        .and_then(|identity| identity.downcast::<Vec<CertificateDer<'static>>>().ok());
    let certificate =
        certificates.and_then(|chain| chain.first().map(|leaf| Bytes::copy_from_slice(leaf)));
    let peer = Peer {
        address: Some(connection.remote_address()),
        certificate,
        ..Peer::default()
    };
    Stream::new(
        QuicReader(reader),
        QuicWriter {
            stream: writer,
            ended: false,
        },
    )
    .from_peer(peer)
}

/// Tells the peer, when it is dropped, that nothing more is read.
struct QuicReader(RecvStream);

impl tokio::io::AsyncRead for QuicReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl Drop for QuicReader {
    fn drop(&mut self) {
        // It fails where the stream has ended already.
        let _ = self.0.stop(DONE);
    }
}

/// Breaks the stream off when it is dropped without having been shut down; quinn itself would end it in good order.
struct QuicWriter {
    stream: SendStream,
    ended: bool,
}

impl AsyncWrite for QuicWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.stream), context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ended = true;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Drop for QuicWriter {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.stream.reset(BROKEN);
        }
    }
}
