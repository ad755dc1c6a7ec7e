//! Connections: each address is asked for before it is tried, and what was asked for is what is tried.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt as _};
use loop_core::policy::Request;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::{Error, Result};

use crate::gate::Gate;
use crate::wasi::http_client::target::Target;
use crate::wasi::lookup::{Host, Lookup, LookupError};

/// A connection, encrypted or not.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// How long one address is tried alone before the next is tried beside it: what RFC 8305 recommends.
const HEAD_START: Duration = Duration::from_millis(250);

/// Resolves the host of a target, and connects to the first of its addresses that is allowed and answers.
///
/// Without `tls` the authorities of the web are trusted.
///
/// # Errors
/// What the component shall see. [`Error::DestinationIpProhibited`] means that no address was allowed.
///
/// Dropping the future closes what it has opened.
pub(crate) async fn connect(
    gate: &Gate,
    lookup: &Lookup,
    tls: Option<&Tls>,
    target: &Target,
) -> Result<Box<dyn Connection>> {
    let addresses = lookup.addresses(target.host()).await.map_err(from_lookup)?;
    let allowed = addresses
        .into_iter()
        .map(|ip| SocketAddr::new(ip, target.port()))
        .filter(|address| {
            let request = Request::HttpConnect {
                host: target.host_text(),
                address: *address,
            };
            gate.ask(&request).is_ok()
        });
    let stream = first_to_answer(allowed).await?;
    if target.secure() {
        tls.unwrap_or(&WEB).wrap(target, stream).await
    } else {
        Ok(Box::new(stream))
    }
}

/// Tries the addresses in turn, and does not wait for a silent one before it goes on to the next. An address is
/// taken from the iterator, and so asked for, only when it is tried.
async fn first_to_answer(mut addresses: impl Iterator<Item = SocketAddr>) -> Result<TcpStream> {
    let mut tries = FuturesUnordered::new();
    let mut failure = Error::DestinationIpProhibited;
    loop {
        let next = addresses.next();
        let exhausted = next.is_none();
        tries.extend(next.map(TcpStream::connect));
        tokio::select! {
            ended = tries.next() => match ended {
                Some(Ok(stream)) => {
                    // Small requests shall not wait for more to send. A stream without the option works as well.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Some(Err(error)) => failure = from_io(&error),
                None => return Err(failure),
            },
            () = sleep(HEAD_START), if !exhausted => {}
        }
    }
}

/// Trusts the authorities that browsers trust, as they were when the host was built.
///
/// Made when the first connection needs it, since reading the authorities takes as long as starting an instance.
static WEB: LazyLock<Tls> =
    LazyLock::new(|| Tls::trusting(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()));

/// The host's side of encrypted connections.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts these authorities.
    #[expect(
        clippy::expect_used,
        reason = "ring has suites for the versions it is asked for"
    )]
    pub(crate) fn trusting(roots: RootCertStore) -> Self {
        // Named, since the process may have chosen another as its default, or none.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // All components of a process share this: a server must not tell by a ticket that two of them are on
        // the same machine.
        config.resumption = Resumption::disabled();
        Self(Arc::new(config))
    }

    async fn wrap(&self, target: &Target, stream: TcpStream) -> Result<Box<dyn Connection>> {
        let name = match target.host() {
            Host::Address(address) => ServerName::from(*address),
            Host::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|_| Error::HttpRequestUriInvalid)?
            }
        };
        let connector = TlsConnector::from(Arc::clone(&self.0));
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| from_tls(&error))?;
        Ok(Box::new(stream))
    }
}

/// The component's own kind of error, for what the system says of a connection.
pub(crate) fn from_io(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Error::DestinationIpUnroutable
        }
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::NetworkDown => {
            Error::DestinationUnavailable
        }
        _ => tls_cause(error).unwrap_or(Error::ConnectionTerminated),
    }
}

fn from_tls(error: &io::Error) -> Error {
    match from_io(error) {
        Error::ConnectionTerminated if tls_cause(error).is_none() => Error::TlsProtocolError,
        other => other,
    }
}

/// What TLS itself says is wrong, if it is that.
fn tls_cause(error: &io::Error) -> Option<Error> {
    let cause = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match cause {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            Error::TlsCertificateError
        }
        rustls::Error::AlertReceived(alert) => Error::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        },
        _ => Error::TlsProtocolError,
    })
}

fn from_lookup(error: LookupError) -> Error {
    match error {
        LookupError::TimedOut => Error::DnsTimeout,
        LookupError::Denied => Error::HttpRequestDenied,
        LookupError::Invalid => Error::HttpRequestUriInvalid,
        LookupError::NotFound => Error::DnsError {
            rcode: None,
            info_code: None,
        },
    }
}
