//! A tree of tokens that say whether work is still wanted.
//!
//! Invariant: a token is cancelled no later than its parent, and at most once. Nothing here runs in the background: a
//! deadline counts when somebody asks or waits.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Children are looked through for dropped ones each time their number doubles, from this on.
const SWEEP_FROM: usize = 32;

/// Why work is no longer wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelReason {
    /// A component asked for it, in these words.
    Requested(String),
    /// The time was up.
    Deadline,
    /// Whoever made the call gave it up or went away.
    Caller,
    /// The host is stopping the component.
    Shutdown,
    /// The call had returned already.
    Finished,
}

/// Stands for a piece of work. Clones are the same token.
///
/// Cancelling it cancels its children and theirs. Dropping it cancels nothing.
#[derive(Clone)]
pub struct CancelToken(Arc<Node>);

struct Node {
    state: Mutex<State>,
    cancelled: Notify,
    /// The nearest of its own deadline and those above it.
    deadline: Option<Instant>,
    depth: u32,
    /// Keeps the line to the root whole: a parent knows its children only weakly.
    _parent: Option<Arc<Node>>,
}

#[derive(Default)]
struct State {
    reason: Option<CancelReason>,
    children: Vec<Weak<Node>>,
    sweep_at: usize,
}

impl CancelToken {
    /// A token that has no parent.
    pub fn new() -> Self {
        Self(Arc::new(Node::new(None, None, 0)))
    }

    /// A token below this one, which is also cancelled when `timeout` has passed.
    ///
    /// Dropping the last of a line of tokens takes stack for each of them: whoever lets a component make them bounds
    /// [`CancelToken::depth`].
    #[must_use]
    pub fn child(&self, timeout: Option<Duration>) -> Self {
        // A deadline too far away to be a point in time is none.
        self.child_until(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// A token below this one, which is also cancelled when it is `deadline`.
    #[must_use]
    pub fn child_until(&self, deadline: Option<Instant>) -> Self {
        let deadline = match (deadline, self.0.deadline) {
            (Some(own), Some(above)) => Some(own.min(above)),
            (own, above) => own.or(above),
        };
        let node = Arc::new(Node::new(
            Some(Arc::clone(&self.0)),
            deadline,
            self.0.depth + 1,
        ));
        let mut state = self.0.lock();
        match &state.reason {
            Some(reason) => node.lock().reason = Some(reason.clone()),
            None => state.adopt(&node),
        }
        drop(state);
        Self(node)
    }

    /// How many tokens are above this one.
    pub fn depth(&self) -> u32 {
        self.0.depth
    }

    /// Cancels it and what is below it. Does nothing if it is cancelled already.
    pub fn cancel(&self, reason: &CancelReason) {
        let now = Instant::now();
        let mut open = vec![Arc::clone(&self.0)];
        while let Some(node) = open.pop() {
            let mut state = node.lock();
            if state.reason.is_some() {
                continue;
            }
            // A deadline that passed unseen came first.
            let reason = if node.passed(now) {
                CancelReason::Deadline
            } else {
                reason.clone()
            };
            state.reason = Some(reason);
            open.extend(state.children.drain(..).filter_map(|child| child.upgrade()));
            drop(state);
            node.cancelled.notify_waiters();
        }
    }

    /// Why it is cancelled, if it is.
    pub fn reason(&self) -> Option<CancelReason> {
        let reason = self.0.lock().reason.clone();
        if reason.is_none() && self.0.passed(Instant::now()) {
            self.cancel(&CancelReason::Deadline);
            return self.0.lock().reason.clone();
        }
        reason
    }

    /// Whether it is cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.lock().reason.is_some() || self.0.passed(Instant::now())
    }

    /// How much time is left until the nearest deadline; zero when it has passed, nothing if there is none.
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.0.deadline?.saturating_duration_since(Instant::now()))
    }

    /// Waits until it is cancelled. Cancel-safe.
    pub async fn cancelled(&self) -> CancelReason {
        loop {
            let mut notified = std::pin::pin!(self.0.cancelled.notified());
            // From here on a cancellation is not missed.
            notified.as_mut().enable();
            if let Some(reason) = self.reason() {
                return reason;
            }
            match self.0.deadline {
                Some(deadline) => {
                    let _ = tokio::time::timeout_at(deadline, notified).await;
                }
                None => notified.await,
            }
        }
    }
}

impl Node {
    fn new(parent: Option<Arc<Node>>, deadline: Option<Instant>, depth: u32) -> Self {
        let state = Mutex::new(State {
            sweep_at: SWEEP_FROM,
            ..State::default()
        });
        Self {
            state,
            cancelled: Notify::new(),
            deadline,
            depth,
            _parent: parent,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn passed(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

impl State {
    fn adopt(&mut self, child: &Arc<Node>) {
        if self.children.len() >= self.sweep_at {
            self.children.retain(|child| child.strong_count() > 0);
            self.sweep_at = (self.children.len() * 2).max(SWEEP_FROM);
        }
        self.children.push(Arc::downgrade(child));
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelToken").field(&self.reason()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{CancelReason, CancelToken};
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn cancelling_reaches_below_and_never_above() {
        let root = CancelToken::new();
        let parent = root.child(None);
        let child = parent.child(None);
        let other = root.child(None);
        let grandchild = child.child(None);
        drop(child);
        parent.cancel(&CancelReason::Caller);
        parent.cancel(&CancelReason::Shutdown);
        assert_eq!(parent.reason(), Some(CancelReason::Caller));
        assert_eq!(grandchild.reason(), Some(CancelReason::Caller));
        assert_eq!((root.reason(), other.reason()), (None, None));
        assert_eq!(parent.child(None).reason(), Some(CancelReason::Caller));
    }

    #[tokio::test(start_paused = true)]
    async fn the_nearest_deadline_counts() {
        let parent = CancelToken::new().child(Some(2 * SECOND));
        let late = parent.child(Some(5 * SECOND));
        let early = parent.child(Some(SECOND));
        assert_eq!(late.remaining(), Some(2 * SECOND));
        assert_eq!(early.cancelled().await, CancelReason::Deadline);
        assert_eq!(
            (early.remaining(), late.reason()),
            (Some(Duration::ZERO), None)
        );
        parent.cancel(&CancelReason::Caller);
        assert_eq!(late.reason(), Some(CancelReason::Caller));
        assert_eq!(early.reason(), Some(CancelReason::Deadline));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_when_somebody_cancels() {
        let token = CancelToken::new().child(None);
        let waiting = tokio::spawn({
            let token = token.clone();
            async move { token.cancelled().await }
        });
        tokio::task::yield_now().await;
        token.cancel(&CancelReason::Requested("enough".into()));
        assert_eq!(
            waiting.await.unwrap(),
            CancelReason::Requested("enough".into())
        );
    }

    #[test]
    fn dropped_children_are_forgotten() {
        let root = CancelToken::new();
        let kept = root.child(None);
        for _ in 0..10_000 {
            drop(root.child(None));
        }
        assert!(root.0.lock().children.len() < 100);
        root.cancel(&CancelReason::Shutdown);
        assert!(kept.is_cancelled());
    }
}
