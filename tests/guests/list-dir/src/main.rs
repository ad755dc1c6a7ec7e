//! Lists the folder whose path it is given, in order, folders with a `/` after the name.

use std::io;
use std::process::ExitCode;

fn names(path: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
        names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(names)
}

fn main() -> ExitCode {
    let path = std::env::args().nth(1).expect("usage: list-dir PATH");
    match names(&path) {
        Ok(names) => {
            names.iter().for_each(|name| println!("{name}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cannot list {path}: {:?}", error.kind());
            ExitCode::FAILURE
        }
    }
}
