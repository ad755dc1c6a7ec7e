//! Where an operation is in a tree. Folders are come to before what is in them, and left after it.

use std::ffi::OsString;
use std::path::PathBuf;

use cap_std::fs::{Dir, FileType};

use crate::fsx::bindings::loop_::fsx::files::ErrorCode;
use crate::fsx::error::Result;
use crate::fsx::file::PATH_BYTES_MAX;
use crate::fsx::walk::{Entries, Held};

/// The folders that it is in, the outermost first. How deep it goes is bounded by the length of a path.
#[derive(Debug)]
pub(crate) struct Levels {
    entries: Entries,
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    path: PathBuf,
    left: std::vec::IntoIter<(OsString, FileType)>,
    _held: Held,
}

/// What it comes to, by its path.
#[derive(Debug)]
pub(crate) enum Step {
    Found(PathBuf, FileType),
    /// All that is in this folder was found.
    Left(PathBuf),
}

impl Levels {
    pub(crate) fn new(entries: Entries) -> Self {
        Self {
            entries,
            levels: Vec::new(),
        }
    }

    /// Goes on in a folder, which has this path.
    pub(crate) fn enter(&mut self, dir: &Dir, path: PathBuf) -> Result<()> {
        let mut held = Held::new(&self.entries);
        let mut found = Vec::new();
        for entry in dir.entries()? {
            let entry = entry?;
            held.add()?;
            found.push((entry.file_name(), entry.file_type()?));
        }
        self.levels.push(Level {
            path,
            left: found.into_iter(),
            _held: held,
        });
        Ok(())
    }

    /// The next step; nothing when all folders were left.
    pub(crate) fn step(&mut self) -> Result<Option<Step>> {
        let Some(level) = self.levels.last_mut() else {
            return Ok(None);
        };
        if let Some((name, kind)) = level.left.next() {
            let path = level.path.join(&name);
            if path.as_os_str().len() > PATH_BYTES_MAX {
                return Err(ErrorCode::NameTooLong.into());
            }
            return Ok(Some(Step::Found(path, kind)));
        }
        Ok(self.levels.pop().map(|level| Step::Left(level.path)))
    }
}
