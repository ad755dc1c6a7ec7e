//! Connections that wait for another request.
//!
//! hyper-util has pools too. Theirs either put a connection back before its response is over, or open new ones in the background and
//! know nothing of the time that one request has to connect; and none of them bounds how many wait in all.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use slab::Slab;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use crate::wasi::http_client::channel::Channel;

/// How long a connection waits. Servers close theirs after 5 to 75 s, and one that they closed is of no use.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(30);

/// Connections of a component that wait for one origin: as many as it has instances at once, unless its limits say otherwise.
pub(crate) const IDLE_ORIGIN_MAX: usize = 16;

/// Connections of a component that wait in all. Each takes a file descriptor of the host, of which there are often 1024 for all.
pub(crate) const IDLE_MAX: usize = 64;

/// How long a request waits for a connection whose response was read to its end a moment ago: less than it takes to open one to another machine.
const ENDING_MAX: Duration = Duration::from_millis(1);

/// What a connection was opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) secure: bool,
    /// As the policy and a certificate know it.
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
}

/// The waiting connections of one component of an app, which its instances share. Clones are the same pool.
///
/// Invariant: a connection is used for the origin that it was opened for and by the component that opened it, so the address that it
/// leads to was allowed to that component for that host.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Shared>);

#[derive(Default)]
struct Shared {
    connections: Mutex<Connections>,
    /// Told when a connection is in use no more.
    freed: Notify,
}

#[derive(Default)]
struct Connections {
    /// The one that has waited longest comes first.
    waiting: VecDeque<Waiting>,
    used: Slab<Used>,
    /// Closes those that wait for too long, and ends when none waits.
    sweeper: Option<AbortOnDropJoinHandle<()>>,
}

struct Used {
    origin: Origin,
    /// Whether the response was read to its end, so that the connection will be free at once.
    ending: Arc<AtomicBool>,
}

struct Waiting {
    origin: Origin,
    channel: Channel,
    since: Instant,
}

impl Waiting {
    fn usable(&self) -> bool {
        self.channel.is_ready() && self.since.elapsed() < IDLE_TIME
    }
}

impl Pool {
    /// A connection to the origin, if one waits or is about to: the one that was used last, since its server is the least likely to have
    /// given it up.
    pub(crate) async fn take(&self, origin: &Origin) -> Option<Channel> {
        let mut patience = std::pin::pin!(sleep(ENDING_MAX));
        loop {
            let freed = self.0.freed.notified();
            {
                let mut connections = lock(&self.0);
                if let Some(channel) = connections.take(origin) {
                    return Some(channel);
                }
                if !connections.is_ending(origin) {
                    return None;
                }
            }
            tokio::select! {
                () = freed => {}
                () = &mut patience => return None,
            }
        }
    }

    /// Keeps a connection whose last request is over. Where too many wait, the one that waits longest is closed.
    pub(crate) fn put(&self, origin: Origin, channel: Channel) {
        let mut connections = lock(&self.0);
        connections.put(origin, channel);
        let sweeper = &mut connections.sweeper;
        if sweeper.as_ref().is_none_or(|task| task.is_finished()) {
            *sweeper = Some(spawn(sweep(Arc::downgrade(&self.0))));
        }
    }

    /// Notes that a connection is in use, until what is given is dropped.
    pub(crate) fn using(&self, origin: &Origin) -> Using {
        let ending = Arc::<AtomicBool>::default();
        let origin = origin.clone();
        let number = lock(&self.0).used.insert(Used {
            origin,
            ending: Arc::clone(&ending),
        });
        Using {
            pool: self.clone(),
            number,
            ending,
        }
    }

    /// How many connections wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        let connections = lock(&self.0);
        connections
            .waiting
            .iter()
            .filter(|one| one.usable())
            .count()
    }
}

impl Connections {
    fn take(&mut self, origin: &Origin) -> Option<Channel> {
        self.waiting.retain(Waiting::usable);
        let same = |waiting: &Waiting| waiting.origin == *origin;
        let newest = self.waiting.iter().rposition(same)?;
        Some(self.waiting.remove(newest)?.channel)
    }

    fn put(&mut self, origin: Origin, channel: Channel) {
        self.waiting.retain(Waiting::usable);
        let same = |waiting: &Waiting| waiting.origin == origin;
        if self.waiting.iter().filter(|one| same(one)).count() >= IDLE_ORIGIN_MAX
            && let Some(oldest) = self.waiting.iter().position(same)
        {
            self.waiting.remove(oldest);
        }
        if self.waiting.len() >= IDLE_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting {
            origin,
            channel,
            since: Instant::now(),
        });
    }

    /// Whether a connection to the origin will be free at once.
    fn is_ending(&self, origin: &Origin) -> bool {
        let mut used = self.used.iter().map(|(_, used)| used);
        used.any(|used| used.origin == *origin && used.ending.load(Ordering::Acquire))
    }
}

/// A connection that is in use.
pub(crate) struct Using {
    pool: Pool,
    number: usize,
    ending: Arc<AtomicBool>,
}

impl Using {
    /// Who reads the response sets it at the end.
    pub(crate) fn ending(&self) -> &Arc<AtomicBool> {
        &self.ending
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        lock(&self.pool.0).used.try_remove(self.number);
        self.pool.0.freed.notify_waiters();
    }
}

impl fmt::Debug for Using {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Using").finish_non_exhaustive()
    }
}

/// Closes connections whose time is over, until none waits.
async fn sweep(pool: Weak<Shared>) {
    loop {
        let next = {
            let Some(pool) = pool.upgrade() else { return };
            let mut connections = lock(&pool);
            connections.waiting.retain(Waiting::usable);
            let Some(next) = connections.waiting.front() else {
                return;
            };
            next.since + IDLE_TIME
        };
        sleep_until(next).await;
    }
}

fn lock(pool: &Shared) -> MutexGuard<'_, Connections> {
    pool.connections
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("waiting", &lock(&self.0).waiting.len())
            .finish_non_exhaustive()
    }
}
