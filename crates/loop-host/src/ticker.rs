//! The clock of guests that do not stop by themselves.
//!
//! Compiled code looks at its engine's epoch on each loop and call. While anything runs, a thread advances
//! the epoch every [`TICK`]; a guest that sees it move gives its thread back to the executor, which then
//! has a chance to end the call. Calls that wait for something are woken at their deadline. While nothing runs the thread sleeps, so an idle app uses no processor.

mod deadline;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::{Engine, EngineWeak};

use crate::ticker::deadline::{Deadlines, Until};

/// How often a running guest is interrupted: often enough that a deadline is kept to a person's eye, seldom
/// enough that switching costs nothing.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Ticks without a running guest after which the thread goes to sleep. A server under load would otherwise wake
/// it for each request.
const LINGER_TICKS: u32 = 100;

/// Advances the epochs of engines while something runs.
#[derive(Default)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Mutex<Option<thread::Thread>>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    engines: Mutex<Vec<EngineWeak>>,
    deadlines: Deadlines,
    asleep: Mutex<bool>,
}

impl Ticker {
    /// Adds an engine, and starts the thread with the first.
    ///
    /// # Errors
    /// No thread can be started. Nothing would end a guest that does not end by itself.
    pub(crate) fn advance(&self, engine: &Engine) -> io::Result<()> {
        lock(&self.shared.engines).push(engine.weak());
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            let shared = Arc::downgrade(&self.shared);
            let started = thread::Builder::new()
                .name("loop-epochs".to_owned())
                .stack_size(64 << 10)
                .spawn(move || tick(&shared))?;
            *thread = Some(started.thread().clone());
        }
        Ok(())
    }

    /// Says that a guest runs, until the guard is dropped.
    pub(crate) fn running(&self) -> Running {
        if self.shared.running.fetch_add(1, Ordering::SeqCst) == 0 {
            let mut asleep = lock(&self.shared.asleep);
            if std::mem::take(&mut *asleep)
                && let Some(thread) = &*lock(&self.thread)
            {
                thread.unpark();
            }
        }
        Running(Arc::clone(&self.shared))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // The thread holds a weak pointer only: woken, it finds nothing and ends.
        if let Some(thread) = lock(&self.thread).take() {
            self.shared = Arc::default();
            thread.unpark();
        }
    }
}

/// Held by each call into a guest.
pub(crate) struct Running(Arc<Shared>);

impl Running {
    /// Does `work` until a deadline, and no longer.
    pub(crate) fn until<F: Future>(&self, deadline: Instant, work: F) -> Until<F> {
        Until::new(work, deadline, self.0.deadlines.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

fn tick(shared: &Weak<Shared>) {
    let mut quiet = 0;
    loop {
        thread::sleep(TICK);
        let Some(shared) = shared.upgrade() else {
            return;
        };
        for engine in &*lock(&shared.engines) {
            if let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
            }
        }
        shared.deadlines.wake();
        quiet = if shared.running.load(Ordering::SeqCst) == 0 {
            quiet + 1
        } else {
            0
        };
        if quiet < LINGER_TICKS {
            continue;
        }
        quiet = 0;
        {
            let mut asleep = lock(&shared.asleep);
            // A call that began since the load above has not seen `asleep` set, so it did not wake us.
            if shared.running.load(Ordering::SeqCst) != 0 {
                continue;
            }
            *asleep = true;
        }
        drop(shared);
        thread::park();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
