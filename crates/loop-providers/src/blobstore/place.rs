//! The folder with the containers.
//!
//! Invariant: what is in a container under the file of a name is a whole object. What is on its way in or out stands beside the containers,
//! in files and folders whose names begin with [`ASIDE`]. Whoever writes such a file has it locked, so what a host left behind
//! that was killed is known, and removed when the folder is opened.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirEntry, Metadata, OpenOptions, OpenOptionsExt as _};

use crate::blobstore::error::{Failure, Result};
use crate::blobstore::names;
use crate::work::Stop;

/// What is neither a container nor an object begins so.
const ASIDE: &str = ".loop-blobstore-";

/// Where the containers of an app are.
#[derive(Debug)]
pub(crate) struct Place {
    dir: Dir,
    /// The most bytes of all objects.
    most: u64,
    /// Those that there are, and those that are being written.
    used: AtomicU64,
    /// Whoever changes what is where has it.
    turn: Mutex<()>,
}

/// To open something without waiting.
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// What is known of an object, or of a container.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) size: u64,
    /// Seconds since 1970.
    pub(crate) created: u64,
}

/// Bytes that count as used, until this is dropped or they are an object's.
#[derive(Debug)]
pub(crate) struct Share {
    place: Arc<Place>,
    bytes: u64,
}

/// A file on its way in. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Temp {
    name: PathBuf,
    pub(crate) share: Share,
    kept: bool,
}

impl Place {
    /// Opens a folder, counts what is in its containers, and removes what nobody is writing any more.
    pub(crate) fn open(folder: &Path, most: u64) -> io::Result<Self> {
        let dir = Dir::open_ambient_dir(folder, ambient_authority())?;
        let mut used = 0;
        for entry in dir.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if name.starts_with(ASIDE) {
                sweep(&entry);
            } else if names::name(name).is_some() && entry.file_type()?.is_dir() {
                used += sizes(&entry.open_dir()?)?;
            }
        }
        Ok(Self {
            dir,
            most,
            used: AtomicU64::new(used),
            turn: Mutex::default(),
        })
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts bytes as used, if there may be so many.
    fn take(&self, bytes: u64) -> Result<()> {
        let taken = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.most);
        let (set, got) = (Ordering::Relaxed, Ordering::Relaxed);
        let full = |_| Failure::Full { most: self.most };
        self.used.fetch_update(set, got, taken).map_err(full)?;
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        let left = |used: u64| Some(used.saturating_sub(bytes));
        let (set, got) = (Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.used.fetch_update(set, got, left);
    }

    fn container(&self, container: &str) -> Result<Dir> {
        let file = names::file(container).ok_or(Failure::NoName)?;
        let missing = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::NoContainer,
            _ => error.into(),
        };
        // A link is none, wherever it leads.
        if !self.dir.symlink_metadata(&file).map_err(missing)?.is_dir() {
            return Err(Failure::NoContainer);
        }
        self.dir.open_dir(file).map_err(missing)
    }

    /// Brings what is in a folder, by name, to the disk.
    fn sync(dir: &Dir) -> Result<()> {
        Ok(dir.open(".")?.sync_all()?)
    }

    pub(crate) fn create(&self, container: &str) -> Result<()> {
        let file = names::file(container).ok_or(Failure::NoName)?;
        match self.dir.create_dir(file) {
            Ok(()) => Self::sync(&self.dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::Exists),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn exists(&self, container: &str) -> Result<bool> {
        match self.container(container) {
            Ok(_) => Ok(true),
            Err(Failure::NoContainer) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    pub(crate) fn about(&self, container: &str) -> Result<About> {
        Ok(about(&self.container(container)?.dir_metadata()?))
    }

    /// Removes a container with all that is in it: first from sight, at once, and then from the disk.
    pub(crate) fn remove(&self, container: &str) -> Result<()> {
        let gone = Self::aside()?;
        let size = {
            let _turn = self.turn();
            let size = sizes(&self.container(container)?)?;
            let file = names::file(container).ok_or(Failure::NoName)?;
            self.dir.rename(file, &self.dir, &gone)?;
            size
        };
        self.give_back(size);
        Self::sync(&self.dir)?;
        match self.dir.remove_dir_all(gone) {
            // Another host that opened the folder may have removed it.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Removes all objects of a container.
    pub(crate) fn clear(&self, container: &str, stop: &Stop) -> Result<()> {
        let dir = self.container(container)?;
        for entry in dir.entries()? {
            stop.check()?;
            let name = entry?.file_name();
            if let Some(object) = name.to_str().and_then(names::name) {
                self.delete_from(container, &object)?;
            }
        }
        Self::sync(&dir)
    }

    pub(crate) fn delete(&self, container: &str, objects: &[String], stop: &Stop) -> Result<()> {
        let dir = self.container(container)?;
        let files = objects.iter().map(|object| object_file(object).map(drop));
        files.collect::<Result<()>>()?;
        for object in objects {
            stop.check()?;
            self.delete_from(container, object)?;
        }
        Self::sync(&dir)
    }

    /// Removes an object, if it is there.
    fn delete_from(&self, container: &str, object: &str) -> Result<()> {
        let file = object_file(object)?;
        let _turn = self.turn();
        // As it is now: another may have been removed, and its bytes counted.
        let dir = self.container(container)?;
        let Some(size) = size_of(&dir, &file)? else {
            return Ok(());
        };
        match dir.remove_file(&file) {
            Ok(()) => self.give_back(size),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Opens an object, to be read.
    pub(crate) fn object(&self, container: &str, object: &str) -> Result<(File, About)> {
        let dir = self.container(container)?;
        let name = object_file(object)?;
        found(&dir, &name)?;
        let mut options = OpenOptions::new();
        // A pipe that somebody puts there at this moment is not waited for.
        options.read(true).custom_flags(NONBLOCK);
        let file = dir.open_with(name, &options).map_err(no_object)?;
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(Failure::NoObject);
        }
        Ok((file.into_std(), about(&found)))
    }

    pub(crate) fn about_object(&self, container: &str, object: &str) -> Result<About> {
        let dir = self.container(container)?;
        Ok(about(&found(&dir, &object_file(object)?)?))
    }

    /// What is in a container, object after object.
    pub(crate) fn objects(
        &self,
        container: &str,
    ) -> Result<impl Iterator<Item = Result<String>> + Send + use<>> {
        let entries = self.container(container)?.entries()?;
        Ok(entries.filter_map(|entry| match entry {
            Ok(entry) if entry.file_type().is_ok_and(|found| found.is_file()) => {
                names::name(entry.file_name().to_str()?).map(Ok)
            }
            Ok(_) => None,
            Err(error) => Some(Err(error.into())),
        }))
    }

    /// Begins a file on its way in.
    pub(crate) fn temp(self: &Arc<Self>) -> Result<(Temp, File)> {
        let (name, file) = loop {
            let name = Self::aside()?;
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true);
            let file = self.dir.open_with(&name, &options)?.into_std();
            match file.try_lock() {
                // Whoever opened the folder just now may have removed it before.
                Ok(()) if file.metadata()?.nlink() > 0 => break (name, file),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    let _ = self.dir.remove_file(&name);
                    return Err(error.into());
                }
            }
        };
        let place = Arc::clone(self);
        let temp = Temp {
            name,
            share: Share { place, bytes: 0 },
            kept: false,
        };
        Ok((temp, file))
    }

    /// Makes a file an object, in the place of the one that is there.
    pub(crate) fn put(
        &self,
        mut temp: Temp,
        file: &File,
        container: &str,
        object: &str,
    ) -> Result<()> {
        file.sync_all()?;
        let to = object_file(object)?;
        let dir = {
            let _turn = self.turn();
            let dir = self.container(container)?;
            let before = size_of(&dir, &to)?.unwrap_or(0);
            self.dir.rename(&temp.name, &dir, &to)?;
            temp.kept = true;
            temp.share.bytes = 0;
            self.give_back(before);
            dir
        };
        Self::sync(&dir)
    }

    /// Copies an object, as it is now.
    pub(crate) fn copy(
        self: &Arc<Self>,
        from: (&str, &str),
        to: (&str, &str),
        stop: &Stop,
    ) -> Result<()> {
        let (mut source, found) = self.object(from.0, from.1)?;
        // Before so much is written.
        self.container(to.0)?;
        object_file(to.1)?;
        let (mut temp, mut file) = self.temp()?;
        temp.share.add(found.size)?;
        let mut left = found.size;
        while left > 0 {
            stop.check()?;
            let piece = left.min(COPY_BYTES);
            let copied = io::copy(&mut io::Read::take(&mut source, piece), &mut file)?;
            if copied < piece {
                break;
            }
            left -= copied;
        }
        self.put(temp, &file, to.0, to.1)
    }

    /// Moves an object, at once.
    pub(crate) fn rename(&self, from: (&str, &str), to: (&str, &str)) -> Result<()> {
        let (old, new) = (object_file(from.1)?, object_file(to.1)?);
        let (source, target) = {
            let _turn = self.turn();
            let (source, target) = (self.container(from.0)?, self.container(to.0)?);
            found(&source, &old)?;
            let same = (from.0, &old) == (to.0, &new);
            let before = if same { None } else { size_of(&target, &new)? };
            source.rename(&old, &target, &new)?;
            self.give_back(before.unwrap_or(0));
            (source, target)
        };
        Self::sync(&target)?;
        Self::sync(&source)
    }

    /// A name that nobody has.
    fn aside() -> Result<PathBuf> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        Ok(format!("{ASIDE}{:016x}", u64::from_ne_bytes(random)).into())
    }
}

/// What is copied between two looks at whether the copy is still wanted: a tenth of a second on a slow disk.
const COPY_BYTES: u64 = 16 << 20;

impl Share {
    /// Takes more, if there may be so much.
    pub(crate) fn add(&mut self, bytes: u64) -> Result<()> {
        self.place.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.place.give_back(self.bytes);
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if !self.kept {
            // One that stays is in nobody's way, and nobody is left to tell.
            let _ = self.share.place.dir.remove_file(&self.name);
        }
    }
}

fn object_file(object: &str) -> Result<String> {
    names::file(object).ok_or(Failure::ObjectName)
}

fn no_object(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::NoObject,
        _ => error.into(),
    }
}

/// What is known of an object. A link, a folder or a pipe is none.
fn found(dir: &Dir, file: &str) -> Result<Metadata> {
    let found = dir.symlink_metadata(file).map_err(no_object)?;
    found.is_file().then_some(found).ok_or(Failure::NoObject)
}

/// The bytes of an object, if it is there.
fn size_of(dir: &Dir, file: &str) -> Result<Option<u64>> {
    match found(dir, file) {
        Ok(found) => Ok(Some(found.len())),
        Err(Failure::NoObject) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Removes what was on its way in or out when its host ended. What cannot be removed is in nobody's way.
fn sweep(entry: &DirEntry) {
    let swept = || -> io::Result<()> {
        if entry.file_type()?.is_dir() {
            return entry.open_dir()?.remove_open_dir_all();
        }
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(NONBLOCK);
        match entry.open_with(&options)?.into_std().try_lock() {
            Ok(()) => entry.remove_file(),
            Err(_) => Ok(()),
        }
    };
    let _ = swept();
}

/// The bytes of all objects of a container.
fn sizes(container: &Dir) -> io::Result<u64> {
    let mut sum = 0;
    for entry in container.entries()? {
        match entry?.metadata() {
            Ok(found) if found.is_file() => sum += found.len(),
            // Another host may have removed it meanwhile.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(sum)
}

fn about(found: &Metadata) -> About {
    // Not every file system knows when a file came to be. An object is never changed after that.
    let created = found.created().or_else(|_| found.modified());
    let created = created.map(cap_std::time::SystemTime::into_std);
    let since = created
        .ok()
        .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    About {
        size: found.len(),
        created: since.map_or(0, |since| since.as_secs()),
    }
}
