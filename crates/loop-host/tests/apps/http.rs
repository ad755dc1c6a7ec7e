//! HTTP handlers of WASI 0.2 and 0.3.

mod clients;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use loop_core::limits::{ByteSize, Span};
use loop_host::{AppSpec, ComponentSpec, Host, Instances, ServeError};
use tokio::sync::oneshot;

use crate::support::{Told, cache, grants, host, link, load};

/// Sends a request and gives the status and the body of the answer.
fn ask(address: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    let chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    (
        status,
        if chunked {
            unchunk(body)
        } else {
            body.to_owned()
        },
    )
}

fn unchunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    whole
}

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"),
    )
}

fn post(address: SocketAddr, path: &str, body: &str) -> (u16, String) {
    let length = body.len();
    ask(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// Serves an app on a free port while `test` asks it.
async fn serving(
    host: &Host,
    mut component: ComponentSpec,
    test: impl FnOnce(SocketAddr) + Send + 'static,
) {
    component.grants = component
        .grants
        .merged(&grants("net.listen = [\"127.0.0.1:*\"]"));
    let app = link(host, AppSpec::single(component));
    let server = app.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    tokio::task::spawn_blocking(move || test(address))
        .await
        .unwrap();
    stop.send(()).unwrap();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_of_both_versions_answer() {
    for (guest, version) in [("http-p2", "0.2"), ("http-p3", "0.3")] {
        let host = host();
        serving(&host, load(&host, guest), move |address| {
            assert_eq!(
                get(address, "/hello"),
                (200, format!("hello from WASI {version}\n"))
            );
            let (status, body) = post(address, "/echo?a=b", "some body");
            assert_eq!(
                (status, body.as_str()),
                (200, "POST /echo?a=b\nsome body"),
                "{version}"
            );
            let (status, body) = get(address, "/big?300000");
            assert_eq!((status, body.len()), (200, 300_000), "{version}");
            assert_eq!(get(address, "/none").0, 404);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_is_answered_and_the_next_is_served() {
    for guest in ["http-p2", "http-p3"] {
        let told = Told::default();
        let host = Host::builder()
            .cache(cache())
            .observer(Arc::new(told.clone()))
            .build()
            .unwrap();
        serving(&host, load(&host, guest), |address| {
            assert_eq!(get(address, "/trap").0, 500);
            assert_eq!(get(address, "/hello").0, 200);
        })
        .await;
        let failed = told
            .lines()
            .into_iter()
            .find(|line| line.contains("failed"));
        let failed = failed.unwrap_or_else(|| panic!("{guest}: the failure was not told"));
        assert!(
            failed.starts_with(&format!("{guest} failed: `{guest}` trapped: ")),
            "{failed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_takes_too_long_is_answered_in_time() {
    let host = host();
    for (guest, path) in [("http-p2", "/spin"), ("http-p3", "/slow?60000")] {
        let mut component = load(&host, guest);
        component.limits.call = Some(Span(Duration::from_secs(1)));
        serving(&host, component, move |address| {
            assert_eq!(get(address, path).0, 504, "{path}");
            assert_eq!(get(address, "/hello").0, 200);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_takes_its_request_along() {
    let host = host();
    let mut component = load(&host, "http-p2");
    // One instance at a time: the second request is served only if the first has ended.
    component.limits.pool = 1;
    component.limits.call = Some(Span(Duration::from_mins(1)));
    serving(&host, component, |address| {
        let mut gone = TcpStream::connect(address).unwrap();
        gone.write_all(b"GET /spin HTTP/1.1\r\nHost: test\r\n\r\n")
            .unwrap();
        std::thread::sleep(Duration::from_millis(200));
        drop(gone);
        assert_eq!(get(address, "/hello").0, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mode_says_which_requests_share_an_instance() {
    let check = async |mode: Option<Instances>, expected: [&'static str; 2]| {
        let host = host();
        let mut component = load(&host, "http-p2");
        component.instances = mode;
        serving(&host, component, move |address| {
            let counts = [get(address, "/count").1, get(address, "/count").1];
            assert_eq!(
                counts,
                expected.map(|count| format!("{count}\n")),
                "{mode:?}"
            );
        })
        .await;
    };
    check(None, ["1", "1"]).await;
    check(Some(Instances::PerCall), ["1", "1"]).await;
    check(Some(Instances::One), ["1", "2"]).await;
    check(Some(Instances::Pool), ["1", "2"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_limit_is_refused() {
    let host = host();
    let mut component = load(&host, "http-p2");
    component.limits.body = ByteSize(100);
    serving(&host, component, |address| {
        assert_eq!(post(address, "/echo", &"x".repeat(101)).0, 413);
        assert_eq!(post(address, "/echo", &"x".repeat(100)).0, 200);
    })
    .await;
}

#[tokio::test]
async fn an_address_is_listened_on_only_if_it_is_granted_and_free() {
    let host = host();
    let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let app = link(&host, AppSpec::single(load(&host, "http-p2")));
    let Err(ServeError::Denied { denial, .. }) = app.listen(address).await else {
        panic!("listened without a grant")
    };
    assert_eq!(denial.missing.net.listen, ["127.0.0.1:0"]);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut component = load(&host, "http-p2");
    component.grants = grants("net.listen = [\"127.0.0.1:*\"]");
    let app = link(&host, AppSpec::single(component));
    let error = app.listen(taken.local_addr().unwrap()).await.unwrap_err();
    assert!(matches!(error, ServeError::Listen { .. }), "{error}");

    let mut command = load(&host, "hello");
    command.grants = grants("net.listen = [\"127.0.0.1:*\"]");
    let app = link(&host, AppSpec::single(command));
    assert!(matches!(
        app.listen(address).await,
        Err(ServeError::NoHandler { .. })
    ));
}
