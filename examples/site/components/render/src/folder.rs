//! Reads the Markdown files below a folder.

use std::fs;
use std::io::{self, ErrorKind};

use loop_guest::log;

/// The most files that are read. A site of more wants a store, and not a copy in memory.
const FILES_MAX: usize = 5_000;

/// How deep folders are followed: deeper than people sort pages, and an end for what has none.
const DEPTH_MAX: usize = 16;

/// The largest file that is read, in bytes. A page of 1 MiB is a book; what is larger is something else.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A Markdown file.
pub struct File {
    /// Its path below the folder, with `/` and without `.md`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// All Markdown files below a folder, by path. What is too large, too deep or not text is left out, with a record.
///
/// # Errors
///
/// When the folder, or one in it, cannot be listed.
pub fn read(folder: &str) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    walk(folder, "", 0, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(folder: &str, below: &str, depth: usize, files: &mut Vec<File>) -> io::Result<()> {
    if depth > DEPTH_MAX {
        log::warn!(path = below; "left out a folder that is too deep");
        return Ok(());
    }
    for entry in fs::read_dir(format!("{folder}/{below}"))? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let path = format!("{below}{name}");
        // Symbolic links are neither folders nor files here, and are left out.
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(folder, &format!("{path}/"), depth + 1, files)?;
        } else if let Some(page) = path.strip_suffix(".md").filter(|_| kind.is_file()) {
            if files.len() >= FILES_MAX {
                log::warn!(path = &path; "left out a file beyond the first {FILES_MAX}");
                continue;
            }
            match read_file(&format!("{folder}/{path}")) {
                Ok(text) => files.push(File {
                    path: page.to_owned(),
                    text,
                }),
                Err(error) => log::warn!(path = &path; "left out a file: {error}"),
            }
        }
    }
    Ok(())
}

fn read_file(path: &str) -> io::Result<String> {
    if fs::metadata(path)?.len() > FILE_BYTES_MAX {
        return Err(ErrorKind::FileTooLarge.into());
    }
    fs::read_to_string(path)
}
