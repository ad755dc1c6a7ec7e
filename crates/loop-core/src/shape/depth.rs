//! Refuses a text that nests without end, before anything recursive reads it.
//!
//! The TOML parser bounds brackets but not dotted keys, and a tree as deep as a file of dots is long cannot
//! even be dropped: dropping recurses. So the nesting is counted first, over the bytes.

use crate::diagnostic::Diagnostic;

/// The deepest nesting that is read: tables in tables, lists in lists, and the parts of a dotted key. The
/// deepest thing that the schema knows has eight levels.
pub(crate) const DEPTH_MAX: usize = 32;

/// Counts brackets and the dots between keys, and looks past strings and comments.
pub(crate) fn check(text: &str) -> Result<(), Diagnostic> {
    let mut brackets = 0_usize;
    let mut dots = 0_usize;
    let mut rest = text;
    while let Some(byte) = rest.bytes().next() {
        let taken = match byte {
            b'#' => rest.find('\n').unwrap_or(rest.len()),
            b'"' | b'\'' => string_bytes(rest, char::from(byte)),
            _ => 1,
        };
        match byte {
            b'[' | b'{' => {
                brackets += 1;
                dots = 0;
            }
            b']' | b'}' => {
                brackets = brackets.saturating_sub(1);
                dots = 0;
            }
            b'.' => dots += 1,
            b'=' | b',' | b'\n' => dots = 0,
            _ => {}
        }
        if brackets + dots > DEPTH_MAX {
            let at = text.len() - rest.len();
            return Err(Diagnostic {
                message: format!("the text nests more than {DEPTH_MAX} levels deep"),
                span: at..at + 1,
                label: format!("level {}", DEPTH_MAX + 1),
                hint: None,
            });
        }
        rest = skip(rest, taken);
    }
    Ok(())
}

/// The length of the string that `text` begins with, or of the whole when it does not end.
fn string_bytes(text: &str, quote: char) -> usize {
    let triple = [quote; 3].iter().collect::<String>();
    let (open, close) = if text.starts_with(&triple) {
        (3, triple)
    } else {
        (1, quote.to_string())
    };
    let escapes = quote == '"';
    let mut at = open;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(next) = rest.chars().next() else {
            return text.len();
        };
        if rest.starts_with(&close) {
            // Up to two quotes just before the closing three belong to the text.
            let more = if open == 3 {
                rest.chars()
                    .skip(3)
                    .take(2)
                    .take_while(|c| *c == quote)
                    .count()
            } else {
                0
            };
            return at + close.len() + more;
        }
        // A string on one line that is not closed is an error for the parser to report.
        if open == 1 && next == '\n' {
            return at;
        }
        at += next.len_utf8();
        if escapes && next == '\\' {
            at += text
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .map_or(0, char::len_utf8);
        }
    }
}

/// `text` without its first `bytes`, up to the next whole character.
fn skip(text: &str, bytes: usize) -> &str {
    let from = (bytes..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    text.get(from..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{DEPTH_MAX, check};

    #[test]
    fn nesting_is_bounded_in_every_form() {
        for (open, close) in [("[", "]"), ("{ a = ", "}"), ("a.", "")] {
            let nested =
                |levels: usize| format!("a = {}{}", open.repeat(levels), close.repeat(levels));
            assert!(check(&nested(DEPTH_MAX)).is_ok(), "{open}");
            assert!(check(&nested(DEPTH_MAX + 1)).is_err(), "{open}");
            assert!(check(&nested(500_000)).is_err(), "{open}");
        }
    }

    #[test]
    fn dots_and_brackets_in_text_do_not_nest() {
        for text in [
            format!("a = \"{}\"", ".[{".repeat(100)),
            format!("a = '{}'", ".[{".repeat(100)),
            format!("a = \"\"\"\n{}\n\"\\\"\"\"\"", ".[{\n".repeat(100)),
            format!("a = \"\\\"{}\"", ".[{".repeat(100)),
            format!("# {}", ".[{".repeat(100)),
            "a = 1.5\n".repeat(100),
        ] {
            assert_eq!(check(&text), Ok(()), "{text}");
        }
    }
}
