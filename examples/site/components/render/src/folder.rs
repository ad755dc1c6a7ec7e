//! Reads the Markdown files below a folder.

use loop_guest::fsx::{DescriptorType, Error, Root};
use loop_guest::log;

/// The most files that are read. A site of more wants a store, and not a copy in memory.
const FILES_MAX: usize = 5_000;

/// The largest file that is read, in bytes. A page of 1 MiB is a book; what is larger is something else.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The longest path of a page, in bytes: it is a key of the index, and providers of keys and values take no longer one.
const PATH_BYTES_MAX: usize = 1024;

/// A Markdown file.
pub struct File {
    /// Its path below the folder, with `/` and without `.md`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// All Markdown files below a folder, by path. What is hidden or a link is left out; so is, with a record, what is too large or not text.
///
/// # Errors
///
/// When the folder cannot be searched.
pub fn read(folder: &Root) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for entry in folder.glob("**/*.md")? {
        let entry = entry?;
        let hidden = entry.path.split('/').any(|name| name.starts_with('.'));
        let Some(page) = entry.path.strip_suffix(".md").filter(|_| !hidden) else {
            continue;
        };
        if entry.kind != DescriptorType::RegularFile {
            continue;
        }
        if page.len() > PATH_BYTES_MAX {
            log::warn!(path = &entry.path; "left out a file with a path of more than {PATH_BYTES_MAX} bytes");
            continue;
        }
        if files.len() >= FILES_MAX {
            log::warn!(path = &entry.path; "left out what comes after the first {FILES_MAX} files");
            break;
        }
        match read_file(folder, &entry.path) {
            Ok(text) => files.push(File {
                path: page.to_owned(),
                text,
            }),
            Err(error) => log::warn!(path = &entry.path; "left out a file: {error}"),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read_file(folder: &Root, path: &str) -> Result<String, Error> {
    if folder.stat(path)?.size > FILE_BYTES_MAX {
        return Err(Error::TooLarge(FILE_BYTES_MAX));
    }
    folder.read_to_string(path)
}
