//! What a request asks for.

use std::fmt::Write;

/// The longest path and query that is read, in bytes. Browsers send no more than a few thousand.
const URL_BYTES_MAX: usize = 4096;

/// How much of it a record repeats, in characters.
const SHOWN_CHARS_MAX: usize = 200;

/// A path and a query, decoded.
pub struct Url {
    /// Begins with `/`, and has no `.` or `..` as a part.
    pub path: String,
    query: Vec<(String, String)>,
}

impl Url {
    /// Reads the target of a request; nothing if it is too long, is not UTF-8 when decoded, or has parts that lead elsewhere.
    pub fn parse(target: &str) -> Option<Self> {
        if target.len() > URL_BYTES_MAX {
            return None;
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = decode(path)?;
        let strange = |part: &str| part == "." || part == "..";
        if !path.starts_with('/') || path.contains(['\0', '\\']) || path.split('/').any(strange) {
            return None;
        }
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                // In a query, `+` stands for a space.
                Some((
                    decode(&key.replace('+', " "))?,
                    decode(&value.replace('+', " "))?,
                ))
            })
            .collect::<Option<_>>()?;
        Some(Self { path, query })
    }

    /// The first value of this key.
    pub fn query(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

/// A target as a record shows it: short, and on one line.
pub fn shown(target: &str) -> String {
    target
        .chars()
        .take(SHOWN_CHARS_MAX)
        .flat_map(char::escape_debug)
        .collect()
}

/// A path as it stands in a link.
pub fn encode(path: &str) -> String {
    let mut url = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                url.push(char::from(byte));
            }
            other => {
                // Writing to a string cannot fail.
                let _ = write!(url, "%{other:02X}");
            }
        }
    }
    url
}

/// Replaces `%41` and its like; nothing where that gives no text.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = str::from_utf8(&digits)
                .ok()
                .filter(|digits| !digits.starts_with('+'))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn paths_and_queries_are_decoded() {
        let url = Url::parse("/page/a%20b?x&q=c+d%2B").expect("it is a URL");
        assert_eq!(url.path, "/page/a b");
        assert_eq!(url.query("q"), Some("c d+"));
        assert_eq!(url.query("x"), Some(""));
    }

    #[test]
    fn what_leads_elsewhere_or_is_no_text_is_refused() {
        for target in [
            "",
            "page",
            "/page/../x",
            "/page/%2e%2e/x",
            "/page/..%2f..%2fCargo.toml",
            "/..",
            "/a\\b",
            "/a%00",
            "/%zz",
            "/%+1",
            "/%f",
            "/%ff",
            "/?q=%ff",
        ] {
            assert!(Url::parse(target).is_none(), "{target}");
        }
        assert!(
            Url::parse(&format!("/{}", "a".repeat(5000))).is_none(),
            "too long"
        );
    }
}
