//! Where a request goes, in the one form in which it is judged and sent.

use http::header::{HOST, HeaderMap, HeaderValue};
use http::{Method, Uri};
use loop_core::policy::Request;
use url::Url;
use wasmtime_wasi_http::{Error, Result};

use crate::wasi::http_client::pool::Origin;
use crate::wasi::lookup::Host;

/// Characters of a URL: twice what common servers accept.
const URL_MAX: usize = 16 * 1024;

/// The target of a request.
///
/// Invariant: dot segments are resolved in it, the host is a name in lower case or an address in canonical form, and
/// there is a port. A grant of `https://example.com/v1/` thus does not cover `/v1/../admin`.
#[derive(Debug)]
pub(crate) struct Target {
    url: Url,
    host: Host,
    host_text: String,
    port: u16,
}

impl Target {
    /// Reads the target of a request that a component made.
    ///
    /// # Errors
    /// - [`Error::HttpRequestMethodInvalid`] for `CONNECT`, which asks for a tunnel rather than an answer.
    /// - [`Error::HttpRequestUriTooLong`].
    /// - [`Error::HttpRequestUriInvalid`] if it is no URL of `http` or `https`, or if it names a user.
    pub(crate) fn of(method: &Method, uri: &Uri) -> Result<Self> {
        if method == Method::CONNECT {
            return Err(Error::HttpRequestMethodInvalid);
        }
        let text = uri.to_string();
        if text.len() > URL_MAX {
            return Err(Error::HttpRequestUriTooLong);
        }
        let url = Url::parse(&text).map_err(|_| Error::HttpRequestUriInvalid)?;
        let web = matches!(url.scheme(), "http" | "https");
        let user = !url.username().is_empty() || url.password().is_some();
        if !web || user {
            return Err(Error::HttpRequestUriInvalid);
        }
        let host = url.host().ok_or(Error::HttpRequestUriInvalid)?;
        let host = Host::from_url(&host).map_err(|_| Error::HttpRequestUriInvalid)?;
        let port = url
            .port_or_known_default()
            .ok_or(Error::HttpRequestUriInvalid)?;
        let host_text = host.to_string();
        Ok(Self {
            url,
            host,
            host_text,
            port,
        })
    }

    /// What the policy is asked.
    pub(crate) fn request<'a>(&'a self, method: &'a Method) -> Request<'a> {
        Request::Http {
            method: method.as_str(),
            scheme: self.url.scheme(),
            host: &self.host_text,
            port: self.port,
            path: self.url.path(),
        }
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// The host as the policy and a certificate know it.
    pub(crate) fn host_text(&self) -> &str {
        &self.host_text
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection has to be encrypted.
    pub(crate) fn secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// What a connection for it is opened for.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            secure: self.secure(),
            host: self.host_text.clone(),
            port: self.port,
        }
    }

    /// Sets the `Host` header, whatever was there.
    ///
    /// # Errors
    /// [`Error::HttpRequestUriInvalid`] if the host cannot stand in a header, which no parsed host does.
    pub(crate) fn write_host(&self, headers: &mut HeaderMap) -> Result<()> {
        let value = HeaderValue::from_str(&self.authority());
        headers.insert(HOST, value.map_err(|_| Error::HttpRequestUriInvalid)?);
        Ok(())
    }

    /// The path and the query: what is sent to a server.
    pub(crate) fn relative(&self) -> Result<Uri> {
        let path = self.url.path();
        let text = match self.url.query() {
            None => path.to_owned(),
            Some(query) => format!("{path}?{query}"),
        };
        text.parse().map_err(|_| Error::HttpRequestUriInvalid)
    }

    /// All of it: what is handed to another component.
    pub(crate) fn absolute(&self) -> Result<Uri> {
        let text = format!(
            "{}://{}{}",
            self.url.scheme(),
            self.authority(),
            self.relative()?
        );
        text.parse().map_err(|_| Error::HttpRequestUriInvalid)
    }

    /// The host, and the port where it is not the scheme's own.
    fn authority(&self) -> String {
        let host = match &self.host {
            Host::Address(std::net::IpAddr::V6(address)) => format!("[{address}]"),
            host => host.to_string(),
        };
        match self.url.port() {
            None => host,
            Some(port) => format!("{host}:{port}"),
        }
    }
}
