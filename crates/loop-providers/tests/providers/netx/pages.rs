//! The pages of the server that the suite asks.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Answers one request, whose head has come.
pub(crate) async fn answer(mut stream: TcpStream, head: &str, asked: &AtomicU32) {
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let header = |name: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(": "));
        let found = headers.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await.unwrap();
    let (status, body) = match target.split('?').next().unwrap() {
        "/page" => ("200 OK", b"page\n".to_vec()),
        "/post" => {
            let said = format!("{method} {} ", header("x-word"));
            ("201 Created", [said.as_bytes(), &body].concat())
        }
        "/bytes" => ("200 OK", (0..=255).collect()),
        "/count" => {
            let count = asked.fetch_add(1, Ordering::Relaxed) + 1;
            ("200 OK", count.to_string().into_bytes())
        }
        "/broken" => ("200 OK", b"12345".to_vec()),
        "/refused" => ("401 Unauthorized", Vec::new()),
        _ => ("404 Not Found", Vec::new()),
    };
    let length = if target == "/broken" { 10 } else { body.len() };
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\nx-word: kept\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    if method != "HEAD" {
        // The other side may have enough.
        let _ = stream.write_all(&body).await;
    }
}
