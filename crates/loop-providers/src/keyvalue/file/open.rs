//! Finding, making and opening the file.
//!
//! Invariant: a file that is there is opened as a whole store or not at all, and then left as it is. A new one is made beside its
//! place and moved there when it is whole, so that one that is cut short was not left so by us.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use loop_core::limits::ByteSize;
use loop_host::AppContext;
use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, StorageError};
use rustix::fs::{RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::keyvalue::error::Failure;
use crate::keyvalue::file::entries::{self, Problem};
use crate::keyvalue::file::rehearsal::Rehearsal;
use crate::settings::{Settings, SettingsError};

/// The name of the file where no setting says it.
const FILE_DEFAULT: &str = "keyvalue.redb";

/// The most bytes of keys and values in a file, where no setting says it: 1 GiB. An app that needs more knows it, and a component
/// that writes for ever does not fill the disk.
const SIZE_DEFAULT: ByteSize = ByteSize::mib(1 << 10);

/// What redb keeps of a file in memory: 64 MiB. The system's own cache has the rest.
const CACHE_BYTES: usize = 64 << 20;

/// Why an app has no file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// What the app says of it is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Another process, or another host of this one, has the file.
    #[error("the file `{}` is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is cut short or otherwise damaged.
    #[error("the file `{}` is damaged, and was left as it is: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is a database of redb that somebody else made.
    #[error("the file `{}` is a database, and no key-value store of ours", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("the file `{}` cannot be opened", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Where the file of an app is, or will be.
#[derive(Debug)]
pub(crate) struct Place {
    dir: Dir,
    name: PathBuf,
    /// The whole path, for messages.
    pub(crate) shown: PathBuf,
    /// The most bytes of keys and values.
    pub(crate) size: u64,
}

impl Place {
    /// The file that the settings name, in a folder that is granted to be changed.
    pub(crate) fn find(
        settings: Settings<'_>,
        context: &AppContext<'_>,
    ) -> Result<Self, OpenError> {
        let size = settings.read::<ByteSize>("size", "a size such as `1 GiB`")?;
        let granted = settings.folder(context)?;
        let name = Path::new(settings.get("file").unwrap_or(FILE_DEFAULT));
        let shown = granted.path.join(name);
        match Dir::open_ambient_dir(&granted.path, ambient_authority()) {
            Ok(dir) => Ok(Self {
                dir,
                name: name.to_owned(),
                shown,
                size: size.unwrap_or(SIZE_DEFAULT).0,
            }),
            Err(source) => Err(OpenError::Io {
                path: granted.path.clone(),
                source,
            }),
        }
    }

    /// The file, made if it is not there, and which file it is to the system.
    pub(crate) fn file(&self) -> Result<(File, (u64, u64)), OpenError> {
        let opened = match self.open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make().and_then(|()| self.open())
            }
            opened => opened,
        };
        let file = opened.map_err(|source| self.io(source))?;
        let about = file.metadata().map_err(|source| self.io(source))?;
        if !about.is_file() {
            return Err(self.io(io::Error::other("it is not a regular file")));
        }
        Ok((file, (about.dev(), about.ino())))
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        Ok(self.dir.open_with(&self.name, &options)?.into_std())
    }

    /// Makes a new store. If there is one by now, that stays.
    fn make(&self) -> io::Result<()> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!(".loop-keyvalue-{:016x}", u64::from_ne_bytes(random));
        let temp = self.name.with_file_name(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        let file = self.dir.open_with(&temp, &options)?.into_std();
        let made = fill(file).and_then(|()| self.put(&temp));
        if made.is_err() {
            // What is left behind is in nobody's way.
            let _ = self.dir.remove_file(&temp);
        }
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    /// Moves a new store to its place, on the disk too.
    fn put(&self, temp: &Path) -> io::Result<()> {
        let dir = &self.dir;
        match renameat_with(dir, temp, dir, &self.name, RenameFlags::NOREPLACE) {
            // Some file systems cannot do that.
            Err(Errno::INVAL | Errno::NOSYS) => {
                dir.hard_link(temp, dir, &self.name)?;
                dir.remove_file(temp)?;
            }
            renamed => renamed?,
        }
        let parent = match self.name.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        dir.open(parent)?.sync_all()
    }

    /// Opens a store. All of it is read before anything is written to it, so that what is damaged is found now and not when it is needed, and
    /// stays as it is.
    pub(crate) fn database(&self, file: &File) -> Result<Database, OpenError> {
        let length = file.metadata().map_err(|source| self.io(source))?.len();
        if length == 0 {
            // redb would begin a new one in it.
            return Err(self.damaged("it is empty".to_owned()));
        }
        let rehearsed = self.opened(|| {
            let mut builder = builder();
            builder.set_check_integrity_on_open(true);
            builder.create_with_backend(Rehearsal::new(backend(file)?)?)
        })?;
        match entries::is_ours(&rehearsed) {
            Ok(true) => {}
            Ok(false) => {
                let path = self.shown.clone();
                return Err(OpenError::NotOurs { path });
            }
            Err(Problem::Engine(error)) => return Err(self.damaged(error.to_string())),
            Err(Problem::Refused(failure)) => return Err(self.damaged(format!("{failure:?}"))),
        }
        drop(rehearsed);
        self.opened(|| builder().create_with_backend(backend(file)?))
    }

    /// What redb opened, or why it did not.
    fn opened(
        &self,
        open: impl FnOnce() -> Result<Database, DatabaseError>,
    ) -> Result<Database, OpenError> {
        let opened = guarded(open).ok_or_else(|| self.damaged("redb gave up".to_owned()))?;
        opened.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                OpenError::InUse {
                    path: self.shown.clone(),
                }
            }
            DatabaseError::Storage(StorageError::Corrupted(reason)) => self.damaged(reason),
            DatabaseError::Storage(StorageError::Io(error))
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                self.damaged(error.to_string())
            }
            DatabaseError::Storage(StorageError::Io(source)) => self.io(source),
            error => self.damaged(error.to_string()),
        })
    }

    fn damaged(&self, reason: String) -> OpenError {
        OpenError::Damaged {
            path: self.shown.clone(),
            reason,
        }
    }

    fn io(&self, source: io::Error) -> OpenError {
        OpenError::Io {
            path: self.shown.clone(),
            source,
        }
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// redb's way to a file, which locks it.
fn backend(file: &File) -> Result<FileBackend, DatabaseError> {
    FileBackend::new(file.try_clone()?)
}

/// Makes the new store that an empty file becomes.
fn fill(file: File) -> io::Result<()> {
    let database =
        FileBackend::new(file).and_then(|backend| builder().create_with_backend(backend));
    let database = database.map_err(|error| match error {
        DatabaseError::Storage(StorageError::Io(error)) => error,
        error => io::Error::other(error),
    })?;
    entries::begin(&database).map_err(|problem| match problem {
        Problem::Engine(redb::Error::Io(error)) => error,
        Problem::Engine(error) => io::Error::other(error),
        Problem::Refused(failure) => io::Error::other(format!("{failure:?}")),
    })
}

/// Opens a store that was open, after the system refused something. redb mends what was left half done.
pub(crate) fn reopen(file: &File) -> Result<Database, Failure> {
    let opened = guarded(|| builder().create_with_backend(backend(file)?));
    let opened = opened.ok_or_else(damaged)?;
    opened.map_err(|error| failure(&error.into()))
}

/// Does something with redb, which may panic where a file is damaged: then there is none. Nothing of ours is half changed by that.
pub(crate) fn guarded<R>(work: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What a component is told.
pub(crate) fn failure(error: &redb::Error) -> Failure {
    match error {
        redb::Error::Io(error) if is_full(error) => {
            Failure::Full("there is no room left on the store's disk".to_owned())
        }
        redb::Error::Io(error) => {
            Failure::Broken(format!("the store's disk failed: {}", error.kind()))
        }
        redb::Error::DatabaseAlreadyOpen => {
            Failure::Broken("the store is in use by another process".to_owned())
        }
        _ => damaged(),
    }
}

/// What a component is told of a damaged store.
pub(crate) fn damaged() -> Failure {
    Failure::Broken("the store is damaged".to_owned())
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
