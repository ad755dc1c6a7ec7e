//! Headers that are not passed on as they came.

use loop_guest::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Meant for the next hop alone. The host knows more of them, and keeps those to itself: `connection` and what it names, `transfer-encoding`,
/// `upgrade` and their like.
const HOP_BY_HOP: [HeaderName; 2] = [header::TE, header::TRAILER];

/// What others said about the way of a request. Anyone can write them, so they are believed of nobody.
const FORWARDED: [&str; 6] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Makes of a client's headers those for the upstream.
pub fn to_upstream(headers: &mut HeaderMap) {
    to_client(headers);
    for name in FORWARDED {
        headers.remove(name);
    }
    // The upstream gets its own name there.
    if let Some(host) = headers.remove(header::HOST) {
        headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
    let name = HeaderName::from_static("x-forwarded-proto");
    headers.insert(name, HeaderValue::from_static("http"));
    headers.append(header::VIA, HeaderValue::from_static("1.1 proxy"));
}

/// Makes of the upstream's headers those for a client.
pub fn to_client(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}
