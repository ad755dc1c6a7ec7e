//! Small things done to files: written whole or not at all, and told apart by what the system knows of them.

use std::fs::{self, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What the system knows of a file without reading it. Equal facts mean equal content, unless somebody set the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    size: u64,
    /// Nanoseconds since 1970.
    modified: u64,
    /// The same for the inode, which also notices a file put in another's place with an old time; 0 where there is none.
    changed: u64,
}

impl Facts {
    /// The facts of the file, or none where there is no such file.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path)
            .ok()
            .map(|metadata| Self::from_metadata(&metadata))
    }

    pub(crate) fn from_metadata(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: modified(metadata),
            changed: changed(metadata),
        }
    }

    /// Whether the file was written at this time or later.
    pub(crate) fn since(&self, nanoseconds: u64) -> bool {
        self.modified >= nanoseconds
    }

    /// The size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// When the file was written.
    pub(crate) fn modified(&self) -> u64 {
        self.modified
    }
}

fn modified(metadata: &Metadata) -> u64 {
    metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .and_then(|time| u64::try_from(time.as_nanos()).ok())
        .unwrap_or(0)
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let seconds = u64::try_from(metadata.ctime()).unwrap_or(0);
    let nanoseconds = u64::try_from(metadata.ctime_nsec()).unwrap_or(0);
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(nanoseconds)
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> u64 {
    0
}

/// Puts a file in place in one step: a reader sees the old content or the new, also after a crash in between.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".writing-")
        .tempfile_in(folder)?;
    file.write_all(content)?;
    set_public(file.path())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Copies a file and puts the copy in place in one step.
pub(crate) fn copy_atomically(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new()
        .prefix(".writing-")
        .tempfile_in(folder)?;
    let mut source = fs::File::open(from)?;
    io::copy(&mut source, &mut temporary.as_file())?;
    set_public(temporary.path())?;
    temporary.persist(to).map_err(|error| error.error)?;
    Ok(())
}

/// The same for a folder.
#[cfg(unix)]
pub(crate) fn set_public_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
pub(crate) fn set_public_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Temporary files are made for the user's eyes only; what is put in place is for whoever may enter the folder.
#[cfg(unix)]
fn set_public(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_public(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether the file begins as a component does. A core module differs in the layer, the last two of eight bytes.
pub(crate) fn is_component(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    fs::File::open(path)?.take(8).read_to_end(&mut start)?;
    Ok(start.starts_with(b"\0asm") && start.ends_with(&[0x01, 0x00]) && start.len() == 8)
}

/// The files below a folder, without those that no build reads: hidden ones, `target` and `node_modules`.
///
/// A folder that is a package of its own is left out, for it is walked as one where it matters.
pub(crate) fn walk(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for path in entries(&folder)? {
            if !path.is_dir() {
                found.push(path);
            } else if !path.join("Cargo.toml").exists() {
                open.push(path);
            }
        }
    }
    Ok(found)
}

/// All files below a folder.
pub(crate) fn walk_all(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let into = if entry.file_type()?.is_dir() {
                &mut open
            } else {
                &mut found
            };
            into.push(entry.path());
        }
    }
    Ok(found)
}

/// The folders below a folder, with the same left out.
pub(crate) fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let inside = entries(&folder).unwrap_or_default();
        let inside: Vec<PathBuf> = inside.into_iter().filter(|path| path.is_dir()).collect();
        found.extend(inside.iter().cloned());
        open.extend(inside);
    }
    found
}

/// What stands in a folder. Links are followed, as a compiler follows them; one in a circle ends as a path that is too long.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let unread =
            name.as_encoded_bytes().starts_with(b".") || name == "target" || name == "node_modules";
        if !unread {
            found.push(entry.path());
        }
    }
    Ok(found)
}
