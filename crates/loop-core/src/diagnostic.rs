//! What is wrong with a text that a user wrote, and where.

use std::ops::Range;

/// The most diagnostics that one text is answered with. A person mends the first few and asks again; a file
/// that is wrong everywhere is the wrong file.
pub const DIAGNOSTICS_MAX: usize = 32;

/// One thing that is wrong with a text, with the place and a way out.
///
/// The text itself is not kept: whoever prints a diagnostic has it, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong: one sentence without a period.
    pub message: String,
    /// The bytes of the text that it is about; empty at 0 when it is about the whole.
    pub span: Range<usize>,
    /// A few words to write beside the span.
    pub label: String,
    /// What to do next, when that is known.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A diagnostic without a hint.
    pub fn new(span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span,
            label: label.into(),
            hint: None,
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The line and column where the span begins in `text`, both counted from 1, the column in characters.
    pub fn line_and_column(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        (
            line,
            before.get(line_start..).unwrap_or_default().chars().count() + 1,
        )
    }
}

/// Puts diagnostics into the order of the text, and keeps [`DIAGNOSTICS_MAX`] of them.
pub(crate) fn in_reading_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    found.dedup();
    found.truncate(DIAGNOSTICS_MAX);
    found
}
