//! `grpc-try URL MESSAGE... [then URL MESSAGE...]`: calls a method within 2 s, sends the messages, and prints what happens until the call has ended.

use std::process::ExitCode;
use std::time::Duration;

use loop_guest::grpc::{Event, Method};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    for call in args.split(|arg| arg == "then") {
        let (url, messages) = call.split_first().expect("usage: grpc-try URL MESSAGE...");
        if !try_one(url, messages) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn try_one(url: &str, messages: &[String]) -> bool {
    let call = match Method::new(url).timeout(Duration::from_secs(2)).start() {
        Ok(call) => call,
        Err(error) => {
            println!("not begun: {error:?}");
            return false;
        }
    };
    for message in messages {
        if let Err(error) = call.send(message) {
            println!("not sent: {}", error.name());
        }
    }
    call.finish();
    loop {
        match call.next(None) {
            Ok(Event::Answered(_)) => println!("answered"),
            Ok(Event::Message(message)) => println!("{}", String::from_utf8_lossy(&message)),
            Ok(Event::Ended(Ok(_))) => {
                println!("ended");
                return true;
            }
            Ok(Event::Ended(Err(status))) => {
                println!("failed: {:?} {}", status.code, status.message);
                return false;
            }
            Err(error) => println!("{}", error.name()),
        }
    }
}
