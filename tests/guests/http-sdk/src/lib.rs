//! Serves and asks by `loop_guest::http`.
//!
//! | request | answer |
//! |---|---|
//! | `GET /hello/{name}` | `hello, NAME` |
//! | `GET /host` | the host that was asked for |
//! | `GET /scheme` | the scheme that was asked for |
//! | `POST /echo` | the body of the request, as it comes, with its header `x-word` |
//! | `POST /forward?to=URL` | what the URL answers to the same body |
//! | `GET /fetch?from=URL` | what the URL answers within 200 ms |
//! | `GET /size?from=URL` | how many bytes the body has that the URL answers, of at most 1000 |
//! | `GET /pieces/{count}` | so many bytes, whose number is not said before |
//! | `GET /broken` | some bytes, and then the source fails |
//! | `GET /sour` | an error of its own |

use std::io::{self, Read};
use std::time::Duration;

use loop_guest::http::{
    Body, Client, Error, HeaderMap, IntoResponse, Params, Request, Response, Router, Scheme,
    StatusCode, header, post, query, serve,
};

fn router() -> Router {
    Router::new()
        .get("/hello/{name}", |_, params| {
            format!("hello, {}\n", params.get("name"))
        })
        .get("/host", host)
        .get("/scheme", scheme)
        .post("/echo", echo)
        .post("/forward", forward)
        .get("/fetch", fetch)
        .get("/size", size)
        .get("/pieces/{count}", pieces)
        .get("/broken", |_, _| Body::from_reader(Breaking(3)))
        .get("/sour", |_, _| -> Result<&str, Sour> { Err(Sour) })
}

fn host(request: Request, _: &Params) -> String {
    let host = request.headers().get(header::HOST);
    host.map_or_else(String::new, |host| {
        String::from_utf8_lossy(host.as_bytes()).into_owned()
    })
}

fn scheme(request: Request, _: &Params) -> String {
    let scheme = request.extensions().get::<Scheme>();
    scheme.map_or_else(String::new, Scheme::to_string)
}

fn echo(request: Request, _: &Params) -> Response {
    let (head, body) = request.into_parts();
    let word = head.headers.get("x-word").cloned();
    let headers = word.map(|word| (header::HeaderName::from_static("x-word"), word));
    (StatusCode::OK, HeaderMap::from_iter(headers), body).into_response()
}

fn forward(request: Request, _: &Params) -> Result<Response, Error> {
    let to = query(request.uri(), "to").unwrap_or_default();
    post(&to, request.into_body())
}

fn fetch(request: Request, _: &Params) -> Result<Response, Error> {
    let from = query(request.uri(), "from").unwrap_or_default();
    let client = Client::new().response_timeout(Duration::from_secs(1));
    client.get(&from)
}

fn size(request: Request, _: &Params) -> Result<String, Error> {
    let from = query(request.uri(), "from").unwrap_or_default();
    let bytes = Client::new().get(&from)?.into_body().bytes(1000)?;
    Ok(format!("{}\n", bytes.len()))
}

fn pieces(_: Request, params: &Params) -> Body {
    let count = params.get("count").parse().unwrap_or(0);
    Body::from_reader(io::repeat(b'x').take(count))
}

/// Gives a byte so many times, and then fails.
struct Breaking(u32);

impl Read for Breaking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.0.checked_sub(1);
        self.0 = left.ok_or_else(|| io::Error::other("it broke"))?;
        buffer[0] = b'x';
        Ok(1)
    }
}

struct Sour;

impl IntoResponse for Sour {
    fn into_response(self) -> Response {
        (StatusCode::IM_A_TEAPOT, "sour\n").into_response()
    }
}

serve!(router);
