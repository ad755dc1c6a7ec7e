//! HTTP/2 without encryption (h2c): a stream is a `POST` whose body and whose answer's body are its two directions.
//!
//! It passes proxies that speak HTTP/2 to both sides and do not hold bodies back. A connector keeps one connection, and
//! each of its streams is a request on it.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::{Sink as _, Stream as _};
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self as client, SendRequest};
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::Mutex;

use crate::transport::accept::{Accepted, Handshake, Sender};
use crate::transport::{Connect, Listen, Peer, Stream};

/// The path that is asked for.
const PATH: &str = "/loop";

/// The bytes of one piece of a body at most, and so of what waits here for the connection to take it.
const PIECE_BYTES_MAX: usize = 128 * 1024;

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
    requests: SendRequest<Piped>,
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
            let reader = BodyReader::new(Source::Answer(answer));
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
) -> Result<Response<Piped>, Infallible> {
    let (writer, body) = pipe();
    let mut response = Response::new(body);
    if request.method() != Method::POST {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    } else if request.uri().path() != PATH {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else {
        let reader = BodyReader::new(Source::Body(request.into_body()));
        let stream = stream(reader, writer, address);
        if sender.send(Ok(stream)).await.is_err() {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    Ok(response)
}

fn stream(reader: BodyReader, writer: PipeWriter, address: SocketAddr) -> Stream {
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

/// Reads a body.
struct BodyReader {
    source: Source,
    /// What was received and is still to be read.
    rest: Bytes,
}

impl BodyReader {
    fn new(source: Source) -> Self {
        Self {
            source,
            rest: Bytes::new(),
        }
    }
}

impl AsyncRead for BodyReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match &mut self.source {
                Source::Answer(answer) => {
                    let answer = ready!(answer.as_mut().poll(context)).map_err(io::Error::other)?;
                    let status = answer.status();
                    if status != StatusCode::OK {
                        let message = format!("the server answered {status}");
                        return Poll::Ready(Err(io::Error::other(message)));
                    }
                    self.source = Source::Body(answer.into_body());
                }
                Source::Body(body) => match ready!(Pin::new(body).poll_frame(context)) {
                    Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                    Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                    None => return Poll::Ready(Ok(())),
                },
            }
        }
        let count = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest.split_to(count));
        Poll::Ready(Ok(()))
    }
}

/// A body, and who writes it.
fn pipe() -> (PipeWriter, Piped) {
    let (sender, pieces) = mpsc::channel(1);
    let ended = Arc::new(AtomicBool::new(false));
    let writer = PipeWriter {
        sender,
        ended: Arc::clone(&ended),
    };
    (writer, Piped { pieces, ended })
}

/// A body that is written elsewhere.
struct Piped {
    pieces: mpsc::Receiver<Bytes>,
    /// Whether the writer was shut down. If it is gone and was not, the body breaks off.
    ended: Arc<AtomicBool>,
}

impl Body for Piped {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = ready!(Pin::new(&mut self.pieces).poll_next(context));
        Poll::Ready(match piece {
            Some(piece) => Some(Ok(Frame::data(piece))),
            None if self.ended.load(Ordering::Acquire) => None,
            None => Some(Err(io::ErrorKind::ConnectionAborted.into())),
        })
    }
}

/// Writes a body.
struct PipeWriter {
    sender: mpsc::Sender<Bytes>,
    ended: Arc<AtomicBool>,
}

impl AsyncWrite for PipeWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.sender.poll_ready(context)).map_err(gone)?;
        let wanted: usize = slices.iter().map(|slice| slice.len()).sum();
        let mut piece = BytesMut::with_capacity(wanted.min(PIECE_BYTES_MAX));
        for slice in slices {
            let room = slice.len().min(PIECE_BYTES_MAX - piece.len());
            piece.extend_from_slice(slice.get(..room).unwrap_or_default());
        }
        let count = piece.len();
        self.sender.start_send(piece.freeze()).map_err(gone)?;
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The connection takes what is in the pipe by itself.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ended.store(true, Ordering::Release);
        Pin::new(&mut self.sender).poll_close(context).map_err(gone)
    }
}

fn gone(_: mpsc::SendError) -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}
