//! Prints without end: to standard output, or to standard error when it is given `stderr`.

use std::io::{self, Write};
use std::process::ExitCode;

fn flood(mut output: impl Write) -> io::Error {
    let line = [b"flood ".repeat(170), b"\n".to_vec()].concat();
    loop {
        if let Err(error) = output.write_all(&line) {
            return error;
        }
    }
}

fn main() -> ExitCode {
    let error = match std::env::args().nth(1).as_deref() {
        Some("stderr") => flood(io::stderr()),
        _ => flood(io::stdout().lock()),
    };
    // Only the other stream can still carry this.
    let _ = writeln!(io::stderr(), "refused: {:?}", error.kind());
    ExitCode::FAILURE
}
