//! Watched folders.
//!
//! Nothing runs while nobody asks: what happens meanwhile stands in the queue of the system, which bounds it. Whoever asks reads the queue,
//! and looks whether the folder is still the one at its path.

mod folders;
mod pending;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use wasmtime::component::Resource;

use crate::fsx::bindings::loop_::fsx::files::{Error, ErrorCode, Event, HostWatch, Reach};
use crate::fsx::error::Result;
use crate::fsx::root::Root;
use crate::fsx::walk::can_be_left_out;
use crate::fsx::watch::folders::{Folders, Queue};
use crate::fsx::watch::pending::Pending;
use crate::fsx::{FilesView, file};
use crate::work::{Stop, blocking, to_the_end};

/// The most watches of an instance. Each takes one of the queues that a user has, which are 128 by custom.
pub(crate) const WATCHES_MAX: usize = 8;

/// How often it is looked whether the folder is still at its path. What happens to a folder above it is told by nobody.
const CHECK: Duration = Duration::from_millis(500);

/// A watched folder, as a component has it.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct Watch(Arc<Mutex<State>>);

#[derive(Debug)]
pub(crate) struct State {
    /// Counts it.
    _one: Arc<()>,
    /// The granted folder, and the path of the watched one in it.
    root: Arc<Path>,
    path: String,
    reach: Reach,
    /// Nothing while there is none.
    folders: Option<Folders>,
    /// Some folders may not be watched: they are all watched anew before anything is told.
    stale: bool,
    checked: Instant,
    pending: Pending,
    /// What ended it.
    over: Option<Error>,
}

/// What to do after a look.
enum Look {
    Tell,
    /// Look again at this time, or when something is in the queue.
    Wait(Instant, Option<Arc<Queue>>),
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    /// There is no such folder, or there is too much below it.
    pub(crate) fn new(
        root: &Root,
        path: String,
        reach: Reach,
        one: Arc<()>,
        stop: &Stop,
    ) -> Result<Self> {
        let mut state = State {
            _one: one,
            root: Arc::clone(&root.path),
            path,
            reach,
            folders: None,
            stale: false,
            checked: Instant::now(),
            pending: Pending::default(),
            over: None,
        };
        state.folders = Some(state.watched(state.open()?, stop)?);
        Ok(Self(Arc::new(Mutex::new(state))))
    }
}

impl State {
    /// Opens the folder that is there now.
    fn open(&self) -> Result<Dir> {
        let path = file::path(&self.path)?;
        let root = Dir::open_ambient_dir(&self.root, ambient_authority())?;
        Ok(root.open_dir(path)?)
    }

    fn watched(&self, dir: Dir, stop: &Stop) -> Result<Folders> {
        let prefix = match self.path.trim_end_matches('/') {
            "" | "." => String::new(),
            path => format!("{path}/"),
        };
        Folders::new(dir, prefix, self.reach, stop)
    }

    /// Sees what has happened.
    fn look(&mut self, stop: &Stop) -> Result<Look> {
        if let Some(error) = &self.over {
            return Err(error.clone());
        }
        let looked = self.look_on(stop);
        match &looked {
            Ok(_) => {}
            // It stopped in the middle.
            Err(Error::Code(ErrorCode::Interrupted)) => self.lost(Instant::now()),
            Err(error) => {
                self.over = Some(error.clone());
                self.folders = None;
            }
        }
        looked
    }

    fn look_on(&mut self, stop: &Stop) -> Result<Look> {
        let now = Instant::now();
        let (mut moved, mut more) = (self.folders.is_none(), false);
        if let Some(folders) = &mut self.folders
            && !self.stale
        {
            let seen = folders.read(&mut self.pending, now, stop)?;
            (moved, more) = (seen.moved, seen.more);
            if seen.lost {
                self.lost(now);
            }
        }
        if moved || now.duration_since(self.checked) >= CHECK {
            self.find(stop)?;
            self.checked = now;
        }
        let due = self.pending.due(now);
        if due.is_some_and(|due| due <= now) {
            if self.stale {
                self.again(stop)?;
            }
            return Ok(Look::Tell);
        }
        let queue = self.folders.as_ref().map(Folders::queue);
        Ok(match due {
            _ if more => Look::Wait(now, None),
            Some(due) => Look::Wait(due, None),
            None => Look::Wait(self.checked + CHECK, queue.cloned()),
        })
    }

    /// Events were lost, and with them perhaps folders.
    fn lost(&mut self, now: Instant) {
        self.stale = true;
        self.pending.overflow(now);
    }

    /// Looks which folder is at the path now.
    fn find(&mut self, stop: &Stop) -> Result<()> {
        let found = self.open();
        if self.is_watched(&found)? {
            return Ok(());
        }
        if self.folders.take().is_some() {
            self.pending.gone();
        }
        self.renew(found, stop)?;
        if self.folders.is_some() {
            self.pending.back();
        }
        Ok(())
    }

    /// Watches all folders anew.
    fn again(&mut self, stop: &Stop) -> Result<()> {
        let found = self.open();
        if !self.is_watched(&found)? {
            return self.find(stop);
        }
        self.renew(found, stop)?;
        if self.folders.is_none() {
            self.pending.gone();
        }
        Ok(())
    }

    fn is_watched(&self, found: &Result<Dir>) -> Result<bool> {
        match (found, &self.folders) {
            (Ok(dir), Some(folders)) => folders.is(dir),
            _ => Ok(false),
        }
    }

    /// Watches this folder, if it is there.
    fn renew(&mut self, found: Result<Dir>, stop: &Stop) -> Result<()> {
        self.folders = match found.and_then(|dir| self.watched(dir, stop)) {
            Ok(folders) => Some(folders),
            Err(error) if can_be_left_out(&error) => None,
            Err(error) => return Err(error),
        };
        self.stale = false;
        Ok(())
    }
}

fn lock(watch: &Mutex<State>) -> MutexGuard<'_, State> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What becomes of a look that nobody waits for any more.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unawaited {
    /// It stops, as all work for a call that was cut off.
    Stops,
    /// It goes on, and who asks next is told what it saw.
    GoesOn,
}

/// Waits for the next events.
pub(crate) async fn next(
    watch: Arc<Mutex<State>>,
    max: u32,
    timeout: Option<u64>,
    unawaited: Unawaited,
) -> wasmtime::Result<Result<Vec<Event>>> {
    // One that is too far away to be counted never comes.
    let end = timeout.and_then(|time| Instant::now().checked_add(Duration::from_nanos(time)));
    loop {
        let looking = Arc::clone(&watch);
        let look = move |stop: &Stop| lock(&looking).look(stop);
        let looked = match unawaited {
            Unawaited::Stops => blocking(look).await?,
            Unawaited::GoesOn => to_the_end(look).await?,
        };
        let (at, queue) = match looked {
            // Taken here, where the call is not cut off any more.
            Ok(Look::Tell) => return Ok(Ok(lock(&watch).pending.take(max))),
            Ok(Look::Wait(at, queue)) => (at, queue),
            Err(error) => return Ok(Err(error)),
        };
        if end.is_some_and(|end| end <= Instant::now()) {
            return Ok(Ok(Vec::new()));
        }
        let at = end.map_or(at, |end| end.min(at));
        let sleep = tokio::time::sleep_until(at.into());
        match queue {
            Some(queue) => tokio::select! {
                ready = queue.readable() => ready?.clear_ready(),
                () = sleep => {}
            },
            None => sleep.await,
        }
    }
}

impl FilesView<'_> {
    pub(crate) fn watched(&self, of: &Resource<Watch>) -> wasmtime::Result<Arc<Mutex<State>>> {
        Ok(Arc::clone(&self.table.get(of)?.0))
    }
}

impl HostWatch for FilesView<'_> {
    async fn next(
        &mut self,
        watch: Resource<Watch>,
        max: u32,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<Event>>> {
        next(self.watched(&watch)?, max, timeout, Unawaited::Stops).await
    }

    async fn drop(&mut self, watch: Resource<Watch>) -> wasmtime::Result<()> {
        self.table.delete(watch)?;
        Ok(())
    }
}
