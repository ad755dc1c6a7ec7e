//! What is wrong with a text that a user wrote, and where.

use std::ops::Range;

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
