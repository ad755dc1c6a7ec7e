//! Writes a text to the file whose path it is given.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(path), Some(text)) = (args.next(), args.next()) else {
        panic!("usage: write-file PATH TEXT");
    };
    match std::fs::write(&path, &text) {
        Ok(()) => {
            println!("wrote {} bytes to {path}", text.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cannot write {path}: {:?}", error.kind());
            ExitCode::FAILURE
        }
    }
}
