//! Requests a URL (`http-get URL [METHOD [BODY]]`) and prints the status and the body, or the error code.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.2.12",
    inline: "package test:http-get; world guest { import wasi:http/outgoing-handler@0.2.12; }",
    generate_all,
});

use std::process::ExitCode;

use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, IncomingBody, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use wasi::io::streams::StreamError;

fn request(url: &str, method: &str, body: &[u8]) -> Result<(u16, Vec<u8>), ErrorCode> {
    let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let request = OutgoingRequest::new(Fields::new());
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        other => Method::Other(other.to_owned()),
    };
    request
        .set_scheme(Some(&scheme))
        .expect("the scheme is valid");
    request
        .set_authority(Some(authority))
        .expect("the authority is valid");
    request
        .set_path_with_query(Some(path))
        .expect("the path is valid");
    request.set_method(&method).expect("the method is valid");
    let outgoing = request.body().expect("the body is taken once");
    let response = outgoing_handler::handle(request, None)?;
    if !body.is_empty() {
        let stream = outgoing.write().expect("the stream is taken once");
        // When this fails, the response says why.
        let _ = stream.blocking_write_and_flush(body);
    }
    let _ = OutgoingBody::finish(outgoing, None);
    response.subscribe().block();
    let response = response
        .get()
        .expect("the response is there")
        .expect("the response is taken once")?;
    Ok((
        response.status(),
        read_all(response.consume().expect("the body is taken once")),
    ))
}

fn read_all(body: IncomingBody) -> Vec<u8> {
    let stream = body.stream().expect("the stream is taken once");
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return bytes,
            Err(error) => {
                println!("the body ends early: {error}");
                return bytes;
            }
        }
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let url = args.first().expect("usage: http-get URL [METHOD [BODY]]");
    let method = args.get(1).map_or("GET", String::as_str);
    let body = args.get(2).map_or("", String::as_str);
    match request(url, method, body.as_bytes()) {
        Ok((status, body)) => {
            println!("status {status}");
            print!("{}", String::from_utf8_lossy(&body));
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cannot request {url}: {error:?}");
            ExitCode::FAILURE
        }
    }
}
