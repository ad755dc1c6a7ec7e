//! The head of messages, between the crate `http` and `wasi:http`.

use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Uri};
use wasip2::http::types::{self, Fields, Scheme};

use crate::http::{Body, Error};

/// The fields of a message that is sent, with the length of its body where that is known.
pub(crate) fn fields(headers: &HeaderMap, body: &Body) -> Result<Fields, Error> {
    let fields = Fields::new();
    let append = |name: &HeaderName, value: &HeaderValue| {
        let refused = |_| Error::Invalid(format!("the header `{name}` is the host's to set"));
        fields
            .append(name.as_str(), value.as_bytes())
            .map_err(refused)
    };
    for (name, value) in headers {
        append(name, value)?;
    }
    if let Some(size @ 1..) = body.size()
        && !headers.contains_key(CONTENT_LENGTH)
    {
        append(&CONTENT_LENGTH, &HeaderValue::from(size))?;
    }
    Ok(fields)
}

/// The headers of a message that came. The host has read them before, so all are valid.
pub(crate) fn headers(fields: &Fields) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields.entries() {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(&value);
        if let (Ok(name), Ok(value)) = (name, value) {
            // Fails beyond some ten thousand headers, which no host lets through.
            let _ = headers.try_append(name, value);
        }
    }
    headers
}

/// The length of a body, as its sender gave it.
pub(crate) fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(crate) fn to_host(method: &Method) -> types::Method {
    match method.as_str() {
        "GET" => types::Method::Get,
        "HEAD" => types::Method::Head,
        "POST" => types::Method::Post,
        "PUT" => types::Method::Put,
        "DELETE" => types::Method::Delete,
        "CONNECT" => types::Method::Connect,
        "OPTIONS" => types::Method::Options,
        "TRACE" => types::Method::Trace,
        "PATCH" => types::Method::Patch,
        other => types::Method::Other(other.to_owned()),
    }
}

/// The method of a request that came. The host has read it before, so it is valid.
pub(crate) fn from_host(method: &types::Method) -> Option<Method> {
    Some(match method {
        types::Method::Get => Method::GET,
        types::Method::Head => Method::HEAD,
        types::Method::Post => Method::POST,
        types::Method::Put => Method::PUT,
        types::Method::Delete => Method::DELETE,
        types::Method::Connect => Method::CONNECT,
        types::Method::Options => Method::OPTIONS,
        types::Method::Trace => Method::TRACE,
        types::Method::Patch => Method::PATCH,
        types::Method::Other(other) => Method::from_bytes(other.as_bytes()).ok()?,
    })
}

/// The scheme, the host and the path with the query.
pub(crate) fn target(uri: &Uri) -> Option<(Scheme, &str, &str)> {
    let scheme = match uri.scheme_str()? {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return None,
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Some((scheme, uri.authority()?.as_str(), path))
}
