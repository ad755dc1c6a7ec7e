//! Ctrl-C, wherever it comes.

use std::io::Write;
use std::net::TcpStream;

use rustix::process::Signal;

use crate::sandbox::Running;
use crate::serving::{get, serve};
use crate::{Sandbox, guest};

#[test]
fn in_the_middle_of_a_command() {
    let sandbox = Sandbox::new();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let args = ["run", &guest("block-forever"), "--audit", "audit.jsonl"];
        let mut running = Running::start(&mut sandbox.command(&args));
        running.wait_for_stdout("blocking");
        running.signal(signal);
        let output = running.finish();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{}",
            Sandbox::show(&output)
        );
    }
}

#[test]
fn what_was_learned_until_then_is_told() {
    let sandbox = Sandbox::new();
    let args = ["run", &guest("block-forever"), "--learn"];
    let mut running = Running::start(&mut sandbox.command(&args));
    running.wait_for_stdout("blocking");
    running.signal(Signal::INT);
    running.wait_for("the least that this run needed:");
    let output = running.finish();
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        Sandbox::show(&output)
    );
}

#[test]
fn a_second_one_ends_at_once() {
    let sandbox = Sandbox::new();
    let mut running = serve(&sandbox, "http-p2");
    let address = running.address();
    let mut endless = TcpStream::connect(&address).unwrap();
    write!(endless, "GET /spin HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
    assert!(
        get(&address, "/hello").starts_with("HTTP/1.1 200"),
        "it serves both"
    );
    running.signal(Signal::INT);
    // It listens no longer, and waits for the request that does not end.
    while TcpStream::connect(&address).is_ok() {
        std::thread::yield_now();
    }
    running.signal(Signal::INT);
    let output = running.finish();
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        Sandbox::show(&output)
    );
}

#[test]
fn in_the_middle_of_a_build() {
    let sandbox = Sandbox::new();
    // The build waits for ever in here.
    sandbox.component("slow", "fn main() { println!(\"built\"); }\n");
    sandbox.write(
        "slow/build.rs",
        "fn main() { loop { std::thread::park(); } }\n",
    );
    let mut running = Running::start(&mut sandbox.builder(&["build", "slow"]));
    running.wait_for("building slow");
    running.signal(Signal::INT);
    let output = running.finish();
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        Sandbox::show(&output)
    );
    // Nothing is left broken, and nothing is left running that holds a lock.
    std::fs::remove_file(sandbox.path("slow/build.rs")).unwrap();
    let shown = sandbox.build(&["run", "slow"]);
    assert!(
        shown.starts_with("exit code 0\n--- stdout\nbuilt\n"),
        "{shown}"
    );
}
