//! Copies a tree.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt as _, FileType, Metadata, MetadataExt as _, OpenOptions,
    OpenOptionsExt as _, Permissions, PermissionsExt as _,
};

use crate::fsx::bindings::loop_::fsx::files::{ErrorCode, Progress};
use crate::fsx::error::Result;
use crate::fsx::file;
use crate::fsx::tree::Place;
use crate::fsx::tree::levels::{Levels, Step};
use crate::fsx::walk::Entries;

/// How much of a file is copied in one step, in bytes: on a disk some milliseconds.
const STEP_BYTES: u64 = 8 << 20;

/// A copy.
#[derive(Debug)]
pub(crate) struct Copy {
    from: Dir,
    into: Arc<Dir>,
    /// The name of the copy.
    name: PathBuf,
    /// What it begins with, until it has.
    top: Option<PathBuf>,
    levels: Levels,
    /// The permissions that the folders it is in have when they are left.
    permissions: Vec<Permissions>,
    half: Option<Half>,
    /// The folder that was made first.
    made: Option<Id>,
}

/// By what a folder is known, whatever its path.
type Id = (u64, u64);

/// A file of which a part was copied. It is removed where the rest is not.
#[derive(Debug)]
struct Half {
    from: File,
    to: File,
    into: Arc<Dir>,
    path: PathBuf,
    permissions: Permissions,
    whole: bool,
}

impl Drop for Half {
    fn drop(&mut self) {
        if !self.whole {
            let _ = self.into.remove_file(&self.path);
        }
    }
}

/// Whether a path is not inside of a folder that is copied there.
pub(crate) fn not_inside(source: &Place, into: &Dir, to: &str) -> Result<()> {
    let id = id(&source.folder.symlink_metadata(&source.name)?);
    let parent = Path::new(to.trim_end_matches('/')).parent();
    let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
    // Without links, so that each part of it is the folder above.
    let parent = into.canonicalize(parent.unwrap_or(Path::new(".")))?;
    for above in parent.ancestors() {
        let above = if above.as_os_str().is_empty() {
            Path::new(".")
        } else {
            above
        };
        if self::id(&into.metadata(above)?) == id {
            return Err(ErrorCode::Invalid.into());
        }
    }
    Ok(())
}

fn id(of: &Metadata) -> Id {
    (of.dev(), of.ino())
}

impl Copy {
    pub(crate) fn new(source: Place, at: Place, entries: Entries) -> Self {
        Self {
            from: source.folder,
            into: Arc::new(at.folder),
            name: at.name,
            top: Some(source.name),
            levels: Levels::new(entries),
            permissions: Vec::new(),
            half: None,
            made: None,
        }
    }

    /// Copies one thing, or a part of a file. Says whether there is more to do.
    pub(crate) fn step(&mut self, progress: &mut Progress) -> Result<bool> {
        if let Some(half) = &mut self.half {
            let read = half.go_on()?;
            progress.bytes += read;
            if half.whole {
                self.half = None;
                progress.entries += 1;
            }
            return Ok(true);
        }
        let step = match self.top.take() {
            Some(name) => {
                let kind = self.from.symlink_metadata(&name)?.file_type();
                Step::Found(name, kind)
            }
            None => match self.levels.step()? {
                Some(step) => step,
                None => return Ok(false),
            },
        };
        match step {
            Step::Found(path, kind) => {
                self.begin(path, kind)?;
                if self.half.is_none() {
                    progress.entries += 1;
                }
            }
            Step::Left(path) => {
                if let Some(permissions) = self.permissions.pop() {
                    self.into.set_permissions(self.place(&path), permissions)?;
                }
            }
        }
        Ok(true)
    }

    fn begin(&mut self, path: PathBuf, kind: FileType) -> Result<()> {
        let to = self.place(&path);
        if to.as_os_str().len() > file::PATH_BYTES_MAX {
            return Err(ErrorCode::NameTooLong.into());
        }
        if kind.is_dir() {
            self.folder(path, &to)
        } else if kind.is_file() {
            self.half = Some(Half::new(&self.from, &path, &self.into, to)?);
            Ok(())
        } else if kind.is_symlink() {
            let target = self.from.read_link_contents(&path)?;
            if target.is_absolute() {
                return Err(ErrorCode::NotPermitted.into());
            }
            Ok(self.into.symlink(target, to)?)
        } else {
            Err(ErrorCode::Unsupported.into())
        }
    }

    fn folder(&mut self, path: PathBuf, to: &Path) -> Result<()> {
        let found = self.from.symlink_metadata(&path)?;
        if !found.is_dir() {
            return Err(ErrorCode::NotDirectory.into());
        }
        if self.made == Some(id(&found)) {
            return Err(ErrorCode::Invalid.into());
        }
        let dir = self.from.open_dir(&path)?;
        // It may be entered by others when it is whole, and by those who may enter the old one.
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        self.into.create_dir_with(to, &builder)?;
        if self.made.is_none() {
            self.made = Some(id(&self.into.symlink_metadata(to)?));
        }
        self.levels.enter(&dir, path)?;
        self.permissions.push(ours(&found));
        Ok(())
    }

    /// Where the copy of something is.
    fn place(&self, path: &Path) -> PathBuf {
        let below: PathBuf = path.components().skip(1).collect();
        if below.as_os_str().is_empty() {
            self.name.clone()
        } else {
            self.name.join(below)
        }
    }
}

/// The permissions that a copy has: nobody becomes somebody else by it.
fn ours(of: &Metadata) -> Permissions {
    Permissions::from_mode(of.permissions().mode() & 0o777)
}

impl Half {
    fn new(dir: &Dir, path: &Path, into: &Arc<Dir>, to: PathBuf) -> Result<Self> {
        let from = file::open(dir, path)?;
        let found = Metadata::from_file(&from)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = into.open_with(&to, &options)?.into_std();
        Ok(Self {
            from,
            to: file,
            into: Arc::clone(into),
            path: to,
            permissions: ours(&found),
            whole: false,
        })
    }

    /// Copies some more, and gives how much.
    fn go_on(&mut self) -> Result<u64> {
        let copied = io::copy(&mut (&self.from).take(STEP_BYTES), &mut &self.to)?;
        if copied < STEP_BYTES {
            let to = cap_std::fs::File::from_std(self.to.try_clone()?);
            to.set_permissions(self.permissions.clone())?;
            self.whole = true;
        }
        Ok(copied)
    }
}
