//! Entries in a file, by redb.
//!
//! What a function wrote is on the disk when it returns (`fsync`). Reading is done where it is asked for, since it takes a microsecond
//! where pages are in memory; writing waits for the disk, so it is done by the threads for blocking work, one at a time.
//!
//! redb takes no further orders once the system refused it something, such as room on the disk. Then the file is opened anew
//! ([`Shared::mend`]), as it was after the last thing that was written entirely.

mod entries;
mod latest;
mod open;
mod rehearsal;

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use crate::keyvalue::error::{Failure, Result};
use crate::keyvalue::file::entries::{Problem, Writing};
use crate::keyvalue::file::latest::Latest;
use crate::keyvalue::file::open::OpenError;
use crate::keyvalue::store::{Page, Swapped};
use crate::work::blocking;

pub(crate) use crate::keyvalue::file::open::Place;

/// How long a file that is in use is asked for: an app that ended, of this host or of a process before it, may be letting go of it, which
/// takes as long as its disk does.
const IN_USE: Duration = Duration::from_secs(1);

/// How often, in that time.
const ASK_AFTER: Duration = Duration::from_millis(5);

/// How long a file that could not be opened anew is left alone. To open it takes as long as to read it.
const MEND_AFTER: Duration = Duration::from_secs(1);

/// The files that are open, by device and number. An app holds its own.
#[derive(Debug, Default)]
pub(crate) struct Files(Mutex<HashMap<(u64, u64), Weak<Shared>>>);

impl Files {
    /// Opens the file of an app, or shares it with another app of this host.
    pub(crate) fn open(&self, place: Place) -> std::result::Result<FileStore, OpenError> {
        let size = place.size;
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|_, file| file.strong_count() > 0);
        let (file, id) = place.file()?;
        if let Some(shared) = files.get(&id).and_then(Weak::upgrade) {
            return Ok(FileStore { shared, size });
        }
        let begun = Instant::now();
        let database = loop {
            match place.database(&file) {
                Err(OpenError::InUse { .. }) if begun.elapsed() < IN_USE => {
                    std::thread::sleep(ASK_AFTER);
                }
                opened => break opened?,
            }
        };
        let shared = Arc::new(Shared {
            path: place.shown,
            file,
            state: RwLock::new(State::Open {
                latest: Latest::new(database),
                generation: 0,
            }),
            turn: Arc::default(),
        });
        files.insert(id, Arc::downgrade(&shared));
        Ok(FileStore { shared, size })
    }
}

/// The file of an app.
#[derive(Debug)]
pub(crate) struct FileStore {
    shared: Arc<Shared>,
    /// The most bytes of keys and values.
    size: u64,
}

/// A file that is open.
struct Shared {
    /// Where it is, for the host's log.
    path: PathBuf,
    /// The file itself: whoever is at the path now, this is the one.
    file: File,
    state: RwLock<State>,
    /// Whoever writes has it.
    turn: Arc<tokio::sync::Mutex<()>>,
}

enum State {
    Open {
        latest: Latest,
        generation: u64,
    },
    /// It could not be opened anew.
    Closed {
        since: Instant,
        why: Failure,
        generation: u64,
    },
}

/// The database failed, in this generation, and takes no further orders.
struct Broken(Failure, u64);

impl State {
    fn attempt<R>(
        &self,
        work: impl FnOnce(&Latest) -> std::result::Result<R, Problem>,
    ) -> std::result::Result<Result<R>, Broken> {
        let (latest, generation) = match self {
            Self::Open { latest, generation } => (latest, *generation),
            Self::Closed { why, .. } => return Ok(Err(why.clone())),
        };
        match open::guarded(|| work(latest)) {
            Some(Ok(done)) => Ok(Ok(done)),
            Some(Err(Problem::Refused(failure))) => Ok(Err(failure)),
            Some(Err(Problem::Engine(error))) => Err(Broken(open::failure(&error), generation)),
            None => Err(Broken(open::damaged(), generation)),
        }
    }
}

impl FileStore {
    pub(crate) async fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>> {
        if let Some(got) = self
            .shared
            .with_now(|latest| latest.look(|entries| entries::get(entries, bucket, key)))
        {
            return got;
        }
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.reading(move |latest| latest.look(|entries| entries::get(entries, &bucket, &key)))
            .await
    }

    pub(crate) async fn exists(&self, bucket: &str, key: &str) -> Result<bool> {
        if let Some(exists) = self
            .shared
            .with_now(|latest| latest.look(|entries| entries::exists(entries, bucket, key)))
        {
            return exists;
        }
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.reading(move |latest| latest.look(|entries| entries::exists(entries, &bucket, &key)))
            .await
    }

    pub(crate) async fn list(&self, bucket: &str, after: Option<String>) -> Result<Page> {
        let bucket = bucket.to_owned();
        self.reading(move |latest| {
            latest.read(|entries| entries::list(entries, &bucket, after.as_deref()))
        })
        .await
    }

    pub(crate) async fn get_many(
        &self,
        bucket: &str,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>> {
        let (bucket, keys) = (bucket.to_owned(), keys.to_owned());
        self.reading(move |latest| {
            latest.read(|entries| entries::get_many(entries, &bucket, &keys))
        })
        .await
    }

    pub(crate) async fn set(&self, bucket: &str, new: Vec<(String, Vec<u8>)>) -> Result<()> {
        let bucket = bucket.to_owned();
        self.writing(move |entries| {
            new.iter()
                .try_for_each(|(key, value)| entries.insert(&bucket, key, value))
        })
        .await
    }

    pub(crate) async fn delete(&self, bucket: &str, keys: Vec<String>) -> Result<()> {
        let bucket = bucket.to_owned();
        self.writing(move |entries| keys.iter().try_for_each(|key| entries.remove(&bucket, key)))
            .await
    }

    pub(crate) async fn increment(&self, bucket: &str, key: String, by: i64) -> Result<i64> {
        let bucket = bucket.to_owned();
        self.writing(move |entries| entries.increment(&bucket, &key, by))
            .await
    }

    pub(crate) async fn swap(
        &self,
        bucket: &str,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<Swapped> {
        let bucket = bucket.to_owned();
        self.writing(move |entries| entries.swap(&bucket, &key, expected.as_deref(), &value))
            .await
    }

    /// Reads what may take a while.
    async fn reading<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Latest) -> std::result::Result<R, Problem> + Send + 'static,
    ) -> Result<R> {
        let shared = Arc::clone(&self.shared);
        let done = blocking(move |_| shared.with(work)).await;
        done.unwrap_or_else(|_| Err(ending()))
    }

    /// Writes, in a transaction of its own. A call that is cut off meanwhile leaves it to happen or not.
    async fn writing<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writing<'_>) -> std::result::Result<R, Problem> + Send + 'static,
    ) -> Result<R> {
        let (shared, size) = (Arc::clone(&self.shared), self.size);
        let turn = Arc::clone(&shared.turn).lock_owned().await;
        let done = blocking(move |_| {
            let _turn = turn;
            shared.with(|latest| latest.write(size, work))
        });
        done.await.unwrap_or_else(|_| Err(ending()))
    }
}

fn ending() -> Failure {
    Failure::Broken("the host is ending".to_owned())
}

impl Shared {
    /// Does something with the database. If the file is being opened anew, or has to be, it waits for that.
    fn with<R>(&self, work: impl FnOnce(&Latest) -> std::result::Result<R, Problem>) -> Result<R> {
        let mut state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if let State::Closed {
            since, generation, ..
        } = &*state
            && since.elapsed() >= MEND_AFTER
        {
            let generation = *generation;
            drop(state);
            self.mend(generation);
            state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        }
        let attempted = state.attempt(work);
        drop(state);
        attempted.unwrap_or_else(|broken| {
            let Broken(failure, generation) = broken;
            tracing::warn!(file = %self.path.display(), ?failure, "a key-value store failed, and is opened anew");
            self.mend(generation);
            Err(failure)
        })
    }

    /// The same if there is nothing to wait for, now or after it.
    fn with_now<R>(
        &self,
        work: impl FnOnce(&Latest) -> std::result::Result<R, Problem>,
    ) -> Option<Result<R>> {
        let state = self.state.try_read().ok()?;
        matches!(&*state, State::Open { .. })
            .then(|| state.attempt(work).ok())
            .flatten()
    }

    /// Opens the file anew, unless somebody has since the generation that failed.
    fn mend(&self, failed: u64) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let (State::Open { generation, .. } | State::Closed { generation, .. }) = &*state;
        if *generation != failed {
            return;
        }
        let generation = failed + 1;
        let closed = |why| State::Closed {
            since: Instant::now(),
            why,
            generation,
        };
        // The old one lets go of the file before the new one takes it.
        *state = closed(open::damaged());
        *state = match open::reopen(&self.file) {
            Ok(database) => State::Open {
                latest: Latest::new(database),
                generation,
            },
            Err(why) => closed(why),
        };
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
