//! `ws-watch URL [TEXT...]`: connects within 2 s, sends the texts, and prints what happens until the connection has ended.

use std::process::ExitCode;
use std::time::Duration;

use loop_guest::websocket::{Connect, Event, Message};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let url = args.next().unwrap_or_default();
    let connection = match Connect::new().timeout(Duration::from_secs(2)).open(&url) {
        Ok(connection) => connection,
        Err(error) => {
            println!("not connected: {error:?}");
            return ExitCode::FAILURE;
        }
    };
    println!("connected");
    for text in args {
        if let Err(error) = connection.send(text) {
            println!("not sent: {}", error.name());
        }
    }
    loop {
        match connection.next(None) {
            Ok(Event::Message(Message::Text(text))) => println!("text {text}"),
            Ok(Event::Message(Message::Binary(bytes))) => println!("{} bytes", bytes.len()),
            Ok(Event::Closed(closing)) => {
                println!("closed {} {}", closing.code, closing.reason);
                return ExitCode::SUCCESS;
            }
            Err(error) => println!("{}", error.name()),
        }
    }
}
