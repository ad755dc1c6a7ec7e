//! Names that can be a folder's, a component's, a Cargo package's and a WIT package's at once.

use std::path::Path;

use loop_core::name;

use crate::scaffold::ScaffoldError;

/// The longest name. Folders of build outputs have names that are made of it, and 255 bytes is all that they may have.
const BYTES_MAX: usize = 64;

/// What Rust keeps for itself, and what Cargo refuses as a package or would mistake for another.
const TAKEN: [&str; 64] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "loop-guest",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "target",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "wasip2",
    "where",
    "while",
    "yield",
];

/// What WIT keeps for itself.
const WIT_KEYWORDS: [&str; 44] = [
    "as",
    "async",
    "bool",
    "borrow",
    "char",
    "constructor",
    "enum",
    "error-context",
    "export",
    "f32",
    "f64",
    "flags",
    "from",
    "func",
    "future",
    "import",
    "include",
    "interface",
    "list",
    "map",
    "option",
    "own",
    "package",
    "record",
    "resource",
    "result",
    "s16",
    "s32",
    "s64",
    "s8",
    "static",
    "stream",
    "string",
    "tuple",
    "type",
    "u16",
    "u32",
    "u64",
    "u8",
    "use",
    "variant",
    "with",
    "world",
    "implements",
];

/// Whether this can be the name of a new part of a workspace.
pub(crate) fn check(text: &str) -> Result<(), ScaffoldError> {
    let reason = if text.is_empty() {
        "it is empty"
    } else if text.len() > BYTES_MAX {
        "it is longer than 64 bytes"
    } else if !name::is_kebab(text) || text.chars().any(|c| c.is_ascii_uppercase()) {
        "it is not in kebab-case"
    } else if TAKEN.contains(&text) {
        "Rust or Cargo keeps that word for itself"
    } else {
        return Ok(());
    };
    // What a message repeats is bounded.
    let name = text.chars().take(BYTES_MAX).collect();
    Err(ScaffoldError::Name {
        name,
        reason: reason.to_owned(),
    })
}

/// The name that a new folder gives to what is in it.
pub(crate) fn of_folder(folder: &Path) -> Result<String, ScaffoldError> {
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    check(&name)?;
    Ok(name)
}

/// The name as WIT takes it.
pub(crate) fn wit_name(name: &str) -> String {
    if WIT_KEYWORDS.contains(&name) {
        format!("%{name}")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{check, wit_name};

    #[test]
    fn names_are_words_joined_by_hyphens() {
        for name in ["a", "my-app", "app2", "list", "hello-world-again"] {
            assert!(check(name).is_ok(), "{name}");
        }
        let long = "a".repeat(65);
        for name in [
            "",
            "-",
            "a-",
            "-a",
            "a--b",
            "a_b",
            "A",
            "My-App",
            "2a",
            "a b",
            "../a",
            "a/b",
            "ä",
            ".",
            "fn",
            "test",
            "loop-guest",
            &long,
        ] {
            assert!(check(name).is_err(), "{name:?} was accepted");
        }
    }

    #[test]
    fn words_of_wit_are_marked() {
        assert_eq!(wit_name("list"), "%list");
        assert_eq!(wit_name("lists"), "lists");
    }
}
