//! Requests.

use std::time::Duration;

use http::Method;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{IncomingResponse, OutgoingRequest, RequestOptions};
use wasip2::io::poll::poll;

use crate::http::body::Source;
use crate::http::incoming::Incoming;
use crate::http::transfer::{Step, Transfer};
use crate::http::{Body, Error, Request, Response, fields};
use crate::time::to_nanos;

/// How requests are sent: how long each part may take. What is not set is the host's to say: half a minute to connect, a minute for each of
/// the others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client {
    connect: Option<Duration>,
    response: Option<Duration>,
    silence: Option<Duration>,
}

impl Client {
    /// One that leaves all times to the host.
    pub const fn new() -> Self {
        Self {
            connect: None,
            response: None,
            silence: None,
        }
    }

    /// How long it may take until there is a connection.
    #[must_use]
    pub const fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect = Some(time);
        self
    }

    /// How long it may take from the last byte of the request to the first of the response.
    #[must_use]
    pub const fn response_timeout(mut self, time: Duration) -> Self {
        self.response = Some(time);
        self
    }

    /// How long the server may be silent in the middle of the response.
    #[must_use]
    pub const fn silence_timeout(mut self, time: Duration) -> Self {
        self.silence = Some(time);
        self
    }

    /// Asks for a URL.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn get(self, url: &str) -> Result<Response, Error> {
        self.send(request(Method::GET, url, Body::empty())?)
    }

    /// Sends this to a URL.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn post(self, url: &str, body: impl Into<Body>) -> Result<Response, Error> {
        self.send(request(Method::POST, url, body.into())?)
    }

    /// Sends a request, whose URI has a scheme and a host, and waits until its response begins. If that is before all of the
    /// request was sent, the rest is sent while the body of the response is read.
    ///
    /// A response with an error's status is a response.
    ///
    /// # Errors
    /// Why there is no response.
    pub fn send(self, request: Request) -> Result<Response, Error> {
        let (head, body) = request.into_parts();
        let invalid = |()| Error::Invalid(format!("{} {} is not a request", head.method, head.uri));
        let outgoing = OutgoingRequest::new(fields::fields(&head.headers, &body)?);
        let (scheme, host, path) = fields::target(&head.uri).ok_or(()).map_err(invalid)?;
        outgoing
            .set_method(&fields::to_host(&head.method))
            .and_then(|()| outgoing.set_scheme(Some(&scheme)))
            .and_then(|()| outgoing.set_authority(Some(host)))
            .and_then(|()| outgoing.set_path_with_query(Some(path)))
            .map_err(invalid)?;
        let mut upload = None;
        if !body.is_over() {
            upload = Some(Transfer::new(body, outgoing.body().map_err(invalid)?));
        }

        let pending = handle(outgoing, Some(self.options()))?;
        let response = loop {
            if let Some(response) = pending.get() {
                break response.map_err(invalid)??;
            }
            let mut reasons = vec![pending.subscribe()];
            if let Some(transfer) = &mut upload {
                match transfer.step()? {
                    Step::Moved => continue,
                    Step::Waits(waits) => reasons.extend(waits),
                    Step::Done => upload = None,
                }
            }
            poll(&reasons.iter().collect::<Vec<_>>());
        };
        received(&response, &head.method, upload)
    }

    fn options(self) -> RequestOptions {
        let options = RequestOptions::new();
        // A host that knows none of them has its own.
        let _ = options.set_connect_timeout(self.connect.map(to_nanos));
        let _ = options.set_first_byte_timeout(self.response.map(to_nanos));
        let _ = options.set_between_bytes_timeout(self.silence.map(to_nanos));
        options
    }
}

/// Asks for a URL. The host says how long it may take: see [`Client`].
///
/// # Errors
/// As [`Client::send`].
pub fn get(url: &str) -> Result<Response, Error> {
    Client::new().get(url)
}

/// Sends this to a URL. The host says how long it may take: see [`Client`].
///
/// # Errors
/// As [`Client::send`].
pub fn post(url: &str, body: impl Into<Body>) -> Result<Response, Error> {
    Client::new().post(url, body)
}

/// Sends a request. The host says how long it may take: see [`Client`].
///
/// # Errors
/// As [`Client::send`].
pub fn send(request: Request) -> Result<Response, Error> {
    Client::new().send(request)
}

fn request(method: Method, url: &str, body: Body) -> Result<Request, Error> {
    http::Request::builder()
        .method(method)
        .uri(url)
        .body(body)
        .map_err(|_| Error::Invalid(format!("`{url}` is not a URL")))
}

/// A response that begins, and what is left of its request.
fn received(
    response: &IncomingResponse,
    method: &Method,
    upload: Option<Transfer>,
) -> Result<Response, Error> {
    let headers = fields::headers(&response.headers());
    let status = http::StatusCode::from_u16(response.status()).map_err(|_| Error::BrokenOff)?;
    // Said of what would be answered to another request.
    let is_without = method == Method::HEAD || status == http::StatusCode::NOT_MODIFIED;
    let size = if is_without {
        Some(0)
    } else {
        fields::length(&headers)
    };
    let body = response.consume().ok();
    let body = body.and_then(|body| Incoming::new(body, size));
    let body = body.ok_or(Error::BrokenOff)?.uploading(upload);
    let mut built = http::Response::new(Body(Source::Host(body)));
    *built.status_mut() = status;
    *built.headers_mut() = headers;
    Ok(built)
}
