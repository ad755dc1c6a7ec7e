//! Temporary files.

use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::Dir;
use wasmtime::component::Resource;

use crate::fsx::FilesView;
use crate::fsx::bindings::loop_::fsx::files::{ErrorCode, HostTemp};
use crate::fsx::error::Result;
use crate::fsx::file;
use crate::fsx::root::Root;
use crate::work::blocking;

/// The most temporary files of one instance. Each keeps a folder and a file open, and a process has 1,024 of both
/// by custom, for all its instances.
pub(crate) const TEMPS_MAX: usize = 64;

/// A temporary file, as a component has it.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct Temp(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    /// The root in which it can be saved.
    root: Arc<Dir>,
    /// The folder that it is in, and its name there.
    folder: Dir,
    name: String,
    /// Also keeps two from writing at once.
    file: Mutex<File>,
    size: AtomicU64,
    saved: AtomicBool,
    /// Whether a stream is being added.
    adding: AtomicBool,
    /// Counts it.
    _one: Arc<()>,
}

impl Temp {
    pub(crate) fn new(root: &Root, folder: Dir, one: Arc<()>) -> Result<Self> {
        let (name, file) = file::create_temp(&folder)?;
        Ok(Self(Arc::new(Inner {
            root: Arc::clone(&root.dir),
            folder,
            name,
            file: Mutex::new(file),
            size: AtomicU64::new(0),
            saved: AtomicBool::new(false),
            adding: AtomicBool::new(false),
            _one: one,
        })))
    }
}

impl Inner {
    fn with<R>(&self, work: impl FnOnce(&mut File) -> Result<R>) -> Result<R> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if self.saved.load(Ordering::Relaxed) {
            return Err(ErrorCode::BadDescriptor.into());
        }
        work(&mut file)
    }

    /// Refuses to do something while a stream is being added.
    fn not_meanwhile(&self) -> Result<()> {
        if self.adding.load(Ordering::Relaxed) {
            return Err(ErrorCode::Busy.into());
        }
        Ok(())
    }

    fn add(&self, content: &[u8]) -> Result<()> {
        self.with(|file| {
            let written = file.write_all(content);
            self.size.store(file.metadata()?.len(), Ordering::Relaxed);
            Ok(written?)
        })
    }

    /// Lets it take a place in its root.
    pub(crate) fn save(&self, path: &str) -> Result<()> {
        self.with(|file| {
            self.not_meanwhile()?;
            let (folder, name) = file::place(&self.root, file::path(path)?)?;
            let put = file::put(&self.folder, &self.name, file, &folder, name);
            // Where only the last step failed, it has its place all the same.
            let moved = put.is_ok() || self.folder.symlink_metadata(&self.name).is_err();
            self.saved.store(moved, Ordering::Relaxed);
            put
        })
    }

    /// Begins to add a stream.
    ///
    /// # Errors
    /// Another one is being added, or it was saved.
    pub(crate) fn begin_to_add(self: Arc<Self>) -> Result<Adding> {
        self.with(|_| Ok(()))?;
        if self.adding.swap(true, Ordering::Relaxed) {
            return Err(ErrorCode::Busy.into());
        }
        Ok(Adding(self))
    }
}

/// A stream that is being added, until this is dropped.
pub(crate) struct Adding(Arc<Inner>);

impl Adding {
    pub(crate) fn add(&self, piece: &[u8]) -> Result<()> {
        self.0.add(piece)
    }
}

impl Drop for Adding {
    fn drop(&mut self) {
        self.0.adding.store(false, Ordering::Relaxed);
    }
}

impl Drop for Inner {
    /// Not on a thread for blocking work: when the host ends, there is none any more.
    fn drop(&mut self) {
        if !self.saved.load(Ordering::Relaxed) {
            let _ = self.folder.remove_file(&self.name);
        }
    }
}

impl FilesView<'_> {
    pub(crate) fn temp(&self, temp: &Resource<Temp>) -> wasmtime::Result<Arc<Inner>> {
        Ok(Arc::clone(&self.table.get(temp)?.0))
    }
}

impl HostTemp for FilesView<'_> {
    async fn append(
        &mut self,
        temp: Resource<Temp>,
        content: Vec<u8>,
    ) -> wasmtime::Result<Result<()>> {
        let temp = self.temp(&temp)?;
        blocking(move |_| temp.not_meanwhile().and_then(|()| temp.add(&content))).await
    }

    async fn size(&mut self, temp: Resource<Temp>) -> wasmtime::Result<u64> {
        Ok(self.temp(&temp)?.size.load(Ordering::Relaxed))
    }

    async fn read_range(
        &mut self,
        temp: Resource<Temp>,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>>> {
        let temp = self.temp(&temp)?;
        blocking(move |_| temp.with(|file| file::read_range(file, offset, length))).await
    }

    async fn save(&mut self, temp: Resource<Temp>, path: String) -> wasmtime::Result<Result<()>> {
        let temp = self.temp(&temp)?;
        blocking(move |_| temp.save(&path)).await
    }

    async fn drop(&mut self, temp: Resource<Temp>) -> wasmtime::Result<()> {
        self.table.delete(temp)?;
        Ok(())
    }
}
