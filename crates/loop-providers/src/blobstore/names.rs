//! How objects and containers are called on the disk.
//!
//! A letter, a digit, `-`, `_` and `.` stand for themselves, and any other byte is `%` and two digits, as in a URL; so is a dot at the beginning. So each
//! name has one file, no name leads to another folder, and what begins with a dot is none of them.

use std::fmt::Write as _;

/// The longest name of a file, in bytes.
const FILE_BYTES_MAX: usize = 255;

/// The file of a name; none if the name is empty or too long for one.
pub(crate) fn file(name: &str) -> Option<String> {
    let mut file = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        let stands = byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if stands || (byte == b'.' && at > 0) {
            file.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(file, "%{byte:02X}");
        }
        if file.len() > FILE_BYTES_MAX {
            return None;
        }
    }
    (!file.is_empty()).then_some(file)
}

/// The name of a file; none if it is no file of ours.
pub(crate) fn name(file: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(file.len());
    let mut rest = file;
    while let Some(at) = rest.find('%') {
        let (before, escaped) = rest.split_at(at);
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(escaped.get(1..3)?, 16).ok()?);
        rest = escaped.get(3..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    let name = String::from_utf8(bytes).ok()?;
    // What can be written in two ways is ours in one of them only.
    (self::file(&name).as_deref() == Some(file)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{file, name};

    #[test]
    fn each_name_has_one_file() {
        let check = |text: &str, expected: &str| {
            assert_eq!(file(text).as_deref(), Some(expected), "{text:?}");
            assert_eq!(name(expected).as_deref(), Some(text), "{expected:?}");
        };
        check("a", "a");
        check("Page-1_b.html", "Page-1_b.html");
        check("a/b", "a%2Fb");
        check("../a", "%2E.%2Fa");
        check(".", "%2E");
        check("..", "%2E.");
        check(".loop-1", "%2Eloop-1");
        check("100%", "100%25");
        check("a%2Fb", "a%252Fb");
        check("a b\0", "a%20b%00");
        check("ä", "%C3%A4");
        check(&"a".repeat(255), &"a".repeat(255));
        assert_eq!(file(""), None);
        assert_eq!(file(&"a".repeat(256)), None);
        assert_eq!(file(&"/".repeat(86)), None);
    }

    #[test]
    fn files_of_others_have_no_name() {
        for text in [
            "", ".loop-1", "a b", "%2f", "%41", "%", "%2", "%zz", "%FF", "ä", "a/b",
        ] {
            assert_eq!(name(text), None, "{text:?}");
        }
    }
}
