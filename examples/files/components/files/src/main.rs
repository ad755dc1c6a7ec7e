//! Counts the words of each note in the folder `notes`, prints the numbers, and writes them to `notes/summary.txt`.
//!
//! `notes` is the name that the grant gives to a folder of the host. The component sees that folder, under that name,
//! and nothing else.

use std::fmt::Write;
use std::fs;
use std::io;
use std::process::ExitCode;

const FOLDER: &str = "notes";
const SUMMARY: &str = "summary.txt";

fn main() -> ExitCode {
    match summarize() {
        Ok(summary) => {
            print!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn summarize() -> Result<String, String> {
    let mut summary = String::new();
    for name in notes().map_err(|error| format!("cannot list {FOLDER}: {error}"))? {
        let path = format!("{FOLDER}/{name}");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
        // Writing to a string cannot fail.
        let _ = writeln!(summary, "{name}: {} words", text.split_whitespace().count());
    }
    let path = format!("{FOLDER}/{SUMMARY}");
    fs::write(&path, &summary).map_err(|error| format!("cannot write {path}: {error}"))?;
    Ok(summary)
}

/// The names of the notes, in order, without the summary of an earlier run.
fn notes() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(FOLDER)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".txt") && name != SUMMARY {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
