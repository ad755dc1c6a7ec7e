//! One request at a time to a collector.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::Url;

/// The longest that one request takes, connecting included.
const REQUEST_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read: it says little.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Why a request did not reach a collector.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The endpoint is not a URL of `http` or `https` with a host.
    #[error("`{0}` is not the URL of a collector, which looks like http://127.0.0.1:4318")]
    Endpoint(String),
    /// No connection.
    #[error("cannot connect to the collector at {endpoint}")]
    Connect {
        /// The collector.
        endpoint: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The connection broke, or what came back is not HTTP.
    #[error("the connection to the collector failed")]
    Http(#[from] hyper::Error),
    /// There is no encryption to be had.
    #[error("cannot set up an encrypted connection")]
    Tls(#[from] rustls::Error),
    /// The collector refused the request.
    #[error("the collector answered {0}")]
    Status(StatusCode),
    /// The collector took too long.
    #[error("the collector has not answered in time")]
    Timeout,
}

/// A collector's address.
pub(super) struct Endpoint {
    base: Url,
    host: String,
    port: u16,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Self, SendError> {
        let wrong = || SendError::Endpoint(text.to_owned());
        let mut base = Url::parse(text).map_err(|_| wrong())?;
        let tls = match base.scheme() {
            "http" => None,
            "https" => Some(tls()?),
            _ => return Err(wrong()),
        };
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let host = base.host_str().ok_or_else(wrong)?;
        // Brackets belong to the URL, and not to the address in it.
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = base.port_or_known_default().ok_or_else(wrong)?;
        Ok(Self {
            base,
            host,
            port,
            tls,
        })
    }

    /// Sends `body` to `path` below the base.
    pub(super) async fn post(&self, path: &str, body: &serde_json::Value) -> Result<(), SendError> {
        match tokio::time::timeout(REQUEST_MAX, self.request(path, body)).await {
            Ok(result) => result,
            Err(_) => Err(SendError::Timeout),
        }
    }

    async fn request(&self, path: &str, body: &serde_json::Value) -> Result<(), SendError> {
        let connect = |source| SendError::Connect {
            endpoint: self.base.to_string(),
            source,
        };
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(connect)?;
        let Some(tls) = &self.tls else {
            return self.exchange(stream, path, body).await;
        };
        let name = ServerName::try_from(self.host.clone())
            .map_err(|error| connect(std::io::Error::other(error)))?;
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(tls));
        let stream = connector.connect(name, stream).await.map_err(connect)?;
        self.exchange(stream, path, body).await
    }

    async fn exchange<S>(
        &self,
        stream: S,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<(), SendError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let wrong = || SendError::Endpoint(self.base.to_string());
        let url = self.base.join(path).map_err(|_| wrong())?;
        let request = Request::post(url.path())
            .header(
                header::HOST,
                url.authority().rsplit('@').next().unwrap_or_default(),
            )
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|_| wrong())?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            // Reading to the end is politeness: a collector may count a closed connection as an error of its own.
            let _ = Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
                .collect()
                .await;
            if status.is_success() {
                Ok(())
            } else {
                Err(SendError::Status(status))
            }
        };
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            result = &mut exchange => result,
            // The connection may be done before the answer is read.
            connected = connection => {
                connected?;
                exchange.await
            }
        }
    }
}

/// Trusts the authorities that browsers trust.
fn tls() -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
    // Named, since the process may have chosen another as its default, or none.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = webpki_roots::TLS_SERVER_ROOTS
        .iter()
        .cloned()
        .collect::<rustls::RootCertStore>();
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn an_endpoint_is_a_url_of_http() {
        for (text, expected) in [
            (
                "http://127.0.0.1:4318",
                Some("http://127.0.0.1:4318/v1/logs"),
            ),
            ("http://[::1]:4318/", Some("http://[::1]:4318/v1/logs")),
            (
                "http://collector/otlp",
                Some("http://collector/otlp/v1/logs"),
            ),
            ("grpc://collector:4317", None),
            ("collector:4318", None),
            ("", None),
        ] {
            let url = Endpoint::parse(text)
                .ok()
                .map(|endpoint| endpoint.base.join("v1/logs").unwrap());
            assert_eq!(url.as_ref().map(url::Url::as_str), expected, "{text}");
        }
    }
}
