//! Hands records and spans on to the crate `tracing`.
//!
//! Its names and targets are fixed when the host is compiled, so what varies goes into fields: `component`, `name` (also as
//! `otel.name`, which OpenTelemetry layers take for a span's name), the guest's own fields as one JSON object, and the ids
//! of W3C Trace Context.

use tracing::Span;
use tracing::field::{Empty, display};

use super::record::{Json, Level, Record};
use super::trace::TraceContext;

/// The target of all records and spans of components.
pub const TARGET: &str = "loop::component";

/// Writes a record inside of the span that the host keeps for the guest's.
pub(super) fn record(record: &Record, span: &Span) {
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: TARGET,
                tracing::Level::$level,
                component = &*record.component,
                fields = %Json(&record.fields),
                trace_id = %record.trace_id,
                span_id = %record.span_id,
                "{}",
                record.message
            )
        };
    }
    span.in_scope(|| match record.level {
        Level::Trace => event!(TRACE),
        Level::Debug => event!(DEBUG),
        Level::Info => event!(INFO),
        Level::Warn => event!(WARN),
        Level::Error => event!(ERROR),
    });
}

/// Begins the host's span for a guest's.
pub(super) fn span(
    around: &Span,
    level: Level,
    component: &str,
    name: &str,
    place: &TraceContext,
) -> Span {
    macro_rules! span {
        ($level:ident) => {
            tracing::span!(
                target: TARGET,
                tracing::Level::$level,
                "component",
                component,
                name,
                otel.name = name,
                trace_id = %place.trace_id,
                span_id = %place.span_id,
                fields = Empty,
                failed = Empty,
            )
        };
    }
    around.in_scope(|| match level {
        Level::Trace => span!(TRACE),
        Level::Debug => span!(DEBUG),
        Level::Info => span!(INFO),
        Level::Warn => span!(WARN),
        Level::Error => span!(ERROR),
    })
}

/// Adds what is known only at the end. The span ends when the last reference to it is dropped.
pub(super) fn finish(span: &Span, fields: Json<'_>, failed: Option<&str>) {
    span.record("fields", display(fields));
    if let Some(reason) = failed {
        span.record("failed", reason);
    }
}
