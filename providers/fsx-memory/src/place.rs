//! Where a path leads, as a system's folders would say it.

use crate::Result;
use crate::bindings::files::ErrorCode;
use crate::tree::{File, Folder, Node};

/// The longest path, and the longest of its parts, in bytes: what Linux has.
const PATH_BYTES_MAX: usize = 4_096;
const NAME_BYTES_MAX: usize = 255;

/// The names on the way from a root, without dots.
pub(crate) type Names = Vec<String>;

/// The way that a path stands for. Each part before the last is a folder; the last may be anything, or nothing.
pub(crate) fn names(top: &Folder, path: &str) -> Result<Names> {
    check(path)?;
    let mut names = Names::new();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        step(&mut names, part)?;
        // What something follows, be it a dot, is a folder.
        if parts.peek().is_some() {
            folder(top, &names)?;
        }
    }
    Ok(names)
}

/// Goes on by one part of a path.
pub(crate) fn step(names: &mut Names, part: &str) -> Result<()> {
    match part {
        "" | "." => {}
        ".." => {
            names.pop().ok_or(ErrorCode::NotPermitted)?;
        }
        name if name.len() > NAME_BYTES_MAX => return Err(ErrorCode::NameTooLong.into()),
        name => names.push(name.to_owned()),
    }
    Ok(())
}

/// Whether it is a path of this root at all.
pub(crate) fn check(path: &str) -> Result<()> {
    if path.len() > PATH_BYTES_MAX {
        Err(ErrorCode::NameTooLong.into())
    } else if path.contains('\0') {
        Err(ErrorCode::Invalid.into())
    } else if path.starts_with('/') {
        Err(ErrorCode::NotPermitted.into())
    } else {
        Ok(())
    }
}

/// The place of a file: the way to its folder, which is there, and its name.
pub(crate) fn place(top: &Folder, path: &str) -> Result<(Names, String)> {
    let mut names = names(top, path)?;
    let last = path.rsplit('/').next().unwrap_or_default();
    match (last, names.pop()) {
        ("" | "." | "..", _) | (_, None) => Err(ErrorCode::IsDirectory.into()),
        (_, Some(name)) => Ok((names, name)),
    }
}

/// What is at the end of a way; nothing for the root itself.
pub(crate) fn node<'a>(top: &'a Folder, names: &[String]) -> Result<Option<&'a Node>> {
    let Some((name, way)) = names.split_last() else {
        return Ok(None);
    };
    let node = folder(top, way)?.get(name);
    node.map(Some).ok_or(ErrorCode::NoEntry.into())
}

/// The file at the end of a way.
pub(crate) fn file<'a>(top: &'a Folder, names: &[String]) -> Result<&'a File> {
    match node(top, names)? {
        Some(Node::File(file)) => Ok(file),
        Some(Node::Folder(..)) | None => Err(ErrorCode::IsDirectory.into()),
    }
}

/// The folder at the end of a way.
pub(crate) fn folder<'a>(top: &'a Folder, names: &[String]) -> Result<&'a Folder> {
    names
        .iter()
        .try_fold(top, |folder, name| match folder.get(name) {
            Some(Node::Folder(folder, _)) => Ok(folder),
            Some(Node::File(_)) => Err(ErrorCode::NotDirectory.into()),
            None => Err(ErrorCode::NoEntry.into()),
        })
}

/// The same, to be changed.
pub(crate) fn folder_mut<'a>(top: &'a mut Folder, names: &[String]) -> Result<&'a mut Folder> {
    names
        .iter()
        .try_fold(top, |folder, name| match folder.get_mut(name) {
            Some(Node::Folder(folder, _)) => Ok(folder),
            Some(Node::File(_)) => Err(ErrorCode::NotDirectory.into()),
            None => Err(ErrorCode::NoEntry.into()),
        })
}

/// Puts a file into its place. A folder is not replaced.
pub(crate) fn put(top: &mut Folder, way: &[String], name: String, file: File) -> Result<()> {
    free(top, way, &name)?;
    folder_mut(top, way)?.insert(name, Node::File(file));
    Ok(())
}

/// Whether a file can take this place.
pub(crate) fn free(top: &Folder, way: &[String], name: &str) -> Result<()> {
    match folder(top, way)?.get(name) {
        Some(Node::Folder(..)) => Err(ErrorCode::IsDirectory.into()),
        Some(Node::File(_)) | None => Ok(()),
    }
}
