//! W3C trace context: which trace this work belongs to, and how to take it on to other programs.
//!
//! ```no_run
//! for (name, value) in loop_guest::trace::inject() {
//!     // set the header `name` of the message that goes out
//! #   let _ = (name, value);
//! }
//! ```

use crate::bindings::tracing;
use crate::log::{Field, Level, Span};

pub use crate::bindings::tracing::{ContextError, ContextResult as Context};

/// The innermost span that is entered, or the call's own.
pub fn current() -> Context {
    tracing::current()
}

/// The place of one span in its trace.
pub fn of(span: &Span) -> Context {
    tracing::context_of(span.raw())
}

/// Begins a span below one of another program, such as the sender of a message.
pub fn start(
    parent: &Context,
    level: Level,
    name: &str,
    fields: &[Field<'_>],
) -> Result<Span, ContextError> {
    let parent = tracing::ContextParam {
        traceparent: &parent.traceparent,
        tracestate: &parent.tracestate,
    };
    tracing::start(parent, level, name, fields).map(Span::from_raw)
}

/// The headers to send along with an outgoing call.
pub fn inject() -> Vec<(String, String)> {
    tracing::inject()
}
