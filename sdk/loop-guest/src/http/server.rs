//! Answers.

use http::header::{HOST, HeaderValue};
use http::uri::Scheme;
use http::{Method, StatusCode, Uri};
use wasip2::http::types::{self, ErrorCode, IncomingRequest, OutgoingResponse, ResponseOutparam};

use crate::http::body::Source;
use crate::http::incoming::Incoming;
use crate::http::reply::Failure;
use crate::http::transfer::Transfer;
use crate::http::{Body, IntoResponse as _, Request, Response, Router, fields};
use crate::log;

/// Exports `wasi:http/incoming-handler`. Its parameter names a function that makes the [`Router`]; each instance makes one.
#[macro_export]
macro_rules! serve_http {
    ($router:path) => {
        const _: () = {
            ::std::thread_local! {
                static ROUTER: $crate::http::Router = $router();
            }

            struct Server;

            impl $crate::http::exported::wasip2::exports::http::incoming_handler::Guest for Server {
                fn handle(
                    request: $crate::http::exported::wasip2::http::types::IncomingRequest,
                    out: $crate::http::exported::wasip2::http::types::ResponseOutparam,
                ) {
                    ROUTER.with(|router| $crate::http::exported::answer(router, &request, out));
                }
            }

            $crate::http::exported::wasip2::http::proxy::export!(
                Server with_types_in $crate::http::exported::wasip2
            );
        };
    };
}

/// Answers one request. Returns when all of the answer was sent, or the client is gone.
pub fn answer(router: &Router, request: &IncomingRequest, out: ResponseOutparam) {
    let (method, response) = match read(request) {
        Some(request) => (request.method().clone(), router.handle(request)),
        None => (Method::GET, StatusCode::BAD_REQUEST.into_response()),
    };
    send(response, &method, out);
}

fn read(request: &IncomingRequest) -> Option<Request> {
    let mut headers = fields::headers(&request.headers());
    let host = request.authority();
    if let Some(host) = host.and_then(|host| HeaderValue::try_from(host).ok()) {
        headers.insert(HOST, host);
    }
    let uri: Uri = request.path_with_query()?.parse().ok()?;
    let body = Incoming::new(request.consume().ok()?, fields::length(&headers))?;
    let mut built = http::Request::new(Body(Source::Host(body)));
    *built.method_mut() = fields::from_host(&request.method())?;
    *built.uri_mut() = uri;
    *built.headers_mut() = headers;
    let scheme = match request.scheme() {
        Some(types::Scheme::Https) => Scheme::HTTPS,
        _ => Scheme::HTTP,
    };
    built.extensions_mut().insert(scheme);
    Some(built)
}

fn send(response: Response, method: &Method, out: ResponseOutparam) {
    let (mut head, body) = response.into_parts();
    if let Some(Failure(code)) = head.extensions.remove() {
        return ResponseOutparam::set(out, Err(code));
    }
    let fields = match fields::fields(&head.headers, &body) {
        Ok(fields) => fields,
        Err(error) => {
            log::error!("{error}");
            let code = ErrorCode::InternalError(Some(error.to_string()));
            return ResponseOutparam::set(out, Err(code));
        }
    };
    let outgoing = OutgoingResponse::new(fields);
    // Each status of the crate `http` is one of the host's.
    let _ = outgoing.set_status_code(head.status.as_u16());
    // What answers HEAD says how long a body would be, and has none: none is begun that would be found too short.
    let taken = (*method != Method::HEAD).then(|| outgoing.body());
    ResponseOutparam::set(out, Ok(outgoing));
    let Some(Ok(taken)) = taken else { return };
    if let Err(error) = Transfer::new(body, taken).run() {
        log::warn!("the response breaks off: {error}");
    }
}
