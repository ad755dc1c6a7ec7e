//! Fetches the URL that it is given by `wasi:http`, and prints what comes.

use std::io::{self, Write};
use std::process::ExitCode;

use wasip2::http::outgoing_handler;
use wasip2::http::types::{ErrorCode, Fields, IncomingBody, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

/// The most that is fetched: enough for a page, and no surprise for who prints it.
const BODY_BYTES_MAX: usize = 4 << 20;

/// How much is read at once.
const CHUNK_BYTES: u64 = 64 << 10;

fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: http-client URL");
        return ExitCode::from(2);
    };
    match fetch(&url) {
        Ok((200, body)) if io::stdout().write_all(&body).is_ok() => ExitCode::SUCCESS,
        Ok((status, _)) => {
            eprintln!("{url} answers with status {status}");
            ExitCode::FAILURE
        }
        Err(reason) => {
            eprintln!("cannot fetch {url}: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn fetch(url: &str) -> Result<(u16, Vec<u8>), String> {
    let request = request(url).ok_or("this is not a URL that begins with http:// or https://")?;
    let pending = outgoing_handler::handle(request, None).map_err(|code| explain(&code))?;
    pending.subscribe().block();
    let response = pending
        .get()
        .and_then(Result::ok)
        .ok_or("the answer is not there")?
        .map_err(|code| explain(&code))?;
    let body = response.consume().map_err(|()| "the answer has no body")?;
    Ok((response.status(), read(&body)?))
}

/// The request for a URL, or nothing if it is not one.
fn request(url: &str) -> Option<OutgoingRequest> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(Some(authority)).ok()?;
    request
        .set_path_with_query(Some(if path.is_empty() { "/" } else { path }))
        .ok()?;
    Some(request)
}

fn read(body: &IncomingBody) -> Result<Vec<u8>, String> {
    let stream = body.stream().map_err(|()| "the body was read before")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(CHUNK_BYTES) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(error) => return Err(format!("the answer ends early: {error}")),
        }
        if bytes.len() > BODY_BYTES_MAX {
            return Err(format!("the answer has more than {BODY_BYTES_MAX} bytes"));
        }
    }
}

/// Words for the codes that a user meets; the others keep their names.
fn explain(code: &ErrorCode) -> String {
    match code {
        ErrorCode::HttpRequestDenied => "the host did not allow it".to_owned(),
        ErrorCode::ConnectionRefused => "nobody listens there".to_owned(),
        other => format!("{other:?}"),
    }
}
