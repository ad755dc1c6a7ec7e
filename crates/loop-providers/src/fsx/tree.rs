//! Copies, moves and removes trees.
//!
//! Nothing is done while nobody asks. What is to be done stands in a [`Work`], which does one small step after the other.

mod copy;
mod levels;
mod remove;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cap_std::fs::Dir;
use rustix::fs::{RenameFlags, renameat_with};
use rustix::io::Errno;
use wasmtime::component::Resource;

use crate::fsx::bindings::loop_::fsx::files::{Error, ErrorCode, HostOperation, Progress};
use crate::fsx::error::Result;
use crate::fsx::tree::copy::Copy;
use crate::fsx::tree::remove::Remove;
use crate::fsx::walk::Entries;
use crate::fsx::{FilesView, file};
use crate::work::{Stop, blocking};

/// The most operations of an instance. Each keeps a few folders and files open, and a process has 1,024 of both by custom, for all
/// its instances.
pub(crate) const OPERATIONS_MAX: usize = 16;

/// Something that is done to a tree, as a component has it.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct Operation(Arc<Mutex<State>>);

#[derive(Debug)]
pub(crate) struct State {
    /// Counts it.
    _one: Arc<()>,
    work: Work,
    progress: Progress,
    /// What ended it.
    over: Option<Error>,
}

#[derive(Debug)]
enum Work {
    Copy(Copy),
    /// A move, which is one step if it can be. If not, it is a copy, and then the removal of what was copied.
    Rename(Place, Place, Entries),
    Relocate(Copy, Remove),
    Remove(Remove),
    Done,
}

/// Where something is: a folder, opened, and the name of an entry of it, or `.` for itself.
#[derive(Debug)]
struct Place {
    folder: Dir,
    name: PathBuf,
}

impl Place {
    /// What is to be read.
    fn source(dir: &Dir, path: &str) -> Result<Self> {
        let path = file::path(path)?;
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.file_name().is_none() {
            let folder = dir.open_dir(path)?;
            return Ok(Self {
                folder,
                name: PathBuf::from("."),
            });
        }
        let (folder, name) = parts(dir, path)?;
        folder.symlink_metadata(&name)?;
        Ok(Self { folder, name })
    }

    /// What is to be removed.
    fn old(dir: &Dir, path: &str) -> Result<Self> {
        let at = Self::named(dir, path)?;
        let found = at.folder.symlink_metadata(&at.name)?;
        if path.ends_with('/') && !found.is_dir() {
            return Err(ErrorCode::NotDirectory.into());
        }
        Ok(at)
    }

    /// What is to be made.
    fn new(dir: &Dir, path: &str) -> Result<Self> {
        let at = Self::named(dir, path)?;
        match at.folder.symlink_metadata(&at.name) {
            Ok(_) => Err(ErrorCode::Exist.into()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(at),
            Err(error) => Err(error.into()),
        }
    }

    fn named(dir: &Dir, path: &str) -> Result<Self> {
        let whole = file::path(path)?;
        let bare = Path::new(path.trim_end_matches('/'));
        if bare.file_name().is_none() || bare.as_os_str().as_encoded_bytes().ends_with(b"/.") {
            // To say where it leads is for the folder.
            dir.metadata(whole)?;
            return Err(ErrorCode::Invalid.into());
        }
        let (folder, name) = parts(dir, bare)?;
        Ok(Self { folder, name })
    }

    fn try_clone(&self) -> Result<Self> {
        Ok(Self {
            folder: self.folder.try_clone()?,
            name: self.name.clone(),
        })
    }
}

/// The folder that something is in, opened, and its name.
fn parts(dir: &Dir, path: &Path) -> Result<(Dir, PathBuf)> {
    let parent = path.parent();
    let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
    let folder = dir.open_dir(parent.unwrap_or(Path::new(".")))?;
    let name = path.file_name().ok_or(ErrorCode::Invalid)?;
    Ok((folder, PathBuf::from(name)))
}

impl Operation {
    /// A copy.
    ///
    /// # Errors
    /// What is to be copied is not there, or something is where it is to be.
    pub(crate) fn copy(
        from: &Dir,
        path: &str,
        into: &Dir,
        to: &str,
        entries: Entries,
        one: Arc<()>,
    ) -> Result<Self> {
        let (source, at) = (Place::source(from, path)?, Place::new(into, to)?);
        copy::not_inside(&source, into, to)?;
        Ok(Self::of(Work::Copy(Copy::new(source, at, entries)), one))
    }

    /// A move.
    ///
    /// # Errors
    /// As for a copy, or the path is that of the root.
    pub(crate) fn relocate(
        from: &Dir,
        path: &str,
        into: &Dir,
        to: &str,
        entries: Entries,
        one: Arc<()>,
    ) -> Result<Self> {
        let (source, at) = (Place::old(from, path)?, Place::new(into, to)?);
        copy::not_inside(&source, into, to)?;
        Ok(Self::of(Work::Rename(source, at, entries), one))
    }

    /// A removal.
    ///
    /// # Errors
    /// There is nothing at the path, or it is that of the root.
    pub(crate) fn remove(dir: &Dir, path: &str, entries: Entries, one: Arc<()>) -> Result<Self> {
        let old = Place::old(dir, path)?;
        Ok(Self::of(Work::Remove(Remove::new(old, entries)), one))
    }

    fn of(work: Work, one: Arc<()>) -> Self {
        Self(Arc::new(Mutex::new(State {
            _one: one,
            work,
            progress: Progress {
                entries: 0,
                bytes: 0,
                done: false,
            },
            over: None,
        })))
    }
}

impl State {
    /// Works on until this time.
    fn work_on(&mut self, end: Option<Instant>, stop: &Stop) -> Result<Progress> {
        if let Some(error) = &self.over {
            return Err(error.clone());
        }
        while !self.progress.done {
            // What was done stays, and who asks again goes on.
            stop.check()?;
            if let Err(error) = self.step() {
                self.over = Some(error.clone());
                self.work = Work::Done;
                return Err(error);
            }
            if end.is_some_and(|end| end <= Instant::now()) {
                break;
            }
        }
        Ok(self.progress)
    }

    fn step(&mut self) -> Result<()> {
        let progress = &mut self.progress;
        let more = match &mut self.work {
            Work::Copy(copy) | Work::Relocate(copy, _) => copy.step(progress)?,
            Work::Remove(remove) => remove.step(progress)?,
            Work::Rename(source, at, entries) => {
                if renamed(source, at)? {
                    progress.entries += 1;
                    false
                } else {
                    let copy = Copy::new(source.try_clone()?, at.try_clone()?, entries.clone());
                    let remove = Remove::new(source.try_clone()?, entries.clone());
                    self.work = Work::Relocate(copy, remove);
                    true
                }
            }
            Work::Done => false,
        };
        if !more {
            self.work = match std::mem::replace(&mut self.work, Work::Done) {
                Work::Relocate(_, remove) => Work::Remove(remove),
                _ => Work::Done,
            };
            self.progress.done = matches!(self.work, Work::Done);
        }
        Ok(())
    }
}

/// Moves something in one step; not if it is to go to another file system.
fn renamed(source: &Place, at: &Place) -> Result<bool> {
    let new = RenameFlags::NOREPLACE;
    match renameat_with(&source.folder, &source.name, &at.folder, &at.name, new) {
        Ok(()) => Ok(true),
        Err(Errno::XDEV) => Ok(false),
        // There are file systems that know no such flag. Two who make the same name at once are one too many for them.
        Err(Errno::INVAL | Errno::NOSYS) => {
            if at.folder.symlink_metadata(&at.name).is_ok() {
                return Err(ErrorCode::Exist.into());
            }
            source.folder.rename(&source.name, &at.folder, &at.name)?;
            Ok(true)
        }
        Err(error) => Err(error.into()),
    }
}

/// Works on for this time.
pub(crate) async fn next(
    operation: Arc<Mutex<State>>,
    timeout: Option<u64>,
) -> wasmtime::Result<Result<Progress>> {
    // A time that is too far away to be counted never comes.
    let end = timeout.and_then(|time| Instant::now().checked_add(Duration::from_nanos(time)));
    blocking(move |stop| {
        let mut state = operation.lock().unwrap_or_else(PoisonError::into_inner);
        state.work_on(end, stop)
    })
    .await
}

impl FilesView<'_> {
    pub(crate) fn begun(&self, of: &Resource<Operation>) -> wasmtime::Result<Arc<Mutex<State>>> {
        Ok(Arc::clone(&self.table.get(of)?.0))
    }
}

impl HostOperation for FilesView<'_> {
    async fn next(
        &mut self,
        operation: Resource<Operation>,
        timeout: Option<u64>,
    ) -> wasmtime::Result<Result<Progress>> {
        next(self.begun(&operation)?, timeout).await
    }

    async fn drop(&mut self, operation: Resource<Operation>) -> wasmtime::Result<()> {
        self.table.delete(operation)?;
        Ok(())
    }
}
