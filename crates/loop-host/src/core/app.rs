//! What the components of an app share.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::cancel::{CancelReason, CancelToken};
use super::context::CoreCtx;
use super::emit;
use super::logs::Logs;
use super::metrics::Metrics;
use super::record::{Level, LogSink, Record, SpanRecord};
use super::trace::{SpanId, TraceId};
use super::xoshiro::Xoshiro;
use crate::limits::OutputBudget;

/// What a component may read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// Its own records and metrics.
    #[default]
    Own,
    /// Those of all components of its app: for one that shows them to somebody.
    App,
}

/// How `loop:core` behaves in one app.
#[derive(Clone)]
pub struct CoreOptions {
    /// Decides the streams of random numbers. Chosen anew for each app if there is none.
    pub seed: Option<u64>,
    /// Records below this level are left out. The default is [`Level::Info`].
    pub level: Level,
    /// Who takes the records and spans, apart from the crate `tracing`.
    pub sinks: Vec<Arc<dyn LogSink>>,
}

/// The part of `loop:core` that all components of an app share. Clones are the same.
#[derive(Clone)]
pub struct CoreApp(Arc<Shared>);

struct Shared {
    seed: u64,
    seed_given: bool,
    level: Level,
    sinks: Vec<Arc<dyn LogSink>>,
    metrics: Metrics,
    logs: Logs,
    root: CancelToken,
    /// Ids of traces and spans: unpredictable is not asked of them, different from those of other hosts is.
    ids: Mutex<Xoshiro>,
}

impl CoreApp {
    /// Prepares for an app.
    pub fn new(options: CoreOptions) -> Self {
        let CoreOptions { seed, level, sinks } = options;
        Self(Arc::new(Shared {
            seed: seed.unwrap_or_else(arbitrary),
            seed_given: seed.is_some(),
            level,
            sinks,
            metrics: Metrics::default(),
            logs: Logs::default(),
            root: CancelToken::new(),
            ids: Mutex::new(Xoshiro::new(arbitrary())),
        }))
    }

    /// Prepares for an instance of that component, which writes records within that budget.
    pub fn context(&self, component: &Arc<str>, reads: Reads, budget: OutputBudget) -> CoreCtx {
        CoreCtx::new(self.clone(), Arc::clone(component), reads, budget)
    }

    /// The metrics of the app.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The last records of the app.
    pub fn logs(&self) -> &Logs {
        &self.0.logs
    }

    /// The seed of this run.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// The seed of this run if somebody set it, so that the run is to be like another.
    pub fn seed_given(&self) -> Option<u64> {
        self.0.seed_given.then_some(self.0.seed)
    }

    /// The token above all of the app. Its children are what the host gives to calls.
    pub fn token(&self) -> &CancelToken {
        &self.0.root
    }

    /// Cancels all that is under way, because the app is being stopped.
    pub fn shutdown(&self) {
        self.0.root.cancel(&CancelReason::Shutdown);
    }

    /// Whether records of this level go anywhere.
    pub(super) fn enabled(&self, level: Level) -> bool {
        level >= self.0.level
    }

    pub(super) fn record(&self, record: Record, span: &tracing::Span) {
        let record = self.0.logs.keep(record);
        emit::record(&record, span);
        for sink in &self.0.sinks {
            sink.record(&record);
        }
    }

    pub(super) fn span(&self, span: &SpanRecord) {
        for sink in &self.0.sinks {
            sink.span(span);
        }
    }

    pub(super) fn new_trace_id(&self) -> TraceId {
        self.new_id(|ids| TraceId::new((u128::from(ids.number()) << 64) | u128::from(ids.number())))
    }

    pub(super) fn new_span_id(&self) -> SpanId {
        self.new_id(|ids| SpanId::new(ids.number()))
    }

    fn new_id<T>(&self, mut draw: impl FnMut(&mut Xoshiro) -> Option<T>) -> T {
        let mut ids = self.0.ids.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(id) = draw(&mut ids) {
                return id;
            }
        }
    }
}

/// Nanoseconds since 1970; 0 if the clock is set before that.
pub(super) fn wall_ns() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A number that is another in each process and each time. Not a secret.
fn arbitrary() -> u64 {
    RandomState::new().build_hasher().finish() ^ wall_ns()
}

impl Default for CoreOptions {
    fn default() -> Self {
        Self {
            seed: None,
            level: Level::Info,
            sinks: Vec::new(),
        }
    }
}

impl fmt::Debug for CoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreOptions")
            .field("seed", &self.seed)
            .field("level", &self.level)
            .field("sinks", &self.sinks.len())
            .finish()
    }
}

impl fmt::Debug for CoreApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreApp")
            .field("seed", &self.0.seed)
            .finish_non_exhaustive()
    }
}
