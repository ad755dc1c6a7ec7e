//! What belongs to one instance, and to the call that it serves.

use std::fmt;
use std::sync::Arc;

use tokio::time::{Duration, Instant};

use super::app::{CoreApp, Reads, wall_ns};
use super::cancel::{CancelReason, CancelToken};
use super::record::{Field, Level, MESSAGE_BYTES_MAX, Record, Value, cost, cut, merge};
use super::span::OpenSpan;
use super::trace::TraceContext;
use crate::limits::{OutputBudget, OutputSpent};

/// Records that an instance may write in a second: far more than anybody reads, and few enough that a collector keeps up.
pub(super) const RECORDS_PER_SECOND_MAX: u32 = 10_000;
/// Spans that an instance may have entered at once: deeper nesting is recursion.
pub(super) const ENTERED_MAX: usize = 128;
/// Spans, timers, and tokens that an instance may have open, of each.
pub(super) const OPEN_MAX: u32 = 1_024;

/// The call that an instance serves: where it comes from, and whether it is still wanted.
#[derive(Clone, Debug, Default)]
pub struct CallScope {
    /// The caller's place in its trace. Without one the call begins a new trace.
    pub trace: Option<TraceContext>,
    /// Cancelled when the call is no longer wanted. The instance gets a child of it.
    pub token: Option<CancelToken>,
    /// When the call must be done.
    pub deadline: Option<Instant>,
}

/// The part of `loop:core` that belongs to one instance.
///
/// Dropping it cancels what the instance has under way.
pub struct CoreCtx {
    pub(super) app: CoreApp,
    pub(super) component: Arc<str>,
    pub(super) reads: Reads,
    pub(super) start: Instant,
    /// Above all that the instance does, once somebody has asked for it.
    instance: Option<CancelToken>,
    /// The call's token, as the component sees it, once somebody has asked for it. Most calls never do.
    call: Option<CancelToken>,
    /// What the call's token hangs on, if the call came with one; otherwise that of the instance.
    caller: Option<CancelToken>,
    /// When the call must be done.
    deadline: Option<Instant>,
    /// The spans that are entered, the innermost last.
    pub(super) entered: Vec<Arc<OpenSpan>>,
    pub(super) open: Open,
    /// The call's place in its trace, once somebody has asked for it.
    place: Option<TraceContext>,
    /// Whether the place came with the call.
    place_known: bool,
    budget: OutputBudget,
    rate: Rate,
}

/// How many of each an instance has open.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) spans: u32,
    pub(super) timers: u32,
    pub(super) tokens: u32,
}

impl CoreCtx {
    pub(super) fn new(
        app: CoreApp,
        component: Arc<str>,
        reads: Reads,
        budget: OutputBudget,
    ) -> Self {
        Self {
            instance: None,
            call: None,
            caller: None,
            deadline: None,
            app,
            component,
            reads,
            start: Instant::now(),
            entered: Vec::new(),
            open: Open::default(),
            place: None,
            place_known: false,
            budget,
            rate: Rate::default(),
        }
    }

    /// Begins to serve a call, and ends the one before.
    ///
    /// For an instance that serves several calls at once, do not call this: it would mix them up. Its token is then that
    /// of the instance, and its records belong to one trace.
    pub fn begin(&mut self, call: CallScope) {
        self.finish();
        self.caller = call.token;
        self.deadline = call.deadline;
        self.place_known = call.trace.is_some();
        self.place = call.trace;
    }

    /// Ends the call that is being served: what it has under way is cancelled, and no span is entered any more.
    pub fn finish(&mut self) {
        if let Some(call) = self.call.take() {
            call.cancel(&CancelReason::Finished);
        }
        self.caller = None;
        self.deadline = None;
        self.entered.clear();
        self.place = None;
        self.place_known = false;
    }

    /// The place in its trace of what the component does now: what to send along with a call that it makes.
    pub fn trace(&mut self) -> TraceContext {
        match self.entered.last() {
            Some(span) => span.place.clone(),
            None => self.call_place().0.clone(),
        }
    }

    /// What a call that the component makes hangs on: cancelled when the call that it serves is, and when the component
    /// gives up what it has under way.
    pub fn token(&mut self) -> &CancelToken {
        let deadline = self.deadline;
        let call = match (self.call.take(), &self.caller) {
            (Some(call), _) => call,
            (None, Some(caller)) => caller.child_until(deadline),
            (None, None) => self.instance_token().child_until(deadline),
        };
        self.call.insert(call)
    }

    /// The token above all that the instance does: what work hangs on that outlives the call.
    pub(super) fn instance_token(&mut self) -> &CancelToken {
        let app = &self.app;
        self.instance.get_or_insert_with(|| app.token().child(None))
    }

    /// The name of the component.
    pub fn component(&self) -> &Arc<str> {
        &self.component
    }

    /// The place of the call, and whether it came with the call.
    pub(super) fn call_place(&mut self) -> (&TraceContext, bool) {
        let app = &self.app;
        let place = self
            .place
            .get_or_insert_with(|| TraceContext::new(app.new_trace_id(), app.new_span_id()));
        (place, self.place_known)
    }

    /// Writes a record in that span, or in the innermost one.
    ///
    /// # Errors
    /// [`OutputSpent`] if the instance has written all that it may.
    pub(super) fn log(
        &mut self,
        span: Option<Arc<OpenSpan>>,
        level: Level,
        message: String,
        fields: Vec<Field>,
    ) -> wasmtime::Result<()> {
        if !self.app.enabled(level) {
            return Ok(());
        }
        let Some(missed) = self.rate.admit(Instant::now()) else {
            return Ok(());
        };
        if missed > 0 {
            let note = vec![Field {
                key: "left_out".to_owned(),
                value: Value::Unsigned(missed),
            }];
            self.write(
                None,
                Level::Warn,
                "records were left out, because there were too many".to_owned(),
                note,
            )?;
        }
        let mut kept = Vec::new();
        merge(&mut kept, fields);
        self.write(span, level, cut(message, MESSAGE_BYTES_MAX), kept)
    }

    fn write(
        &mut self,
        span: Option<Arc<OpenSpan>>,
        level: Level,
        message: String,
        fields: Vec<Field>,
    ) -> wasmtime::Result<()> {
        let spent = |spent: OutputSpent| wasmtime::Error::new(spent);
        self.budget.take(cost(&message, &fields)).map_err(spent)?;
        let span = span.or_else(|| self.entered.last().cloned());
        let place = match &span {
            Some(span) => &span.place,
            None => self.call_place().0,
        };
        let record = Record {
            sequence: 0,
            time_ns: wall_ns(),
            level,
            trace_id: place.trace_id,
            span_id: place.span_id,
            component: Arc::clone(&self.component),
            message,
            fields,
            spans: span
                .as_ref()
                .map(|span| span.path.clone())
                .unwrap_or_default(),
        };
        let host = span.map_or_else(tracing::Span::none, |span| span.host.clone());
        self.app.record(record, &host);
        Ok(())
    }
}

impl Drop for CoreCtx {
    fn drop(&mut self) {
        if let Some(call) = &self.call {
            call.cancel(&CancelReason::Finished);
        }
        if let Some(instance) = &self.instance {
            instance.cancel(&CancelReason::Shutdown);
        }
    }
}

impl fmt::Debug for CoreCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreCtx")
            .field("component", &self.component)
            .finish_non_exhaustive()
    }
}

/// Lets so many records through in a second, and counts the others.
#[derive(Debug, Default)]
struct Rate {
    second: Option<Instant>,
    admitted: u32,
    missed: u64,
}

impl Rate {
    /// Lets a record through, and says how many it did not since the last; or nothing, if it is one too many.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        let over = self
            .second
            .is_none_or(|second| now.duration_since(second) >= Duration::from_secs(1));
        if over {
            self.second = Some(now);
            self.admitted = 0;
        }
        if self.admitted >= RECORDS_PER_SECOND_MAX {
            self.missed += 1;
            return None;
        }
        self.admitted += 1;
        Some(std::mem::take(&mut self.missed))
    }
}

#[cfg(test)]
mod tests {
    use super::{RECORDS_PER_SECOND_MAX, Rate};
    use tokio::time::{Duration, Instant};

    #[test]
    fn records_beyond_the_rate_are_counted_and_told_of() {
        let (mut rate, start) = (Rate::default(), Instant::now());
        for _ in 0..RECORDS_PER_SECOND_MAX {
            assert_eq!(rate.admit(start), Some(0));
        }
        assert_eq!((rate.admit(start), rate.admit(start)), (None, None));
        assert_eq!(rate.admit(start + Duration::from_secs(1)), Some(2));
        assert_eq!(rate.admit(start + Duration::from_secs(1)), Some(0));
    }
}
