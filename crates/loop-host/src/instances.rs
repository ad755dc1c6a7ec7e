//! The instances of one linked component: how many there are, who gets which, and when they end.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures::future::BoxFuture;
use loop_core::limits::Span;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard, Semaphore};
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::chain::Call;
use crate::error::CallError;
use crate::linked::Linked;
use crate::observer::Event;
use crate::state::State;

pub use loop_core::manifest::Instances as Mode;

/// A store with the component's instance in it.
pub(crate) struct Live {
    pub(crate) store: Store<State>,
    pub(crate) instance: Instance,
}

/// All instances of a component in an app.
pub(crate) struct Instances {
    pub(crate) linked: Arc<Linked>,
    mode: Mode,
    /// The instance of mode `one`, which one call has at a time.
    one: AsyncMutex<Option<Live>>,
    /// Whose turn it is, where connections live in the instance.
    turn: AsyncMutex<()>,
    /// The instances of mode `pool` that no call has.
    idle: Mutex<Vec<Live>>,
    /// A permit for each instance that may live at once, in the other modes.
    permits: Semaphore,
    /// What others need no longer of the resources that the instance of mode `one` lent them, and it has not been told of yet.
    released: Mutex<Vec<Bytes>>,
}

impl Instances {
    pub(crate) fn new(linked: Arc<Linked>, mode: Mode) -> Self {
        let permits = Semaphore::new(linked.limits.pool as usize);
        Self {
            linked,
            mode,
            one: AsyncMutex::default(),
            turn: AsyncMutex::default(),
            idle: Mutex::default(),
            permits,
            released: Mutex::default(),
        }
    }

    /// Notes that a resource which was lent is needed no longer. Says whether it is the only one of which the instance is not told yet.
    pub(crate) fn release(&self, handle: Bytes) -> bool {
        let mut released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        released.push(handle);
        released.len() == 1
    }

    /// What is needed no longer since this was asked the last time.
    pub(crate) fn released(&self) -> Vec<Bytes> {
        let mut released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *released)
    }

    /// Waits for a turn, for as long as a call may take. A call that begins when it has one has all of its time for itself: where the
    /// connections of many live in one instance, it must not be ended because somebody had to wait.
    ///
    /// # Errors
    /// [`CallError::Busy`].
    pub(crate) async fn turn(&self) -> Result<MutexGuard<'_, ()>, CallError> {
        let limit = self.linked.call_limit();
        let turn = tokio::time::timeout(limit, self.turn.lock()).await;
        turn.map_err(|_| CallError::Busy {
            component: self.linked.name.to_string(),
            after: Span(limit),
        })
    }

    /// Runs `body` once on an instance of its own that is given arguments.
    pub(crate) async fn with_args<R: Send>(
        &self,
        call: &Call,
        args: &[String],
        body: impl for<'a> FnOnce(&'a mut Live) -> BoxFuture<'a, wasmtime::Result<R>> + Send,
    ) -> Result<R, CallError> {
        let linked = &*self.linked;
        self.until(call, async {
            let live = linked.instantiate_with(call, args).await?;
            linked.run(live, call, body).await.map(|(_, result)| result)
        })
        .await
    }

    /// Runs `body` on an instance, within the limits.
    ///
    /// The instance is thrown away if the body fails or is cancelled, since a guest that was ended in the middle
    /// may be in any state.
    pub(crate) async fn with<R: Send>(
        &self,
        call: &Call,
        body: impl for<'a> FnOnce(&'a mut Live) -> BoxFuture<'a, wasmtime::Result<R>> + Send,
    ) -> Result<R, CallError> {
        let linked = &*self.linked;
        if let Some(path) = call.waits(&linked.name) {
            return Err(CallError::Reentrant {
                component: linked.name.to_string(),
                path,
            });
        }
        let (began, entered) = (Instant::now(), OnceLock::new());
        let timed = async {
            match self.mode {
                Mode::One => {
                    let mut slot = self.one.lock().await;
                    let _ = entered.set(Instant::now());
                    let live = match slot.take() {
                        Some(live) => live,
                        None => linked.instantiate(call).await?,
                    };
                    let (live, result) = linked.run(live, call, body).await?;
                    *slot = Some(live);
                    Ok(result)
                }
                Mode::Pool => {
                    let _permit = self.permits.acquire().await;
                    let _ = entered.set(Instant::now());
                    let idle = self
                        .idle
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .pop();
                    let live = match idle {
                        Some(live) => live,
                        None => linked.instantiate(call).await?,
                    };
                    let (live, result) = linked.run(live, call, body).await?;
                    self.idle
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(live);
                    Ok(result)
                }
                Mode::PerCall => {
                    let _permit = self.permits.acquire().await;
                    let _ = entered.set(Instant::now());
                    let live = linked.instantiate(call).await?;
                    linked.run(live, call, body).await.map(|(_, result)| result)
                }
            }
        };
        let done = self.until(call, timed).await;
        // Whose turn came when the time was almost over did not take the time itself.
        let waited_more = || {
            let waited = |at: &Instant| at.duration_since(began) > at.elapsed();
            entered.get().is_none_or(waited)
        };
        match done {
            Err(CallError::Deadline { component, after }) if waited_more() => {
                Err(CallError::Busy { component, after })
            }
            done => done,
        }
    }

    /// Waits for `work` until the call's deadline.
    async fn until<R>(
        &self,
        call: &Call,
        work: impl Future<Output = Result<R, CallError>>,
    ) -> Result<R, CallError> {
        let linked = &*self.linked;
        let running = linked.host.engines.running();
        let Some(deadline) = call.deadline() else {
            return work.await;
        };
        // The guest gives its thread back at each tick of the epoch, so this ends loops and waits alike.
        running.until(deadline, work).await.unwrap_or_else(|| {
            let component = linked.name.to_string();
            linked.host.observer.event(&Event::Limit {
                component: &component,
                limit: "call",
            });
            Err(CallError::Deadline {
                component,
                after: Span(linked.call_limit()),
            })
        })
    }
}

impl fmt::Debug for Instances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instances")
            .field("component", &self.linked.name)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
