//! Records with fields, and the spans they belong to.
//!
//! ```no_run
//! use loop_guest::log;
//!
//! let path = "/index.html";
//! let span = log::span!(info: "serve", path = path);
//! let _entered = span.enter();
//! log::info!("ready");
//! log::warn!(status = 404, path = path; "no page called {path}");
//! ```
//!
//! - `trace!`, `debug!`, `info!`, `warn!`, `error!` write a record: fields first, then `;`, then a message as `format!`
//!   takes it. Nothing is evaluated if the level is not enabled.
//! - `span!` begins a span; `fields!` makes a list of fields for the functions that take one. A field's value is what
//!   implements [`ToValue`].

mod macros;
mod span;
mod value;

use std::borrow::Cow;
use std::fmt;

use crate::bindings::logging;

pub use crate::bindings::logging::{
    Entry, FieldResult as KeptField, Level, ValueResult as KeptValue,
};
pub use macros::{
    __debug as debug, __error as error, __info as info, __trace as trace, __warn as warn,
};
pub use macros::{__fields as fields, __span as span};
pub use span::{Entered, Span};
pub use value::{Field, ToValue, Value};

/// Whether records of this level go anywhere. The macros ask this themselves.
pub fn enabled(level: Level) -> bool {
    logging::enabled(level)
}

/// Writes a record in the innermost span that is entered. The macros are the shorter way.
///
/// ```no_run
/// use loop_guest::log::{self, Level};
///
/// log::write(Level::Info, format_args!("{} pages", 3), &log::fields![theme = "plain"]);
/// ```
pub fn write(level: Level, message: fmt::Arguments<'_>, fields: &[Field<'_>]) {
    logging::log(level, &text(message), fields);
}

/// The last records that the host kept, the oldest first: those of this component, or of its whole app if it has the
/// grant `telemetry`. At most `max`, and at most 512.
pub fn recent(max: u32) -> Vec<Entry> {
    logging::recent(max)
}

/// A message without arguments needs no memory of its own.
fn text(message: fmt::Arguments<'_>) -> Cow<'static, str> {
    match message.as_str() {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(message.to_string()),
    }
}
