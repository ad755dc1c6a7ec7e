//! Sends a text to `ADDRESS:PORT` as one datagram.

use std::net::UdpSocket;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(text)) = (args.next(), args.next()) else {
        panic!("usage: udp-send ADDRESS:PORT TEXT");
    };
    let any = if address.starts_with('[') {
        "[::]:0"
    } else {
        "0.0.0.0:0"
    };
    match UdpSocket::bind(any).and_then(|socket| socket.send_to(text.as_bytes(), &address)) {
        Ok(count) => {
            println!("sent {count} bytes to {address}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cannot send to {address}: {:?}", error.kind());
            ExitCode::FAILURE
        }
    }
}
