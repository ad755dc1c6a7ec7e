//! The certificate of a process that listens with encryption, made for each and trusted by the one that calls it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::peer::CERTIFICATE;

/// The name in it.
pub(crate) const NAME: &str = "127.0.0.1";

/// Makes one, and leaves it where the caller finds it.
pub(crate) fn make(folder: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let certified = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
    let der = CertificateDer::from(certified.cert.der().to_vec());
    std::fs::write(folder.join(CERTIFICATE), &der)?;
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())
        .map_err(anyhow::Error::msg)?;
    let config = ServerConfig::builder_with_protocol_versions(&[&TLS13])
        .with_no_client_auth()
        .with_single_cert(vec![der], key)?;
    Ok(Arc::new(config))
}

/// Trusts the one that was left in the folder.
pub(crate) fn trust(folder: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let der = std::fs::read(folder.join(CERTIFICATE)).context("the peer's certificate")?;
    roots.add(CertificateDer::from(der))?;
    let config = ClientConfig::builder_with_protocol_versions(&[&TLS13])
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
