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

use crate::gate::Gate;
use crate::net::{DialError, Target};
use crate::wasi::{Host, Lookup, LookupError};

/// A connection, encrypted or not.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// The version of HTTP that is spoken first. A server of TLS is asked whether it knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 1.1.
    One,
    /// 2, without asking where there is no TLS.
    Two,
}

/// How long one address is tried alone before the next is tried beside it: what RFC 8305 recommends.
const HEAD_START: Duration = Duration::from_millis(250);

/// Resolves the host of a target, and connects to the first of its addresses that is allowed and answers.
///
/// Without `tls` the authorities of the web are trusted.
///
/// # Errors
/// [`DialError::AddressDenied`] means that no address was allowed.
///
/// Dropping the future closes what it has opened.
pub(crate) async fn connect(
    gate: &Gate,
    lookup: &Lookup,
    tls: Option<&Tls>,
    target: &Target,
    version: Version,
) -> Result<Box<dyn Connection>, DialError> {
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
        tls.unwrap_or(&WEB).wrap(target, stream, version).await
    } else {
        Ok(Box::new(stream))
    }
}

/// Tries the addresses in turn, and does not wait for a silent one before it goes on to the next. An address is
/// taken from the iterator, and so asked for, only when it is tried.
async fn first_to_answer(
    mut addresses: impl Iterator<Item = SocketAddr>,
) -> Result<TcpStream, DialError> {
    let mut tries = FuturesUnordered::new();
    let mut failure = DialError::AddressDenied;
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
pub(crate) struct Tls {
    one: Arc<ClientConfig>,
    two: Arc<ClientConfig>,
}

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
        let mut two = config.clone();
        two.alpn_protocols = vec![b"h2".to_vec()];
        Self {
            one: Arc::new(config),
            two: Arc::new(two),
        }
    }

    async fn wrap(
        &self,
        target: &Target,
        stream: TcpStream,
        version: Version,
    ) -> Result<Box<dyn Connection>, DialError> {
        let name = match target.host() {
            Host::Address(address) => ServerName::from(*address),
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| DialError::Url)?,
        };
        let config = match version {
            Version::One => &self.one,
            Version::Two => &self.two,
        };
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| from_tls(&error))?;
        Ok(Box::new(stream))
    }
}

/// What the system says of a connection.
pub(crate) fn from_io(error: &io::Error) -> DialError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialError::Refused,
        io::ErrorKind::TimedOut => DialError::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => DialError::Unroutable,
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::NetworkDown => DialError::Unavailable,
        _ => tls_cause(error).unwrap_or(DialError::BrokenOff),
    }
}

fn from_tls(error: &io::Error) -> DialError {
    match from_io(error) {
        DialError::BrokenOff if tls_cause(error).is_none() => DialError::Tls,
        other => other,
    }
}

/// What TLS itself says is wrong, if it is that.
fn tls_cause(error: &io::Error) -> Option<DialError> {
    let cause = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match cause {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            DialError::Certificate
        }
        rustls::Error::AlertReceived(alert) => DialError::Alert {
            code: u8::from(*alert),
            name: format!("{alert:?}"),
        },
        _ => DialError::Tls,
    })
}

fn from_lookup(error: LookupError) -> DialError {
    match error {
        LookupError::TimedOut => DialError::NameTimedOut,
        LookupError::Denied => DialError::Denied,
        LookupError::Invalid => DialError::Url,
        LookupError::NotFound => DialError::NameNotFound,
    }
}
