//! What components see of the network under grants. All servers are on this machine, and all names are made up.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::Incoming;
use loop_core::Grants;
use loop_core::limits::ByteSize;
use loop_core::policy::Decision;
use loop_host::{
    App, AppSpec, Buffer, ComponentSpec, Event, Host, LoadOptions, Observer, Output, Resolver,
    ResolverRef,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Where names lead. Each lookup takes the next answer of its name; the last stays.
#[derive(Default)]
struct Names(Mutex<HashMap<&'static str, Vec<IpAddr>>>);

impl Names {
    fn of(names: &[(&'static str, &str)]) -> Arc<Self> {
        let mut map = HashMap::<_, Vec<IpAddr>>::new();
        for (name, address) in names {
            map.entry(*name).or_default().push(address.parse().unwrap());
        }
        Arc::new(Self(Mutex::new(map)))
    }
}

#[async_trait]
impl Resolver for Names {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(vec![if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0]
        }])
    }
}

/// What was denied, and the grants that would have allowed it.
#[derive(Default)]
struct Denials(Mutex<(Vec<String>, Grants)>);

impl Observer for Denials {
    fn event(&self, event: &Event<'_>) {
        if let Event::Decision {
            decision: Decision::Deny(denial),
            ..
        } = event
        {
            let mut denials = self.0.lock().unwrap();
            denials.0.push(denial.request.clone());
            denials.1 = denials.1.merged(&denial.missing);
        }
    }
}

/// A guest of `tests/guests`, linked.
struct Guest {
    app: App,
    denials: Arc<Denials>,
    printed: Buffer,
}

impl Guest {
    fn new(name: &str, grants: Grants, names: &Arc<Names>) -> Self {
        let denials = Arc::<Denials>::default();
        let cache = loop_test::target_dir().join("compiled");
        let host = Host::builder()
            .cache(cache)
            .observer(denials.clone())
            .build()
            .unwrap();
        let component = host
            .load_file(&loop_test::guest(name), LoadOptions::default())
            .unwrap();
        let mut component = ComponentSpec::new(component);
        component.grants = grants;
        component.limits.body = ByteSize(1000);
        let printed = Buffer::default();
        let mut spec = AppSpec::single(component);
        spec.stdio.stdout = Output::Buffer(printed.clone());
        spec.resolver = ResolverRef(names.clone());
        Self {
            app: host.link(spec).unwrap(),
            denials,
            printed,
        }
    }

    /// Runs it, and gives what it has printed since it was linked.
    async fn run(&self, args: &[&str]) -> String {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        self.app.run(&args).await.unwrap();
        self.printed()
    }

    fn printed(&self) -> String {
        String::from_utf8(self.printed.contents().to_vec()).unwrap()
    }

    /// What was denied to it, and what it lacked.
    fn denied(&self) -> (Vec<String>, Grants) {
        std::mem::take(&mut *self.denials.0.lock().unwrap())
    }
}

/// Runs a guest under these grants, which are written as in `loop.toml`.
async fn run(guest: &str, grants: &str, names: &Arc<Names>, args: &[&str]) -> String {
    Guest::new(guest, Grants::parse_fragment(grants).unwrap(), names)
        .run(args)
        .await
}

/// Runs a guest without a grant, which must be denied something; then with what the denials said was missing.
async fn run_denied_then_granted(guest: &str, names: &Arc<Names>, args: &[&str]) -> [String; 2] {
    let without = Guest::new(guest, Grants::default(), names);
    let refused = without.run(args).await;
    let (denied, missing) = without.denied();
    assert!(!denied.is_empty(), "{refused}");
    let with = Guest::new(guest, missing, names);
    let printed = with.run(args).await;
    assert_eq!(with.denied().0, Vec::<String>::new());
    [refused, printed]
}

/// A server that answers each caller once, and counts them.
struct Server {
    port: u16,
    calls: Arc<Mutex<usize>>,
}

impl Server {
    async fn on(address: &str, answer: String) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::<Mutex<usize>>::default();
        let counted = calls.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                *counted.lock().unwrap() += 1;
                let answer = answer.clone();
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { port, calls }
    }

    async fn saying(answer: &str) -> Self {
        Self::on("127.0.0.1:0", answer.to_owned()).await
    }

    /// An HTTP server that answers with this head and body.
    async fn http(status: &str, fields: &str, body: &str) -> Self {
        let length = body.len();
        Self::saying(&format!(
            "HTTP/1.1 {status}\r\n{fields}content-length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }
}

fn no_names() -> Arc<Names> {
    Names::of(&[])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_needs_the_grant_that_its_denial_names() {
    let server = Server::saying("pong").await;
    let address = format!("127.0.0.1:{}", server.port);
    let [refused, printed] =
        run_denied_then_granted("tcp-connect", &no_names(), &[&address, "ping"]).await;
    assert_eq!(
        refused,
        format!("cannot connect to {address}: PermissionDenied\n")
    );
    assert_eq!(printed, format!("connected to {address}\npong"));
    assert_eq!(server.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_name_does_not_lead_to_this_machine() {
    let server = Server::saying("pong").await;
    let names = Names::of(&[
        ("evil.test", "127.0.0.1"),
        ("mapped.test", "::ffff:127.0.0.1"),
    ]);
    for name in ["evil.test", "mapped.test"] {
        let address = format!("{name}:{}", server.port);
        let printed = run(
            "tcp-connect",
            r#"net.connect = ["*.test:*"]"#,
            &names,
            &[&address],
        )
        .await;
        assert_eq!(
            printed,
            format!("cannot connect to {address}: PermissionDenied\n")
        );
    }
    assert_eq!(server.calls(), 0);

    let address = format!("localhost:{}", server.port);
    let grants = format!(r#"net.connect = ["{address}"]"#);
    let printed = run("tcp-connect", &grants, &names, &[&address, "ping"]).await;
    assert_eq!(printed, format!("connected to {address}\npong"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_changes_its_meaning_is_judged_anew() {
    let granted = Server::saying("pong").await;
    let other = Server::on(&format!("127.0.0.2:{}", granted.port), "pong".to_owned()).await;
    let names = Names::of(&[("moving.test", "127.0.0.1"), ("moving.test", "127.0.0.2")]);
    let address = format!("moving.test:{}", granted.port);
    let grants = format!(
        r#"net = {{ lookup = ["moving.test"], connect = ["127.0.0.1:{}"] }}"#,
        granted.port
    );
    let first = run("tcp-connect", &grants, &names, &[&address, "ping"]).await;
    assert_eq!(first, format!("connected to {address}\npong"));
    let second = run("tcp-connect", &grants, &names, &[&address, "ping"]).await;
    assert_eq!(
        second,
        format!("cannot connect to {address}: PermissionDenied\n")
    );
    assert_eq!((granted.calls(), other.calls()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_other_clothes_is_not_a_way_around() {
    let server = Server::saying("pong").await;
    // Granted: all of IPv6, and so nothing of IPv4.
    let address = format!("[::ffff:127.0.0.1]:{}", server.port);
    let printed = run(
        "tcp-connect",
        r#"net.connect = ["[::/0]:*"]"#,
        &no_names(),
        &[&address],
    )
    .await;
    assert!(
        printed.starts_with(&format!("cannot connect to {address}")),
        "{printed}"
    );
    assert_eq!(server.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn datagrams_need_a_grant() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    let [refused, printed] =
        run_denied_then_granted("udp-send", &no_names(), &[&address, "hello"]).await;
    assert_eq!(
        refused,
        format!("cannot send to {address}: PermissionDenied\n")
    );
    assert_eq!(printed, format!("sent 5 bytes to {address}\n"));
    let mut datagram = [0; 16];
    let (length, _) = server.recv_from(&mut datagram).await.unwrap();
    assert_eq!(&datagram[..length], b"hello");
    assert_eq!(
        server.try_recv(&mut datagram).unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn listening_needs_a_grant_and_then_anyone_may_call() {
    let any = "127.0.0.1:0";
    let without = Guest::new("tcp-listen", Grants::default(), &no_names());
    let printed = without.run(&[any]).await;
    assert_eq!(
        printed,
        format!("cannot listen on {any}: PermissionDenied\n")
    );
    let (denied, missing) = without.denied();
    assert_eq!(denied, [format!("listen on {any} over tcp")]);

    let with = Guest::new("tcp-listen", missing, &no_names());
    let app = with.app.clone();
    let running = tokio::spawn(async move { app.run(&[any.to_owned()]).await });
    let address = loop {
        let printed = with.printed();
        if let Some((_, line)) = printed.split_once("listening on ")
            && let Some((address, _)) = line.split_once('\n')
        {
            break address.to_owned();
        }
        assert!(!running.is_finished(), "{printed}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"echo").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut echoed = String::new();
    stream.read_to_string(&mut echoed).await.unwrap();
    assert_eq!(echoed, "echo");
    assert_eq!(running.await.unwrap().unwrap().code, 0);
    assert!(with.printed().ends_with("sent 4 bytes back\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_end_in_errors_of_their_own_kind() {
    let names = Names::of(&[("known.test", "192.0.2.1")]);
    let [refused, printed] = run_denied_then_granted("resolve", &names, &["known.test"]).await;
    assert_eq!(refused, "cannot look up known.test: access-denied\n");
    assert_eq!(printed, "192.0.2.1\n");

    let all = r#"net.lookup = ["*.test", "localhost"]"#;
    for (name, expected) in [
        (
            "unknown.test",
            "cannot look up unknown.test: name-unresolvable\n",
        ),
        (
            "un known.test",
            "cannot look up un known.test: invalid-argument\n",
        ),
        ("KNOWN.test.", "192.0.2.1\n"),
        ("127.1", "127.0.0.1\n"),
        ("localhost", "127.0.0.1\n::1\n"),
    ] {
        assert_eq!(run("resolve", all, &names, &[name]).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_request_needs_the_grant_that_its_denial_names() {
    let server = Server::http("200 OK", "", "hello").await;
    let url = format!("http://127.0.0.1:{}/a", server.port);
    let [refused, printed] = run_denied_then_granted("http-get", &no_names(), &[&url]).await;
    assert_eq!(
        refused,
        format!("cannot request {url}: ErrorCode::HttpRequestDenied\n")
    );
    assert_eq!(printed, "status 200\nhello");
    assert_eq!(server.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_request_by_name_does_not_get_to_this_machine() {
    let server = Server::http("200 OK", "", "hello").await;
    let port = server.port;
    let names = Names::of(&[
        ("evil.test", "127.0.0.1"),
        ("mapped.test", "::ffff:127.0.0.1"),
        ("metadata.test", "169.254.169.254"),
    ]);
    for name in ["evil.test", "mapped.test", "metadata.test"] {
        let url = format!("http://{name}:{port}/");
        let grants = format!(r#"net.http = ["http://*.test:{port}"]"#);
        let printed = run("http-get", &grants, &names, &[&url]).await;
        let expected = format!("cannot request {url}: ErrorCode::DestinationIpProhibited\n");
        assert_eq!(printed, expected);
    }
    assert_eq!(server.calls(), 0);

    let url = format!("http://evil.test:{port}/");
    let [refused, printed] = {
        let by_name = Grants::parse_fragment(&format!(r#"net.http = ["{url}"]"#)).unwrap();
        let without = Guest::new("http-get", by_name.clone(), &names);
        let refused = without.run(&[&url]).await;
        let with = by_name.merged(&without.denied().1);
        [
            refused,
            Guest::new("http-get", with, &names).run(&[&url]).await,
        ]
    };
    assert!(refused.ends_with("DestinationIpProhibited\n"), "{refused}");
    assert_eq!(printed, "status 200\nhello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_judged_when_it_is_followed() {
    let target = Server::http("200 OK", "", "hello").await;
    let elsewhere = format!("http://127.0.0.1:{}/", target.port);
    let server = Server::http("302 Found", &format!("location: {elsewhere}\r\n"), "").await;
    let url = format!("http://127.0.0.1:{}/", server.port);
    let grants = format!(r#"net.http = ["{url}"]"#);
    assert_eq!(
        run("http-get", &grants, &no_names(), &[&url]).await,
        "status 302\n"
    );
    let followed = run("http-get", &grants, &no_names(), &[&elsewhere]).await;
    let expected = format!("cannot request {elsewhere}: ErrorCode::HttpRequestDenied\n");
    assert_eq!(followed, expected);
    assert_eq!((server.calls(), target.calls()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_keep_to_the_limit() {
    let server = Server::http("200 OK", "", &"x".repeat(1001)).await;
    let url = format!("http://127.0.0.1:{}/", server.port);
    let grants = format!(r#"net.http = ["{url}"]"#);
    let got = run("http-get", &grants, &no_names(), &[&url]).await;
    let expected = format!("cannot request {url}: ErrorCode::HttpResponseBodySize(Some(1000))\n");
    assert_eq!(got, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_nobody_knows_is_a_dns_error() {
    let url = "http://unknown.test/";
    let grants = r#"net.http = ["http://unknown.test"]"#;
    let printed = run("http-get", grants, &no_names(), &[url]).await;
    assert!(
        printed.starts_with(&format!("cannot request {url}: ErrorCode::DnsError")),
        "{printed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wasi_0_3_is_held_to_the_same() {
    let server = Server::http("200 OK", "", "hello").await;
    let address = format!("127.0.0.1:{}", server.port);
    let url = format!("http://{address}/");
    let names = Names::of(&[("known.test", "192.0.2.1"), ("evil.test", "127.0.0.1")]);
    for (task, target, code, granted) in [
        (
            "resolve",
            "known.test",
            "ErrorCode::AccessDenied",
            "192.0.2.1\n".to_owned(),
        ),
        (
            "connect",
            &address,
            "ErrorCode::AccessDenied",
            format!("connected to {address}\n"),
        ),
        (
            "get",
            &url,
            "ErrorCode::HttpRequestDenied",
            "status 200\nhello".to_owned(),
        ),
    ] {
        let [refused, printed] = run_denied_then_granted("net-p3", &names, &[task, target]).await;
        assert_eq!(refused, format!("cannot {task} {target}: {code}\n"));
        assert_eq!(printed, granted);
    }

    let evil = format!("http://evil.test:{}/", server.port);
    for (grants, task, target, code) in [
        (
            r#"net.lookup = ["*.test"]"#,
            "resolve",
            "unknown.test",
            "NameUnresolvable",
        ),
        (
            r#"net.lookup = ["*.test"]"#,
            "resolve",
            "a b.test",
            "InvalidArgument",
        ),
        (
            r#"net.http = ["http://evil.test:*"]"#,
            "get",
            &evil,
            "DestinationIpProhibited",
        ),
    ] {
        let printed = run("net-p3", grants, &names, &[task, target]).await;
        assert_eq!(
            printed,
            format!("cannot {task} {target}: ErrorCode::{code}\n")
        );
    }
    assert_eq!(server.calls(), 2);

    let large = Server::http("200 OK", "", &"x".repeat(1001)).await;
    let url = format!("http://127.0.0.1:{}/", large.port);
    let grants = format!(r#"net.http = ["{url}"]"#);
    let printed = run("net-p3", &grants, &names, &["get", &url]).await;
    let code = "ErrorCode::HttpResponseBodySize(Some(1000))";
    assert_eq!(printed, format!("cannot get {url}: {code}\n"));
}

/// A server that keeps its connections open, and counts them. The path says how the body is sent.
async fn keeping_open() -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::<Mutex<usize>>::default();
    let counted = connections.clone();
    let service = hyper::service::service_fn(|request: http::Request<Incoming>| async move {
        let (head, body) = request.into_parts();
        body.collect().await?;
        let hello = Bytes::from_static(b"hello");
        let pieces = futures::stream::iter([Ok(Frame::data(hello.clone()))]);
        let (status, body) = match head.uri.path() {
            "/sized" => (200, Full::new(hello).boxed_unsync()),
            "/chunked" => (200, StreamBody::new(pieces).boxed_unsync()),
            _ => (204, Empty::new().boxed_unsync()),
        };
        http::Response::builder()
            .status(status)
            .body(body)
            .map_err(Box::<dyn std::error::Error + Send + Sync>::from)
    });
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            *counted.lock().unwrap() += 1;
            let stream = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(stream, service),
            );
        }
    });
    (origin, connections)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_instance_of_a_component_uses_the_same_connection() {
    for (guest, before) in [("http-get", &[][..]), ("net-p3", &["get"])] {
        for (path, printed) in [
            ("sized", "status 200\nhello"),
            ("chunked", "status 200\nhello"),
            ("empty", "status 204\n"),
        ] {
            let (origin, connections) = keeping_open().await;
            let url = format!("{origin}/{path}");
            let grants = Grants::parse_fragment(&format!(r#"net.http = ["{origin}"]"#)).unwrap();
            let component = Guest::new(guest, grants, &no_names());
            let args = [before, &[&url]].concat();
            for _ in 0..3 {
                component.run(&args).await;
            }
            assert_eq!(component.printed(), printed.repeat(3));
            assert_eq!(*connections.lock().unwrap(), 1, "{guest}: {path}");
        }
    }
}
