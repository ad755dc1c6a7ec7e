//! Whether the terms of a licence expression can be met with the licences that are allowed.

use std::collections::BTreeSet;

/// Evaluates an SPDX expression; `/` stands for `OR`, as older crates write it.
///
/// `AND` binds tighter than `OR`. Text that is no expression is not allowed.
pub(crate) fn allowed(expression: &str, allow: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    let result = any(&mut tokens, allow);
    result == Some(true) && tokens.next().is_none()
}

type Tokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(tokens: &mut Tokens<'_>, allow: &BTreeSet<String>) -> Option<bool> {
    let mut result = all(tokens, allow)?;
    while tokens.next_if_eq(&"OR").is_some() {
        // Both sides are read even if the first decides.
        result |= all(tokens, allow)?;
    }
    Some(result)
}

fn all(tokens: &mut Tokens<'_>, allow: &BTreeSet<String>) -> Option<bool> {
    let mut result = one(tokens, allow)?;
    while tokens.next_if_eq(&"AND").is_some() {
        result &= one(tokens, allow)?;
    }
    Some(result)
}

fn one(tokens: &mut Tokens<'_>, allow: &BTreeSet<String>) -> Option<bool> {
    if tokens.next_if_eq(&"(").is_some() {
        let result = any(tokens, allow)?;
        tokens.next_if_eq(&")")?;
        return Some(result);
    }
    let name = tokens.next()?;
    if tokens.next_if_eq(&"WITH").is_none() {
        return Some(allow.contains(name));
    }
    let exception = tokens.next()?;
    // An exception only adds rights, so a licence that is allowed without it is allowed with it.
    Some(allow.contains(name) || allow.contains(&format!("{name} WITH {exception}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let allow = BTreeSet::from(["MIT".to_owned(), "Apache-2.0".to_owned()]);
        let cases = [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0/MIT", true),
            ("Apache-2.0 / MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("MIT OR GPL-3.0 AND Apache-2.0", true),
            ("(MIT OR GPL-3.0) AND Apache-2.0", true),
            ("(MIT OR Apache-2.0) AND GPL-3.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("GPL-3.0 WITH Classpath-exception-2.0", false),
            ("", false),
            ("MIT MIT", false),
            ("(MIT", false),
            ("MIT OR", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(allowed(expression, &allow), expected, "{expression}");
        }
    }
}
