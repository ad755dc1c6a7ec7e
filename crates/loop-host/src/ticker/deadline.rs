//! Ends what takes too long, by the clock that advances the epochs.
//!
//! A timer of the runtime would do, but each that is set wakes the thread that waits for timers and sockets: for a
//! server that is two switches of threads for each request. The ticker is awake while calls run, and looks anyway.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use slab::Slab;
use tokio::time::Instant;

/// Who is to be woken when. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Deadlines(Arc<Mutex<Slab<(Instant, Waker)>>>);

impl Deadlines {
    /// Wakes those whose time is over.
    pub(super) fn wake(&self) {
        let entries = self.lock();
        if entries.is_empty() {
            return;
        }
        let now = Instant::now();
        for (_, (deadline, waker)) in &*entries {
            if *deadline <= now {
                waker.wake_by_ref();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slab<(Instant, Waker)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one who waits, given up when it is dropped.
struct Place {
    deadlines: Deadlines,
    key: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.deadlines.lock().try_remove(self.key);
    }
}

pin_project! {
    /// Work until a deadline; none if it was not done by then.
    ///
    /// The deadline is kept as long as a [`Running`](super::Running) is held, to a tick.
    pub(crate) struct Until<F> {
        #[pin]
        work: F,
        deadline: Instant,
        deadlines: Deadlines,
        place: Option<Place>,
    }
}

impl<F> Until<F> {
    pub(super) fn new(work: F, deadline: Instant, deadlines: Deadlines) -> Self {
        Self {
            work,
            deadline,
            deadlines,
            place: None,
        }
    }
}

impl<F: Future> Future for Until<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(done) = this.work.poll(cx) {
            return Poll::Ready(Some(done));
        }
        if *this.deadline <= Instant::now() {
            return Poll::Ready(None);
        }
        let mut entries = this.deadlines.lock();
        match this.place {
            Some(place) => {
                if let Some((_, waker)) = entries.get_mut(place.key) {
                    waker.clone_from(cx.waker());
                }
            }
            None => {
                *this.place = Some(Place {
                    deadlines: this.deadlines.clone(),
                    key: entries.insert((*this.deadline, cx.waker().clone())),
                });
            }
        }
        Poll::Pending
    }
}
