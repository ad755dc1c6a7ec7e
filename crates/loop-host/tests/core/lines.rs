//! A subscriber of the crate `tracing` that writes a line for each record and each end of a span.
//!
//! There is one for the process, since others would change what each other hears. It keeps the lines of each thread
//! by themselves, and a test has a thread of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::Once;

use loop_host::core::TARGET;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Subscriber;
use tracing::{Event, Metadata};

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Listens from now on.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Lines).unwrap());
}

/// What this thread has told of components.
pub(crate) fn text() -> String {
    STATE.with_borrow(|state| state.lines.clone())
}

struct Lines;

#[derive(Default)]
struct State {
    lines: String,
    spans: BTreeMap<u64, Span>,
    entered: Vec<u64>,
}

#[derive(Default)]
struct Span {
    fields: Fields,
    parent: Option<u64>,
    handles: u32,
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("-", String::as_str)
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl State {
    /// The names of the spans around, the outermost first.
    fn path(&self, mut span: Option<u64>) -> String {
        let mut path = String::new();
        while let Some(found) = span.and_then(|id| self.spans.get(&id)) {
            path.insert_str(0, &format!("/{}", found.fields.get("otel.name")));
            span = found.parent;
        }
        if path.is_empty() {
            "no span".to_owned()
        } else {
            path
        }
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        STATE.with_borrow_mut(|state| {
            let parent = state.entered.last().copied();
            let mut span = Span {
                parent,
                handles: 1,
                ..Span::default()
            };
            attributes.record(&mut span.fields);
            let id = state.spans.len() as u64 + 1;
            state.spans.insert(id, span);
            Id::from_u64(id)
        })
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        STATE.with_borrow_mut(|state| {
            if let Some(span) = state.spans.get_mut(&id.into_u64()) {
                values.record(&mut span.fields);
            }
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        STATE.with_borrow_mut(|state| {
            let path = state.path(state.entered.last().copied());
            let [component, message, json, span] =
                ["component", "message", "fields", "span_id"].map(|name| fields.get(name));
            let level = event.metadata().level();
            writeln!(
                state.lines,
                "{level} {component}: {message} {json} in {span}, {path}"
            )
            .unwrap();
        });
    }

    fn enter(&self, id: &Id) {
        STATE.with_borrow_mut(|state| state.entered.push(id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        let last = STATE.with_borrow_mut(|state| state.entered.pop());
        assert_eq!(
            last,
            Some(id.into_u64()),
            "spans are left in the order they were entered in"
        );
    }

    fn clone_span(&self, id: &Id) -> Id {
        STATE.with_borrow_mut(|state| {
            if let Some(span) = state.spans.get_mut(&id.into_u64()) {
                span.handles += 1;
            }
        });
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        STATE.with_borrow_mut(|state| {
            let Some(span) = state.spans.get_mut(&id.into_u64()) else {
                return false;
            };
            span.handles -= 1;
            if span.handles > 0 {
                return false;
            }
            let [name, json, failed] =
                ["otel.name", "fields", "failed"].map(|name| span.fields.get(name).to_owned());
            writeln!(state.lines, "end of {name}: {json} {failed}").unwrap();
            true
        })
    }
}
