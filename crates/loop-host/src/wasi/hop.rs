//! What a message of HTTP says to the next hop alone, and not to who is behind it.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName};

/// Takes out the fields that `connection` names: they are for this hop (RFC 9110, section 7.6.1).
///
/// No component sees `connection` itself, so none could know them. Those without which a message cannot be read stay, whatever it says.
pub(crate) fn take_out_named(headers: &mut HeaderMap) {
    if !headers.contains_key(CONNECTION) {
        return;
    }
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .filter(|name| ![HOST, CONTENT_LENGTH].contains(name))
        .collect();
    for name in named {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::header::{CONNECTION, HOST};
    use http::{HeaderMap, HeaderValue};

    use crate::wasi::hop::take_out_named;

    #[track_caller]
    fn check(connection: &[&'static str], left: &[&str]) {
        let mut headers = HeaderMap::new();
        for value in connection {
            headers.append(CONNECTION, HeaderValue::from_static(value));
        }
        for name in ["x-a", "x-b", HOST.as_str()] {
            headers.insert(name, HeaderValue::from_static("1"));
        }
        take_out_named(&mut headers);
        headers.remove(CONNECTION);
        let mut names: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, left);
    }

    #[test]
    fn what_connection_names_is_for_one_hop() {
        check(&[], &["host", "x-a", "x-b"]);
        check(&["close"], &["host", "x-a", "x-b"]);
        check(&["close, X-A"], &["host", "x-b"]);
        check(&["x-a ,, x-b,host", "x c", "upgrade"], &["host"]);
        check(&["x-a", "x-b"], &["host"]);
    }
}
