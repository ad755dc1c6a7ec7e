//! Serves HTTP by `wasi:http/handler` of WASI 0.3.
//!
//! | path | answer |
//! |---|---|
//! | `/hello` | `hello from WASI 0.3` |
//! | `/echo...` | method, path with query, and body of the request |
//! | `/slow?N` | `slept N ms`, after that time |
//! | `/big?N` | N bytes |
//! | `/trap` | none: it traps |
//! | others | 404 |

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.3.0",
    inline: "package test:http-p3; world guest {
        import wasi:clocks/monotonic-clock@0.3.0;
        export wasi:http/handler@0.3.0;
    }",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use wasi::clocks::monotonic_clock;
use wasi::http::types::{ErrorCode, Fields, Method, Request, Response};

struct Server;

impl Guest for Server {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path_with_query = request.get_path_with_query().unwrap_or_default();
        let (path, query) = path_with_query
            .split_once('?')
            .unwrap_or((&path_with_query, ""));
        let (status, body) = match path {
            "/hello" => (200, b"hello from WASI 0.3\n".to_vec()),
            "/slow" => {
                let millis = query.parse().unwrap_or(0);
                monotonic_clock::wait_for(millis * 1_000_000).await;
                (200, format!("slept {millis} ms\n").into_bytes())
            }
            "/big" => (200, vec![b'x'; query.parse().unwrap_or(0)]),
            "/trap" => core::arch::wasm32::unreachable(),
            _ if path.starts_with("/echo") => {
                let head = format!("{} {path_with_query}\n", method_name(&request.get_method()));
                (200, [head.into_bytes(), read_body(request).await].concat())
            }
            _ => (404, b"no such path\n".to_vec()),
        };
        Ok(respond(status, body))
    }
}

fn method_name(method: &Method) -> String {
    match method {
        Method::Other(name) => name.clone(),
        known => format!("{known:?}")
            .trim_start_matches("Method::")
            .to_uppercase(),
    }
}

async fn read_body(request: Request) -> Vec<u8> {
    // Nothing is said about how the request was handled but that it was.
    let (_, handled) = wit_future::new(|| Ok(()));
    let (body, _) = Request::consume_body(request, handled);
    body.collect().await
}

fn respond(status: u16, body: Vec<u8>) -> Response {
    let (mut sender, contents) = wit_stream::new();
    let (trailers_sender, trailers) = wit_future::new(|| Ok(None));
    let (response, _) = Response::new(Fields::new(), Some(contents), trailers);
    response
        .set_status_code(status)
        .expect("the status is valid");
    // The body is read after `handle` has returned, so a task of its own sends it.
    wit_bindgen::spawn_local(async move {
        sender.write_all(body).await;
        drop(sender);
        // Whoever asked may have gone.
        let _ = trailers_sender.write(Ok(None)).await;
    });
    response
}

export!(Server);
