//! Two sides of this machine that trust each other.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use loop_wire::transport::Keys;
use quinn::Endpoint;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// The name in the server's certificate.
pub(crate) const NAME: &str = "server.test";

fn certified(
    name: &str,
) -> (
    CertificateDer<'static>,
    PrivateKeyDer<'static>,
    RootCertStore,
) {
    let certified = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = CertificateDer::from(certified.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    (certificate, key, roots)
}

/// A server that asks for a certificate, a client that has one, and one that has none.
pub(crate) fn mutual() -> (Arc<ServerConfig>, Arc<ClientConfig>, Arc<ClientConfig>) {
    mutual_of(NAME)
}

/// What a server at `name` and a client that trusts it need.
pub(crate) fn keys(name: &str) -> Keys {
    let (server, client, _) = mutual_of(name);
    Keys {
        caller: Some(client),
        callee: Some(server),
        ..Keys::default()
    }
}

fn mutual_of(name: &str) -> (Arc<ServerConfig>, Arc<ClientConfig>, Arc<ClientConfig>) {
    let (certificate, key, roots) = certified(name);
    let (client_certificate, client_key, client_roots) = certified("client.test");
    let verifier = WebPkiClientVerifier::builder(Arc::new(client_roots))
        .build()
        .unwrap();
    let server = ServerConfig::builder_with_protocol_versions(&[&TLS13])
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let stranger = ClientConfig::builder_with_protocol_versions(&[&TLS13])
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    let client = ClientConfig::builder_with_protocol_versions(&[&TLS13])
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![client_certificate], client_key)
        .unwrap();
    (Arc::new(server), Arc::new(client), Arc::new(stranger))
}

/// A server's endpoint, and a client's that trusts it.
pub(crate) fn quic_endpoints() -> (Endpoint, Endpoint) {
    let (certificate, key, roots) = certified(NAME);
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = quinn::ServerConfig::with_single_cert(vec![certificate], key).unwrap();
    let client = quinn::ClientConfig::with_root_certificates(Arc::new(roots)).unwrap();
    let mut client_endpoint = Endpoint::client(here).unwrap();
    client_endpoint.set_default_client_config(client);
    (Endpoint::server(server, here).unwrap(), client_endpoint)
}
