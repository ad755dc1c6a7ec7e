//! Whole files and parts of them: how they are opened, read and replaced.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};

use crate::fsx::bindings::loop_::fsx::files::{Error, ErrorCode};
use crate::fsx::error::Result;

/// The longest path, in bytes: the system's own limit, so that another provider has the same.
pub(crate) const PATH_BYTES_MAX: usize = 4_096;

/// The most that is read at once, in bytes: 16 MiB. It stands in the host's memory and in the component's at the same time, and a quarter
/// of it or so is where reading more at once stops being quicker.
pub(crate) const READ_BYTES_MAX: u64 = 16 << 20;

/// How temporary files are called, so that a person who finds one knows where it came from.
pub(crate) const TEMP_PREFIX: &str = ".loop-fsx-";

/// How often another name is tried for a temporary file. Two names of 64 random bits are hardly ever the same.
const NAMES_MAX: usize = 8;

/// A path as the folder takes it.
///
/// # Errors
/// It is too long, or has a zero byte.
pub(crate) fn path(text: &str) -> Result<&Path> {
    if text.len() > PATH_BYTES_MAX {
        return Err(ErrorCode::NameTooLong.into());
    }
    if text.contains('\0') {
        return Err(ErrorCode::Invalid.into());
    }
    Ok(Path::new(if text.is_empty() { "." } else { text }))
}

/// Opens a regular file for reading.
///
/// # Errors
/// What the system says; `is-directory` and `unsupported` for what is none.
pub(crate) fn open(dir: &Dir, path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    // Whoever opens a pipe waits for its other end; so asked, it is opened at once, and refused below.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    options.read(true).custom_flags(flags);
    let file = dir.open_with(path, &options)?.into_std();
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        Ok(file)
    } else if kind.is_dir() {
        Err(ErrorCode::IsDirectory.into())
    } else {
        Err(ErrorCode::Unsupported.into())
    }
}

/// A whole file.
pub(crate) fn read(dir: &Dir, path: &Path) -> Result<Vec<u8>> {
    let file = open(dir, path)?;
    let size = file.metadata()?.len();
    if size > READ_BYTES_MAX {
        return Err(Error::TooLarge(READ_BYTES_MAX));
    }
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // It may grow meanwhile, and some systems' files have no size.
    file.take(READ_BYTES_MAX + 1).read_to_end(&mut content)?;
    if content.len() as u64 > READ_BYTES_MAX {
        return Err(Error::TooLarge(READ_BYTES_MAX));
    }
    Ok(content)
}

/// A part of a file, which ends with the file.
pub(crate) fn read_range(file: &File, offset: u64, length: u32) -> Result<Vec<u8>> {
    if u64::from(length) > READ_BYTES_MAX {
        return Err(Error::TooLarge(READ_BYTES_MAX));
    }
    let mut content = vec![0; length as usize];
    let mut filled = 0;
    // The system counts in signed numbers up to the end of what is asked for, and no file reaches so far.
    while let Some(rest) = content.get_mut(filled..).filter(|rest| !rest.is_empty())
        && let Some(end) = offset.checked_add(u64::from(length))
        && i64::try_from(end).is_ok()
    {
        let at = offset + filled as u64;
        match file.read_at(rest, at) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    content.truncate(filled);
    Ok(content)
}

/// The place of a file: the folder that it is in, opened, and its name there.
///
/// # Errors
/// The path names a folder, or the folder cannot be opened.
pub(crate) fn place<'a>(dir: &Dir, path: &'a Path) -> Result<(Dir, &'a Path)> {
    let text = path.as_os_str().as_encoded_bytes();
    let (true, Some(name)) = (
        !text.ends_with(b"/") && !text.ends_with(b"/."),
        path.file_name(),
    ) else {
        // To say where it leads is for the folder.
        dir.metadata(path)?;
        return Err(ErrorCode::IsDirectory.into());
    };
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = dir.open_dir(parent.unwrap_or(Path::new(".")))?;
    Ok((folder, Path::new(name)))
}

/// Replaces a file by one with this content. It is the old one until all of it is on the disk.
pub(crate) fn write(dir: &Dir, path: &Path, content: &[u8]) -> Result<()> {
    let (folder, name) = place(dir, path)?;
    let (temp, mut file) = create_temp(&folder)?;
    let done = file
        .write_all(content)
        .map_err(Error::from)
        .and_then(|()| put(&folder, &temp, &file, &folder, name));
    if done.is_err() {
        // If it took its place already, there is none of this name.
        let _ = folder.remove_file(&temp);
    }
    done
}

/// Makes an empty file in a folder, under a name of its own.
pub(crate) fn create_temp(folder: &Dir) -> Result<(String, File)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    for _ in 0..NAMES_MAX {
        let number = getrandom::u64().map_err(|_| ErrorCode::Io)?;
        let name = format!("{TEMP_PREFIX}{number:016x}");
        match folder.open_with(&name, &options) {
            Ok(file) => return Ok((name, file.into_std())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ErrorCode::Exist.into())
}

/// Lets a temporary file take its place.
///
/// # Errors
/// Nothing was moved, unless it is the last step that fails: that brings the folder to the disk.
pub(crate) fn put(from: &Dir, temp: &str, file: &File, to: &Dir, name: &Path) -> Result<()> {
    match to.symlink_metadata(name) {
        Ok(old) if old.is_dir() => return Err(ErrorCode::IsDirectory.into()),
        Ok(old) if old.is_file() => {
            let from_cap = cap_std::fs::File::from_std(file.try_clone()?);
            from_cap.set_permissions(old.permissions())?;
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    file.sync_all()?;
    from.rename(temp, to, name)?;
    sync_folder(to)
}

/// Brings a folder's entries to the disk.
fn sync_folder(folder: &Dir) -> Result<()> {
    folder.open(".")?.sync_all()?;
    Ok(())
}
