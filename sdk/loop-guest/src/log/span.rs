//! Spans, and the guard that leaves one.

use std::fmt;

use crate::bindings::logging;
use crate::log::{Field, Level};

/// A stretch of work. It begins when it is made and ends when it is dropped.
///
/// `span!(info: "name", key = value)` is the short way to make one.
#[derive(Debug)]
#[must_use = "a span ends when it is dropped"]
pub struct Span {
    raw: logging::Span,
}

/// Leaves a span when dropped.
#[derive(Debug)]
#[must_use = "the span is left when this is dropped"]
pub struct Entered<'a> {
    span: &'a Span,
}

impl Span {
    /// Begins a span below the innermost one that is entered, or below the call's own.
    pub fn new(level: Level, name: &str, fields: &[Field<'_>]) -> Self {
        Self::from_raw(logging::Span::new(level, name, fields))
    }

    /// Begins a span below this one, whichever is entered.
    pub fn child(&self, level: Level, name: &str, fields: &[Field<'_>]) -> Self {
        Self::from_raw(self.raw.child(level, name, fields))
    }

    /// Makes this the innermost span until the guard is dropped.
    pub fn enter(&self) -> Entered<'_> {
        self.raw.enter();
        Entered { span: self }
    }

    /// Does `work` inside the span.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        work()
    }

    /// Adds fields, or replaces those of the same key.
    pub fn set(&self, fields: &[Field<'_>]) {
        self.raw.set(fields);
    }

    /// Marks the work as failed.
    pub fn fail(&self, reason: &str) {
        self.raw.fail(reason);
    }

    /// Writes a record in this span, whichever is entered.
    pub fn write(&self, level: Level, message: fmt::Arguments<'_>, fields: &[Field<'_>]) {
        self.raw.log(level, &crate::log::text(message), fields);
    }

    pub(crate) fn from_raw(raw: logging::Span) -> Self {
        Self { raw }
    }

    pub(crate) fn raw(&self) -> &logging::Span {
        &self.raw
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.span.raw.exit();
    }
}
