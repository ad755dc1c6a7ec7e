//! A server of WebSockets and pages to connect to, as the suite wants it; and one that says what a test wants, byte by byte.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use futures::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::netx::pages;

/// The head of a request has no more bytes than this.
const HEAD_MAX: usize = 4096;

/// Ends of connections that nobody has asked for yet.
const CLOSINGS_MAX: usize = 100;

/// How connections to `/told` ended.
#[derive(Clone)]
struct Closings {
    sender: mpsc::Sender<String>,
    receiver: Arc<Mutex<mpsc::Receiver<String>>>,
}

/// A server, until it is dropped.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Peer {
    /// One that answers as the suite says.
    pub(crate) async fn start() -> Self {
        let (sender, receiver) = mpsc::channel(CLOSINGS_MAX);
        let closings = Closings {
            sender,
            receiver: Arc::new(Mutex::new(receiver)),
        };
        let asked = Arc::<AtomicU32>::default();
        Self::serving(move |stream| {
            let (closings, asked) = (closings.clone(), Arc::clone(&asked));
            async move {
                answer(stream, closings, &asked).await;
            }
        })
        .await
    }

    /// One that sends these bytes once a connection is open, and then closes it, or holds it.
    pub(crate) async fn sending(bytes: Vec<u8>, then: Then) -> Self {
        let bytes = Arc::new(bytes);
        Self::serving(move |mut stream| {
            let bytes = Arc::clone(&bytes);
            async move {
                let head = head(&mut stream).await;
                let mut headers = head.lines().filter_map(|line| line.split_once(": "));
                let key = headers.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
                let accept = derive_accept_key(key.unwrap().1.as_bytes());
                let answer = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-accept: {accept}\r\n\r\n"
                );
                // The other side may give it up in the middle.
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.write_all(&bytes).await;
                if then == Then::Hold {
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                }
            }
        })
        .await
    }

    /// One that answers requests with these bytes, and then closes the connection, or holds it.
    pub(crate) async fn answering(bytes: Vec<u8>, then: Then) -> Self {
        let bytes = Arc::new(bytes);
        Self::serving(move |mut stream| {
            let bytes = Arc::clone(&bytes);
            async move {
                head(&mut stream).await;
                let _ = stream.write_all(&bytes).await;
                if then == Then::Hold {
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                }
            }
        })
        .await
    }

    async fn serving<W>(serve: impl Fn(TcpStream) -> W + Send + 'static) -> Self
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream));
            }
        });
        Self { address, task }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    Hold,
}

/// The head of a request.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Echoes what comes, until the connection ends: with which code and reason, if it was closed.
pub(crate) async fn echo<S>(socket: &mut WebSocketStream<S>) -> Option<String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut closed = None;
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await.ok()?,
            Message::Close(frame) => {
                let frame =
                    frame.map(|frame| format!("{} {}", u16::from(frame.code), frame.reason));
                closed = Some(frame.unwrap_or_default());
            }
            _ => {}
        }
    }
    closed
}

#[expect(
    clippy::result_large_err,
    reason = "tungstenite says what its callback gives"
)]
async fn answer(mut stream: TcpStream, closings: Closings, asked: &AtomicU32) {
    stream.set_nodelay(true).unwrap();
    let mut begin = [0; HEAD_MAX];
    let asks_for_page = loop {
        let seen = stream.peek(&mut begin).await.unwrap();
        let seen = String::from_utf8_lossy(&begin[..seen]).to_lowercase();
        if seen.contains("\r\n\r\n") {
            break seen.starts_with("get /page ") || !seen.contains("\r\nupgrade: websocket\r\n");
        }
    };
    if asks_for_page {
        let head = head(&mut stream).await;
        return pages::answer(stream, &head, asked).await;
    }
    let (mut path, mut word) = (String::new(), String::new());
    let callback = |request: &Request, mut response: Response| {
        request.uri().path().clone_into(&mut path);
        let header = |name: &str| {
            let value = request.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap())
        };
        header("x-word").clone_into(&mut word);
        let refused = |status| {
            let mut response = ErrorResponse::new(None);
            *response.status_mut() = status;
            Err(response)
        };
        match &*path {
            "/refused" => return refused(StatusCode::UNAUTHORIZED),
            "/last" => {
                let offered = header("sec-websocket-protocol");
                let last = offered.rsplit(", ").next().unwrap();
                let last = HeaderValue::from_str(last).unwrap();
                response
                    .headers_mut()
                    .insert("sec-websocket-protocol", last);
            }
            _ => {}
        }
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, callback).await else {
        return;
    };
    let sent = match &*path {
        "/headers" => vec![Message::text(word)],
        "/three" => {
            let closing = CloseFrame {
                code: 4000.into(),
                reason: "enough".into(),
            };
            let mut sent: Vec<_> = ["1", "2", "3"].map(Message::text).into();
            sent.push(Message::Close(Some(closing)));
            sent
        }
        "/mebibyte" => vec![Message::binary(vec![7; 1 << 20])],
        "/closings" => {
            let mut closings = closings.receiver.lock().await;
            vec![Message::text(closings.recv().await.unwrap())]
        }
        _ => Vec::new(),
    };
    for message in sent {
        // The other side may be gone.
        let _ = socket.send(message).await;
    }
    let closed = echo(&mut socket).await;
    if path == "/told" {
        let closed = closed.unwrap_or_default();
        closings.sender.send(closed).await.unwrap();
    }
}
