//! HTTP/2 without encryption (h2c): a stream is a `POST` whose body and whose answer's body are its two directions.
//!
//! It passes proxies that speak HTTP/2 to both sides and do not hold bodies back. A connector keeps one connection, and
//! each of its streams is a request on it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self as client, SendRequest};
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::Mutex;

use crate::transport::accept::{Accepted, Handshake, Sender};
use crate::transport::pieces::{PieceReader, PieceWriter, Pieces, pipe};
use crate::transport::{Connect, Listen, Peer, Stream};

/// The path that is asked for.
const PATH: &str = "/loop";

/// The bytes of one HTTP/2 frame at most, where the peer takes so many: a piece with its head in two frames, not in nine.
const FRAME_BYTES_MAX: u32 = 128 * 1024;

/// Connects to an address once, and makes a request for each stream. A connection that was lost is made anew.
#[derive(Debug)]
pub struct Connector {
    address: String,
    connection: Mutex<Option<Connection>>,
}

#[derive(Clone, Debug)]
struct Connection {
    requests: SendRequest<Pieces>,
    address: SocketAddr,
}

impl Connector {
    /// Will connect to `address`, a host and a port.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            connection: Mutex::default(),
        }
    }

    async fn connection(&self) -> io::Result<Connection> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &*slot
            && !connection.requests.is_closed()
        {
            return Ok(connection.clone());
        }
        let socket = TcpStream::connect(&self.address).await?;
        socket.set_nodelay(true)?;
        let address = socket.peer_addr()?;
        let mut builder = client::Builder::new(TokioExecutor::new());
        builder.max_frame_size(FRAME_BYTES_MAX);
        let shaking = builder.handshake(TokioIo::new(socket));
        let (requests, driver) = shaking.await.map_err(io::Error::other)?;
        // It ends when the connector and its streams are gone. What is wrong with it, its streams tell.
        tokio::spawn(async { drop(driver.await) });
        let connection = Connection { requests, address };
        *slot = Some(connection.clone());
        Ok(connection)
    }
}

impl Connect for Connector {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            let mut connection = self.connection().await?;
            let (writer, body) = pipe();
            let request = Request::post(format!("http://{}{PATH}", self.address)).body(body);
            let request = request.map_err(io::Error::other)?;
            let requests = &mut connection.requests;
            requests.ready().await.map_err(io::Error::other)?;
            // Nothing waits for the answer's head: what is written travels behind the question.
            let answer = Box::pin(requests.send_request(request));
            let reader = PieceReader::new(Source::Answer(answer));
            Ok(stream(reader, writer, connection.address))
        })
    }
}

/// Listens at an address, and takes a stream from each `POST` to `/loop`.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    accepted: Accepted,
}

impl Listener {
    /// Listens at `address`; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// If the address is in use, or the system refuses.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            accepted: Accepted::of(listener, Requests),
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

/// Each request of a connection is a stream.
struct Requests;

impl Handshake<(TcpStream, SocketAddr)> for Requests {
    async fn shake(&self, (socket, address): (TcpStream, SocketAddr), sender: Sender) {
        let service = service_fn(move |request| answer(request, address, sender.clone()));
        let mut builder = server::Builder::new(TokioExecutor::new());
        builder.max_frame_size(FRAME_BYTES_MAX);
        let serving = builder.serve_connection(TokioIo::new(socket), service);
        // It ends with the connection: calls that run outlive the listener.
        tokio::spawn(async { drop(serving.await) });
    }
}

/// Makes a stream of a request and its answer.
async fn answer(
    request: Request<Incoming>,
    address: SocketAddr,
    sender: Sender,
) -> Result<Response<Pieces>, Infallible> {
    let (writer, body) = pipe();
    let mut response = Response::new(body);
    if request.method() != Method::POST {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    } else if request.uri().path() != PATH {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else {
        let reader = PieceReader::new(Source::Body(request.into_body()));
        let stream = stream(reader, writer, address);
        if sender.send(Ok(stream)).await.is_err() {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    Ok(response)
}

fn stream(reader: PieceReader<Source>, writer: PieceWriter, address: SocketAddr) -> Stream {
    Stream::new(reader, writer).from_peer(Peer {
        address: Some(address),
        ..Peer::default()
    })
}

/// Where the bytes that are read come from.
enum Source {
    /// The head of the answer is still to come.
    Answer(BoxFuture<'static, hyper::Result<Response<Incoming>>>),
    Body(Incoming),
}

impl futures::Stream for Source {
    type Item = io::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match &mut *self {
                Self::Answer(answer) => {
                    let answer = ready!(answer.as_mut().poll(context)).map_err(io::Error::other)?;
                    let status = answer.status();
                    if status != StatusCode::OK {
                        let message = format!("the server answered {status}");
                        return Poll::Ready(Some(Err(io::Error::other(message))));
                    }
                    *self = Self::Body(answer.into_body());
                }
                Self::Body(body) => {
                    let frame = ready!(Pin::new(body).poll_frame(context));
                    return Poll::Ready(frame.map(|frame| {
                        let frame = frame.map_err(io::Error::other)?;
                        Ok(frame.into_data().unwrap_or_default())
                    }));
                }
            }
        }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        use futures::Stream as _;
        self.poll_next(context)
            .map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
