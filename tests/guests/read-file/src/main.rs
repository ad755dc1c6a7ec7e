//! Prints the file whose path it is given.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let path = std::env::args().nth(1).expect("usage: read-file PATH");
    match std::fs::read(&path) {
        Ok(bytes) => {
            io::stdout()
                .write_all(&bytes)
                .expect("standard output takes the file");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cannot read {path}: {:?}", error.kind());
            ExitCode::FAILURE
        }
    }
}
