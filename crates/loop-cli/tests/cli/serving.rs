//! HTTP servers: the grant that they need, the port, and an end in order.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::sandbox::Running;
use crate::{Sandbox, guest};

/// Any port of this machine.
const GRANT: &str = "net.listen = [\"127.0.0.1:*\"]";

/// Starts a guest on a port that the system chooses.
pub(crate) fn serve(sandbox: &Sandbox, name: &str) -> Running {
    let guest = guest(name);
    let args = [
        "run",
        guest.as_str(),
        "--grant",
        GRANT,
        "--listen",
        "127.0.0.1:0",
    ];
    Running::start(&mut sandbox.command(&args))
}

pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn both_versions_answer_and_end_in_order() {
    let sandbox = Sandbox::new();
    for (name, signal) in [("http-p2", Signal::INT), ("http-p3", Signal::TERM)] {
        let mut running = serve(&sandbox, name);
        let address = running.address();
        let answer = get(&address, "/hello");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("hello from WASI 0."), "{answer}");
        running.signal(signal);
        let output = running.finish();
        assert_eq!(output.status.code(), Some(0), "{}", Sandbox::show(&output));
    }
}

#[test]
fn a_failing_request_is_told_once() {
    let sandbox = Sandbox::new();
    let mut running = serve(&sandbox, "http-p2");
    let address = running.address();
    for _ in 0..3 {
        assert!(get(&address, "/trap").starts_with("HTTP/1.1 500"));
    }
    assert!(
        get(&address, "/hello").starts_with("HTTP/1.1 200"),
        "the server lives on"
    );
    running.signal(Signal::INT);
    let shown = Sandbox::show(&running.finish());
    assert_eq!(shown.matches("error: ").count(), 1, "{shown}");
    assert!(shown.contains("error: `http-p2` trapped: "), "{shown}");
}

#[test]
fn no_address_is_granted() {
    let sandbox = Sandbox::new();
    let guest = guest("http-p2");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", &guest]), @r#"
        exit code 112
        --- stderr
        error: `http-p2` serves HTTP, and is granted no address to listen on
        hint: to allow it: --grant 'net.listen = ["127.0.0.1:8080"]'
        "#);
        assert_snapshot!(sandbox.run(&["run", &guest, "--listen", "127.0.0.1:8080"]), @r#"
        exit code 112
        --- stderr
        denied: `http-p2` may not listen on 127.0.0.1:8080 over tcp: `net.listen` has no entry for it
        hint: to allow it: --grant 'net.listen = ["127.0.0.1:8080"]'
        "#);
        assert_snapshot!(sandbox.run(&["run", &guest, "--listen", "127.0.0.1:8080", "-q"]), @r#"
        exit code 112
        --- stderr
        error: `http-p2` may not listen on 127.0.0.1:8080
        hint: to allow it: --grant 'net.listen = ["127.0.0.1:8080"]'
        "#);
        assert_snapshot!(sandbox.run(&["run", &guest, "--grant", GRANT]), @"
        exit code 2
        --- stderr
        error: `http-p2` may listen on `127.0.0.1:*`, which leaves the port open
        hint: name it: `--listen 127.0.0.1:8080`
        ");
        assert_snapshot!(sandbox.run(&["run", &guest, "--listen", "here"]), @"
        exit code 2
        --- stderr
        error: `here` is not an address
        hint: an address looks like 127.0.0.1:8080 or :8080
        ");
    });
}

#[test]
fn a_port_that_is_in_use() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let shown = sandbox.run(&[
        "run",
        &guest("http-p2"),
        "--grant",
        GRANT,
        "--listen",
        &address,
    ]);
    sandbox.filtered(|| {
        assert_snapshot!(shown, @"
        exit code 116
        --- stderr
        error: cannot listen on 127.0.0.1:[PORT]
          caused by: Address already in use (os error 98)
        hint: end the program that listens there, or name another address with `--listen`
        ");
    });
}

#[test]
fn a_command_that_is_to_listen() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&[
        "run",
        &guest("hello"),
        "--grant",
        GRANT,
        "--listen",
        "127.0.0.1:0",
    ]);
    sandbox.filtered(|| assert_snapshot!(shown, @"
    exit code 2
    --- stderr
    error: `hello` exports no HTTP handler
    hint: `--listen` is for components that export `wasi:http/incoming-handler` or `wasi:http/handler`
    "));
}
