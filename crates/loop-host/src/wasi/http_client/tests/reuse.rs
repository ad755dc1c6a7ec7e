//! Which requests share a connection, and what becomes of one that breaks.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use wasmtime_wasi_http::RequestOptions;

use crate::wasi::http_client::channel::Channel;
use crate::wasi::http_client::pool::{IDLE_MAX, IDLE_ORIGIN_MAX, IDLE_TIME, Origin};
use crate::wasi::http_client::tests::{LAST, OK, Server, client, get, request, send, words};
use crate::wasi::http_client::{Client, Pool};

#[tokio::test]
async fn requests_to_one_origin_share_a_connection_and_each_is_judged() {
    let server = Server::answering(OK).await;
    let origin = format!("http://127.0.0.1:{}", server.port);
    let (client, decisions) = client(&format!(r#"net.http = ["{origin}/v1/"]"#), None);
    for path in ["a", "b", "c"] {
        let answer = send(&client, get(&format!("{origin}/v1/{path}"))).await;
        assert_eq!(words(answer), "200 ok");
        until_waiting(&client, 1).await;
    }
    let refused = send(&client, get(&format!("{origin}/v2/"))).await;
    assert_eq!(words(refused), "HttpRequestDenied");
    assert_eq!((server.calls(), server.connections()), (3, 1));
    // The connection was judged beside the first of them.
    let by = format!(r#"net.http = ["{origin}/v1/"]"#);
    let refused = format!("no: send GET {origin}/v2/");
    assert_eq!(
        decisions.take(),
        [&by, &by, &by, &by, &refused]
            .map(String::as_str)
            .join("; ")
    );
}

#[tokio::test]
async fn instances_of_a_component_share_connections_and_components_do_not() {
    let server = Server::answering(OK).await;
    let origin = format!("http://127.0.0.1:{}", server.port);
    let grants = format!(r#"net.http = ["{origin}"]"#);
    let (one, _) = client(&grants, None);
    let same_component = {
        let (another, _) = client(&grants, None);
        let pool = one.pool.clone();
        Client {
            pool,
            ..Client::clone(&another)
        }
    };
    let (other_component, _) = client(&grants, None);
    for (client, connections) in [(&*one, 1), (&same_component, 1), (&other_component, 2)] {
        assert_eq!(words(send(client, get(&origin)).await), "200 ok");
        until_waiting(client, 1).await;
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn a_connection_is_for_one_name_and_one_port() {
    let one = Server::answering(OK).await;
    let two = Server::on(&format!("127.0.0.2:{}", one.port), OK).await;
    let grants = r#"net.http = ["http://127.0.0.0/8:*", "http://localhost:*"]"#;
    let (client, _) = client(grants, None);
    for host in ["127.0.0.1", "localhost", "127.0.0.2"] {
        let url = format!("http://{host}:{}/", one.port);
        assert_eq!(words(send(&client, get(&url)).await), "200 ok", "{host}");
    }
    assert_eq!((one.connections(), two.connections()), (2, 1));
}

/// What a server does with one request after the other, whichever connections they come over.
#[derive(Clone, Copy)]
enum Does {
    Answer(&'static str),
    /// Closes the connection after the request was read, without an answer.
    Close,
    /// Answers, and closes the connection without having said so.
    AnswerAndClose,
}

/// More requests than any case sends.
const REQUESTS_MAX: usize = 64;

/// A server that follows a script, and tells each request that it read with the number of its connection.
async fn scripted(script: &[Does]) -> (String, mpsc::Receiver<(usize, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (told, heard) = mpsc::channel(REQUESTS_MAX);
    let mut script: VecDeque<_> = script.iter().copied().collect();
    tokio::spawn(async move {
        let mut connection = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            connection += 1;
            while let Some(request) = heard_on(&mut stream).await {
                let _ = told.send((connection, request)).await;
                let (answer, close) = match script.pop_front().unwrap_or(Does::Close) {
                    Does::Answer(answer) => (answer, false),
                    Does::Close => ("", true),
                    Does::AnswerAndClose => (OK, true),
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
                if close {
                    break;
                }
            }
        }
    });
    (origin, heard)
}

/// The first line of a request, and the end of its connection as nothing.
async fn heard_on(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = vec![0; 4096];
    let length = stream
        .read(&mut bytes)
        .await
        .ok()
        .filter(|&length| length > 0)?;
    let text = String::from_utf8_lossy(&bytes[..length]);
    Some(text.lines().next().unwrap_or_default().to_owned())
}

/// Waits until so many connections wait for a request.
async fn until_waiting(client: &Client, count: usize) {
    let waiting = async {
        while client.pool.waiting() != count {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), waiting)
        .await
        .unwrap_or_else(|_| panic!("{:?}, not {count}", client.pool));
}

/// A request, what comes of it, and how many connections wait after it.
type Sent = (&'static str, &'static str, usize);

/// Sends requests to a server that follows a script, each when what came of the last one is known: `heard` is what the server hears,
/// with the number of the connection.
async fn check(script: &[Does], sent: &[Sent], heard: &[&str]) {
    let (origin, mut log) = scripted(script).await;
    let (client, _) = client(&format!(r#"net.http = ["{origin}"]"#), None);
    for (method, expected, waiting) in sent {
        let body: &[u8] = if *method == "PUT" { b"body" } else { b"" };
        let answer = send(&client, request(method, &origin, body)).await;
        assert_eq!(words(answer), *expected, "{heard:?}");
        until_waiting(&client, *waiting).await;
    }
    for expected in heard {
        let (connection, line) = log.try_recv().unwrap();
        let method = line.split(' ').next().unwrap();
        assert_eq!(format!("{connection} {method}"), *expected, "{heard:?}");
    }
    assert!(log.try_recv().is_err(), "{heard:?}");
}

#[tokio::test]
async fn a_connection_that_broke_is_replaced_where_that_does_no_harm() {
    use Does::{Answer, AnswerAndClose, Close};

    let (ok, lost) = ("200 ok", "HttpResponseIncomplete");
    // It broke while it waited: nothing was sent on it.
    let script = [AnswerAndClose, Answer(OK)];
    let sent = [("PUT", ok, 0), ("PUT", ok, 1)];
    check(&script, &sent, &["1 PUT", "2 PUT"]).await;
    // It broke while the request was on its way.
    let script = [Answer(OK), Close, Answer(OK)];
    let sent = [("GET", ok, 1), ("GET", ok, 1)];
    check(&script, &sent, &["1 GET", "1 GET", "2 GET"]).await;
    for method in ["PUT", "DELETE"] {
        let sent = [("GET", ok, 1), (method, lost, 0)];
        check(&script, &sent, &["1 GET", &format!("1 {method}")]).await;
    }
    // Once is enough.
    let script = [Answer(OK), Close, Close];
    let sent = [("GET", ok, 1), ("GET", lost, 0)];
    check(&script, &sent, &["1 GET", "1 GET", "2 GET"]).await;
    check(&[Close], &[("GET", lost, 0)], &["1 GET"]).await;
}

#[tokio::test]
async fn a_connection_ends_when_the_server_says_so() {
    let script = [Does::Answer(LAST), Does::Answer(OK)];
    let sent = [("GET", "200 ok", 0), ("GET", "200 ok", 1)];
    check(&script, &sent, &["1 GET", "2 GET"]).await;
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_not_taken_for_the_next() {
    let two = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    let script = [Does::Answer(two), Does::Answer(OK)];
    let sent = [("GET", "200 ok", 0), ("GET", "200 ok", 1)];
    check(&script, &sent, &["1 GET", "2 GET"]).await;
}

#[tokio::test]
async fn a_response_that_is_given_up_closes_its_connection() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
    let (origin, mut heard) = scripted(&[Does::Answer(half), Does::Answer(OK)]).await;
    let (client, _) = client(&format!(r#"net.http = ["{origin}"]"#), None);
    let (response, driver) = client
        .send(get(&origin), RequestOptions::default())
        .await
        .unwrap();
    let mut body = response.into_body();
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "half"
    );
    drop((body, driver));
    // The server takes no second connection before the first has ended.
    let answer = timeout(Duration::from_secs(20), send(&client, get(&origin))).await;
    assert_eq!(words(answer.unwrap()), "200 ok");
    let connections = [heard.recv().await.unwrap().0, heard.recv().await.unwrap().0];
    assert_eq!(connections, [1, 2]);
}

#[tokio::test]
async fn a_request_that_goes_on_after_its_response_keeps_its_connection() {
    let (origin, mut heard) = scripted(&[Does::Answer(OK)]).await;
    let (client, _) = client(&format!(r#"net.http = ["{origin}"]"#), None);
    let (sender, pieces) = futures::channel::mpsc::unbounded();
    let body = StreamBody::new(pieces).boxed_unsync();
    let upload = http::Request::put(&origin).body(body).unwrap();
    sender
        .unbounded_send(Ok(http_body::Frame::data(Bytes::from_static(b"first"))))
        .unwrap();
    let (response, driver) = client
        .send(upload, RequestOptions::default())
        .await
        .unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "ok");
    drop(driver);
    assert_eq!(heard.recv().await.unwrap().0, 1);
    sender
        .unbounded_send(Ok(http_body::Frame::data(Bytes::from_static(b"last"))))
        .unwrap();
    let last = heard.recv().await.unwrap();
    assert_eq!(last, (1, "4".to_owned()), "a chunk of four bytes");
}

/// A connection that waits for a request, and its other end.
async fn idle() -> (Channel, DuplexStream) {
    let (near, far) = tokio::io::duplex(1024);
    let mut channel = Channel::open(Box::new(near)).await.unwrap();
    assert!(channel.over().await.unwrap());
    (channel, far)
}

fn origin(port: u16) -> Origin {
    Origin {
        secure: false,
        host: "host.test".into(),
        port,
    }
}

/// Whether the other end of a connection was closed.
async fn closed(far: &mut DuplexStream) -> bool {
    let mut bytes = [0; 16];
    let end = timeout(Duration::from_millis(1), far.read(&mut bytes)).await;
    matches!(end, Ok(Ok(0)))
}

#[tokio::test(start_paused = true)]
async fn a_connection_waits_for_some_time_only() {
    let pool = Pool::default();
    let (channel, mut far) = idle().await;
    pool.put(origin(80), channel);
    tokio::time::sleep(IDLE_TIME.mul_f32(0.9)).await;
    let (later, mut later_far) = idle().await;
    pool.put(origin(80), later);
    assert!(!closed(&mut far).await);
    tokio::time::sleep(IDLE_TIME.mul_f32(0.2)).await;
    assert!(closed(&mut far).await && !closed(&mut later_far).await);
    assert!(pool.take(&origin(80)).await.is_some());
    assert!(pool.take(&origin(80)).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn no_more_connections_wait_than_may() {
    let pool = Pool::default();
    let mut first_of_origin = Vec::new();
    for port in 0..=4 {
        for _ in 0..IDLE_ORIGIN_MAX {
            let (channel, far) = idle().await;
            pool.put(origin(port), channel);
            first_of_origin.push(far);
        }
    }
    let total = first_of_origin.len();
    let mut open = 0;
    for (at, far) in first_of_origin.iter_mut().enumerate() {
        let is_open = !closed(far).await;
        assert_eq!(is_open, at >= total - IDLE_MAX, "connection {at}");
        open += usize::from(is_open);
    }
    assert_eq!(open, IDLE_MAX);

    let pool = Pool::default();
    let mut ends = Vec::new();
    for _ in 0..=IDLE_ORIGIN_MAX {
        let (channel, far) = idle().await;
        pool.put(origin(80), channel);
        ends.push(far);
    }
    assert!(closed(&mut ends[0]).await && !closed(&mut ends[1]).await);
    drop(pool);
    assert!(closed(&mut ends[1]).await, "the component is gone");
}

#[tokio::test]
async fn the_connection_that_was_used_last_is_used_next() {
    let pool = Pool::default();
    let (first, mut first_far) = idle().await;
    let (second, mut second_far) = idle().await;
    pool.put(origin(80), first);
    pool.put(origin(80), second);
    drop(pool.take(&origin(80)).await);
    assert!(closed(&mut second_far).await && !closed(&mut first_far).await);
}
