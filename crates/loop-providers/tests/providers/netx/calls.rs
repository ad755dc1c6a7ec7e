//! Calls of gRPC services: what is granted, whom the component trusts, and servers that do as they please.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use loop_host::{AppSpec, Host};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::netx::services::Services;
use crate::support::{Told, host, load, run};

/// Has `grpc-try` call a method, with these grants.
async fn tried(host: &Host, grants: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = loop_test::guest("grpc-try");
    let component = load(host, &file, folder.path(), grants);
    run(host, AppSpec::single(component), args).await
}

#[tokio::test]
async fn only_what_is_granted() {
    let services = Services::start().await;
    let address = services.address;
    let told = Told::default();
    let host = host(&told);
    let one = format!("http://{address}/suite.Suite/One");
    for grants in [
        String::new(),
        format!(r#"net.http = ["https://{address}"]"#),
        format!(r#"net.http = ["http://{address}/suite.Suite/Count"]"#),
        format!(r#"net.connect = ["{address}"]"#),
    ] {
        let said = tried(&host, &grants, &[&one, "hello"]).await;
        assert_eq!(said, "not begun: StartError::Denied\nexit 1", "{grants}");
    }
    let told = told.lines();
    let missing = format!(r#"send POST {one}: grants = {{ net = {{ http = ["http://{address}"#);
    assert_eq!(told.len(), 4);
    let all = told.iter().all(|line| line.starts_with(&missing));
    assert!(all, "{told:?}");

    // Asked for each call, also over a connection that is open.
    let grants = format!(r#"net.http = ["http://{address}/suite.Suite/One"]"#);
    let said = tried(&host, &grants, &[&one, "hello"]).await;
    assert_eq!(said, "answered\nhello\nended\nexit 0");
    let chat = format!("http://{address}/suite.Suite/Chat");
    let said = tried(&host, &grants, &[&one, "hello", "then", &chat, "more"]).await;
    assert_eq!(
        said,
        "answered\nhello\nended\nnot begun: StartError::Denied\nexit 1"
    );
}

#[tokio::test]
async fn a_server_of_tls_proves_who_it_is() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let config = |protocols: &[&[u8]]| {
        let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key.into())
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        config
    };
    let trusting = Host::builder()
        .cache(loop_test::target_dir().join("compiled"))
        .standard_provider(loop_providers::Netx)
        .authorities([certificate.to_vec()])
        .build()
        .unwrap();
    let services = Services::secure(config(&[b"h2"])).await;
    let old = Services::secure(config(&[b"http/1.1"])).await;
    let stranger = host(&Told::default());
    for (host, services, expected) in [
        (&trusting, &services, "answered\nhello\nended\nexit 0"),
        (
            &stranger,
            &services,
            "not begun: StartError::Untrusted\nexit 1",
        ),
        (
            &trusting,
            &old,
            "not begun: StartError::Protocol(\"the server does not speak HTTP/2\")\nexit 1",
        ),
    ] {
        let url = format!("https://localhost:{}", services.address.port());
        let grants = format!(r#"net.http = ["{url}"]"#);
        let method = format!("{url}/suite.Suite/One");
        assert_eq!(tried(host, &grants, &[&method, "hello"]).await, expected);
    }
}

/// A server that answers each connection with these bytes, and then closes it, or holds it.
async fn answering(
    bytes: &'static [u8],
    holds: bool,
) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                // The other side may give it up in the middle.
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(bytes).await;
                if holds {
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                }
            });
        }
    });
    (address, task)
}

/// A frame of HTTP/2.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

#[tokio::test]
async fn servers_that_do_as_they_please() {
    let host = host(&Told::default());
    for (name, bytes, holds) in [
        ("nothing at all", &b""[..], false),
        (
            "another protocol",
            b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            true,
        ),
        (
            "a frame of 16 MiB",
            b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
            true,
        ),
        ("settings, and then it goes away", SETTINGS, false),
    ] {
        let (address, task) = answering(bytes, holds).await;
        let grants = format!(r#"net.http = ["http://{address}"]"#);
        let method = format!("http://{address}/suite.Suite/One");
        let args = [&*method, "hello"];
        let tried = tried(&host, &grants, &args);
        let said = tokio::time::timeout(Duration::from_secs(20), tried).await;
        let said = said.unwrap();
        assert!(
            said.starts_with("failed: Code::Unavailable the connection broke off"),
            "{name}: {said}"
        );
        task.abort();
    }
    // A server that is silent ends with the time that the component set: `grpc-try` sets two seconds.
    let (address, task) = answering(SETTINGS, true).await;
    let grants = format!(r#"net.http = ["http://{address}"]"#);
    let method = format!("http://{address}/suite.Suite/One");
    let said = tried(&host, &grants, &[&method, "hello"]).await;
    assert_eq!(
        said,
        "failed: Code::DeadlineExceeded the time is over\nexit 1"
    );
    task.abort();
}

/// A server that answers each call with these bytes in place of messages, which it says are encoded so.
async fn sending(
    bytes: Vec<u8>,
    encoding: &'static str,
) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let bytes = Bytes::from(bytes);
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service_fn(|_: http::Request<hyper::body::Incoming>| {
            let response = http::Response::builder()
                .header("content-type", "application/grpc")
                .header("grpc-encoding", encoding)
                .body(Full::new(bytes.clone()));
            async { Ok::<_, Infallible>(response.unwrap()) }
        });
        // The other side may break it off.
        let _ = http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service)
            .await;
    });
    (address, task)
}

/// What frames a message: whether it is compressed, and how long it is.
fn message(flag: u8, announced: u32, sent: usize) -> Vec<u8> {
    let mut bytes = vec![flag];
    bytes.extend(announced.to_be_bytes());
    bytes.resize(bytes.len() + sent, b'x');
    bytes
}

#[tokio::test]
async fn messages_that_are_none() {
    let host = host(&Told::default());
    let check = async |name: &str, bytes: Vec<u8>, encoding, expected: &str| {
        let (address, task) = sending(bytes, encoding).await;
        let grants = format!(r#"net.http = ["http://{address}"]"#);
        let method = format!("http://{address}/suite.Suite/One");
        let said = tried(&host, &grants, &[&method, "hello"]).await;
        let last = said.lines().rev().nth(1).unwrap_or_default();
        let expected = format!("failed: Code::{expected} ");
        assert!(last.starts_with(&expected), "{name}: {said}");
        task.abort();
    };
    // Whatever it would unpack to.
    let zipped = message(1, 4, 4);
    check("compressed", zipped.clone(), "gzip", "Unimplemented").await;
    check("compressed all the same", zipped, "identity", "Internal").await;
    let plain = "identity";
    check("a flag that is none", message(2, 4, 4), plain, "Internal").await;
    let large = message(0, u32::MAX, 100_000);
    check("4 GiB", large, plain, "OutOfRange").await;
    check("broken off", message(0, 1000, 4), plain, "Internal").await;
    check("half a frame", vec![0, 0], plain, "Internal").await;
    check("without a status", message(0, 4, 4), plain, "Unknown").await;
}
