//! Serves HTTP by `wasi:http/incoming-handler` of WASI 0.2.
//!
//! | path | answer |
//! |---|---|
//! | `/hello` | `hello from WASI 0.2` |
//! | `/echo...` | method, path with query, and body of the request |
//! | `/count` | how many requests this instance had |
//! | `/big?N` | N bytes |
//! | `/trap` | none: it traps |
//! | `/spin` | none: it computes for ever |
//! | others | 404 |

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.2.12",
    inline: "package test:http-p2; world guest { export wasi:http/incoming-handler@0.2.12; }",
    generate_all,
});

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::OutputStream;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

struct Server;

impl Guest for Server {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let count = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        let path_with_query = request.path_with_query().unwrap_or_default();
        let (path, query) = path_with_query
            .split_once('?')
            .unwrap_or((&path_with_query, ""));
        match path {
            "/hello" => respond(out, 200, b"hello from WASI 0.2\n"),
            "/count" => respond(out, 200, format!("{count}\n").as_bytes()),
            "/big" => respond(out, 200, &vec![b'x'; query.parse().unwrap_or(0)]),
            "/trap" => core::arch::wasm32::unreachable(),
            "/spin" => loop {
                black_box(count);
            },
            _ if path.starts_with("/echo") => {
                let head = format!("{} {path_with_query}\n", method_name(&request.method()));
                respond(out, 200, &[head.into_bytes(), read_body(&request)].concat());
            }
            _ => respond(out, 404, b"no such path\n"),
        }
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

fn read_body(request: &IncomingRequest) -> Vec<u8> {
    let body = request.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    let mut bytes = Vec::new();
    while let Ok(chunk) = stream.blocking_read(64 * 1024) {
        bytes.extend(chunk);
    }
    bytes
}

fn respond(out: ResponseOutparam, status: u16, body: &[u8]) {
    let response = OutgoingResponse::new(Fields::new());
    response
        .set_status_code(status)
        .expect("the status is valid");
    let outgoing = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));
    let stream = outgoing.write().expect("the stream is taken once");
    write_all(&stream, body);
    drop(stream);
    // Whoever asked may have gone.
    let _ = OutgoingBody::finish(outgoing, None);
}

fn write_all(stream: &OutputStream, body: &[u8]) {
    // No more than 4096 bytes go into one blocking write.
    for chunk in body.chunks(4096) {
        if stream.blocking_write_and_flush(chunk).is_err() {
            return;
        }
    }
}

export!(Server);
