//! What can go wrong, as `loop` reports it: one type, and one place that knows the exit codes.
//!
//! `error/convert.rs` turns the errors of the libraries into this one.

mod convert;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::ui::Paint;

pub(crate) use crate::error::convert::{
    build, call, collector, host, link, link_problem, load, scaffold, serve, shape,
};

/// A failure of the command: what to print, and how to exit.
#[derive(Debug)]
pub(crate) struct CliError {
    /// What failed, for the exit code.
    pub(crate) kind: Kind,
    /// What is wrong, the first thing first. May be empty when everything has been said.
    pub(crate) problems: Vec<Problem>,
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The command did its work, and what it found is not good.
    Found,
    /// What was typed makes no sense.
    Usage,
    /// A component trapped.
    Trap,
    /// A component reached a limit.
    Limit,
    /// A grant is missing without which the app cannot start.
    Denied,
    /// A file is no component, or an app cannot be put together.
    Link,
    /// A component does not build.
    Build,
    /// `loop.toml` is wrong.
    Manifest,
    /// The system refused something: a file, an address, memory.
    System,
    /// The user or the system stopped it, by the signal with this number.
    Stopped(u8),
    /// Who reads standard output has seen enough.
    Closed,
}

impl Kind {
    /// The exit code. Those of components pass through, so these keep away from the low numbers, from 101 (a panic in
    /// a Rust program) and from what shells use (124 and above).
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::Trap => 110,
            Self::Limit => 111,
            Self::Denied => 112,
            Self::Link => 113,
            Self::Build => 114,
            Self::Manifest => 115,
            Self::System => 116,
            Self::Stopped(signal) => 128 + signal,
        }
    }
}

/// The exit codes, for `loop --help` and `docs/cli.md`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0        success
  1        `loop check` or `loop doctor` found something missing
  2        what was typed makes no sense
  110      a component trapped, or exited instead of answering a call
  111      a component reached a limit
  112      a grant is missing without which the app cannot start
  113      a file is no component, or an app cannot be put together
  114      a component does not build
  115      loop.toml is wrong
  116      the system refused something: a file, an address, memory
  128 + n  stopped by signal n: 130 after Ctrl-C
  `loop run` of a command passes the component's own exit code through";

/// One thing that is wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problem {
    /// What: one sentence, without a period.
    pub(crate) message: String,
    /// Why, and why that.
    pub(crate) causes: Vec<String>,
    /// What helps to understand it.
    pub(crate) details: Vec<Detail>,
    /// What to do next, the likeliest first.
    pub(crate) hints: Vec<String>,
}

/// A part of an explanation.
#[derive(Clone, Debug)]
pub(crate) enum Detail {
    /// A line.
    Line(Paint, String),
    /// What a tool wrote. It was shown while it came, unless `loop` is to be quiet.
    Output(String),
    /// The lines of a file, with a mark.
    Snippet(Snippet),
}

/// A place in a file.
#[derive(Clone, Debug)]
pub(crate) struct Snippet {
    /// The file's name.
    pub(crate) file: String,
    /// Its text; empty if it is not to be shown.
    pub(crate) source: Arc<str>,
    /// The place, in bytes.
    pub(crate) span: Range<usize>,
    /// What to write beside it.
    pub(crate) label: String,
}

impl Problem {
    /// A problem without an explanation.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    /// The same with a hint more.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same with a line more.
    #[must_use]
    pub(crate) fn line(mut self, paint: Paint, line: impl Into<String>) -> Self {
        self.details.push(Detail::Line(paint, line.into()));
        self
    }

    /// The lines of its details, without the files that they quote.
    pub(crate) fn detail_lines(&self) -> Vec<&str> {
        let lines = self.details.iter().filter_map(|detail| match detail {
            Detail::Line(_, line) => Some(line.as_str()),
            Detail::Output(_) | Detail::Snippet(_) => None,
        });
        lines.collect()
    }

    /// The same with what an error says of its causes. What repeats the sentence before it is left out.
    #[must_use]
    pub(crate) fn causes(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = error.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if self.causes.last().unwrap_or(&self.message) != &text {
                self.causes.push(text);
            }
            next = cause.source();
        }
        self
    }
}

impl CliError {
    /// A failure with one problem.
    pub(crate) fn new(kind: Kind, problem: Problem) -> Self {
        Self {
            kind,
            problems: vec![problem],
        }
    }

    /// What was typed makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, Problem::new(message))
    }

    /// Everything has been said; only the exit code is left.
    pub(crate) fn said(kind: Kind) -> Self {
        Self {
            kind,
            problems: Vec::new(),
        }
    }

    /// A file that could not be read or written: `verb` is `read` or `write`.
    pub(crate) fn file(verb: &str, path: &Path, error: &io::Error) -> Self {
        let mut problem = Problem::new(format!("cannot {verb} `{}`", path.display()));
        problem.causes.push(error.to_string());
        problem.hints.extend(convert::io_hint(error));
        Self::new(Kind::System, problem)
    }

    /// Standard output could not be written.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::said(Kind::Closed);
        }
        let mut problem = Problem::new("cannot write to standard output");
        problem.causes.push(error.to_string());
        problem.hints.extend(convert::io_hint(error));
        Self::new(Kind::System, problem)
    }

    /// The system gives no threads, or no way to wait for files and sockets.
    pub(crate) fn threads(error: &io::Error) -> Self {
        let mut problem = Problem::new("the system gives no threads");
        problem.causes.push(error.to_string());
        Self::new(Kind::System, problem)
    }

    /// The same with a hint more, at the last problem.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(problem) = self.problems.last_mut() {
            problem.hints.push(hint.into());
        }
        self
    }
}

/// The messages alone.
impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            f.write_str(&problem.message)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{EXIT_CODES, Kind};

    #[test]
    fn the_help_lists_every_code() {
        let kinds = [
            Kind::Found,
            Kind::Usage,
            Kind::Trap,
            Kind::Limit,
            Kind::Denied,
            Kind::Link,
            Kind::Build,
            Kind::Manifest,
            Kind::System,
        ];
        for kind in kinds {
            let row = format!("\n  {:<9}", kind.code());
            assert!(EXIT_CODES.contains(&row), "{kind:?} is not listed");
        }
        let reference = include_str!("../../../docs/cli.md");
        for line in EXIT_CODES
            .lines()
            .skip(1)
            .filter_map(|line| line.trim().split_once("  "))
        {
            let row = format!("| {} | {} |", line.0, line.1.trim());
            assert!(reference.contains(&row), "docs/cli.md lacks the row\n{row}");
        }
    }
}
