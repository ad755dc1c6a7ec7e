//! A reverse proxy: passes requests on to one upstream server, and its responses back. Nothing is kept: bodies of any size go through as they come.

mod headers;
mod upstream;

use loop_guest::http::{Error, IntoResponse, Request, Response, Router, StatusCode, serve};
use loop_guest::log;

use crate::upstream::{Misconfigured, Upstream};

fn router() -> Router {
    let upstream = Upstream::from_config();
    // Which paths and methods there are is for the upstream to say.
    Router::new().fallback(move |request, _| match &upstream {
        Ok(upstream) => pass_on(upstream, request),
        Err(reason) => Err(Failure::Misconfigured(reason.clone())),
    })
}

fn pass_on(upstream: &Upstream, mut request: Request) -> Result<Response, Failure> {
    let url = upstream.url(request.uri()).ok_or(Failure::NoPath)?;
    *request.uri_mut() = url;
    headers::to_upstream(request.headers_mut());
    let mut response = upstream.client.send(request).map_err(Failure::Upstream)?;
    headers::to_client(response.headers_mut());
    Ok(response)
}

/// Why there is no answer of the upstream's.
enum Failure {
    Misconfigured(Misconfigured),
    /// The request is about the server rather than one of its paths, as `OPTIONS *` is.
    NoPath,
    Upstream(Error),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Misconfigured(reason) => {
                log::error!("{reason}");
                let text = "the proxy does not know its upstream".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, text)
            }
            Self::NoPath => {
                let text = "this proxy passes on requests for paths".to_owned();
                (StatusCode::BAD_REQUEST, text)
            }
            Self::Upstream(error) => {
                log::warn!("{error}");
                (
                    status(&error),
                    format!("no answer from the upstream: {error}"),
                )
            }
        };
        (status, format!("{text}\n")).into_response()
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        Error::Invalid(_) => StatusCode::BAD_REQUEST,
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_GATEWAY,
    }
}

serve!(router);
