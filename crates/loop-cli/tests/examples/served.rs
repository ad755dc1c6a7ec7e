//! Both ends of HTTP on this machine: an app that serves, and a server that an app asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long an answer may take. Compiling comes before an app says that it serves.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// An address that nothing listened on a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// A `loop run` that serves.
pub(crate) struct Served {
    child: Child,
    said: JoinHandle<String>,
    pub(crate) address: SocketAddr,
}

impl Served {
    /// Starts it, and waits until it serves.
    ///
    /// # Errors
    /// With what it said, if it ends before.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, serving): (_, Receiver<SocketAddr>) = channel();
        let said = thread::spawn(move || {
            let mut said = String::new();
            for line in stderr.lines().map_while(Result::ok) {
                let address = line
                    .strip_prefix("serving http://")
                    .and_then(|rest| rest.split('/').next()?.parse().ok());
                if let Some(address) = address {
                    // Nobody waits for a second one.
                    let _ = sender.send(address);
                }
                said.extend([line.as_str(), "\n"]);
            }
            said
        });
        let Ok(address) = serving.recv() else {
            child.wait().unwrap();
            return Err(said.join().unwrap());
        };
        Ok(Self {
            child,
            said,
            address,
        })
    }

    /// The number that the system gives its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        ask(self.address, "GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Answer {
        ask(self.address, "POST", path)
    }

    /// Ends it, and gives what it said.
    pub(crate) fn stop(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let said = std::mem::replace(&mut self.said, thread::spawn(String::new));
        said.join().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Either fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body as it was sent: with the sizes of its chunks, if it came in chunks.
    pub(crate) body: String,
}

fn ask(address: SocketAddr, method: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(ANSWER_LIMIT)).unwrap();
    let length = if method == "GET" {
        ""
    } else {
        "content-length: 0\r\n"
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{length}\r\n"
    )
    .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        body: body.to_owned(),
    }
}

/// Serves the files of a folder until the test ends, as `python3 -m http.server` does.
pub(crate) fn file_server(folder: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // Who goes away before the answer is not served.
            let _ = answer(stream, &folder);
        }
    });
    address
}

fn answer(stream: std::io::Result<TcpStream>, folder: &std::path::Path) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default();
    let file = std::fs::read(folder.join(path.trim_start_matches('/')));
    let (status, body) = match file {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let stream = stream.get_mut();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )?;
    stream.write_all(&body)
}
