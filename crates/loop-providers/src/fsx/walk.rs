//! Walks a tree: the entries of each folder by the bytes of their names, each folder followed by what is in it.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cap_std::fs::{Dir, FileType};

use crate::fsx::bindings::loop_::fsx::files::{DescriptorType, Error, ErrorCode};
use crate::fsx::error::Result;
use crate::fsx::file;

/// The most entries of the folders that all walks of an instance are in. Those of a folder are sorted, so they are in memory together: with
/// names of ordinary length, some 50 MB.
pub(crate) const ENTRIES_MAX: usize = 1_000_000;

/// How many entries the walks of an instance have in memory. A clone is the same count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries(Arc<AtomicUsize>);

/// Entries in memory that count until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    entries: Entries,
    count: usize,
}

impl Held {
    pub(crate) fn new(entries: &Entries) -> Self {
        Self {
            entries: entries.clone(),
            count: 0,
        }
    }

    /// Counts one more.
    pub(crate) fn add(&mut self) -> Result<()> {
        self.count += 1;
        if self.entries.0.fetch_add(1, Ordering::Relaxed) >= ENTRIES_MAX {
            return Err(Error::TooMany(ENTRIES_MAX as u64));
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.entries.0.fetch_sub(self.count, Ordering::Relaxed);
    }
}

/// Where a walk is.
#[derive(Debug)]
pub(crate) struct Walk {
    dir: Arc<Dir>,
    entries: Entries,
    /// The folders that it is in, the outermost first, each with what is left of it. How deep it goes is bounded by the length of a path.
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    /// The folder's path and a slash, or nothing.
    prefix: String,
    entries: std::vec::IntoIter<(OsString, FileType)>,
    _held: Held,
}

/// What a walk comes to.
#[derive(Debug)]
pub(crate) enum Step {
    /// An entry, with its path.
    Found(String, FileType),
    /// A name that is not UTF-8.
    Unnamed,
}

impl Walk {
    /// Begins below a folder, in which the paths begin with `prefix`: nothing, or a path and a slash.
    ///
    /// # Errors
    /// The folder cannot be read, or there are too many entries.
    pub(crate) fn new(
        dir: Arc<Dir>,
        folder: &str,
        prefix: String,
        entries: Entries,
    ) -> Result<Self> {
        let mut walk = Self {
            dir,
            entries,
            levels: Vec::new(),
        };
        walk.push(folder, prefix)?;
        Ok(walk)
    }

    /// The next entry. A folder is entered by [`enter`](Self::enter), or not at all.
    pub(crate) fn step(&mut self) -> Option<Step> {
        while let Some(level) = self.levels.last_mut() {
            let Some((name, kind)) = level.entries.next() else {
                self.levels.pop();
                continue;
            };
            return Some(match name.to_str() {
                Some(name) => Step::Found([&level.prefix, name].concat(), kind),
                None => Step::Unnamed,
            });
        }
        None
    }

    /// How many folders it is below its beginning.
    pub(crate) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Goes on in the folder that it just came to, `path` below the walk's root.
    pub(crate) fn enter(&mut self, folder: &str, path: &str) -> Result<()> {
        self.push(folder, format!("{path}/"))
    }

    fn push(&mut self, folder: &str, prefix: String) -> Result<()> {
        let mut held = Held::new(&self.entries);
        let mut entries = Vec::new();
        for entry in self.dir.read_dir(file::path(folder)?)? {
            let entry = entry?;
            held.add()?;
            entries.push((entry.file_name(), entry.file_type()?));
        }
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        self.levels.push(Level {
            prefix,
            entries: entries.into_iter(),
            _held: held,
        });
        Ok(())
    }
}

/// What kind of thing it is.
pub(crate) fn kind(of: FileType) -> DescriptorType {
    use cap_std::fs::FileTypeExt as _;

    if of.is_file() {
        DescriptorType::RegularFile
    } else if of.is_dir() {
        DescriptorType::Directory
    } else if of.is_symlink() {
        DescriptorType::SymbolicLink
    } else if of.is_block_device() {
        DescriptorType::BlockDevice
    } else if of.is_char_device() {
        DescriptorType::CharacterDevice
    } else if of.is_fifo() {
        DescriptorType::Fifo
    } else if of.is_socket() {
        DescriptorType::Socket
    } else {
        DescriptorType::Unknown
    }
}

/// Below a folder, whether it can be gone on where one part could not be read.
pub(crate) fn can_be_left_out(error: &Error) -> bool {
    matches!(
        error,
        Error::Code(
            ErrorCode::Access
                | ErrorCode::NotPermitted
                | ErrorCode::NoEntry
                | ErrorCode::NotDirectory
                | ErrorCode::NameTooLong
        )
    )
}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;

    use super::*;

    #[test]
    fn the_entries_of_all_walks_are_counted_together() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
        let dir = Arc::new(dir);
        let entries = Entries::default();
        let walk = || Walk::new(Arc::clone(&dir), ".", String::new(), entries.clone());
        let counted = || entries.0.load(Ordering::Relaxed);

        let first = walk().unwrap();
        assert_eq!(counted(), 3);
        entries.0.store(ENTRIES_MAX - 2, Ordering::Relaxed);
        assert!(matches!(walk(), Err(Error::TooMany(1_000_000))));
        assert_eq!(
            counted(),
            ENTRIES_MAX - 2,
            "what was refused counts no more"
        );
        drop(first);
        walk().unwrap();
        assert_eq!(counted(), ENTRIES_MAX - 5);
    }
}
