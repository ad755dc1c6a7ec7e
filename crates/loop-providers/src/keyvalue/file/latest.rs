//! The entries as they are since the last commit, kept open from one look at an entry to the next: to open them takes longer than to look.

use std::sync::{PoisonError, RwLock};

use redb::Database;

use crate::keyvalue::file::entries::{self, Problem, Reading, Writing};

type Result<R> = std::result::Result<R, Problem>;

/// A database, and its entries.
///
/// Invariant: after a commit nobody finds entries here that were opened before it.
pub(crate) struct Latest {
    /// Gone before the database is.
    entries: RwLock<Option<Reading>>,
    database: Database,
}

impl Latest {
    pub(crate) fn new(database: Database) -> Self {
        let entries = RwLock::default();
        Self { entries, database }
    }

    /// Looks at one entry. Whoever writes waits for that.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Reading) -> Result<R>) -> Result<R> {
        if let Some(entries) = &*self.entries.read().unwrap_or_else(PoisonError::into_inner) {
            return look(entries);
        }
        // They are opened and kept in one step, so that whoever commits meanwhile lets go of them.
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        match &*entries {
            Some(entries) => look(entries),
            None => look(entries.insert(entries::reading(&self.database)?)),
        }
    }

    /// Looks at many entries, for as long as it takes: all of them are from after the same commit.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&Reading) -> Result<R>) -> Result<R> {
        read(&entries::reading(&self.database)?)
    }

    /// Writes, and brings it to the disk. `size` is the most bytes of all names and values.
    ///
    /// redb does not use a page again while there is somebody who may read it. So what is open is let go of before, too, and no
    /// page is kept for longer than until the next commit.
    pub(crate) fn write<R>(
        &self,
        size: u64,
        work: impl FnOnce(&mut Writing<'_>) -> Result<R>,
    ) -> Result<R> {
        self.let_go();
        let done = entries::write(&self.database, size, work);
        self.let_go();
        done
    }

    fn let_go(&self) {
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
