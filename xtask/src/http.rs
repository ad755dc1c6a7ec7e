//! As much of HTTP/1.1 as it takes to fetch a page from a server on this machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long a page may take. The first request to a component may have to compile it.
const PAGE_LIMIT: Duration = Duration::from_secs(30);

/// The most that is read of a page; the site's own are a few hundred KiB.
const PAGE_BYTES: u64 = 16 << 20;

/// A server's answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Fetches one page on a connection of its own.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<Page> {
    let mut stream = TcpStream::connect_timeout(&address, PAGE_LIMIT)
        .with_context(|| format!("connect to {address}"))?;
    stream.set_read_timeout(Some(PAGE_LIMIT))?;
    stream.set_write_timeout(Some(PAGE_LIMIT))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    stream
        .take(PAGE_BYTES)
        .read_to_end(&mut bytes)
        .with_context(|| format!("read {path}"))?;
    parse(&bytes).with_context(|| format!("understand the answer to {path}"))
}

fn parse(bytes: &[u8]) -> Result<Page> {
    let end = find(bytes, b"\r\n\r\n").context("the head of the answer has no end")?;
    let (head, rest) = bytes.split_at(end);
    let head = std::str::from_utf8(head).context("the head is not text")?;
    let body = rest.get(4..).unwrap_or_default();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("the first line has no status")?;
    let chunked = head.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        line.starts_with("transfer-encoding:") && line.contains("chunked")
    });
    let body = if chunked {
        join_chunks(body)?
    } else {
        body.to_vec()
    };
    Ok(Page {
        status,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn join_chunks(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n").context("a chunk has no size")?;
        let (size, after) = rest.split_at(end);
        let size = std::str::from_utf8(size).unwrap_or_default();
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).context("a chunk's size is no number")?;
        if size == 0 {
            return Ok(body);
        }
        let Some(chunk) = after.get(2..).and_then(|after| after.get(..size)) else {
            bail!("the answer ends in the middle of a chunk");
        };
        body.extend_from_slice(chunk);
        rest = after.get(2 + size + 2..).unwrap_or_default();
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, status: u16, body: &str) {
        let expected = Page {
            status,
            body: body.into(),
        };
        assert_eq!(parse(answer.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn answers_are_understood() {
        check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", 200, "hi");
        check("HTTP/1.1 404 Not Found\r\n\r\n", 404, "");
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nb;x=y\r\n, you there\r\n0\r\n\r\n",
            200,
            "hi, you there",
        );
    }

    #[test]
    fn broken_answers_are_refused() {
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhi",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\nhi\r\n0\r\n\r\n",
        ] {
            assert!(parse(answer.as_bytes()).is_err(), "{answer:?}");
        }
    }
}
