//! A component that connects: what it is granted, and whom it trusts.

use std::sync::Arc;

use loop_host::{AppSpec, Host};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::netx::peer::{Peer, echo};
use crate::support::{Told, host, load, run};

/// Has `ws-watch` connect, with these grants.
async fn watch(host: &Host, grants: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = loop_test::guest("ws-watch");
    let component = load(host, &file, folder.path(), grants);
    run(host, AppSpec::single(component), args).await
}

#[tokio::test]
async fn only_what_is_granted() {
    let peer = Peer::start().await;
    let address = peer.address;
    let told = Told::default();
    let host = host(&told);
    for grants in [
        String::new(),
        format!(r#"net.http = ["http://{address}"]"#),
        format!(r#"net.http = ["wss://{address}"]"#),
        format!(r#"net.http = ["ws://{address}/told"]"#),
        format!(r#"net.connect = ["{address}"]"#),
    ] {
        let said = watch(&host, &grants, &[&format!("ws://{address}/three")]).await;
        assert_eq!(
            said, "not connected: ConnectError::Denied\nexit 1",
            "{grants}"
        );
    }
    let missing =
        format!(r#"connect to ws://{address}/three: grants = {{ net = {{ http = ["ws://{address}"#);
    let told = told.lines();
    assert_eq!(told.len(), 5);
    let all = told.iter().all(|line| line.starts_with(&missing));
    assert!(all, "{told:?}");

    let grants = format!(r#"net.http = ["ws://{address}/three"]"#);
    let said = watch(&host, &grants, &[&format!("ws://{address}/three")]).await;
    let events = "connected\ntext 1\ntext 2\ntext 3\nclosed 4000 enough\nexit 0";
    assert_eq!(said, events);
}

#[tokio::test]
async fn a_server_of_tls_proves_who_it_is() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Who does not trust it goes away.
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                socket.close(None).await.unwrap();
                echo(&mut socket).await;
            });
        }
    });

    let grants = format!(r#"net.http = ["wss://localhost:{port}"]"#);
    let url = format!("wss://localhost:{port}/");
    let stranger = host(&Told::default());
    let said = watch(&stranger, &grants, &[&url]).await;
    assert_eq!(said, "not connected: ConnectError::Untrusted\nexit 1");

    let trusting = Host::builder()
        .cache(loop_test::target_dir().join("compiled"))
        .standard_provider(loop_providers::Netx)
        .authorities([certificate.to_vec()])
        .build()
        .unwrap();
    let said = watch(&trusting, &grants, &[&url]).await;
    assert_eq!(said, "connected\nclosed 1005 \nexit 0");
    // Granted with `localhost`, but the certificate is for the name.
    let said = watch(
        &trusting,
        &grants,
        &[&url.replace("localhost", "127.0.0.1")],
    )
    .await;
    assert_eq!(said, "not connected: ConnectError::Untrusted\nexit 1");
    server.abort();
}
