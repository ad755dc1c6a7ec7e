//! `dns-try NAME [PORT]`: prints the addresses of a name, and with a port what comes of connecting to the first.

use std::net::TcpStream;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let found = match loop_guest::dns::resolve(&name) {
        Ok(found) => found,
        Err(error) => {
            println!("cannot resolve {name}: {}", error.name());
            return ExitCode::FAILURE;
        }
    };
    for address in &found {
        println!("{address}");
    }
    if let (Some(address), Some(port)) = (found.first(), args.next()) {
        let port = port.parse().unwrap_or_default();
        match TcpStream::connect((*address, port)) {
            Ok(_) => println!("connected"),
            Err(error) => println!("not connected: {:?}", error.kind()),
        }
    }
    ExitCode::SUCCESS
}
