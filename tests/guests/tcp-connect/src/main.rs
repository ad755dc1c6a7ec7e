//! Connects to `HOST:PORT`, sends a text if it is given one, and prints what comes back.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;

fn talk(address: &str, text: Option<String>) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    println!("connected to {address}");
    let mut reply = String::new();
    if let Some(text) = text {
        stream.write_all(text.as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        stream.read_to_string(&mut reply)?;
    }
    Ok(reply)
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let address = args.next().expect("usage: tcp-connect HOST:PORT [TEXT]");
    match talk(&address, args.next()) {
        Ok(reply) => {
            print!("{reply}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cannot connect to {address}: {:?}", error.kind());
            ExitCode::FAILURE
        }
    }
}
