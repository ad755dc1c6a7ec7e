//! Against servers on this machine, which say what they heard.

mod faults;
mod reuse;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody};
use loop_core::limits::ByteSize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use wasmtime_wasi_http::{RequestOptions, Result, WasiBody, WasiHttpHooks as _};

use crate::core::{CallScope, CoreApp, CoreOptions, Reads, TraceContext};
use crate::limits::OutputBudget;
use crate::net::Tls;
use crate::wasi::http_client::{Client, HttpHooks, HttpRoute, Pool};
use crate::wasi::lookup::Lookup;
use crate::wasi::lookup::testing::{Decisions, Names, gate};

/// Names of these tests, and where they lead.
const NAMES: [(&str, &[&str]); 6] = [
    ("local.test", &["127.0.0.1"]),
    ("mapped.test", &["::ffff:127.0.0.1"]),
    ("metadata.test", &["169.254.169.254"]),
    ("two.test", &["127.0.0.2", "127.0.0.1"]),
    ("rebound.test", &["127.0.0.1"]),
    ("rebound.test", &["127.0.0.2"]),
];

const BODY_MAX: u64 = 1000;

fn client(grants: &str, route: Option<Arc<dyn HttpRoute>>) -> (Arc<Client>, Arc<Decisions>) {
    let (hooks, decisions) = hooks(grants, route);
    (hooks.client, decisions)
}

fn hooks(grants: &str, route: Option<Arc<dyn HttpRoute>>) -> (HttpHooks, Arc<Decisions>) {
    let (gate, decisions) = gate(grants);
    let lookup = Lookup::new(gate.clone(), Names::of(&NAMES));
    let app = CoreApp::new(CoreOptions::default());
    let core = app.context(&"web".into(), Reads::Own, OutputBudget::new(0));
    let hooks = HttpHooks::new(
        gate,
        lookup,
        ByteSize(BODY_MAX),
        route,
        Pool::default(),
        None,
        core,
    );
    (hooks, decisions)
}

/// A server that gives each request the same answer, and remembers what it was sent.
struct Server {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn on(address: &str, answer: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let connections = Arc::<AtomicUsize>::default();
        let (log, count, answer) = (heard.clone(), connections.clone(), answer.to_owned());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                let (log, answer) = (log.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut request = vec![0; 4096];
                    // Until the client goes.
                    while let Ok(length @ 1..) = stream.read(&mut request).await {
                        let request = String::from_utf8_lossy(&request[..length]);
                        log.lock().unwrap().push(request.into_owned());
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                });
            }
        });
        Self {
            port,
            heard,
            connections,
        }
    }

    async fn answering(answer: &str) -> Self {
        Self::on("127.0.0.1:0", answer).await
    }

    /// How often it was called.
    fn calls(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// The same, as the last answer of a connection.
const LAST: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";

fn get(url: &str) -> http::Request<WasiBody> {
    request("GET", url, &[])
}

fn request(method: &str, url: &str, body: &'static [u8]) -> http::Request<WasiBody> {
    let body = Full::new(Bytes::from_static(body))
        .map_err(|never| match never {})
        .boxed_unsync();
    http::Request::builder()
        .method(method)
        .uri(url)
        .body(body)
        .unwrap()
}

/// Sends, and reads the answer to its end.
async fn send(client: &Client, request: http::Request<WasiBody>) -> Result<String> {
    send_with(client, request, RequestOptions::default()).await
}

async fn send_with(
    client: &Client,
    request: http::Request<WasiBody>,
    options: RequestOptions,
) -> Result<String> {
    let (response, driver) = client.send(request, options).await?;
    let driver = tokio::spawn(Box::into_pin(driver));
    let status = response.status().as_u16();
    let body = response.into_body().collect().await;
    driver.abort();
    Ok(format!(
        "{status} {}",
        String::from_utf8(body?.to_bytes().to_vec()).unwrap()
    ))
}

/// The error in words, since it cannot be compared.
fn words(result: Result<String>) -> String {
    result.unwrap_or_else(|error| format!("{error:?}"))
}

#[tokio::test]
async fn a_granted_url_is_requested() {
    let server = Server::answering(OK).await;
    let origin = format!("http://127.0.0.1:{}", server.port);
    let (client, decisions) = client(&format!(r#"net.http = ["{origin}/v1/"]"#), None);
    let answer = send(&client, get(&format!("{origin}/v1/a/../b?c=../d"))).await;
    assert_eq!(words(answer), "200 ok");
    let heard = server.heard.lock().unwrap()[0].clone();
    let expected = format!(
        "GET /v1/b?c=../d HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n",
        server.port
    );
    assert!(heard.starts_with(&expected), "{heard}");
    let by = format!(r#"net.http = ["{origin}/v1/"]"#);
    assert_eq!(decisions.take(), format!("{by}; {by}"));
}

#[tokio::test]
async fn what_is_not_granted_is_not_requested() {
    let server = Server::answering(OK).await;
    let port = server.port;
    let (client, _) = client(
        &format!(r#"net.http = ["http://127.0.0.1:{port}/v1/"]"#),
        None,
    );
    for (url, error) in [
        (format!("http://127.0.0.1:{port}/"), "HttpRequestDenied"),
        (
            format!("http://127.0.0.1:{port}/v1/../v2"),
            "HttpRequestDenied",
        ),
        (
            format!("http://127.0.0.1:{port}/v1/%2e%2e/v2"),
            "HttpRequestDenied",
        ),
        (
            format!("http://127.0.0.1:{port}/v1/..%2fv2"),
            "HttpRequestDenied",
        ),
        (format!("https://127.0.0.1:{port}/v1/"), "HttpRequestDenied"),
        (format!("http://local.test:{port}/v1/"), "HttpRequestDenied"),
        (format!("http://127.0.0.2:{port}/v1/"), "HttpRequestDenied"),
        ("http://127.0.0.1:1/v1/".to_owned(), "HttpRequestDenied"),
        (
            format!("http://me:secret@127.0.0.1:{port}/v1/"),
            "HttpRequestUriInvalid",
        ),
        (
            format!("http://127.0.0.1:{port}/v1/{}", "x".repeat(17_000)),
            "HttpRequestUriTooLong",
        ),
    ] {
        assert_eq!(words(send(&client, get(&url)).await), error, "{url:.80}");
    }
    let tunnel = request("CONNECT", &format!("http://127.0.0.1:{port}/v1/"), &[]);
    assert_eq!(
        words(send(&client, tunnel).await),
        "HttpRequestMethodInvalid"
    );
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn other_spellings_of_an_address_are_that_address() {
    let server = Server::answering(OK).await;
    let port = server.port;
    let spellings = [
        "2130706433",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "[::ffff:127.0.0.1]",
    ];
    let (granted, _) = client(&format!(r#"net.http = ["http://127.0.0.1:{port}"]"#), None);
    let (other, _) = client(&format!(r#"net.http = ["http://*.test:{port}"]"#), None);
    for spelling in spellings {
        let url = format!("http://{spelling}:{port}/");
        assert_eq!(
            words(send(&granted, get(&url)).await),
            "200 ok",
            "{spelling}"
        );
        assert_eq!(
            words(send(&other, get(&url)).await),
            "HttpRequestDenied",
            "{spelling}"
        );
    }
}

#[tokio::test]
async fn a_name_does_not_lead_to_this_machine() {
    let server = Server::answering(OK).await;
    let port = server.port;
    let (client, decisions) = client(&format!(r#"net.http = ["http://*.test:{port}"]"#), None);
    for name in ["local.test", "mapped.test", "metadata.test"] {
        let answer = send(&client, get(&format!("http://{name}:{port}/"))).await;
        assert_eq!(words(answer), "DestinationIpProhibited", "{name}");
    }
    assert!(decisions.take().contains("no: connect to 127.0.0.1"));
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn a_name_leads_to_an_address_that_is_granted_as_well() {
    let server = Server::answering(OK).await;
    let port = server.port;
    let grants = format!(
        r#"net = {{ http = ["http://local.test:{port}"], connect = ["127.0.0.1:{port}"] }}"#
    );
    let (client, _) = client(&grants, None);
    let answer = send(&client, get(&format!("http://LOCAL.test.:{port}/"))).await;
    assert_eq!(words(answer), "200 ok");
    let heard = server.heard.lock().unwrap()[0].clone();
    assert!(
        heard.contains(&format!("\r\nhost: local.test:{port}\r\n")),
        "{heard}"
    );
}

#[tokio::test]
async fn the_address_that_was_judged_is_the_one_connected_to() {
    let judged = Server::answering(LAST).await;
    let port = judged.port;
    let rebound = Server::on(&format!("127.0.0.2:{port}"), OK).await;
    let grants = format!(
        r#"net = {{ http = ["http://rebound.test:{port}"], connect = ["127.0.0.1:{port}"] }}"#
    );
    let (client, _) = client(&grants, None);
    let url = format!("http://rebound.test:{port}/");
    assert_eq!(words(send(&client, get(&url)).await), "200 ok");
    // For the second connection the name says 127.0.0.2, which is judged anew.
    assert_eq!(
        words(send(&client, get(&url)).await),
        "DestinationIpProhibited"
    );
    assert_eq!((judged.calls(), rebound.calls()), (1, 0));
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_fails_or_is_refused() {
    let server = Server::answering(OK).await;
    let port = server.port;
    for granted in [format!("127.0.0.1:{port}"), format!("127.0.0.0/8:{port}")] {
        let grants =
            format!(r#"net = {{ http = ["http://two.test:{port}"], connect = ["{granted}"] }}"#);
        let (client, _) = client(&grants, None);
        let answer = send(&client, get(&format!("http://two.test:{port}/"))).await;
        assert_eq!(words(answer), "200 ok", "{granted}");
    }
}

#[tokio::test]
async fn a_redirect_goes_back_to_the_component() {
    let target = Server::answering(OK).await;
    let answer = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{}/\r\ncontent-length: 0\r\n\r\n",
        target.port
    );
    let server = Server::answering(&answer).await;
    let origin = format!("http://127.0.0.1:{}", server.port);
    let (client, _) = client(&format!(r#"net.http = ["{origin}"]"#), None);
    assert_eq!(words(send(&client, get(&origin)).await), "302 ");
    let followed = send(&client, get(&format!("http://127.0.0.1:{}/", target.port))).await;
    assert_eq!(words(followed), "HttpRequestDenied");
    assert_eq!(target.calls(), 0);
}

/// What a client sees of a server that answers so.
async fn answered(answer: &str, options: RequestOptions) -> String {
    let server = Server::answering(answer).await;
    let origin = format!("http://127.0.0.1:{}", server.port);
    let (client, _) = client(&format!(r#"net.http = ["{origin}"]"#), None);
    words(send_with(&client, get(&origin), options).await)
}

#[tokio::test]
async fn responses_keep_to_the_limits() {
    let options = RequestOptions::default();
    let said = "HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n";
    assert_eq!(
        answered(said, options).await,
        "HttpResponseBodySize(Some(1000))"
    );
    let chunk = format!("1f4\r\n{}\r\n", "x".repeat(500));
    let unsaid = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}",
        chunk.repeat(3)
    );
    assert_eq!(
        answered(&unsaid, options).await,
        "HttpResponseBodySize(Some(1000))"
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\n{}\r\n",
        "a: bcdefghijklmno\r\n".repeat(5000)
    );
    assert_eq!(
        answered(&head, options).await,
        "HttpResponseHeaderSectionSize(Some(262144))"
    );
    assert_eq!(
        answered("nonsense\r\n\r\n", options).await,
        "HttpProtocolError"
    );
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let soon = Some(Duration::from_millis(50));
    let head = RequestOptions {
        first_byte_timeout: soon,
        ..RequestOptions::default()
    };
    assert_eq!(answered("", head).await, "HttpResponseTimeout");
    let body = RequestOptions {
        between_bytes_timeout: soon,
        ..RequestOptions::default()
    };
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
    assert_eq!(answered(half, body).await, "ConnectionReadTimeout");
}

#[tokio::test]
async fn requests_keep_to_the_limit() {
    let server = Server::answering("").await;
    let origin = format!("http://127.0.0.1:{}", server.port);
    let (client, _) = client(&format!(r#"net.http = ["{origin}"]"#), None);
    let said = request("POST", &origin, &[0; 1001]);
    assert_eq!(
        words(send(&client, said).await),
        "HttpRequestBodySize(Some(1000))"
    );
    assert_eq!(server.calls(), 0);

    let pieces = (0..3).map(|_| Ok(http_body::Frame::data(Bytes::from_static(&[b'x'; 500]))));
    let body = StreamBody::new(futures::stream::iter(pieces)).boxed_unsync();
    let unsaid = http::Request::post(&origin).body(body).unwrap();
    assert_eq!(
        words(send(&client, unsaid).await),
        "HttpRequestBodySize(Some(1000))"
    );
}

#[tokio::test]
async fn a_refused_or_full_connection_is_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let grants = format!(r#"net.http = ["http://{free}"]"#);
    let (client, _) = client(&grants, None);
    let url = format!("http://{free}/");
    assert_eq!(words(send(&client, get(&url)).await), "ConnectionRefused");

    let full = Client {
        connections: Arc::new(Semaphore::new(0)),
        ..Client::clone(&client)
    };
    let soon = Some(Duration::from_millis(50));
    let options = RequestOptions {
        connect_timeout: soon,
        ..RequestOptions::default()
    };
    assert_eq!(
        words(send_with(&full, get(&url), options).await),
        "ConnectionLimitReached"
    );
}

/// Answers with the URL that it was asked for.
struct Echo;

#[async_trait]
impl HttpRoute for Echo {
    async fn send(&self, request: http::Request<WasiBody>) -> Result<http::Response<WasiBody>> {
        let host = request
            .headers()
            .get(http::header::HOST)
            .unwrap()
            .to_str()
            .unwrap();
        let answer = format!("{} for {host}", request.uri());
        let repeated = request
            .uri()
            .query()
            .map_or(1, |count| count.parse().unwrap());
        let body = Full::from(answer.repeat(repeated)).map_err(|never| match never {});
        Ok(http::Response::new(body.boxed_unsync()))
    }
}

#[tokio::test]
async fn a_route_takes_what_is_granted_and_stays_within_the_limits() {
    let (client, _) = client(
        r#"net.http = ["https://api.example.com"]"#,
        Some(Arc::new(Echo)),
    );
    let answer = send(&client, get("https://API.example.com/a/./b")).await;
    assert_eq!(
        words(answer),
        "200 https://api.example.com/a/b for api.example.com"
    );
    let refused = send(&client, get("https://example.com/")).await;
    assert_eq!(words(refused), "HttpRequestDenied");
    let large = send(&client, get("https://api.example.com/?100")).await;
    assert_eq!(words(large), "HttpResponseBodySize(Some(1000))");
}

/// Keeps the headers that it is sent.
#[derive(Default)]
struct Heard(Mutex<Vec<http::HeaderMap>>);

#[async_trait]
impl HttpRoute for Heard {
    async fn send(&self, request: http::Request<WasiBody>) -> Result<http::Response<WasiBody>> {
        self.0.lock().unwrap().push(request.headers().clone());
        let body = Full::default().map_err(|never| match never {});
        Ok(http::Response::new(body.boxed_unsync()))
    }
}

const PLACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Sends as a component does that serves a call with this place in a trace.
async fn send_traced(hooks: &mut HttpHooks, request: http::Request<WasiBody>) {
    hooks.core.begin(CallScope {
        trace: TraceContext::parse(PLACE, "vendor=data").ok(),
        ..CallScope::default()
    });
    let sent = hooks.send_request(request, None, Box::new(async { Ok(()) }));
    drop(Box::into_pin(sent).await.unwrap());
}

#[tokio::test]
async fn a_trace_goes_on_in_another_component_unless_the_sender_names_one() {
    let heard = Arc::<Heard>::default();
    let (mut hooks, _) = hooks(r#"net.http = ["http://api.test"]"#, Some(heard.clone()));
    send_traced(&mut hooks, get("http://api.test/")).await;
    let other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let mut with_its_own = get("http://api.test/");
    let headers = with_its_own.headers_mut();
    headers.insert("traceparent", other.parse().unwrap());
    send_traced(&mut hooks, with_its_own).await;

    let heard = heard.0.lock().unwrap();
    let has = |at: usize, name: &str, value: &str| heard[at].get(name).unwrap() == value;
    assert!(has(0, "traceparent", PLACE) && has(0, "tracestate", "vendor=data"));
    assert!(has(1, "traceparent", other) && !heard[1].contains_key("tracestate"));
}

#[tokio::test]
async fn the_network_hears_of_no_trace() {
    let server = Server::answering(OK).await;
    let url = format!("http://127.0.0.1:{}/", server.port);
    let (mut hooks, _) = hooks(&format!(r#"net.http = ["{url}"]"#), None);
    send_traced(&mut hooks, get(&url)).await;
    let heard = server.heard.lock().unwrap().concat();
    assert!(
        heard.starts_with("GET / ") && !heard.contains("trace"),
        "{heard}"
    );
}

/// Serves HTTPS for `localhost` with a certificate that an authority of its own has signed.
async fn secure_server() -> (u16, rustls::RootCertStore) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(OK.as_bytes()).await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            });
        }
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    (port, roots)
}

#[tokio::test]
async fn certificates_are_checked_against_the_name_that_was_asked_for() {
    let (port, roots) = secure_server().await;
    let origins = ["localhost", "127.0.0.1"].map(|host| format!("https://{host}:{port}"));
    let [named, numbered] = &origins;
    let (web, _) = client(&format!(r#"net.http = ["{named}", "{numbered}"]"#), None);
    assert_eq!(words(send(&web, get(named)).await), "TlsCertificateError");

    let trusting = Client {
        tls: Some(Tls::trusting(roots)),
        ..Client::clone(&web)
    };
    assert_eq!(words(send(&trusting, get(named)).await), "200 ok");
    assert_eq!(
        words(send(&trusting, get(numbered)).await),
        "TlsCertificateError"
    );

    let plain = Server::answering(OK).await;
    let origin = format!("https://127.0.0.1:{}", plain.port);
    let (client, _) = client(&format!(r#"net.http = ["{origin}"]"#), None);
    assert_eq!(words(send(&client, get(&origin)).await), "TlsProtocolError");
}
