//! Servers that the components of the SDKs ask: one of HTTP, and one of WebSockets, which is tungstenite's.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use serde_json::json;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

/// Serves each connection in a thread of its own until the test ends.
fn serve(answer: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    address
}

/// A server of HTTP: `/echo` says what it was asked, `/mirror` gives the body back while it comes, and others misbehave by their names.
pub(crate) fn http() -> SocketAddr {
    serve(|stream| {
        // Who goes away before the answer is not served.
        let _ = answer(BufReader::new(stream));
    })
}

fn answer(mut stream: BufReader<TcpStream>) -> io::Result<()> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let header = |name: &str| {
        let lines = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        let values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        values.map(|(_, value)| value).collect::<Vec<_>>()
    };
    let length: Option<usize> = header("content-length")
        .first()
        .map(|length| length.parse().unwrap());
    match path {
        "/mirror" => {
            begin(
                &mut stream,
                "200 OK",
                &format!("content-length: {}\r\n", length.unwrap()),
            )?;
            let mut left = length.unwrap();
            let mut chunk = vec![0; 1 << 16];
            while left > 0 {
                let count = stream.read(&mut chunk)?;
                stream.get_mut().write_all(&chunk[..count])?;
                left -= count;
            }
            Ok(())
        }
        "/endless" => {
            begin(&mut stream, "200 OK", "")?;
            loop {
                stream.get_mut().write_all(&[122; 1 << 12])?;
            }
        }
        "/cut" => {
            begin(&mut stream, "200 OK", "content-length: 100\r\n")?;
            stream.get_mut().write_all(b"abc")
        }
        // Until the other side has had enough.
        "/silent" => stream.read_to_end(&mut Vec::new()).map(drop),
        "/latin" => whole(&mut stream, "200 OK", "text/plain", b"\xff\xfe"),
        _ if path.starts_with("/echo?") => {
            let body = match length {
                Some(length) => {
                    let mut body = vec![0; length];
                    stream.read_exact(&mut body)?;
                    body
                }
                None if header("transfer-encoding") == ["chunked"] => chunked(&mut stream)?,
                None => Vec::new(),
            };
            let text = String::from_utf8_lossy(&body[..body.len().min(40)]);
            let said = json!({
                "asked": format!("{method} {path}"),
                "type": header("content-type"),
                "mark": header("x-mark"),
                "length": body.len(),
                "body": text.trim_matches('\0'),
            });
            whole(
                &mut stream,
                "200 OK",
                "application/json",
                said.to_string().as_bytes(),
            )
        }
        _ => whole(&mut stream, "404 Not Found", "text/plain", b"nothing here"),
    }
}

fn begin(stream: &mut BufReader<TcpStream>, status: &str, headers: &str) -> io::Result<()> {
    write!(
        stream.get_mut(),
        "HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n"
    )
}

fn whole(
    stream: &mut BufReader<TcpStream>,
    status: &str,
    kind: &str,
    body: &[u8],
) -> io::Result<()> {
    let length = body.len();
    begin(
        stream,
        status,
        &format!("content-type: {kind}\r\ncontent-length: {length}\r\n"),
    )?;
    stream.get_mut().write_all(body)
}

fn chunked(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// A server of WebSockets that says what it hears, and goes away when it is told `close`. `/refused` is not one of its paths.
pub(crate) fn websockets() -> SocketAddr {
    serve(|stream| {
        let Ok(mut socket) = tungstenite::accept_hdr(stream, accepts) else {
            return;
        };
        while let Ok(message) = socket.read() {
            let answered = match message {
                Message::Text(text) if text == "close" => socket.close(Some(CloseFrame {
                    code: 3002.into(),
                    reason: "bye".into(),
                })),
                Message::Text(_) | Message::Binary(_) => socket.send(message),
                _ => Ok(()),
            };
            if answered.is_err() {
                return;
            }
        }
    })
}

#[expect(clippy::result_large_err, reason = "it is what tungstenite asks for")]
fn accepts(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if request.uri().path() == "/refused" {
        let mut refused = ErrorResponse::new(None);
        *refused.status_mut() = tungstenite::http::StatusCode::IM_A_TEAPOT;
        return Err(refused);
    }
    if request.headers().get("sec-websocket-protocol").is_some() {
        assert_eq!(request.headers()["x-mark"], "1");
        let chosen = tungstenite::http::HeaderValue::from_static("b");
        response
            .headers_mut()
            .insert("sec-websocket-protocol", chosen);
    }
    Ok(response)
}
