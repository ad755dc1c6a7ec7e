//! A diagnostic as text, with the line that it is about.

use std::fmt::Write as _;

use loop_core::Diagnostic;

/// Writes a diagnostic as a person would see it: the line, the marked part, the message and the hint.
pub(crate) fn write(said: &mut String, text: &str, found: &Diagnostic) {
    let (line, column) = found.line_and_column(text);
    let shown = text.lines().nth(line - 1).unwrap_or_default();
    let marked = text
        .get(found.span.clone())
        .expect("the span lies in the text");
    let marks = marked
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        .max(1);
    if found.span.is_empty() {
        writeln!(said, "{}", found.message).unwrap();
    } else {
        writeln!(said, "{shown}").unwrap();
        writeln!(
            said,
            "{}{} {}",
            " ".repeat(column - 1),
            "^".repeat(marks),
            found.label
        )
        .unwrap();
        writeln!(said, "line {line}: {}", found.message).unwrap();
    }
    if let Some(hint) = &found.hint {
        writeln!(said, "hint: {hint}").unwrap();
    }
}
