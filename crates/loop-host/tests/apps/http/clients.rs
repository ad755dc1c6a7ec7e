//! Clients that are slow, and clients that send what nobody means.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream as Blocking};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use loop_core::limits::{ByteSize, Span};
use loop_host::{AppSpec, ComponentSpec, Host};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::http::{ask, get, serving};
use crate::support::{Told, cache, grants, host, link, load};

/// The head of a request with a path, and so many headers beside `host`, each with a value of so many bytes.
fn head(path: &str, headers: usize, bytes: usize) -> String {
    let value = "v".repeat(bytes);
    let headers: Vec<String> = (0..headers)
        .map(|header| format!("h{header}: {value}\r\n"))
        .collect();
    let headers = headers.concat();
    format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n")
}

/// The first bytes of a head that goes on.
fn unfinished(head: &str) -> &str {
    &head[..64 << 10]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_refused() {
    let host = host();
    serving(&host, load(&host, "http-p2"), |address| {
        let check = |request: &str, expected: u16| {
            let begin: String = request.chars().take(32).collect();
            assert_eq!(ask(address, request).0, expected, "{begin}");
        };
        check(&head("/hello", 98, 600), 200);
        check(&head("/hello", 99, 1), 431);
        check(unfinished(&head("/hello", 1, 100_000)), 431);
        check(unfinished(&head("/hello", 90, 1000)), 431);
        let path = format!("/{}", "p".repeat(100_000));
        check(unfinished(&head(&path, 0, 0)), 431);
        check(&head("/hello", 0, 0), 200);
    })
    .await;
}

/// The status of a request over HTTP/2.
async fn status_by_http2(address: SocketAddr, headers: usize, bytes: usize) -> u16 {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let opened = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
    let (mut sender, connection) = opened.await.unwrap();
    let driver = tokio::spawn(connection);
    let mut request = hyper::Request::get("http://test/hello");
    for header in 0..headers {
        request = request.header(format!("h{header}"), "v".repeat(bytes));
    }
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let status = sender.send_request(request).await.unwrap().status();
    driver.abort();
    status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_refused_over_http2() {
    let host = host();
    serving(&host, load(&host, "http-p2"), |address| {
        let check = |headers, bytes, expected| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let status = runtime.block_on(status_by_http2(address, headers, bytes));
            assert_eq!(status, expected, "{headers} headers of {bytes} bytes");
        };
        check(100, 500, 200);
        check(101, 1, 431);
        check(90, 1000, 431);
    })
    .await;
}

/// A server in the runtime of its test, whose clock the test may advance.
struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Served {
    async fn new(host: &Host, mut component: ComponentSpec) -> Self {
        component.grants = grants("net.listen = [\"127.0.0.1:*\"]");
        let app = link(host, AppSpec::single(component));
        let server = app.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let _app = app;
            let stopped = async {
                let _ = stopped.await;
            };
            server.run(stopped).await;
        });
        Self {
            address,
            stop,
            running,
        }
    }

    /// Stops it, and gives how long it waited for its connections.
    async fn stop(self) -> Duration {
        let begun = Instant::now();
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
        begun.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_nothing_is_sent_away() {
    let host = host();
    let served = Served::new(&host, load(&host, "http-p2")).await;
    let asked = "GET /hello HTTP/1.1\r\nhost: test\r\n\r\n";
    // What HTTP/2 begins with, settings without an entry after it.
    let http2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for begin in [
        "",
        "P",
        "PRI * HTTP/2.0\r\n\r\nSM",
        http2,
        "\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: te",
        asked,
    ] {
        let mut client = TcpStream::connect(served.address).await.unwrap();
        client.write_all(begin.as_bytes()).await.unwrap();
        let begun = Instant::now();
        // It may be cut off.
        let _ = client.read_to_end(&mut Vec::new()).await;
        let took = begun.elapsed().as_secs();
        assert!((29..=31).contains(&took), "{begin:?}: after {took} s");
    }
    assert_eq!(served.stop().await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_slowly_is_cut_off() {
    let host = host();
    let served = Served::new(&host, load(&host, "http-p2")).await;
    for begin in ["", "GET /hello HTTP/1.1\r\nhost: ", "GET /"] {
        let client = TcpStream::connect(served.address).await.unwrap();
        let (mut answer, mut client) = client.into_split();
        let begun = Instant::now();
        let dripping = async {
            let mut sent = client.write_all(begin.as_bytes()).await;
            while sent.is_ok() {
                tokio::time::sleep(Duration::from_secs(5)).await;
                sent = client.write_all(b"P").await;
            }
        };
        let mut said = Vec::new();
        tokio::select! {
            _ = answer.read_to_end(&mut said) => {}
            () = dripping => {}
        }
        let took = begun.elapsed().as_secs();
        assert!((29..=31).contains(&took), "{begin:?}: after {took} s");
        assert!(!said.starts_with(b"HTTP/1.1 200"), "{begin:?}");
    }
    assert_eq!(served.stop().await, Duration::ZERO);
}

/// Lets others work until this is so. The clock stands still meanwhile.
async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_sent_away_once_its_call_is_over() {
    let told = Told::default();
    let host = Host::builder()
        .cache(cache())
        .observer(std::sync::Arc::new(told.clone()))
        .build()
        .unwrap();
    let mut component = load(&host, "http-p2");
    component.limits.call = Some(Span(Duration::from_secs(1)));
    let served = Served::new(&host, component).await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    let request = "GET /big?50000000 HTTP/1.1\r\nhost: test\r\n\r\n";
    client.write_all(request.as_bytes()).await.unwrap();
    // The clock goes on once all wait for the client. Calls are ended by a clock of their own.
    tokio::time::sleep(Duration::from_secs(40)).await;
    until(|| told.lines().iter().any(|line| line.contains("failed"))).await;
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(served.stop().await, Duration::ZERO);
    drop(client);
}

/// Sends a request that does not end, until the server has enough of it. Gives how many bytes were sent.
fn send_without_end(address: SocketAddr, begin: &str, piece: &str) -> usize {
    let mut stream = Blocking::connect(address).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let pieces = piece.repeat(1000);
    let mut bytes = 0;
    let mut sent = stream.write_all(begin.as_bytes());
    while sent.is_ok() {
        sent = stream.write_all(pieces.as_bytes());
        bytes += pieces.len();
    }
    let held = sent.unwrap_err().kind() == ErrorKind::WouldBlock;
    assert!(
        !held,
        "it is neither read nor ended: {begin:?} and {piece:?}"
    );
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_end_are_cut_off() {
    let chunked = "POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n";
    let second = format!("{chunked}1\r\nx\r\n");
    for guest in ["http-p2", "http-p3"] {
        let host = host();
        let mut component = load(&host, guest);
        component.limits.body = ByteSize(1000);
        let second = second.clone();
        serving(&host, component, move |address| {
            for (begin, piece) in [
                ("GET /", "x"),
                ("GET /hello HTTP/1.1\r\n", "a: b\r\n"),
                ("GET /hello HTTP/1.1\r\na: ", "b"),
                (chunked, "1\r\nx\r\n"),
                (chunked, "x"),
                (chunked, "f"),
                // A number may begin with any number of zeros, so this is never wrong.
                (chunked, "0"),
                (&second, "0"),
                (&second, "1 "),
                (&format!("{chunked}1"), " "),
                (&format!("{chunked}1;"), "a"),
                (&format!("{chunked}0\r\n"), "a: b\r\n"),
            ] {
                let sent = send_without_end(address, begin, piece);
                // The system takes some megabytes before anyone reads them.
                assert!(sent < 32 << 20, "{begin:?} and {sent} bytes of {piece:?}");
                assert_eq!(get(address, "/hello").0, 200);
            }
        })
        .await;
    }
}

/// A connection ends with its call, whatever still comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_ends_with_its_call() {
    let chunked = "POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n";
    let length = "POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 1000000000\r\n\r\n";
    for guest in ["http-p2", "http-p3"] {
        let host = host();
        let mut component = load(&host, guest);
        component.limits.call = Some(Span(Duration::from_millis(300)));
        component.limits.body = ByteSize::mib(4096);
        serving(&host, component, move |address| {
            for (begin, piece) in [(chunked, "1\r\nx\r\n"), (length, "x")] {
                let begun = std::time::Instant::now();
                send_without_end(address, begin, piece);
                let took = begun.elapsed();
                assert!(took < Duration::from_secs(10), "{begin:?}: after {took:?}");
                assert_eq!(get(address, "/hello").0, 200);
            }
        })
        .await;
    }
}
