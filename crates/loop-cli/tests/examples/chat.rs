//! The chat: who is in a room hears what is said there, and what was said before.

use std::net::TcpStream;

use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Error, HandshakeError, Message, WebSocket};

use crate::copy::Example;
use crate::readme::blocks;
use crate::served::{Served, free_address};

/// Enters as the page does, or says with which status that is refused.
fn enter(served: &Served, path: &str, origin: &str) -> Result<WebSocket<TcpStream>, u16> {
    let url = format!("ws://{}{path}", served.address);
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("origin", origin.parse().unwrap());
    let stream = TcpStream::connect(served.address).unwrap();
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

fn hears(socket: &mut WebSocket<TcpStream>, line: &str) {
    assert_eq!(socket.read().unwrap(), Message::text(line));
}

#[test]
fn what_was_said_is_heard_now_and_later() {
    let example = Example::new("chat");
    let readme = example.read("README.md");
    assert_eq!(blocks(&readme, "sh"), ["loop run chat\n"]);
    let manifest = example.read("loop.toml");
    for quoted in blocks(&readme, "toml") {
        assert!(manifest.contains(&quoted), "{quoted}");
    }
    let address = free_address().to_string();
    assert!(readme.contains("<http://127.0.0.1:8080>"));
    example.write("loop.toml", &manifest.replace("127.0.0.1:8080", &address));
    example.build(&[]);
    let start = || Served::start(&mut example.command(&["run", "chat"])).unwrap();

    let served = start();
    let here = format!("http://{address}");
    let page = served.get("/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("new WebSocket("), "{}", page.body);

    let mut ann = enter(&served, "/rooms/lobby?name=Ann", &here).unwrap();
    let mut bob = enter(&served, "/rooms/lobby?name=Bob%20B", &here).unwrap();
    let mut eve = enter(&served, "/rooms/other?name=Eve", &here).unwrap();
    ann.send(Message::text("hello")).unwrap();
    for socket in [&mut ann, &mut bob] {
        hears(socket, "Ann: hello");
    }
    bob.send(Message::text("good\nmorning")).unwrap();
    for socket in [&mut ann, &mut bob] {
        hears(socket, "Bob B: good morning");
    }
    eve.send(Message::text("alone")).unwrap();
    hears(&mut eve, "Eve: alone");

    let refused = |path: &str, origin: &str| enter(&served, path, origin).err();
    let elsewhere = "http://elsewhere.example";
    assert_eq!(refused("/rooms/lobby?name=Ann", elsewhere), Some(403));
    assert_eq!(refused("/rooms/lobby", &here), Some(404));
    assert_eq!(refused("/", &here), Some(404));

    served.stop();
    let served = start();
    let mut ann = enter(&served, "/rooms/lobby?name=Ann", &here).unwrap();
    hears(&mut ann, "Ann: hello");
    hears(&mut ann, "Bob B: good morning");
}
