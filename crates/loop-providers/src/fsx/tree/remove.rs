//! Removes a tree, from below.

use std::path::PathBuf;

use cap_std::fs::Dir;

use crate::fsx::bindings::loop_::fsx::files::{ErrorCode, Progress};
use crate::fsx::error::Result;
use crate::fsx::tree::Place;
use crate::fsx::tree::levels::{Levels, Step};
use crate::fsx::walk::Entries;

/// A removal.
#[derive(Debug)]
pub(crate) struct Remove {
    folder: Dir,
    /// What it begins with, until it has.
    top: Option<PathBuf>,
    levels: Levels,
}

impl Remove {
    pub(crate) fn new(old: Place, entries: Entries) -> Self {
        Self {
            folder: old.folder,
            top: Some(old.name),
            levels: Levels::new(entries),
        }
    }

    /// Removes one thing, or goes into a folder. Says whether there is more to do.
    pub(crate) fn step(&mut self, progress: &mut Progress) -> Result<bool> {
        let step = match self.top.take() {
            Some(name) => {
                let kind = self.folder.symlink_metadata(&name)?.file_type();
                Step::Found(name, kind)
            }
            None => match self.levels.step()? {
                Some(step) => step,
                None => return Ok(false),
            },
        };
        match step {
            Step::Found(path, kind) if kind.is_dir() => self.enter(path)?,
            Step::Found(path, _) => {
                self.folder.remove_file(path)?;
                progress.entries += 1;
            }
            Step::Left(path) => {
                self.folder.remove_dir(path)?;
                progress.entries += 1;
            }
        }
        Ok(true)
    }

    /// What became a link meanwhile is not gone into.
    fn enter(&mut self, path: PathBuf) -> Result<()> {
        if !self.folder.symlink_metadata(&path)?.is_dir() {
            return Err(ErrorCode::NotDirectory.into());
        }
        let dir = self.folder.open_dir(&path)?;
        self.levels.enter(&dir, path)
    }
}
