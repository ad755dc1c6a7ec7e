//! Entries of `http`: a scheme, a host, a port, and perhaps the path that requests must begin with.

use std::borrow::Cow;

use crate::grants::pattern::text::{parse_host, parse_port};
use crate::grants::pattern::{Host, HostPattern, PortPattern};
use crate::shape::formats::Complaint;

/// The beginning of URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UrlPattern {
    scheme: &'static str,
    pub(crate) host: HostPattern,
    pub(crate) port: PortPattern,
    path: Option<PathPrefix>,
}

/// The schemes of `wasi:http` and of WebSockets, with their ports.
const SCHEMES: [(&str, u16); 4] = [("http", 80), ("https", 443), ("ws", 80), ("wss", 443)];

/// The port of a scheme.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    SCHEMES
        .into_iter()
        .find(|(name, _)| scheme.eq_ignore_ascii_case(name))
        .map(|(_, port)| port)
}

impl UrlPattern {
    /// Reads `scheme://host[:port][/path]`.
    pub(crate) fn parse(text: &str) -> Result<Self, Complaint> {
        let Some((scheme, rest)) = text.split_once("://") else {
            let complaint = Complaint::new(format!("`{text}` is not a URL"), "no scheme");
            return Err(complaint.hint(format!(
                "for example \"https://{}\"",
                text.trim_start_matches('/')
            )));
        };
        let Some((scheme, default_port)) = SCHEMES
            .into_iter()
            .find(|(name, _)| scheme.eq_ignore_ascii_case(name))
        else {
            let complaint = Complaint::new(
                format!("`{text}` is not for HTTP or WebSockets"),
                "unknown scheme",
            );
            return Err(complaint.hint("the schemes are `http`, `https`, `ws` and `wss`"));
        };
        if let Some(mark) = rest.chars().find(|c| matches!(c, '?' | '#')) {
            return Err(Complaint::new(
                format!("`{text}` has a `{mark}`, and what follows it cannot be granted"),
                "ends with the path",
            ));
        }
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(Complaint::new(
                format!("`{text}` has a user name, which is not part of a grant"),
                "begins with the host",
            ));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, parse_port(text, port)?),
            _ => (authority, PortPattern::Exactly(default_port)),
        };
        if host == "*" {
            let complaint =
                Complaint::new(format!("`{text}` is for every host"), "no host is named");
            return Err(
                complaint.hint("name each host, or all below one: \"https://*.example.com\"")
            );
        }
        if host.contains(':') && !host.starts_with('[') {
            let complaint = Complaint::new(
                format!("`{text}` has an IPv6 address without brackets"),
                "where is the port?",
            );
            return Err(complaint.hint("for example \"http://[::1]:8080\""));
        }
        let host = parse_host(text, host)?;
        let range = path.strip_prefix('/').filter(|rest| {
            !rest.is_empty() && rest.len() <= 3 && rest.bytes().all(|byte| byte.is_ascii_digit())
        });
        if matches!(host, HostPattern::Range(_))
            || matches!(host, HostPattern::Address(_)) && range.is_some()
        {
            let complaint = Complaint::new(
                format!("`{text}` looks like a range of addresses"),
                "one host only",
            );
            return Err(complaint.hint("a request to a name may reach a range that `connect` holds; its URL is granted by name"));
        }
        let path = PathPrefix::parse(path).map_err(|trouble| {
            Complaint::new(
                format!("the path of `{text}` {trouble}"),
                "cannot be compared",
            )
        })?;
        Ok(Self {
            scheme,
            host,
            port,
            path,
        })
    }

    /// Whether the pattern is for this scheme, host and port, whatever the path.
    pub(crate) fn matches_origin(&self, scheme: &str, host: Host<'_>, port: u16) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
            && self.port.matches(port)
            && self.host.matches(host)
    }

    /// What the pattern says of a path.
    pub(crate) fn judge_path(&self, path: &str) -> PathVerdict {
        self.path
            .as_ref()
            .map_or(PathVerdict::Covered, |prefix| prefix.judge(path))
    }
}

/// What a prefix says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathVerdict {
    /// The path begins with the prefix however a server reads it.
    Covered,
    /// It does not.
    Outside,
    /// Servers read such a path in more than one way; the text says what it has.
    Unclear(&'static str),
}

/// The parts that a path must begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PathPrefix {
    /// The parts, decoded. Not empty.
    segments: Vec<String>,
    /// Whether a slash follows the last.
    open: bool,
}

impl PathPrefix {
    /// Reads the path of an entry. The empty path and `/` are no prefix: they let every path through.
    fn parse(path: &str) -> Result<Option<Self>, &'static str> {
        let Some(path) = path.strip_prefix('/') else {
            return Ok(None);
        };
        let (path, open) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, false),
        };
        if path.is_empty() {
            return if open {
                Err("has an empty part")
            } else {
                Ok(None)
            };
        }
        let segment = |segment: &str| match decode(segment)? {
            Segment::Named(name) => Ok(name.into_owned()),
            Segment::Here | Segment::Up => Err("has a part that is `.` or `..`"),
            Segment::Empty => Err("has an empty part"),
        };
        let segments = path.split('/').map(segment).collect::<Result<_, _>>()?;
        Ok(Some(Self { segments, open }))
    }

    /// Walks the path once. Invariant: at each step both readings of it are inside, that of a server that resolves
    /// `..` and that of one that does not.
    fn judge(&self, path: &str) -> PathVerdict {
        let Some(path) = path.strip_prefix('/') else {
            return PathVerdict::Unclear("does not begin with a slash");
        };
        let mut expected = self.segments.iter();
        let mut below = 0_usize;
        let mut complete = false;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            let segment = match decode(part) {
                Ok(Segment::Empty) if !last => return PathVerdict::Unclear("has an empty part"),
                Ok(segment) => segment,
                Err(trouble) => return PathVerdict::Unclear(trouble),
            };
            let inside = match (expected.next(), segment) {
                (Some(expected), Segment::Named(name)) => *expected == name,
                (Some(_), _) => false,
                (None, segment) => {
                    complete = true;
                    match segment {
                        Segment::Named(_) => {
                            below += 1;
                            true
                        }
                        Segment::Up if below == 0 => false,
                        Segment::Up => {
                            below -= 1;
                            true
                        }
                        Segment::Here | Segment::Empty => true,
                    }
                }
            };
            if !inside {
                return PathVerdict::Outside;
            }
        }
        let all_there = expected.next().is_none() && (complete || !self.open);
        if all_there {
            PathVerdict::Covered
        } else {
            PathVerdict::Outside
        }
    }
}

/// One part of a path.
enum Segment<'p> {
    Named(Cow<'p, str>),
    Here,
    Up,
    Empty,
}

/// Decodes a part of a path, and refuses what servers decode in different ways.
fn decode(part: &str) -> Result<Segment<'_>, &'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !part.is_empty() && part.bytes().all(plain) {
        return Ok(Segment::Named(Cow::Borrowed(part)));
    }
    let decoded = percent_decoded(part)?;
    if decoded.contains(['/', '\\']) {
        return Err("has an encoded slash or a backslash");
    }
    if decoded.contains(['?', '#']) && part.contains(['?', '#']) {
        return Err("has a query or a fragment");
    }
    if decoded.chars().any(char::is_control) {
        return Err("has a control character");
    }
    // Some servers decode twice.
    let mut rest = decoded.as_ref();
    while let Some((_, after)) = rest.split_once('%') {
        if after
            .get(..2)
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            return Err("is encoded twice");
        }
        rest = after;
    }
    // Some servers cut parameters off before they resolve `..`.
    let name = decoded.split(';').next().unwrap_or_default();
    match (name, name.len() == decoded.len()) {
        ("." | "..", false) => Err("has parameters after `.` or `..`"),
        ("", false) => Err("has parameters after nothing"),
        (".", true) => Ok(Segment::Here),
        ("..", true) => Ok(Segment::Up),
        ("", true) => Ok(Segment::Empty),
        _ => Ok(Segment::Named(decoded)),
    }
}

fn percent_decoded(part: &str) -> Result<Cow<'_, str>, &'static str> {
    if !part.contains('%') {
        return Ok(Cow::Borrowed(part));
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match (digit(rest.next()), digit(rest.next())) {
            (Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).map_err(|_| "has a broken escape")?);
            }
            _ => return Err("has a broken escape"),
        }
    }
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| "is not UTF-8")
}
