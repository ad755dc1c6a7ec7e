//! The conformance suite.

use std::path::Path;

use loop_core::limits::ByteSize;
use loop_core::name::ImportName;
use loop_host::{AppSpec, ComponentSpec, Host, Instances, RouteSpec};

use crate::netx::names::names;
use crate::netx::peer::Peer;
use crate::netx::services::Services;
use crate::support::{Told, conforms, host, load};

/// Values that cross: 512 MiB.
const BODY: ByteSize = ByteSize(512 << 20);

/// What the suite asks the network for.
fn granted(peer: &Peer, services: &Services) -> String {
    format!(
        r#"net = {{
            http = [
                "ws://{0}", "http://{0}", "http://{1}/suite.Suite/",
                "http://127.0.0.1:1", "http://unknown.test",
            ],
            lookup = ["*.test", "localhost"],
        }}"#,
        peer.address, services.address
    )
}

/// An app of the suite, which this component stands between and the network.
pub(crate) fn behind(mut component: ComponentSpec, mut suite: ComponentSpec) -> AppSpec {
    // Each byte of a message counts for several where it crosses between components with a resource, and the largest has 4 MiB.
    component.limits.body = BODY;
    suite.limits.body = BODY;
    let mut app = AppSpec::single(suite);
    app.components.insert("between".to_owned(), component);
    for key in ["loop:netx", "wasi:http/outgoing-handler"] {
        let key: ImportName = key.parse().unwrap();
        app.provide
            .insert(key, RouteSpec::Component("between".to_owned()));
    }
    app.resolver = names();
    app
}

/// A provider that is a component, with a recording.
pub(crate) fn recorded(host: &Host, provider: &str, base: &Path, granted: &str) -> ComponentSpec {
    let mut component = load(host, &loop_test::provider(provider), base, granted);
    let file = ("file".to_owned(), "recordings/netx.jsonl".to_owned());
    component.config.extend([file]);
    component.instances = Some(Instances::One);
    component
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native() {
    let (peer, services) = (Peer::start().await, Services::start().await);
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let guest = loop_test::guest("netx-suite");
    let suite = load(&host, &guest, folder.path(), &granted(&peer, &services));
    let mut app = AppSpec::single(suite);
    app.resolver = names();
    let url = format!("ws://{}", peer.address);
    let grpc = format!("http://{}", services.address);
    conforms(&host, app, &[&url, &grpc]).await;
}

/// Through a component that writes down what happens, and then from what it wrote, without a network.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_and_replayed() {
    let (peer, services) = (Peer::start().await, Services::start().await);
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("recordings")).unwrap();
    let guest = loop_test::guest("netx-suite");
    let url = format!("ws://{}", peer.address);
    let grpc = format!("http://{}", services.address);
    // Requests are judged by the grants of who sends them; names and connections are the provider's.
    let suite = || load(&host, &guest, folder.path(), &granted(&peer, &services));

    let writes = r#"fs = [{ name = "recordings", path = "recordings", access = "read-write" }]"#;
    let granted = format!("{}\n{writes}", granted(&peer, &services));
    let record = recorded(&host, "netx-record", folder.path(), &granted);
    conforms(&host, behind(record, suite()), &[&url, &grpc]).await;

    let suite = suite();
    drop((peer, services));
    let reads = r#"fs = [{ name = "recordings", path = "recordings" }]"#;
    let replay = recorded(&host, "netx-replay", folder.path(), reads);
    conforms(&host, behind(replay, suite), &[&url, &grpc]).await;
}

/// The forms for components that use `async`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent() {
    let peer = Peer::start().await;
    let host = host(&Told::default());
    let grants = format!(r#"net.http = ["ws://{}"]"#, peer.address);
    let folder = tempfile::tempdir().unwrap();
    let guest = loop_test::guest("netx-async-suite");
    let suite = load(&host, &guest, folder.path(), &grants);
    let url = format!("ws://{}", peer.address);
    conforms(&host, AppSpec::single(suite), &[&url]).await;
}
