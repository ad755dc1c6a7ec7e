//! What `loop` says and how: data on standard output, talk on standard error.
//!
//! Everything reads the same without colour. What comes from a component or a file is made safe first ([`safe`]): it
//! could hold sequences that move a terminal's cursor.

mod progress;
mod render;
mod snippet;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write as _};

use serde::Serialize;

use crate::error::{CliError, Problem};
use crate::vars;

pub(crate) use crate::ui::progress::Progress;

/// The width that text is laid out for where no terminal says another.
const WIDTH_DEFAULT: usize = 100;

/// When there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// How to talk on this run. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    color: bool,
    live: bool,
    quiet: bool,
    width: usize,
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// As everything else.
    Plain,
    /// `error:`
    Error,
    /// `warning:` and `denied:`
    Warning,
    /// `hint:` and what can be pasted.
    Hint,
    /// What matters in its line.
    Strong,
    /// What can be skipped.
    Faint,
    /// A line that is wanted and not there.
    Minus,
    /// A line that is there instead.
    Plus,
}

impl Ui {
    /// Looks at standard error, where all talk goes.
    pub(crate) fn new(color: Color, quiet: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        let dumb = vars::TERM.text().is_some_and(|term| term == "dumb");
        Self {
            color: match color {
                Color::Auto => terminal && !dumb && vars::NO_COLOR.get().is_none(),
                Color::Always => true,
                Color::Never => false,
            },
            live: terminal && !dumb,
            quiet,
            width: vars::COLUMNS
                .text()
                .and_then(|columns| columns.parse().ok())
                .unwrap_or(WIDTH_DEFAULT),
        }
    }

    /// Whether a person watches, who likes to see that something goes on.
    pub(crate) fn is_live(&self) -> bool {
        self.live && !self.quiet
    }

    /// Whether nothing but errors is to be said.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The text in its colour.
    pub(crate) fn paint<'a>(&self, paint: Paint, text: &'a str) -> Cow<'a, str> {
        let code = match paint {
            Paint::Plain => return text.into(),
            _ if !self.color => return text.into(),
            Paint::Error => "1;31",
            Paint::Warning => "1;33",
            Paint::Hint => "36",
            Paint::Strong => "1",
            Paint::Faint => "2",
            Paint::Minus => "31",
            Paint::Plus => "32",
        };
        format!("\x1b[{code}m{text}\x1b[0m").into()
    }

    /// Says something, unless it is to be quiet.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            Self::print(line);
        }
    }

    /// Says something that does not stop the work, unless it is to be quiet.
    pub(crate) fn warning(&self, message: &str) {
        self.say(&format!(
            "{} {message}",
            self.paint(Paint::Warning, "warning:")
        ));
    }

    /// Says what can be done, unless it is to be quiet.
    pub(crate) fn hint(&self, hint: &str) {
        self.say(&self.hint_line(hint));
    }

    /// Shows what was learned. It was asked for, so it is shown even if it is to be quiet.
    pub(crate) fn learned(&self, text: &str) {
        Self::print(&format!(
            "{}\n{}",
            self.paint(Paint::Hint, "the least that this run needed:"),
            safe(text.trim_end())
        ));
    }

    /// Prints an error with all that belongs to it.
    pub(crate) fn error(&self, error: &CliError) {
        let text = render::error(self, error);
        if !text.is_empty() {
            Self::print(text.trim_end_matches('\n'));
        }
    }

    /// Something that could matter, with all that belongs to it.
    pub(crate) fn note_text(&self, problem: &Problem) -> String {
        render::note(self, problem)
    }

    /// `hint: …`, its further lines below its first.
    pub(crate) fn hint_line(&self, hint: &str) -> String {
        let mut lines = hint.lines();
        let mut text = format!(
            "{} {}",
            self.paint(Paint::Hint, "hint:"),
            lines.next().unwrap_or_default()
        );
        for line in lines {
            // Writing to a string does not fail.
            let _ = write!(text, "\n      {line}");
        }
        text
    }

    /// One write for the whole text, so that lines of several threads do not mix.
    fn print(text: &str) {
        let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
    }
}

/// Writes data to standard output.
///
/// # Errors
/// If it cannot be written. A reader that has seen enough is a failure without a message.
pub(crate) fn data(text: impl fmt::Display) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| CliError::stdout(&error))
}

/// Writes data to standard output as JSON.
///
/// # Errors
/// As for [`data`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), CliError> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| CliError::stdout(&error.into()))?;
    data(text)
}

/// The text without characters that a terminal would act upon. Line ends stay.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    let acts = |c: char| (c.is_control() && c != '\n' && c != '\t') || is_invisible(c);
    if !text.contains(acts) {
        return text.into();
    }
    let escape = |c: char| {
        if acts(c) {
            c.escape_unicode().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(escape).collect::<String>().into()
}

/// The same on one line.
pub(crate) fn safe_line(text: &str) -> Cow<'_, str> {
    let safe = safe(text);
    if safe.contains('\n') {
        safe.replace('\n', "\\n").into()
    } else {
        safe
    }
}

/// Characters that change the order in which others are shown, or hide.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A number with its noun: `1 file`, `2 files`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::{safe, safe_line};

    #[test]
    fn what_a_terminal_would_act_upon_is_shown_instead() {
        for (text, expected) in [
            ("plain, wörtlich", "plain, wörtlich"),
            ("\x1b[2Jgone", "\\u{1b}[2Jgone"),
            ("a\rb", "a\\u{d}b"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("two\nlines", "two\nlines"),
        ] {
            assert_eq!(safe(text), expected);
        }
        assert_eq!(safe_line("two\nlines"), "two\\nlines");
    }
}
