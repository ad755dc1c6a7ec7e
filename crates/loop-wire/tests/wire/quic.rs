//! Two endpoints of this machine that trust each other.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use quinn::Endpoint;
use quinn::rustls::RootCertStore;
use quinn::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The name in the server's certificate.
pub(crate) const NAME: &str = "server.test";

/// A server's endpoint, and a client's that trusts it.
pub(crate) fn endpoints() -> (Endpoint, Endpoint) {
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
