//! A span that is open, until the guest drops it or its instance ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::app::{CoreApp, wall_ns};
use super::emit;
use super::record::{
    Field, Json, Level, SPAN_NAME_BYTES_MAX, SpanRecord, TEXT_BYTES_MAX, cut, merge,
};
use super::trace::{SpanId, TraceContext};

/// Names of spans that a record carries: the innermost of them.
const PATH_MAX: usize = 32;

/// A span that is open.
#[derive(Debug)]
pub(super) struct OpenSpan {
    app: CoreApp,
    component: Arc<str>,
    level: Level,
    parent: Option<SpanId>,
    start: Instant,
    start_ns: u64,
    /// Where it is in its trace.
    pub(super) place: TraceContext,
    /// The names of the spans around it and its own, the outermost first.
    pub(super) path: Vec<Arc<str>>,
    /// The host's own span for it.
    pub(super) host: tracing::Span,
    changing: Mutex<Changing>,
}

#[derive(Debug, Default)]
struct Changing {
    fields: Vec<Field>,
    failed: Option<String>,
    ended: bool,
}

/// What a span is made of that is not around it.
#[derive(Debug)]
pub(super) struct NewSpan {
    pub(super) level: Level,
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
}

/// What is around a new span.
#[derive(Debug)]
pub(super) enum Around<'a> {
    /// Another span of the instance.
    Span(&'a OpenSpan),
    /// A place in a trace; whether a span of another program is there, or nothing but the call.
    Place {
        place: &'a TraceContext,
        known: bool,
    },
}

impl OpenSpan {
    pub(super) fn begin(
        app: &CoreApp,
        component: &Arc<str>,
        around: &Around<'_>,
        new: NewSpan,
    ) -> Self {
        let NewSpan {
            level,
            name,
            fields,
        } = new;
        let name: Arc<str> = cut(name, SPAN_NAME_BYTES_MAX).into();
        let nobody = tracing::Span::none();
        let (above, parent, host, path): (_, _, _, &[_]) = match around {
            Around::Span(span) => (
                &span.place,
                Some(span.place.span_id),
                &span.host,
                &span.path,
            ),
            Around::Place { place, known } => {
                (*place, known.then_some(place.span_id), &nobody, &[])
            }
        };
        let place = above.at(app.new_span_id());
        let outer = path
            .iter()
            .skip(path.len().saturating_sub(PATH_MAX - 1))
            .cloned();
        let path = outer.chain([Arc::clone(&name)]).collect();
        let host = emit::span(host, level, component, &name, &place);
        let mut changing = Changing::default();
        merge(&mut changing.fields, fields);
        Self {
            app: app.clone(),
            component: Arc::clone(component),
            level,
            parent,
            start: Instant::now(),
            start_ns: wall_ns(),
            place,
            path,
            host,
            changing: Mutex::new(changing),
        }
    }

    pub(super) fn set(&self, fields: Vec<Field>) {
        merge(&mut self.lock().fields, fields);
    }

    pub(super) fn fail(&self, reason: String) {
        self.lock().failed = Some(cut(reason, TEXT_BYTES_MAX));
    }

    /// Ends it and tells everybody. The second time does nothing.
    pub(super) fn end(&self, unfinished: bool) {
        let mut changing = self.lock();
        if std::mem::replace(&mut changing.ended, true) {
            return;
        }
        let (fields, failed) = (std::mem::take(&mut changing.fields), changing.failed.take());
        drop(changing);
        emit::finish(&self.host, Json(&fields), failed.as_deref());
        let took = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.app.span(&SpanRecord {
            component: Arc::clone(&self.component),
            name: self.path.last().cloned().unwrap_or_else(|| "".into()),
            level: self.level,
            fields,
            start_ns: self.start_ns,
            end_ns: self.start_ns.saturating_add(took),
            trace_id: self.place.trace_id,
            span_id: self.place.span_id,
            parent: self.parent,
            failed,
            unfinished,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
