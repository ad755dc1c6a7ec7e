//! Fetches the URL that it is given by `wasi:http`, and prints what comes.

use std::io;
use std::process::ExitCode;

use loop_guest::http::{self, Error, StatusCode};

fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: http-client URL");
        return ExitCode::from(2);
    };
    match fetch(&url) {
        Ok(StatusCode::OK) => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("{url} answers with status {}", status.as_u16());
            ExitCode::FAILURE
        }
        Err(reason) => {
            eprintln!("cannot fetch {url}: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the page, if there is one, and gives the status.
fn fetch(url: &str) -> Result<StatusCode, Error> {
    let response = http::get(url)?;
    let status = response.status();
    if status == StatusCode::OK {
        // However large it is: it goes from the server to the output in pieces.
        io::copy(&mut response.into_body(), &mut io::stdout())?;
    }
    Ok(status)
}
