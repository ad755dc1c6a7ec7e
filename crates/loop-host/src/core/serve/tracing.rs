//! `loop:core/tracing`.

use wasmtime::component::Resource;

use super::logging::{Below, Span, from_wit};
use crate::core::CoreCtxView;
use crate::core::bindings::loop_::core::{logging, tracing as wit};
use crate::core::span::NewSpan;
use crate::core::trace::{TraceContext, TraceError};

impl wit::Host for CoreCtxView<'_> {
    fn current(&mut self) -> wasmtime::Result<wit::Context> {
        Ok(self.ctx.trace().into())
    }

    fn context_of(&mut self, span: Resource<Span>) -> wasmtime::Result<wit::Context> {
        Ok(match self.table.get(&span)?.place() {
            Some(span) => span.place.clone().into(),
            None => self.ctx.call_place().0.clone().into(),
        })
    }

    fn start(
        &mut self,
        parent: wit::Context,
        level: logging::Level,
        name: String,
        fields: Vec<logging::Field>,
    ) -> wasmtime::Result<Result<Resource<Span>, wit::ContextError>> {
        let parent = match TraceContext::parse(&parent.traceparent, &parent.tracestate) {
            Ok(parent) => parent,
            Err(TraceError::Parent) => return Ok(Err(wit::ContextError::InvalidTraceparent)),
            Err(TraceError::State) => return Ok(Err(wit::ContextError::InvalidTracestate)),
        };
        let new = NewSpan {
            level: level.into(),
            name,
            fields: from_wit(fields),
        };
        let span = self.ctx.span(Below::Foreign(parent), new);
        Ok(Ok(self.table.push(span)?))
    }

    fn inject(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        let place = self.ctx.trace();
        let mut headers = vec![("traceparent".to_owned(), place.parent())];
        if !place.state.is_empty() {
            headers.push(("tracestate".to_owned(), place.state));
        }
        Ok(headers)
    }
}

impl From<TraceContext> for wit::Context {
    fn from(place: TraceContext) -> Self {
        Self {
            traceparent: place.parent(),
            tracestate: place.state,
        }
    }
}
