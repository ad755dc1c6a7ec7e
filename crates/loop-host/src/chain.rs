//! Who called whom, and until when.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::core::{CallScope, CancelToken, TraceContext};

/// The calls that lead to a call: the components that wait for it, and the time it must be done by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    callers: Option<Arc<Caller>>,
    deadline: Option<Instant>,
    /// The caller's place in its trace.
    trace: Option<TraceContext>,
    /// Cancelled when the caller no longer wants the call.
    token: Option<CancelToken>,
}

#[derive(Debug)]
struct Caller {
    component: Arc<str>,
    caller: Option<Arc<Caller>>,
}

impl Call {
    /// A call that `component` makes while it serves this one.
    pub(crate) fn from(&self, component: &Arc<str>) -> Self {
        let caller = Caller {
            component: Arc::clone(component),
            caller: self.callers.clone(),
        };
        Self {
            callers: Some(Arc::new(caller)),
            ..self.clone()
        }
    }

    /// The same call, held to `limit` from now on if that is sooner.
    pub(crate) fn within(&self, limit: Duration) -> Self {
        let limit = Instant::now() + limit;
        let deadline = self.deadline.map_or(limit, |deadline| deadline.min(limit));
        Self {
            deadline: Some(deadline),
            ..self.clone()
        }
    }

    /// The same call, with its caller's place in a trace.
    pub(crate) fn traced(&self, trace: Option<TraceContext>) -> Self {
        Self {
            trace,
            ..self.clone()
        }
    }

    /// The same call, given up when `token` is cancelled.
    pub(crate) fn under(&self, token: &CancelToken) -> Self {
        Self {
            token: Some(token.clone()),
            ..self.clone()
        }
    }

    /// What `loop:core` tells the component that serves the call.
    pub(crate) fn scope(&self) -> CallScope {
        CallScope {
            trace: self.trace.clone(),
            token: self.token.clone(),
            deadline: self.deadline,
        }
    }

    /// When it must be done.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether `component` waits for this call; if so, the way from it back to itself.
    pub(crate) fn waits(&self, component: &str) -> Option<Vec<String>> {
        let callers = || {
            std::iter::successors(self.callers.as_deref(), |caller| caller.caller.as_deref())
                .map(|caller| &*caller.component)
        };
        let steps = callers().position(|caller| caller == component)?;
        let mut path = vec![component.to_owned()];
        path.extend(callers().take(steps + 1).map(str::to_owned));
        path.reverse();
        Some(path)
    }
}

/// The call that an instance serves now, for whatever acts on its behalf. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Current(Arc<Mutex<Call>>);

impl Current {
    pub(crate) fn get(&self) -> Call {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set(&self, call: Call) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = call;
    }
}
