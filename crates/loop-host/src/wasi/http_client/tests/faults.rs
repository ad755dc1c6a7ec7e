//! Servers that do what they must not, for as long as they are let.

use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};
use wasmtime_wasi_http::RequestOptions;

use crate::wasi::http_client::tests::{client, get, send_with, words};

/// The most that a component is kept waiting here, for which it asked.
const PATIENCE: Duration = Duration::from_millis(300);

/// More than that, and much less than what the host waits if nobody asks.
const SOON: Duration = Duration::from_secs(20);

/// A server that begins its answer with one text, and goes on with another one without end, at this pace. Gives its URL.
async fn endless(begin: &str, piece: &str, pace: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (begin, mut piece) = (begin.to_owned(), piece.to_owned());
    if pace.is_zero() {
        // What is sent at once is large, so that an endless answer is told from a long one.
        piece = piece.repeat(100_000 / piece.len());
    }
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (begin, piece) = (begin.clone(), piece.clone());
            tokio::spawn(async move {
                assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
                let mut sent = stream.write_all(begin.as_bytes()).await;
                while sent.is_ok() {
                    sleep(pace).await;
                    sent = stream.write_all(piece.as_bytes()).await;
                }
            });
        }
    });
    url
}

/// What a client sees of it.
async fn seen(begin: &str, piece: &str, pace: Duration) -> String {
    let url = endless(begin, piece, pace).await;
    let (client, _) = client(&format!(r#"net.http = ["{url}"]"#), None);
    let options = RequestOptions {
        first_byte_timeout: Some(PATIENCE),
        between_bytes_timeout: Some(PATIENCE),
        ..RequestOptions::default()
    };
    let answer = timeout(SOON, send_with(&client, get(&url), options)).await;
    words(answer.unwrap_or_else(|_| panic!("it goes on with {piece:?}")))
}

const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn answers_without_end() {
    let head = "HttpResponseHeaderSectionSize(Some(262144))";
    let body = "HttpResponseBodySize(Some(1000))";
    for (begin, piece, error) in [
        ("", "x", "HttpProtocolError"),
        ("HTTP/1.1 200 ", "x", head),
        (OK, "a: b\r\n", head),
        (OK, "a", head),
        ("HTTP/1.1 200 OK\r\na: ", "b", head),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", "HttpResponseTimeout"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x", body),
        (CHUNKED, "1\r\nx\r\n", body),
        (CHUNKED, "0", "ConnectionReadTimeout"),
        (CHUNKED, "1", "HttpProtocolError"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;",
            "x",
            "HttpProtocolError",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            "a: b\r\n",
            "HttpProtocolError",
        ),
    ] {
        assert_eq!(
            seen(begin, piece, Duration::ZERO).await,
            error,
            "{begin:?}, {piece:?}"
        );
    }
}

#[tokio::test]
async fn answers_without_end_that_come_slowly() {
    let pace = Duration::from_millis(20);
    for (begin, piece, error) in [
        (OK, "a: b\r\n", "HttpResponseTimeout"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", "HttpResponseTimeout"),
        (CHUNKED, "0", "ConnectionReadTimeout"),
    ] {
        let start = Instant::now();
        assert_eq!(seen(begin, piece, pace).await, error, "{piece:?}");
        assert!(start.elapsed() >= PATIENCE, "{piece:?}");
    }
}

/// 900,000 zeros in 907 bytes, as gzip has them.
fn bomb() -> Vec<u8> {
    let begin =
        b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xed\xc1\x31\x01\0\0\0\xc2\xa0\xf5\x4f\x6d\x0a\x3f\xa0";
    let end = b"\xbe\x06\xc6\xc7\x37\x45\xa0\xbb\x0d\0";
    [&begin[..], &[0; 872], end].concat()
}

#[tokio::test]
async fn what_is_compressed_stays_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 907\r\n\r\n";
        let answer = [head.as_bytes(), &bomb()].concat();
        stream.write_all(&answer).await.unwrap();
        request
    });
    let (client, _) = client(&format!(r#"net.http = ["{url}"]"#), None);
    let sent = client.send(get(&url), RequestOptions::default()).await;
    let (response, driver) = sent.unwrap();
    let driver = tokio::spawn(Box::into_pin(driver));
    let (head, body) = response.into_parts();
    assert_eq!(head.headers["content-encoding"], "gzip");
    let body = body.collect().await.unwrap().to_bytes();
    assert!(body == bomb());
    driver.abort();
    // Nobody asked for it in the component's name either.
    let request = server.await.unwrap();
    assert!(!request.contains("accept-encoding"), "{request}");
}
