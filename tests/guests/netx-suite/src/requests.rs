//! Requests over `wasi:http`.

use loop_guest::http::{self, Body, Error, Method, Request, Response};
use suite::{gives, is};

use crate::{Case, Server};

impl Server {
    fn page(&self, path: &str) -> String {
        self.url(path).replacen("ws", "http", 1)
    }
}

fn get(url: &str) -> Result<Response, String> {
    gives(url, http::get(url))
}

fn text(response: Response) -> Result<String, String> {
    gives("the body", response.into_body().text(1 << 20))
}

/// The name of the error that a request fails with.
fn failure(url: &str) -> String {
    match http::get(url) {
        Ok(response) => response.status().to_string(),
        Err(error) => format!("{error:?}"),
    }
}

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a page", |server| {
        let response = get(&server.page("/page"))?;
        is("the status", response.status().as_u16(), 200)?;
        let word = response.headers().get("x-word").cloned();
        is(
            "the header",
            word,
            Some(http::HeaderValue::from_static("kept")),
        )?;
        is("the body", text(response)?, "page\n".to_owned())
    }),
    ("a page without its body", |server| {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::HEAD;
        *request.uri_mut() = gives("the URL", server.page("/page").parse())?;
        let response = gives("HEAD", http::send(request))?;
        is("the status", response.status().as_u16(), 200)?;
        is("the body", text(response)?, String::new())
    }),
    ("another method, with headers and a body", |server| {
        let mut request = Request::new(Body::from("größer"));
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = gives("the URL", server.page("/post?a=b").parse())?;
        let word = http::HeaderValue::from_static("said");
        request.headers_mut().insert("x-word", word);
        let response = gives("PUT", http::send(request))?;
        is("the status", response.status().as_u16(), 201)?;
        is("the body", text(response)?, "PUT said größer".to_owned())
    }),
    ("bytes that are no text", |server| {
        let body = get(&server.page("/bytes"))?.into_body();
        let expected: Vec<u8> = (0..=255).collect();
        is("the body", gives("bytes", body.bytes(1000))?, expected)
    }),
    ("an answer that changes", |server| {
        for expected in ["1", "2", "3"] {
            let count = text(get(&server.page("/count"))?)?;
            is("the count", count, expected.to_owned())?;
        }
        Ok(())
    }),
    ("a status of an error is an answer", |server| {
        is(
            "the status",
            get(&server.page("/refused"))?.status().as_u16(),
            401,
        )
    }),
    ("an answer that ends in the middle", |server| {
        let body = get(&server.page("/broken"))?.into_body();
        match body.bytes(1000) {
            Err(Error::BrokenOff | Error::Other(_)) => Ok(()),
            got => Err(format!("{got:?}")),
        }
    }),
    ("why there is no answer", |server| {
        let nobody = "http://127.0.0.1:1/";
        is(nobody, failure(nobody), "Unreachable".to_owned())?;
        let unknown = "http://unknown.test/";
        is(unknown, failure(unknown), "UnknownHost".to_owned())?;
        let refused = "https://example.com/";
        is(refused, failure(refused), "Denied".to_owned())?;
        let wrong = server.url("/page");
        is(&wrong, failure(&wrong).starts_with("Invalid"), true)
    }),
];
