//! What becomes a response.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use wasip2::http::types::ErrorCode;

use crate::http::{Body, Error, Response};
use crate::log;

/// Something that a handler may answer with. A component implements it for its own errors.
pub trait IntoResponse {
    /// The response.
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Response {
        Response::new(self)
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response {
        typed("application/octet-stream", self.into())
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        typed("text/plain; charset=utf-8", self.into())
    }
}

impl IntoResponse for &str {
    fn into_response(self) -> Response {
        self.to_owned().into_response()
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        (self, Body::empty()).into_response()
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Response {
        let (status, rest) = self;
        let mut response = rest.into_response();
        *response.status_mut() = status;
        response
    }
}

/// The headers replace those of the same name.
impl<T: IntoResponse> IntoResponse for (StatusCode, HeaderMap, T) {
    fn into_response(self) -> Response {
        let (status, headers, rest) = self;
        let mut response = (status, rest).into_response();
        for name in headers.keys() {
            response.headers_mut().remove(name);
        }
        response.headers_mut().extend(headers);
        response
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

/// Somebody else's server failed, or the request's own body: `502 Bad Gateway`, `504 Gateway Timeout`, `413 Content Too Large` or `400 Bad Request`. What
/// exactly it was is logged.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match self {
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotText => StatusCode::BAD_REQUEST,
            _ => StatusCode::BAD_GATEWAY,
        };
        log::warn!(status = status.as_u16(); "{self}");
        status.into_response()
    }
}

/// No response: a component that asked by `wasi:http` gets this error, as if it had asked the server itself, and a client elsewhere gets a status of the
/// host's. For components that stand between others and their servers.
pub fn fail(error: Error) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Failure(error.into()));
    response
}

/// Stands in a response for the error that is given instead of it.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) ErrorCode);

/// A document.
pub fn html(text: impl Into<String>) -> Response {
    typed("text/html; charset=utf-8", text.into().into())
}

fn typed(content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}
