//! The watched folders, by Linux's inotify.
//!
//! Invariant: each folder is opened by `cap_std` below the one that the component watches, and given to the system by its descriptor. The system is
//! given no path of the component's to resolve, so neither a link nor a rename in the wrong moment leads out. (That is why this does
//! not use the crate `notify`, which works by paths.)

use std::collections::{BTreeMap, HashMap};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use cap_std::fs::{Dir, MetadataExt as _};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::fsx::bindings::loop_::fsx::files::{Error, ErrorCode, Reach};
use crate::fsx::error::Result;
use crate::fsx::file::TEMP_PREFIX;
use crate::fsx::walk::can_be_left_out;
use crate::fsx::watch::pending::Pending;
use crate::work::Stop;

/// The most folders of a watch. Each takes a kilobyte of the kernel's memory, and one of those that a user has, some hundred thousand.
pub(crate) const FOLDERS_MAX: usize = 16_384;

/// How many events are read in one go, so that who is faster than the reader does not keep it for ever.
const EVENTS_MAX: usize = 65_536;

/// How many bytes of events are read at once: some hundreds.
const BUFFER_BYTES: usize = 16 << 10;

/// The queue of the system, which can be waited for.
pub(crate) type Queue = AsyncFd<OwnedFd>;

/// A folder that is watched, and perhaps those below it.
#[derive(Debug)]
pub(crate) struct Folders {
    queue: Arc<Queue>,
    /// As long as it is open, no other folder has its number.
    top: Dir,
    /// What the paths of its entries begin with: nothing, or a path and a slash.
    prefix: String,
    reach: Reach,
    /// The folders by their paths below the top, which is the empty one, with the number of their watch in the queue.
    numbers: BTreeMap<String, i32>,
    paths: HashMap<i32, String>,
}

/// What reading the queue came to.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Events were dropped, so folders may be missing.
    pub(crate) lost: bool,
    /// Something happened to the watched folder itself.
    pub(crate) moved: bool,
    /// There may be more to be read.
    pub(crate) more: bool,
}

/// To whom it is told what a folder has, and when that was.
type Tell<'a> = Option<(&'a mut Pending, Instant)>;

impl Folders {
    /// Watches a folder from now on.
    ///
    /// # Errors
    /// The folder cannot be read, there are too many below it, or the system has no more watches to give.
    pub(crate) fn new(top: Dir, prefix: String, reach: Reach, stop: &Stop) -> Result<Self> {
        let flags = CreateFlags::CLOEXEC | CreateFlags::NONBLOCK;
        let queue = inotify::init(flags).map_err(no_more)?;
        let mut folders = Self {
            queue: Arc::new(awaited(queue)?),
            top,
            prefix,
            reach,
            numbers: BTreeMap::new(),
            paths: HashMap::new(),
        };
        let mut left = Vec::new();
        folders.add_one("", None, &mut left)?;
        folders.add_all(left, None, stop)?;
        Ok(folders)
    }

    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Whether this is the watched folder.
    pub(crate) fn is(&self, dir: &Dir) -> Result<bool> {
        let (ours, other) = (self.top.dir_metadata()?, dir.dir_metadata()?);
        Ok((ours.dev(), ours.ino()) == (other.dev(), other.ino()))
    }

    /// Reads what is in the queue.
    pub(crate) fn read(&mut self, to: &mut Pending, now: Instant, stop: &Stop) -> Result<Seen> {
        let queue = Arc::clone(&self.queue);
        let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
        let mut reader = inotify::Reader::new(queue.get_ref(), &mut buffer);
        let mut seen = Seen::default();
        for _ in 0..EVENTS_MAX {
            stop.check()?;
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::WOULDBLOCK) => return Ok(seen),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let flags = event.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                seen.lost = true;
            }
            let Some(folder) = self.paths.get(&event.wd()) else {
                continue;
            };
            if event.file_name().is_none() {
                seen.moved |= folder.is_empty();
            }
            if flags.contains(ReadFlags::IGNORED) {
                self.forget(event.wd());
            } else if let Some(Ok(name)) = event.file_name().map(std::ffi::CStr::to_str) {
                let path = joined(folder, name);
                self.happened(path, flags, to, now, stop)?;
            }
        }
        seen.more = true;
        Ok(seen)
    }

    /// Something happened to what is in a folder.
    fn happened(
        &mut self,
        path: String,
        flags: ReadFlags,
        to: &mut Pending,
        now: Instant,
        stop: &Stop,
    ) -> Result<()> {
        let is_folder = flags.contains(ReadFlags::ISDIR);
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.starts_with(TEMP_PREFIX) && !is_folder {
            return Ok(());
        }
        let told = format!("{}{path}", self.prefix);
        if flags.intersects(ReadFlags::MOVED_FROM | ReadFlags::DELETE) {
            to.removed(told, now);
            if is_folder {
                self.forget_below(&path);
            }
            return Ok(());
        }
        if flags.contains(ReadFlags::CREATE) {
            to.made(told, now);
        } else {
            to.changed(told, now);
        }
        // What is in it already was put there before it was watched.
        let arrived = flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO);
        if is_folder && arrived && matches!(self.reach, Reach::Tree) {
            self.add_all(vec![path], Some((to, now)), stop)?;
        }
        Ok(())
    }

    /// Watches these folders, and all that are below them.
    fn add_all(&mut self, mut left: Vec<String>, mut tell: Tell<'_>, stop: &Stop) -> Result<()> {
        while let Some(path) = left.pop() {
            stop.check()?;
            let tell = tell.as_mut().map(|(to, now)| (&mut **to, *now));
            match self.add_one(&path, tell, &mut left) {
                Err(error) if !can_be_left_out(&error) => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Watches a folder, and says which are in it.
    fn add_one(&mut self, path: &str, mut tell: Tell<'_>, found: &mut Vec<String>) -> Result<()> {
        let dir = if path.is_empty() {
            self.top.try_clone()?
        } else if self.top.symlink_metadata(path)?.is_dir() {
            self.top.open_dir(path)?
        } else {
            return Err(ErrorCode::NotDirectory.into());
        };
        let mut flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MODIFY
            | WatchFlags::MOVE
            | WatchFlags::EXCL_UNLINK
            | WatchFlags::ONLYDIR;
        if path.is_empty() {
            flags |= WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        }
        let by_descriptor = format!("/proc/self/fd/{}", dir.as_raw_fd());
        let number = inotify::add_watch(self.queue.get_ref(), by_descriptor, flags);
        let number = number.map_err(no_more)?;
        // A folder that is seen at two places is told at the one where it was found last.
        self.forget_path(number);
        self.numbers.insert(path.to_owned(), number);
        self.paths.insert(number, path.to_owned());
        if matches!(self.reach, Reach::Folder) {
            return Ok(());
        }
        for entry in dir.entries()? {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let Some(name) = name.to_str() else { continue };
            let path = joined(path, name);
            if let Some((to, now)) = &mut tell
                && (kind.is_dir() || !name.starts_with(TEMP_PREFIX))
            {
                to.made(format!("{}{path}", self.prefix), *now);
            }
            if kind.is_dir() {
                if self.numbers.len() + found.len() >= FOLDERS_MAX {
                    return Err(Error::TooMany(FOLDERS_MAX as u64));
                }
                found.push(path);
            }
        }
        Ok(())
    }

    /// A folder is not where it was, and neither is what is below it.
    fn forget_below(&mut self, path: &str) {
        // `0` comes after `/`.
        let below = self.numbers.range(format!("{path}/")..format!("{path}0"));
        let below = below.map(|(_, number)| *number);
        let all: Vec<i32> = below.chain(self.numbers.get(path).copied()).collect();
        for number in all {
            let _ = inotify::remove_watch(self.queue.get_ref(), number);
            self.forget(number);
        }
    }

    fn forget(&mut self, number: i32) {
        self.forget_path(number);
        self.paths.remove(&number);
    }

    fn forget_path(&mut self, number: i32) {
        if let Some(path) = self.paths.get(&number)
            && self.numbers.get(path) == Some(&number)
        {
            self.numbers.remove(path);
        }
    }
}

#[expect(
    deprecated,
    reason = "what is wrong with it is wrong for types that close or change their descriptor, and its successor is unsafe"
)]
fn awaited(queue: OwnedFd) -> std::io::Result<Queue> {
    AsyncFd::with_interest(queue, Interest::READABLE)
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// What it means that the system has no more: it says so as if a disk or a table of files were full.
fn no_more(errno: Errno) -> Error {
    match errno {
        Errno::NOSPC | Errno::MFILE | Errno::NFILE => ErrorCode::Quota.into(),
        errno => errno.into(),
    }
}
