//! Listens on `ADDRESS:PORT`, and sends what the first caller says back to it.

use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;

fn echo_once(address: &str) -> io::Result<u64> {
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    io::stdout().flush()?;
    let (stream, _) = listener.accept()?;
    io::copy(&mut &stream, &mut &stream)
}

fn main() -> ExitCode {
    let address = std::env::args()
        .nth(1)
        .expect("usage: tcp-listen ADDRESS:PORT");
    match echo_once(&address) {
        Ok(count) => {
            println!("sent {count} bytes back");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cannot listen on {address}: {:?}", error.kind());
            ExitCode::FAILURE
        }
    }
}
