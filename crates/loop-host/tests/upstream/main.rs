//! Programs built with the Bytecode Alliance's own crates serve our components, and call them, over TCP, unix sockets and QUIC.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod program;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use loop_host::{
    AppSpec, Buffer, ComponentSpec, Exposed, Host, LoadOptions, Output, RemoteSpec, RouteSpec,
};
use loop_wire::transport::{Connect, Listen, quic, tcp, unix};
use loop_wire::{Client, Protocol, Server};
use quinn::Endpoint;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::BufReader;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

/// The name in the server's certificate.
const NAME: &str = "server.test";

fn host() -> Host {
    let cache = loop_test::target_dir().join("compiled");
    Host::builder().cache(cache).build().unwrap()
}

fn spec(host: &Host, guest: &str) -> AppSpec {
    let component = host
        .load_file(&loop_test::guest(guest), LoadOptions::default())
        .unwrap();
    let mut component = ComponentSpec::new(component);
    component.exposed = true;
    AppSpec::single(component)
}

/// Has a component of ours call what serves `acme:math/calc` there, and gives what it prints.
async fn we_call(connector: impl Connect) -> String {
    let host = host();
    let mut spec = spec(&host, "calc-caller");
    let remote = RemoteSpec {
        address: "upstream".to_owned(),
        client: Client::new(Protocol::Plain, connector),
        call: Duration::from_secs(10),
    };
    let interface = "acme:math/calc".parse().unwrap();
    spec.provide.insert(interface, RouteSpec::Remote(remote));
    let out = Buffer::default();
    spec.stdio.stdout = Output::Buffer(out.clone());
    let exit = host.link(spec).unwrap().run(&[]).await.unwrap();
    assert_eq!(exit.code, 0);
    String::from_utf8(out.contents().to_vec()).unwrap()
}

/// What the component prints whoever serves it: `apps` has the same, served by a component of ours.
fn expected() -> String {
    let snapshot = loop_test::root()
        .join("crates/loop-host/tests/apps/snapshots/apps__wire__every_kind_of_value_crosses.snap");
    let text = std::fs::read_to_string(snapshot).unwrap();
    let text = text.splitn(3, "---\n").last().unwrap();
    text.trim_end().trim_end_matches("exit 0").to_owned()
}

/// Has the program serve over QUIC.
async fn serve_quic(server: Endpoint) -> JoinSet<()> {
    let connection = Arc::new(OnceCell::new());
    program::serve(wrpc_quic::Server::new(), move || {
        let (server, connection) = (server.clone(), Arc::clone(&connection));
        async move {
            let connect = async || server.accept().await.unwrap().await.unwrap();
            let connection = connection.get_or_init(connect).await;
            let (writer, reader) = connection.accept_bi().await.unwrap();
            (BufReader::new(reader), writer)
        }
    })
    .await
}

/// Has a component of ours, `calc`, serve.
fn we_serve(listener: impl Listen) -> tokio::task::JoinHandle<std::io::Result<()>> {
    serve("calc", listener)
}

fn serve(guest: &str, listener: impl Listen) -> tokio::task::JoinHandle<std::io::Result<()>> {
    let host = host();
    let app = host.link(spec(&host, guest)).unwrap();
    let exposed: Exposed = app.expose(None).unwrap();
    tokio::spawn(async move { Server::new(exposed).serve(listener).await })
}

/// A server's endpoint, and a client's that trusts it.
fn endpoints() -> (Endpoint, Endpoint) {
    let certified = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
    let certificate = CertificateDer::from(certified.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = quinn::ServerConfig::with_single_cert(vec![certificate], key).unwrap();
    let client = quinn::ClientConfig::with_root_certificates(Arc::new(roots)).unwrap();
    let mut client_endpoint = Endpoint::client(here).unwrap();
    client_endpoint.set_default_client_config(client);
    (Endpoint::server(server, here).unwrap(), client_endpoint)
}

#[tokio::test]
async fn a_component_calls_upstream_over_tcp() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _program = program::serve_tcp(listener).await;
    assert_eq!(
        we_call(tcp::Connector::new(address.to_string())).await,
        expected()
    );
}

#[tokio::test]
async fn a_component_calls_upstream_over_unix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let _program = program::serve_unix(listener).await;
    assert_eq!(we_call(unix::Connector::new(path)).await, expected());
}

#[tokio::test]
async fn a_component_calls_upstream_over_quic() {
    let (server, client) = endpoints();
    let address = server.local_addr().unwrap();
    let _program = serve_quic(server).await;
    let connector = quic::Connector::new(client, address, NAME);
    assert_eq!(we_call(connector).await, expected());
}

#[tokio::test]
async fn upstream_calls_a_component_over_tcp() {
    let listener = tcp::Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().unwrap();
    let serving = we_serve(listener);
    program::call(&wrpc_transport::tcp::Client::from(address)).await;
    serving.abort();
}

#[tokio::test]
async fn upstream_calls_a_component_over_unix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let serving = we_serve(unix::Listener::bind(&path).unwrap());
    program::call(&wrpc_transport::unix::Client::from(path)).await;
    serving.abort();
}

#[tokio::test]
async fn upstream_calls_a_component_over_quic() {
    let (server, client) = endpoints();
    let address = server.local_addr().unwrap();
    let serving = we_serve(quic::Listener::new(server));
    let connection = client.connect(address, NAME).unwrap().await.unwrap();
    program::call(&wrpc_quic::Client::from(connection)).await;
    serving.abort();
}

#[tokio::test]
async fn streams_cross_from_and_to_upstream() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let serving = serve("flow", unix::Listener::bind(&path).unwrap());
    program::call_streams(&wrpc_transport::unix::Client::from(path)).await;
    serving.abort();
}
