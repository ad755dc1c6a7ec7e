//! Answers HTTP requests with a greeting: `loop run {{name}}`, then open the address that it prints.

use loop_guest::http::{Params, Request, Router, serve};
use loop_guest::log;

/// What is answered to which request. `loop_guest::http` says how patterns are written, and what a handler may give.
fn router() -> Router {
    Router::new()
        .get("/", |_, _| "hello\n")
        .get("/hello/{name}", greet)
}

fn greet(request: Request, params: &Params) -> String {
    log::info!(path = request.uri().path(); "request");
    format!("hello, {}\n", params.get("name"))
}

serve!(router);
