//! Answers HTTP requests with a greeting: `loop run {{name}}`, then open the address that it prints.

use std::io::Write;

use loop_guest::log;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Server;

impl wasip2::exports::http::incoming_handler::Guest for Server {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        log::info!(path = path; "request");
        respond(out, 200, &format!("hello from {path}\n"));
    }
}

/// Sends an answer with this status and text.
fn respond(out: ResponseOutparam, status: u16, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    let (Ok(()), Ok(body)) = (response.set_status_code(status), response.body()) else {
        ResponseOutparam::set(out, Err(ErrorCode::InternalError(None)));
        return;
    };
    ResponseOutparam::set(out, Ok(response));
    if let Ok(mut stream) = body.write() {
        // Whoever asked may be gone.
        let _ = stream.write_all(text.as_bytes());
    }
    let _ = OutgoingBody::finish(body, None);
}

wasip2::http::proxy::export!(Server);
