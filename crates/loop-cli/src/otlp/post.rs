//! One request to a collector.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::error::CliError;

/// The port of OTLP over HTTP.
const PORT: u16 = 4318;

/// How long each step of a request may take.
const STEP_LIMIT: Duration = Duration::from_secs(2);

/// The longest first line of an answer that is read.
const LINE_BYTES_MAX: u64 = 1024;

/// Where a collector is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Collector {
    host: String,
    port: u16,
    path: String,
}

/// Why a collector did not take something.
#[derive(Debug)]
pub(super) enum PostError {
    Io(io::Error),
    /// The first line of an answer that is not good.
    Answer(String),
}

impl Collector {
    /// Reads `http://127.0.0.1:4318`.
    pub(super) fn parse(url: &str) -> Result<Self, CliError> {
        let usage =
            |hint: &str| CliError::usage(format!("`{url}` is no collector's URL")).hint(hint);
        let Some(rest) = url.strip_prefix("http://") else {
            return Err(usage(
                "only plain HTTP is spoken, to a collector such as http://127.0.0.1:4318",
            ));
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
            _ => (authority, Some(PORT)),
        };
        let (host, Some(port)) = (host.trim_start_matches('[').trim_end_matches(']'), port) else {
            return Err(usage("a URL looks like http://127.0.0.1:4318"));
        };
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '?' | '#');
        if host.is_empty() || rest.contains(odd) {
            return Err(usage("a URL looks like http://127.0.0.1:4318"));
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// The URL.
    pub(super) fn url(&self) -> String {
        format!("http://{}{}", self.authority(), self.path)
    }

    /// Sends one kind of signal.
    pub(super) fn post(&self, signal: &str, body: &str) -> Result<(), PostError> {
        let mut stream = self.connect()?;
        stream.set_read_timeout(Some(STEP_LIMIT))?;
        stream.set_write_timeout(Some(STEP_LIMIT))?;
        let (path, authority, size) = (&self.path, self.authority(), body.len());
        let head = format!(
            "POST {path}/v1/{signal} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\n\
             content-length: {size}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes())?;
        let mut line = String::new();
        BufReader::new(io::Read::take(stream, LINE_BYTES_MAX)).read_line(&mut line)?;
        if line
            .split(' ')
            .nth(1)
            .is_some_and(|status| status.starts_with('2'))
        {
            Ok(())
        } else {
            Err(PostError::Answer(line.trim_end().to_owned()))
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::ErrorKind::NotFound.into();
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, STEP_LIMIT) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl From<io::Error> for PostError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for PostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Answer(line) if line.is_empty() => f.write_str("it closed the connection"),
            Self::Answer(line) => write!(f, "it answered `{line}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Collector;

    #[test]
    fn urls_have_a_host_and_perhaps_the_rest() {
        for (url, expected) in [
            ("http://127.0.0.1:4318", Some("http://127.0.0.1:4318")),
            ("http://collector", Some("http://collector:4318")),
            ("http://[::1]:80/otlp/", Some("http://[::1]:80/otlp")),
            ("http://[::1]", Some("http://[::1]:4318")),
            ("https://collector", None),
            ("collector:4318", None),
            ("http://", None),
            ("http://host:port", None),
            ("http://host\r\nx: y", None),
        ] {
            assert_eq!(
                Collector::parse(url)
                    .ok()
                    .map(|found| found.url())
                    .as_deref(),
                expected,
                "{url}"
            );
        }
    }
}
