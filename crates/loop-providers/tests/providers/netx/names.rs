//! Names: who may resolve them, and what an answer is good for.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use loop_host::{AppSpec, Resolver, ResolverRef};
use tokio::net::TcpListener;

use crate::support::{Told, host, load, run};

/// Knows some names, and never answers for `silent.test`.
struct Names(BTreeMap<&'static str, Vec<IpAddr>>);

#[async_trait]
impl Resolver for Names {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        if name == "silent.test" {
            pending::<()>().await;
        }
        let found = self.0.get(name).cloned();
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// The names that the suite asks for, and one of this machine.
pub(crate) fn names() -> ResolverRef {
    let known: [(_, &[&str]); 2] = [
        ("known.test", &["192.0.2.7", "2001:db8::7", "10.0.0.7"]),
        ("inner.test", &["127.0.0.1"]),
    ];
    let known = known.map(|(name, addresses)| {
        let addresses = addresses.iter().map(|address| address.parse().unwrap());
        (name, addresses.collect())
    });
    ResolverRef(Arc::new(Names(known.into())))
}

/// What `dns-try` says with these grants, and what the host told.
async fn tried(grants: &str, args: &[&str]) -> (String, Vec<String>) {
    let told = Told::default();
    let host = host(&told);
    let folder = tempfile::tempdir().unwrap();
    let guest = load(&host, &loop_test::guest("dns-try"), folder.path(), grants);
    let mut app = AppSpec::single(guest);
    app.resolver = names();
    let said = run(&host, app, args).await;
    (said, told.lines())
}

#[tokio::test]
async fn what_may_be_connected_to_may_be_resolved() {
    for grants in [
        r#"net.lookup = ["inner.test"]"#,
        r#"net.lookup = ["*.test"]"#,
        r#"net.connect = ["inner.test:80"]"#,
        r#"net.http = ["wss://inner.test/feed"]"#,
    ] {
        let (said, _) = tried(grants, &["inner.test"]).await;
        assert_eq!(said, "127.0.0.1\nexit 0", "{grants}");
    }
    for grants in [
        "",
        r#"net.lookup = ["other.test", "*.inner.test"]"#,
        r#"net.connect = ["127.0.0.1:80"]"#,
    ] {
        let (said, told) = tried(grants, &["inner.test"]).await;
        assert_eq!(said, "cannot resolve inner.test: denied\nexit 1");
        let line = r#"look up `inner.test`: grants = { net = { lookup = ["inner.test"] } }"#;
        assert_eq!(told, [line], "{grants}");
    }
}

#[tokio::test]
async fn an_answer_does_not_widen_what_may_be_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let port = address.port().to_string();
    let grants = format!(r#"net.connect = ["inner.test:{port}"]"#);
    let (said, told) = tried(&grants, &["inner.test", &port]).await;
    assert_eq!(said, "127.0.0.1\nnot connected: PermissionDenied\nexit 0");
    let request = format!("connect to {address} (inner.test) over tcp: ");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(&request), "{told:?}");

    let grants = format!(r#"net = {{ lookup = ["inner.test"], connect = ["{address}"] }}"#);
    let (said, _) = tried(&grants, &["inner.test", &port]).await;
    assert_eq!(said, "127.0.0.1\nconnected\nexit 0");
}
