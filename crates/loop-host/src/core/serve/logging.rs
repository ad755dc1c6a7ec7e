//! `loop:core/logging`.

use std::sync::Arc;

use wasmtime::component::Resource;

use crate::core::CoreCtxView;
use crate::core::app::Reads;
use crate::core::bindings::loop_::core::logging as wit;
use crate::core::context::{CoreCtx, ENTERED_MAX, OPEN_MAX};
use crate::core::logs::RECENT_MAX;
use crate::core::record::{Field, Level, Record, Value};
use crate::core::span::{Around, NewSpan, OpenSpan};
use crate::core::trace::TraceContext;

/// A guest's handle to a span.
#[derive(Debug)]
pub struct Span {
    /// The span, or for one that is not recorded the one around it.
    open: Option<Arc<OpenSpan>>,
    recorded: bool,
}

impl Span {
    /// The span, unless it is not recorded.
    fn own(&self) -> Option<&Arc<OpenSpan>> {
        self.open.as_ref().filter(|_| self.recorded)
    }

    /// The span, or for one that is not recorded the one around it.
    pub(super) fn place(&self) -> Option<&Arc<OpenSpan>> {
        self.open.as_ref()
    }
}

impl Drop for Span {
    /// A handle that the guest dropped has ended its span before: this one was open when its instance ended.
    fn drop(&mut self) {
        if let Some(span) = self.own() {
            span.end(true);
        }
    }
}

/// What a span is begun below.
pub(super) enum Below {
    Span(Arc<OpenSpan>),
    Call,
    Foreign(TraceContext),
}

impl CoreCtx {
    /// What is around whatever names no span of its own.
    fn innermost(&self) -> Below {
        self.entered
            .last()
            .cloned()
            .map_or(Below::Call, Below::Span)
    }

    pub(super) fn span(&mut self, below: Below, new: NewSpan) -> Span {
        let recorded = self.app.enabled(new.level) && self.open.spans < OPEN_MAX;
        if !recorded {
            let open = if let Below::Span(span) = below {
                Some(span)
            } else {
                None
            };
            return Span { open, recorded };
        }
        self.open.spans += 1;
        let (app, component) = (self.app.clone(), Arc::clone(&self.component));
        let around = match &below {
            Below::Span(span) => Around::Span(span),
            Below::Call => {
                let (place, known) = self.call_place();
                Around::Place { place, known }
            }
            Below::Foreign(place) => Around::Place { place, known: true },
        };
        let span = OpenSpan::begin(&app, &component, &around, new);
        Span {
            open: Some(Arc::new(span)),
            recorded,
        }
    }
}

impl wit::Host for CoreCtxView<'_> {
    fn enabled(&mut self, level: wit::Level) -> wasmtime::Result<bool> {
        Ok(self.ctx.app.enabled(level.into()))
    }

    fn log(
        &mut self,
        level: wit::Level,
        message: String,
        fields: Vec<wit::Field>,
    ) -> wasmtime::Result<()> {
        self.ctx.log(None, level.into(), message, from_wit(fields))
    }

    fn recent(&mut self, max: u32) -> wasmtime::Result<Vec<wit::Entry>> {
        let max = usize::try_from(max).unwrap_or(RECENT_MAX).min(RECENT_MAX);
        let component = match self.ctx.reads {
            Reads::Own => Some(&*self.ctx.component),
            Reads::App => None,
        };
        let records = self.ctx.app.logs().recent(max, component);
        Ok(records.iter().map(|record| to_entry(record)).collect())
    }
}

impl wit::HostSpan for CoreCtxView<'_> {
    fn new(
        &mut self,
        level: wit::Level,
        name: String,
        fields: Vec<wit::Field>,
    ) -> wasmtime::Result<Resource<Span>> {
        let new = NewSpan {
            level: level.into(),
            name,
            fields: from_wit(fields),
        };
        let span = self.ctx.span(self.ctx.innermost(), new);
        Ok(self.table.push(span)?)
    }

    fn child(
        &mut self,
        this: Resource<Span>,
        level: wit::Level,
        name: String,
        fields: Vec<wit::Field>,
    ) -> wasmtime::Result<Resource<Span>> {
        let around = self
            .table
            .get(&this)?
            .place()
            .cloned()
            .map_or(Below::Call, Below::Span);
        let new = NewSpan {
            level: level.into(),
            name,
            fields: from_wit(fields),
        };
        let span = self.ctx.span(around, new);
        Ok(self.table.push(span)?)
    }

    fn enter(&mut self, this: Resource<Span>) -> wasmtime::Result<()> {
        if let Some(span) = self.table.get(&this)?.own()
            && self.ctx.entered.len() < ENTERED_MAX
        {
            self.ctx.entered.push(Arc::clone(span));
        }
        Ok(())
    }

    fn exit(&mut self, this: Resource<Span>) -> wasmtime::Result<()> {
        if let Some(span) = self.table.get(&this)?.own()
            && let Some(index) = self
                .ctx
                .entered
                .iter()
                .rposition(|entered| Arc::ptr_eq(entered, span))
        {
            self.ctx.entered.remove(index);
        }
        Ok(())
    }

    fn set(&mut self, this: Resource<Span>, fields: Vec<wit::Field>) -> wasmtime::Result<()> {
        if let Some(span) = self.table.get(&this)?.own() {
            span.set(from_wit(fields));
        }
        Ok(())
    }

    fn fail(&mut self, this: Resource<Span>, reason: String) -> wasmtime::Result<()> {
        if let Some(span) = self.table.get(&this)?.own() {
            span.fail(reason);
        }
        Ok(())
    }

    fn log(
        &mut self,
        this: Resource<Span>,
        level: wit::Level,
        message: String,
        fields: Vec<wit::Field>,
    ) -> wasmtime::Result<()> {
        let span = self.table.get(&this)?.place().cloned();
        self.ctx.log(span, level.into(), message, from_wit(fields))
    }

    fn drop(&mut self, this: Resource<Span>) -> wasmtime::Result<()> {
        let span = self.table.delete(this)?;
        if let Some(own) = span.own() {
            own.end(false);
            self.ctx
                .entered
                .retain(|entered| !Arc::ptr_eq(entered, own));
            self.ctx.open.spans = self.ctx.open.spans.saturating_sub(1);
        }
        Ok(())
    }
}

impl From<wit::Level> for Level {
    fn from(level: wit::Level) -> Self {
        match level {
            wit::Level::Trace => Self::Trace,
            wit::Level::Debug => Self::Debug,
            wit::Level::Info => Self::Info,
            wit::Level::Warn => Self::Warn,
            wit::Level::Error => Self::Error,
        }
    }
}

impl From<Level> for wit::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

pub(super) fn from_wit(fields: Vec<wit::Field>) -> Vec<Field> {
    let value = |value| match value {
        wit::Value::Text(text) => Value::Text(text),
        wit::Value::Signed(number) => Value::Signed(number),
        wit::Value::Unsigned(number) => Value::Unsigned(number),
        wit::Value::Number(number) => Value::Number(number),
        wit::Value::Truth(truth) => Value::Truth(truth),
    };
    fields
        .into_iter()
        .map(|field| Field {
            key: field.key,
            value: value(field.value),
        })
        .collect()
}

fn to_entry(record: &Record) -> wit::Entry {
    let value = |value: &Value| match value {
        Value::Text(text) => wit::Value::Text(text.clone()),
        Value::Signed(number) => wit::Value::Signed(*number),
        Value::Unsigned(number) => wit::Value::Unsigned(*number),
        Value::Number(number) => wit::Value::Number(*number),
        Value::Truth(truth) => wit::Value::Truth(*truth),
    };
    let field = |field: &Field| wit::Field {
        key: field.key.clone(),
        value: value(&field.value),
    };
    wit::Entry {
        sequence: record.sequence,
        time: record.time_ns,
        level: record.level.into(),
        component: record.component.to_string(),
        message: record.message.clone(),
        fields: record.fields.iter().map(field).collect(),
        spans: record.spans.iter().map(ToString::to_string).collect(),
        trace_id: record.trace_id.to_string(),
    }
}
