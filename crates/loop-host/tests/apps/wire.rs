//! Components that call others in another process, and are called from there.

use std::sync::Arc;
use std::time::Duration;

use loop_core::limits::Span;
use loop_host::{App, AppSpec, Host, Instances, RemoteSpec, RouteSpec};
use loop_wire::transport::{tcp, unix};
use loop_wire::{CallError, Client, Code, Meta, Protocol, Retry, Server, Target, TraceContext};
use tempfile::TempDir;

use crate::support::{Told, app, cache, host, link, load, run};

/// A component that is served at a socket as long as this lives. It has a host of its own, as another process would.
pub(crate) struct Serving {
    folder: TempDir,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
    _app: App,
}

impl Serving {
    pub(crate) fn new(guest: &str) -> Self {
        Self::of(&host(), guest, |_| {})
    }

    pub(crate) fn of(host: &Host, guest: &str, change: impl FnOnce(&mut AppSpec)) -> Self {
        let mut spec = AppSpec::single(load(host, guest));
        spec.components.get_mut(guest).unwrap().exposed = true;
        change(&mut spec);
        let app = link(host, spec);
        let folder = tempfile::tempdir().unwrap();
        let listener = unix::Listener::bind(folder.path().join("socket")).unwrap();
        let server = Server::new(app.expose(None).unwrap());
        Self {
            folder,
            task: tokio::spawn(async move { server.serve(listener).await }),
            _app: app,
        }
    }

    pub(crate) fn client(&self, protocol: Protocol) -> Client {
        let socket = self.folder.path().join("socket");
        Client::new(protocol, unix::Connector::new(socket))
    }

    pub(crate) fn remote(&self, protocol: Protocol) -> RouteSpec {
        remote(self.client(protocol))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn remote(client: Client) -> RouteSpec {
    RouteSpec::Remote(RemoteSpec {
        address: "the other side".to_owned(),
        client,
        call: Duration::from_secs(10),
    })
}

/// An app of one guest, with a remote provider of one interface.
pub(crate) fn calling(host: &Host, guest: &str, interface: &str, route: RouteSpec) -> AppSpec {
    let mut spec = app(host, &[guest], &[]);
    spec.provide.insert(interface.parse().unwrap(), route);
    spec
}

const GREETER: &str = "acme:greet/greeter";

const BOTH: [Protocol; 2] = [Protocol::Plain, Protocol::Envelope];

#[tokio::test]
async fn an_import_is_served_by_another_process() {
    for protocol in BOTH {
        let serving = Serving::new("greeter");
        let told = Told::default();
        let observed = Arc::new(told.clone());
        let host = Host::builder().cache(cache()).observer(observed);
        let host = host.build().unwrap();
        let spec = calling(&host, "greet-caller", GREETER, serving.remote(protocol));
        let said = run(&host, spec, &["ann", "bob"]).await;
        assert_eq!(said, "hello, ann\nhello, bob\nexit 0", "{protocol:?}");
        let lines = told.lines();
        let route = lines.iter().find(|line| line.contains("->")).unwrap();
        assert!(route.ends_with("-> the other side (Remote)"), "{route}");
    }
}

#[tokio::test]
async fn every_kind_of_value_crosses() {
    let host = host();
    let here = app(
        &host,
        &["calc-caller", "calc"],
        &[("acme:math/calc", "calc")],
    );
    let expected = run(&host, here, &[]).await;
    insta::assert_snapshot!(expected);
    for protocol in BOTH {
        let serving = Serving::new("calc");
        let spec = calling(
            &host,
            "calc-caller",
            "acme:math/calc",
            serving.remote(protocol),
        );
        assert_eq!(run(&host, spec, &[]).await, expected, "{protocol:?}");
    }
}

#[tokio::test]
async fn one_that_calls_is_called() {
    let host = host();
    let spec = || {
        let guests = ["greet-caller", "greet-relay", "greeter"];
        let mut spec = app(&host, &guests, &[]);
        let route = RouteSpec::Component("greet-relay".to_owned());
        spec.provide.insert(GREETER.parse().unwrap(), route);
        spec
    };
    // The relay's own import is nobody's: a component does not provide to itself.
    let said = run(&host, spec(), &["ann"]).await;
    assert!(
        said.starts_with("not linked: `greet-relay` has an import"),
        "{said}"
    );

    let far = Serving::new("greeter");
    let near = Serving::of(&host, "greet-relay", |spec| {
        let route = far.remote(Protocol::Envelope);
        spec.provide.insert(GREETER.parse().unwrap(), route);
    });
    let spec = calling(&host, "greet-caller", GREETER, near.remote(Protocol::Plain));
    let said = run(&host, spec, &["ann"]).await;
    assert_eq!(said, "relayed: hello, ann\nexit 0");
}

#[tokio::test]
async fn resources_stay_and_handles_cross() {
    let host = host();
    let here = || {
        app(
            &host,
            &["tally-caller", "calc"],
            &[("acme:math/tally", "calc")],
        )
    };
    // What is dropped is gone when the next call comes.
    let said = run(&host, here(), &["1", "2", "drop", "5"]).await;
    assert_eq!(said, "[1]\n[3, 2]\n0 left\n[]\n[5]\nexit 0");

    let serving = Serving::new("calc");
    let remote = serving.remote(Protocol::Envelope);
    let there = || calling(&host, "tally-caller", "acme:math/tally", remote.clone());
    let said = run(&host, there(), &["1", "2", "drop", "5"]).await;
    assert_eq!(said, "[1]\n[3, 2]\n0 left\n[]\n[5]\nexit 0");

    // There may be so many, and those of callers that are gone do not count.
    for spec in [here(), there()] {
        let said = run(&host, spec, &["many"]).await;
        assert!(said.contains("limit `handles` of 10000"), "{said}");
    }
    let said = run(&host, there(), &["7"]).await;
    assert_eq!(said, "[7]\nexit 0");

    let plain = calling(
        &host,
        "tally-caller",
        "acme:math/tally",
        serving.remote(Protocol::Plain),
    );
    let said = run(&host, plain, &["1"]).await;
    assert_eq!(
        said,
        "not linked: `acme:math/tally` can only be provided natively"
    );
    let mut pooled = here();
    pooled.components.get_mut("calc").unwrap().instances = Some(Instances::Pool);
    let said = run(&host, pooled, &["1"]).await;
    assert_eq!(
        said,
        "not linked: `acme:math/tally` can only be provided natively"
    );
}

async fn fails(
    serving: &Serving,
    instance: &str,
    function: &str,
    meta: &Meta,
    params: &[u8],
) -> String {
    let client = serving.client(Protocol::Envelope);
    let target = Target::new(instance, function).unwrap();
    let params = params.to_vec().into();
    match client.call(&target, meta, params).await {
        Ok(gave) => format!("gave {gave:?}"),
        Err(CallError {
            code,
            retry,
            message,
        }) => format!("{code:?}, {retry:?}: {message}"),
    }
}

#[tokio::test]
async fn who_calls_from_outside_is_told_what_went_wrong() {
    let none = Meta::default();
    let serving = Serving::new("trap-callee");
    let greets = b"gave b\"\\nhello, ann\"";
    for (instance, function, params, expected) in [
        (GREETER, "greet", &b"\x03ann"[..], &greets[..]),
        ("acme:greet/greeter@0.1.0", "greet", b"\x03ann", greets),
        (GREETER, "greets", b"\x03ann", b"NotFound, Never: `acme:greet/greeter#greets` is not served"),
        ("acme:greet/other", "greet", b"\x03ann", b"NotFound, Never: `acme:greet/other#greet` is not served"),
        (GREETER, "greet", b"", b"Invalid, Never: the parameters are wrong: the bytes end inside a value, at byte 0"),
        (GREETER, "greet", b"\x01\xff", b"Invalid, Never: the parameters are wrong: a text is not UTF-8, at byte 1"),
        (GREETER, "greet", b"\x04trap", b"Failed, Never: `trap-callee` trapped: it gave up (`unreachable`), as programs do that panic or abort"),
        // The instance that trapped was thrown away.
        (GREETER, "greet", b"\x03ann", greets),
    ] {
        let found = fails(&serving, instance, function, &none, params).await;
        assert_eq!(found.as_bytes(), expected, "{found}");
    }
    let slow = Serving::new("slow-callee");
    let meta = Meta {
        deadline: Some(Duration::from_millis(50)),
        trace: Some(
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
                .parse::<TraceContext>()
                .unwrap(),
        ),
        caller: Some("test/me".into()),
    };
    let found = fails(&slow, GREETER, "greet", &meta, b"\x0560000").await;
    assert!(found.starts_with("Deadline"), "{found}");
    let found = fails(&slow, GREETER, "greet", &none, b"\x011").await;
    assert_eq!(found, "gave b\"\\nslept 1 ms\"");
}

#[tokio::test]
async fn a_peer_that_fails_fails_the_call_and_the_cause_is_told() {
    let host = host();
    let caller = |route| calling(&host, "greet-caller", GREETER, route);
    let start = "a call from `greet-caller` failed: ";

    let serving = Serving::new("trap-callee");
    let said = run(
        &host,
        caller(serving.remote(Protocol::Envelope)),
        &["ann", "trap"],
    )
    .await;
    let expected = format!(
        "hello, ann\n{start}a call to the other side failed: `trap-callee` trapped: it gave up"
    );
    assert!(said.starts_with(&expected), "{said}");

    let said = run(
        &host,
        caller(serving.remote(Protocol::Plain)),
        &["ann", "trap"],
    )
    .await;
    let expected =
        format!("hello, ann\n{start}a call to the other side failed: the peer went away");
    assert!(said.starts_with(&expected), "{said}");

    let slow = Serving::new("slow-callee");
    for protocol in BOTH {
        let mut spec = caller(slow.remote(protocol));
        let limits = &mut spec.components.get_mut("greet-caller").unwrap().limits;
        limits.call = Some(Span(Duration::from_millis(100)));
        let said = run(&host, spec, &["60000"]).await;
        assert!(said.contains("was ended after"), "{said}");
    }

    let nowhere = Client::new(Protocol::Envelope, unix::Connector::new("/nowhere/socket"));
    let said = run(&host, caller(remote(nowhere)), &["ann"]).await;
    let expected = format!("{start}a call to the other side failed: the peer cannot be reached: ");
    assert!(said.starts_with(&expected), "{said}");

    let other = Serving::new("counter");
    let said = run(&host, caller(other.remote(Protocol::Envelope)), &["ann"]).await;
    assert_eq!(
        said,
        format!("{start}a call to the other side failed: `acme:greet/greeter#greet` is not served")
    );
}

#[tokio::test]
async fn what_a_peer_gives_is_checked() {
    // Two bytes of a text that is said to have five.
    struct Liar;
    impl loop_wire::Handler for Liar {
        async fn call(&self, call: loop_wire::Call) {
            let _ = call.reply(b"\x05he".as_slice().into()).await;
        }
    }
    let listener = tcp::Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().unwrap();
    let task = tokio::spawn(async move { Server::new(Liar).serve(listener).await });
    let client = Client::new(Protocol::Envelope, tcp::Connector::new(address.to_string()));
    let host = host();
    let said = run(
        &host,
        calling(&host, "greet-caller", GREETER, remote(client)),
        &["ann"],
    )
    .await;
    assert_eq!(
        said,
        "a call of `greet-caller` could not be passed on: a list claims more elements than bytes follow, at byte 0"
    );
    task.abort();
}

#[tokio::test]
async fn what_cannot_be_served_is_refused() {
    let host = host();
    let mut spec = AppSpec::single(load(&host, "hello"));
    spec.components.get_mut("hello").unwrap().exposed = true;
    let refused = link(&host, spec).expose(None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`hello` exports no interface that other processes could call"
    );

    let mut spec = AppSpec::single(load(&host, "greeter"));
    spec.components.get_mut("greeter").unwrap().exposed = true;
    let at = "127.0.0.1:7761".parse().unwrap();
    let refused = link(&host, spec).expose(Some(at)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`greeter` may not listen on 127.0.0.1:7761"
    );
}

#[tokio::test]
async fn a_caller_that_gives_up_ends_the_call() {
    let serving = Serving::new("slow-callee");
    let client = serving.client(Protocol::Envelope);
    let target = Target::new(GREETER, "greet").unwrap();
    let meta = Meta::default();
    let forever = client.call(&target, &meta, b"\x0560000".as_slice().into());
    let given_up = tokio::time::timeout(Duration::from_millis(200), forever).await;
    assert!(given_up.is_err(), "it sleeps for a minute");
    // There is one instance, and the next call gets it.
    let next = client.call(&target, &meta, b"\x011".as_slice().into());
    let next = tokio::time::timeout(Duration::from_secs(5), next).await;
    assert_eq!(&next.unwrap().unwrap()[..], b"\nslept 1 ms");
    let refused = CallError {
        code: Code::NotFound,
        retry: Retry::Never,
        message: "`x#y` is not served".into(),
    };
    let other = client
        .call(&Target::new("x", "y").unwrap(), &meta, Vec::new().into())
        .await;
    assert_eq!(other, Err(refused));
}
