//! Requests.

use std::io::{self, Cursor, Read};

use loop_guest::http::{
    self, Body, Error, HeaderName, HeaderValue, Request, Response, Router, Scheme, StatusCode,
    header,
};
use loop_guest::log;
use netx_recording::NoAnswer;

use crate::book::{self, Answer};

pub(crate) fn router() -> Router {
    Router::new().fallback(|request, _| {
        let asked = target(&request);
        match answer(&request, asked.as_deref()) {
            Ok(response) => response,
            Err(error) => http::fail(error),
        }
    })
}

/// The URL of a request.
fn target(request: &Request) -> Option<String> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let scheme = request.extensions().get::<Scheme>();
    let scheme = scheme.map_or("http", Scheme::as_str);
    let path = request.uri().path_and_query()?;
    Some(format!("{scheme}://{host}{path}"))
}

fn answer(request: &Request, url: Option<&str>) -> Result<Response, Error> {
    let url = url.unwrap_or_default();
    let method = request.method().as_str();
    match book::answer(method, url) {
        Ok(Some(Ok(answer))) => response(answer),
        Ok(Some(Err(why))) => Err(match why {
            NoAnswer::Denied => Error::Denied,
            NoAnswer::UnknownHost => Error::UnknownHost,
            NoAnswer::Unreachable => Error::Unreachable,
            NoAnswer::TimedOut => Error::TimedOut,
            NoAnswer::Untrusted => Error::Tls,
            NoAnswer::BrokenOff => Error::BrokenOff,
            NoAnswer::Other(why) => Error::Io(io::Error::other(why)),
        }),
        Ok(None) => {
            log::warn!("not recorded: {method} {url}");
            Err(other(format!("{method} {url} is not recorded")))
        }
        Err(why) => {
            log::error!("{why}");
            Err(other(why))
        }
    }
}

fn other(why: String) -> Error {
    Error::Io(io::Error::other(why))
}

fn response(answer: Answer) -> Result<Response, Error> {
    let wrong = || other("the recording has a response that cannot be sent".to_owned());
    let bytes = answer.body.into_bytes();
    let mut response = Response::new(if answer.broken {
        Body::from_reader(Broken(Cursor::new(bytes)))
    } else {
        bytes.into()
    });
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(|_| wrong())?;
    for (name, value) in answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let value = HeaderValue::from_bytes(&value.0).map_err(|_| wrong())?;
        response.headers_mut().append(name, value);
    }
    Ok(response)
}

/// A body whose connection ended in the middle.
struct Broken(Cursor<Vec<u8>>);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => Err(Error::BrokenOff.into()),
            length => Ok(length),
        }
    }
}
