//! WebSockets between `loop run` and programs of other people: both ends are tungstenite's.

use std::net::{TcpListener, TcpStream};

use insta::assert_snapshot;
use rustix::process::Signal;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::sandbox::Running;
use crate::serving::{get, serve};
use crate::{Sandbox, guest};

fn connect(address: &str, path: &str) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    let url = format!("ws://{address}{path}");
    let (mut socket, _) = tungstenite::client(url, stream).unwrap();
    let welcome = socket.read().unwrap();
    assert_eq!(welcome, Message::text(format!("welcome to {path}")));
    socket
}

#[test]
fn a_component_that_serves() {
    let sandbox = Sandbox::new();
    let mut running = serve(&sandbox, "ws-serve");
    let address = running.address();
    let mut ann = connect(&address, "/room?as=ann");
    let mut bob = connect(&address, "/room?as=bob");
    ann.send(Message::text("echo")).unwrap();
    assert_eq!(ann.read().unwrap(), Message::text("echo"));
    ann.send(Message::text("all hello")).unwrap();
    for socket in [&mut ann, &mut bob] {
        assert_eq!(socket.read().unwrap(), Message::text("hello"));
    }
    assert!(get(&address, "/").ends_with("1\n"), "it serves pages too");

    bob.close(None).unwrap();
    running.wait_for_stdout("closed 1005 , 1 left");
    running.signal(Signal::INT);
    let Message::Close(Some(frame)) = ann.read().unwrap() else {
        panic!("it was not closed");
    };
    assert_eq!(u16::from(frame.code), 1001);
    let output = running.finish();
    assert_eq!(output.status.code(), Some(0), "{}", Sandbox::show(&output));
}

#[test]
fn a_component_that_connects() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut socket = tungstenite::accept(stream).unwrap();
        for _ in 0..2 {
            let message = socket.read().unwrap();
            socket.send(message).unwrap();
        }
        socket.close(None).unwrap();
        // Until the other side has agreed.
        while socket.read().is_ok() {}
    });
    let sandbox = Sandbox::new();
    let said = sandbox.run(&[
        "run",
        &guest("ws-watch"),
        "--grant",
        &format!("net.http = [\"ws://{address}\"]"),
        "--",
        &format!("ws://{address}/echo"),
        "one",
        "two",
    ]);
    server.join().unwrap();
    assert_snapshot!(said, @"
    exit code 0
    --- stdout
    connected
    text one
    text two
    closed 1005
    ");
}

/// What is called with a message is no `async` function, and who calls it waits: it must not wait by one.
#[test]
fn a_component_that_waits_where_nothing_may() {
    let sandbox = Sandbox::new();
    let guest = guest("ws-serve-async");
    // Nobody answers there.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", silent.local_addr().unwrap());
    let granted = format!("net = {{ listen = [\"127.0.0.1:*\"], http = [{url:?}] }}");
    let args = [
        "run",
        &guest,
        "--grant",
        &granted,
        "--listen",
        "127.0.0.1:0",
    ];
    let mut running = Running::start(&mut sandbox.command(&args));
    let address = running.address();
    let stream = TcpStream::connect(&address).unwrap();
    let (mut socket, _) = tungstenite::client(format!("ws://{address}/"), stream).unwrap();
    socket
        .send(Message::text(format!("ask {url} hello")))
        .unwrap();
    let said = running.wait_for("trapped");
    assert_snapshot!(said, @"error: `ws-serve-async` trapped: it waited by an `async` function, in a call of a function that is none");
}

#[test]
fn what_a_server_is() {
    let sandbox = Sandbox::new();
    let guest = guest("ws-serve");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", &guest]), @r#"
        exit code 112
        --- stderr
        error: `ws-serve` serves HTTP, and is granted no address to listen on
        hint: to allow it: --grant 'net.listen = ["127.0.0.1:8080"]'
        "#);
    });
}
