//! The conformance suite.

use loop_host::AppSpec;

use crate::netx::names::names;
use crate::netx::peer::Peer;
use crate::support::{Told, conforms, host, load};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native() {
    let peer = Peer::start().await;
    let host = host(&Told::default());
    let grants = format!(
        r#"net = {{ http = ["ws://{}"], lookup = ["*.test", "localhost"] }}"#,
        peer.address
    );
    let folder = tempfile::tempdir().unwrap();
    let suite = load(
        &host,
        &loop_test::guest("netx-suite"),
        folder.path(),
        &grants,
    );
    let url = format!("ws://{}", peer.address);
    let mut app = AppSpec::single(suite);
    app.resolver = names();
    conforms(&host, app, &[&url]).await;
}
