//! Requests.

use std::io::{self, Read};

use loop_guest::http::{
    self, Body, Error, HeaderMap, HeaderName, Request, Response, Router, Scheme, Uri, header,
};
use loop_guest::log;
use netx_recording::{Bytes, Line, NoAnswer, Text};

use crate::file::note;

/// The most bytes of a body that is recorded; a larger one is handed on and not recorded.
const BODY_MAX: usize = 16 << 20;

/// Headers that belong to one connection, and are the host's to set on the next; and the caller's place in a trace, which servers do not learn.
const OWN: [HeaderName; 9] = [
    header::HOST,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

pub(crate) fn router() -> Router {
    Router::new().fallback(|request, _| {
        let method = request.method().to_string();
        let Some(request) = onward(request) else {
            return http::fail(Error::Invalid("the request has no host".to_owned()));
        };
        let url = request.uri().to_string();
        match http::send(request) {
            Ok(response) => told(method, url, response),
            Err(error) => {
                let why = why(&error);
                note(&Line::Unanswered { method, url, why });
                http::fail(error)
            }
        }
    })
}

/// The request as it goes on.
fn onward(mut request: Request) -> Option<Request> {
    let host = request.headers().get(header::HOST)?.clone();
    let scheme = request.extensions().get::<Scheme>().cloned();
    let path = request.uri().path_and_query()?.as_str();
    let uri = Uri::builder()
        .scheme(scheme.unwrap_or(Scheme::HTTP))
        .authority(host.as_bytes())
        .path_and_query(path)
        .build()
        .ok()?;
    *request.uri_mut() = uri;
    strip(request.headers_mut());
    Some(request)
}

fn strip(headers: &mut HeaderMap) {
    for name in OWN {
        headers.remove(name);
    }
}

/// The response as it goes back. It is recorded when its body has been read.
fn told(method: String, url: String, response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    strip(&mut head.headers);
    let headers = head.headers.iter();
    let headers =
        headers.map(|(name, value)| (name.as_str().to_owned(), Text(value.as_bytes().to_vec())));
    // Nobody reads a body that is not there.
    let bare = method == "HEAD";
    let mut tap = Tap {
        taken: Some(Vec::new()),
        line: Some(Line::Answered {
            method,
            url,
            status: head.status.as_u16(),
            headers: headers.collect(),
            body: Bytes::Text(String::new()),
            broken: false,
        }),
        body,
    };
    if bare {
        tap.end(false);
    }
    Response::from_parts(head, Body::from_reader(tap))
}

/// A body on its way. What passes is kept until its end, and no longer than it may be recorded.
struct Tap {
    body: Body,
    taken: Option<Vec<u8>>,
    /// What is written then.
    line: Option<Line>,
}

impl Tap {
    fn end(&mut self, ended_early: bool) {
        let (Some(mut line), Some(taken)) = (self.line.take(), self.taken.take()) else {
            return;
        };
        if let Line::Answered { body, broken, .. } = &mut line {
            *body = Bytes::of(taken);
            *broken = ended_early;
        }
        note(&line);
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer);
        match &read {
            Ok(0) if !buffer.is_empty() => self.end(false),
            Ok(length) => {
                let chunk = buffer.get(..*length).unwrap_or_default();
                if let Some(taken) = &mut self.taken {
                    taken.extend_from_slice(chunk);
                }
                if self
                    .taken
                    .as_ref()
                    .is_some_and(|taken| taken.len() > BODY_MAX)
                {
                    log::error!("not recorded: a body of more than {BODY_MAX} bytes");
                    self.taken = None;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.end(true),
        }
        read
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // Whoever asked went away in the middle.
        self.end(true);
    }
}

fn why(error: &Error) -> NoAnswer {
    match error {
        Error::Denied => NoAnswer::Denied,
        Error::UnknownHost => NoAnswer::UnknownHost,
        Error::Unreachable => NoAnswer::Unreachable,
        Error::TimedOut => NoAnswer::TimedOut,
        Error::Tls => NoAnswer::Untrusted,
        Error::BrokenOff => NoAnswer::BrokenOff,
        error => NoAnswer::Other(error.to_string()),
    }
}
