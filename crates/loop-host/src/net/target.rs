//! What is connected to, in the one form in which it is judged and named to the server.

use std::borrow::Cow;
use std::sync::Arc;

use http::Uri;
use http::header::{HOST, HeaderMap, HeaderValue};
use loop_core::policy::Request;
use url::{Position, Url};

use crate::net::DialError;
use crate::wasi::{Host, Origin};

/// Characters of a URL: twice what common servers accept.
const URL_MAX: usize = 16 * 1024;

/// The target of a request or a connection: a URL, read once.
///
/// Invariant: dot segments are resolved in it, the host is a name in lower case or an address in canonical form, and
/// there is a port. A grant of `https://example.com/v1/` thus does not cover `/v1/../admin`.
#[derive(Clone, Debug)]
pub struct Target {
    url: Url,
    host: Host,
    host_text: Arc<str>,
    port: u16,
}

impl Target {
    /// Reads a URL of one of these schemes.
    ///
    /// # Errors
    /// - [`DialError::UrlTooLong`].
    /// - [`DialError::Url`] if it is no URL of one of them, or if it names a user.
    pub fn parse(text: &str, schemes: &[&str]) -> Result<Self, DialError> {
        if text.len() > URL_MAX {
            return Err(DialError::UrlTooLong);
        }
        let url = Url::parse(text).map_err(|_| DialError::Url)?;
        let user = !url.username().is_empty() || url.password().is_some();
        if !schemes.contains(&url.scheme()) || user {
            return Err(DialError::Url);
        }
        let host = url.host().ok_or(DialError::Url)?;
        let host = Host::from_url(&host).map_err(|_| DialError::Url)?;
        let port = url.port_or_known_default().ok_or(DialError::Url)?;
        let host_text = host.to_string().into();
        Ok(Self {
            url,
            host,
            host_text,
            port,
        })
    }

    /// What the policy is asked.
    pub(crate) fn request<'a>(&'a self, method: &'a str) -> Request<'a> {
        Request::Http {
            method,
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
    pub fn secure(&self) -> bool {
        matches!(self.url.scheme(), "https" | "wss")
    }

    /// What a connection for it is opened for.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            secure: self.secure(),
            host: Arc::clone(&self.host_text),
            port: self.port,
        }
    }

    /// Sets the `Host` header, whatever was there.
    ///
    /// # Errors
    /// [`DialError::Url`] if the host cannot stand in a header, which no parsed host does.
    pub(crate) fn write_host(&self, headers: &mut HeaderMap) -> Result<(), DialError> {
        let value = HeaderValue::from_str(&self.authority());
        headers.insert(HOST, value.map_err(|_| DialError::Url)?);
        Ok(())
    }

    /// The path and the query: what is sent to a server.
    ///
    /// # Errors
    /// [`DialError::Url`], which no parsed URL leads to.
    pub fn relative(&self) -> Result<Uri, DialError> {
        self.path().parse().map_err(|_| DialError::Url)
    }

    /// All of it, as it was read.
    ///
    /// # Errors
    /// [`DialError::Url`], which no parsed URL leads to.
    pub fn absolute(&self) -> Result<Uri, DialError> {
        let scheme = self.url.scheme();
        let text = format!("{scheme}://{}{}", self.authority(), self.path());
        text.parse().map_err(|_| DialError::Url)
    }

    fn path(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// The host, and the port where it is not the scheme's own: what a `Host` header says.
    pub fn authority(&self) -> Cow<'_, str> {
        // Most are written as they were read. Not those with a dot at the end, or IPv4 in the clothes of IPv6.
        if self.url.host_str() == Some(&*self.host_text) {
            return self.url[Position::BeforeHost..Position::AfterPort].into();
        }
        let host = match &self.host {
            Host::Address(std::net::IpAddr::V6(address)) => format!("[{address}]"),
            host => host.to_string(),
        };
        match self.url.port() {
            None => host.into(),
            Some(port) => format!("{host}:{port}").into(),
        }
    }
}
