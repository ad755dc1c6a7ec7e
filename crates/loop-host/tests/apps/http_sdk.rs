//! The SDK's clients and servers of HTTP, by a guest that is both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use loop_core::limits::{Limits, Span};
use loop_host::{App, AppSpec};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::support::{grants, host, link, load};

/// An app that serves, and may ask itself.
struct Served {
    address: SocketAddr,
    _app: App,
    _stop: oneshot::Sender<()>,
}

impl Served {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other limits.
    async fn with(change: impl FnOnce(&mut Limits)) -> Self {
        let host = host();
        let mut component = load(&host, "http-sdk");
        component.grants =
            grants(r#"net = { listen = ["127.0.0.1:*"], http = ["http://127.0.0.1:*"] }"#);
        change(&mut component.limits);
        let app = link(&host, AppSpec::single(component));
        let server = app.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self {
            address,
            _app: app,
            _stop: stop,
        }
    }

    /// Its URL for a path.
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn ask(&self, request: http::Request<Full<Bytes>>) -> hyper::Result<Answer> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { head, body })
    }

    /// The status and the body, or `broken off`.
    async fn get(&self, path: &str) -> String {
        let request = http::Request::get(path).header("host", "test");
        match self.ask(request.body(Full::default()).unwrap()).await {
            Ok(answer) => {
                let status = answer.head.status.as_u16();
                format!("{status} {}", String::from_utf8_lossy(&answer.body))
            }
            Err(_) => "broken off".to_owned(),
        }
    }

    async fn post(&self, path: &str, body: Bytes) -> Answer {
        let request = http::Request::post(path).header("host", "test");
        let request = request.header("x-word", "kept").body(Full::new(body));
        self.ask(request.unwrap()).await.unwrap()
    }
}

struct Answer {
    head: http::response::Parts,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.head
            .headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_say_that_it_was_encrypted() {
    let served = Served::new().await;
    for asked in [
        "/scheme",
        "http://a/scheme",
        "https://a/scheme",
        "x://a/scheme",
    ] {
        assert_eq!(served.get(asked).await, "200 http", "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_answers() {
    let served = Served::new().await;
    for (path, answer) in [
        ("/hello/ann%20lee", "200 hello, ann lee\n"),
        ("/host", "200 test"),
        ("/hello/", "404 "),
        ("/echo", "405 "),
        ("/sour", "418 sour\n"),
        ("/broken", "broken off"),
    ] {
        assert_eq!(served.get(path).await, answer, "{path}");
    }
    let pieces = served.get("/pieces/300000").await;
    assert_eq!(pieces.len(), "200 ".len() + 300_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_passed_on_as_it_comes() {
    let served = Served::new().await;
    // More than all buffers on the way hold together: an answer that waits for the whole request would never begin.
    let body = Bytes::from(vec![b'x'; 16 << 20]);
    let echoed = served.post("/echo", body.clone()).await;
    assert_eq!(echoed.header("x-word"), "kept");
    assert_eq!(echoed.header("content-length"), (16 << 20).to_string());
    assert!(echoed.body == body);

    let to = format!("/forward?to={}", served.url("/echo"));
    let forwarded = served.post(&to, body.clone()).await;
    assert!(forwarded.body == body);
    let twice = format!(
        "/forward?to={}?to={}",
        served.url("/forward"),
        served.url("/echo")
    );
    assert!(served.post(&twice, body.clone()).await.body == body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_says_what_went_wrong() {
    let served = Served::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/", silent.local_addr().unwrap());
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free_url = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let from = |path: &str, url: &str| format!("{path}?from={url}");
    for (path, answer) in [
        (
            from("/fetch", &served.url("/hello/bob")),
            "200 hello, bob\n",
        ),
        (from("/fetch", &served.url("/sour")), "418 sour\n"),
        (from("/fetch", "http://192.0.2.1/"), "502 "),
        (from("/fetch", "nonsense"), "502 "),
        (from("/fetch", &free_url), "502 "),
        (from("/fetch", &silent), "504 "),
        (from("/size", &served.url("/pieces/1000")), "200 1000\n"),
        (from("/size", &served.url("/pieces/1001")), "413 "),
        (from("/size", &served.url("/broken")), "502 "),
    ] {
        assert_eq!(served.get(&path).await, answer, "{path}");
    }
}

/// A server that begins its answers with one text, and goes on with another one, if there is one, until the client goes. Gives its URL, and how
/// often it was asked.
async fn peer(begin: &'static str, piece: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let asked = Arc::<AtomicUsize>::default();
    let counted = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let counted = counted.clone();
            tokio::spawn(async move {
                while let Ok(1..) = stream.read(&mut [0; 4096]).await {
                    counted.fetch_add(1, Ordering::Relaxed);
                    let mut sent = stream.write_all(begin.as_bytes()).await;
                    while !piece.is_empty() && sent.is_ok() {
                        sent = stream.write_all(piece.repeat(1000).as_bytes()).await;
                    }
                }
            });
        }
    });
    (url, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_without_end() {
    let served = Served::new().await;
    let (fields, _) = peer("HTTP/1.1 200 OK\r\n", "a: b\r\n").await;
    let (bytes, _) = peer("HTTP/1.1 200 OK\r\n\r\n", "x").await;
    for (path, answer) in [
        (format!("/fetch?from={fields}"), "502 "),
        (format!("/size?from={bytes}"), "413 "),
    ] {
        assert_eq!(served.get(&path).await, answer, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_an_answer() {
    let served = Served::new().await;
    let (url, asked) = peer(
        "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 2\r\n\r\nto",
        "",
    )
    .await;
    // It leads to itself, for ever.
    assert_eq!(served.get(&format!("/fetch?from={url}")).await, "302 to");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_no_body() {
    let served = Served::new().await;
    let request = http::Request::head("/hello/ann").header("host", "test");
    let answer = served.ask(request.body(Full::default()).unwrap());
    let answer = tokio::time::timeout(Duration::from_secs(20), answer);
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.head.status, 200);
    assert_eq!(answer.header("content-length"), "11");
    assert!(answer.body.is_empty());
}

/// A server that begins each answer, of a length that it does not say, and never goes on.
async fn begins() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                // An answer that nobody asked for yet is none.
                let asked = stream.read(&mut [0; 1024]).await.unwrap();
                assert_ne!(asked, 0);
                let begun = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbegun\r\n";
                stream.write_all(begun).await.unwrap();
                // Until the other side ends it, in whatever way.
                let _ = stream.read_to_end(&mut Vec::new()).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_ended_in_the_middle_breaks_off() {
    let second = Some(Span(Duration::from_secs(1)));
    let served = Served::with(|limits| limits.call = second).await;
    let from = begins().await;
    let answer = served.get(&format!("/fetch?from=http://{from}/")).await;
    assert_eq!(answer, "broken off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_body_is_passed_on_without_one() {
    let served = Served::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 1024];
        let length = stream.read(&mut head).await.unwrap();
        let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    // It does not say that it has none.
    let request = format!(
        "POST /forward?to=http://{to}/ HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    let head = asked.await.unwrap();
    assert!(!head.contains("transfer-encoding"), "{head}");
}
