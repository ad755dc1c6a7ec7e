//! Addresses: what is spoken, over what, and where.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::client::Protocol;

/// The bytes of an address at most: a path of the system (4,096) and a scheme.
const ADDRESS_BYTES_MAX: usize = 4096 + 64;

/// Where a peer is, and what is spoken with it: `loop+unix:///run/store.sock`, `wrpc+tcp://localhost:7761`.
///
/// `wrpc` is plain wRPC and `loop` the envelope. The address decides, and nothing is probed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// What is spoken.
    pub protocol: Protocol,
    /// Over what, and where.
    pub place: Place,
}

/// A transport, and where on it a peer is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// `unix:///path`: a socket at an absolute path, which is taken as it is written.
    Unix(PathBuf),
    /// `shm:///path`: shared memory, which is handed over at a socket at an absolute path.
    Shm(PathBuf),
    /// `stdio:`: the standard streams.
    Stdio,
    /// `tcp://host:port`.
    Tcp(Authority),
    /// `tls://host:port`: the host is the name that the certificate must have.
    Tls(Authority),
    /// `quic://host:port`: the host is the name that the certificate must have.
    Quic(Authority),
    /// `http2://host:port`.
    Http2(Authority),
    /// `nats://host:port/subject`: who listens at a subject, through a NATS server.
    Nats(Subject),
}

/// Who listens at a subject of a NATS server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Where the server is.
    pub server: Authority,
    /// The subject: letters, digits, `-` and `_` in parts between dots.
    pub name: String,
    /// Whether a client stays with one of several listeners (`?sticky`), and does not spread its calls.
    pub sticky: bool,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is too long.
    #[error("an address has {length} bytes, and at most {ADDRESS_BYTES_MAX} are allowed")]
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// It has no scheme of the right form.
    #[error("`{address}` does not begin with a protocol and a transport, such as `loop+unix:`")]
    Scheme {
        /// The text.
        address: String,
    },
    /// The protocol is not known.
    #[error("`{protocol}` is no protocol: there are `wrpc` and `loop`")]
    Protocol {
        /// What stands in its place.
        protocol: String,
    },
    /// The transport is not known.
    #[error(
        "`{transport}` is no transport: there are unix, shm, stdio, tcp, tls, quic, http2 and nats"
    )]
    Transport {
        /// What stands in its place.
        transport: String,
    },
    /// What follows the scheme does not suit the transport.
    #[error("`{rest}` is no place for {transport}: it takes {takes}")]
    Place {
        /// The transport.
        transport: &'static str,
        /// What stands there.
        rest: String,
        /// What should.
        takes: &'static str,
    },
    /// Plain wRPC was asked for where there is only one stream.
    #[error("plain wRPC takes a stream for each call, and stdio has one: use `loop+stdio:`")]
    PlainStdio,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let length = text.len();
        if length > ADDRESS_BYTES_MAX {
            return Err(AddressError::TooLong { length });
        }
        let parts = text.split_once(':').and_then(|(scheme, rest)| {
            let (protocol, transport) = scheme.split_once('+')?;
            Some((protocol, transport, rest))
        });
        let (protocol, transport, rest) = parts.ok_or_else(|| AddressError::Scheme {
            address: text.to_owned(),
        })?;
        let protocol = match protocol {
            "wrpc" => Protocol::Plain,
            "loop" => Protocol::Envelope,
            other => {
                return Err(AddressError::Protocol {
                    protocol: other.to_owned(),
                });
            }
        };
        let place = match transport {
            "unix" => Place::Unix(path("unix", rest)?),
            "shm" => Place::Shm(path("shm", rest)?),
            "stdio" if rest.is_empty() => Place::Stdio,
            "stdio" => return Err(misplaced("stdio", rest, "nothing")),
            "tcp" => Place::Tcp(authority("tcp", rest)?),
            "tls" => Place::Tls(authority("tls", rest)?),
            "quic" => Place::Quic(authority("quic", rest)?),
            "http2" => Place::Http2(authority("http2", rest)?),
            "nats" => Place::Nats(subject(rest)?),
            other => {
                return Err(AddressError::Transport {
                    transport: other.to_owned(),
                });
            }
        };
        if place == Place::Stdio && protocol == Protocol::Plain {
            return Err(AddressError::PlainStdio);
        }
        Ok(Self { protocol, place })
    }
}

fn misplaced(transport: &'static str, rest: &str, takes: &'static str) -> AddressError {
    AddressError::Place {
        transport,
        rest: rest.to_owned(),
        takes,
    }
}

fn path(transport: &'static str, rest: &str) -> Result<PathBuf, AddressError> {
    let path = rest
        .strip_prefix("//")
        .filter(|path| path.starts_with('/') && path.len() > 1);
    let path = path.filter(|path| !path.contains('\0'));
    path.map(PathBuf::from)
        .ok_or_else(|| misplaced(transport, rest, "an absolute path, `///run/x.sock`"))
}

fn subject(rest: &str) -> Result<Subject, AddressError> {
    let read = || {
        let (server, name) = rest.strip_prefix("//")?.split_once('/')?;
        let server = read_authority(server)?;
        let (name, sticky) = match name.split_once('?') {
            Some((name, "sticky")) => (name, true),
            Some(_) => return None,
            None => (name, false),
        };
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_part = |part: &str| !part.is_empty() && part.bytes().all(is_good);
        let name = name.split('.').all(is_part).then(|| name.to_owned())?;
        Some(Subject {
            server,
            name,
            sticky,
        })
    };
    let takes = "a server and a subject, `//localhost:4222/store.kv`";
    read().ok_or_else(|| misplaced("nats", rest, takes))
}

fn authority(transport: &'static str, rest: &str) -> Result<Authority, AddressError> {
    let authority = rest.strip_prefix("//").and_then(read_authority);
    authority.ok_or_else(|| misplaced(transport, rest, "a host and a port, `//localhost:7761`"))
}

fn read_authority(text: &str) -> Option<Authority> {
    let (host, port) = text.rsplit_once(':')?;
    let (host, is_bracketed) = match host.strip_prefix('[') {
        Some(bracketed) => {
            let host = bracketed.strip_suffix(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, true)
        }
        None => (host, false),
    };
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    let is_named = host.bytes().all(is_good) && !host.is_empty();
    let port = port
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| port.parse().ok())??;
    (is_named && (is_bracketed || !host.contains(':'))).then(|| Authority {
        host: host.to_owned(),
        port,
    })
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.protocol {
            Protocol::Plain => "wrpc+",
            Protocol::Envelope => "loop+",
        })?;
        match &self.place {
            Place::Unix(path) => write!(formatter, "unix://{}", path.display()),
            Place::Shm(path) => write!(formatter, "shm://{}", path.display()),
            Place::Stdio => formatter.write_str("stdio:"),
            Place::Tcp(authority) => write!(formatter, "tcp://{authority}"),
            Place::Tls(authority) => write!(formatter, "tls://{authority}"),
            Place::Quic(authority) => write!(formatter, "quic://{authority}"),
            Place::Http2(authority) => write!(formatter, "http2://{authority}"),
            Place::Nats(subject) => {
                let Subject {
                    server,
                    name,
                    sticky,
                } = subject;
                let how = if *sticky { "?sticky" } else { "" };
                write!(formatter, "nats://{server}/{name}{how}")
            }
        }
    }
}

impl fmt::Display for Authority {
    /// As the connectors take it: an IPv6 address stands in brackets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(formatter, "[{host}]:{port}")
        } else {
            write!(formatter, "{host}:{port}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for text in [
            "wrpc+unix:///run/store.sock",
            "loop+unix:///run/a b%20c#d.sock",
            "loop+shm:///run/store.sock",
            "loop+stdio:",
            "wrpc+tcp://localhost:7761",
            "loop+tcp://[::1]:7761",
            "loop+tls://store.example.com:443",
            "wrpc+quic://10.0.0.1:9",
            "loop+http2://store:80",
            "loop+nats://localhost:4222/acme.store-1.kv",
            "wrpc+nats://[::1]:4222/store?sticky",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    fn refused(text: &str) -> String {
        text.parse::<Address>().unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let scheme = "does not begin with a protocol and a transport, such as `loop+unix:`";
        assert_eq!(
            refused("unix:///run/x"),
            format!("`unix:///run/x` {scheme}")
        );
        assert_eq!(refused(""), format!("`` {scheme}"));
        assert_eq!(
            refused("grpc+tcp://a:1"),
            "`grpc` is no protocol: there are `wrpc` and `loop`"
        );
        assert_eq!(
            refused("loop+udp://a:1"),
            "`udp` is no transport: there are unix, shm, stdio, tcp, tls, quic, http2 and nats"
        );
        assert_eq!(
            refused("wrpc+stdio:"),
            "plain wRPC takes a stream for each call, and stdio has one: use `loop+stdio:`"
        );
        for rest in ["", "//", "///", "//relative", "/run/x", "///a\0b"] {
            let error = format!(
                "`{rest}` is no place for unix: it takes an absolute path, `///run/x.sock`"
            );
            assert_eq!(refused(&format!("loop+unix:{rest}")), error);
        }
        for rest in [
            "",
            "//",
            "//host",
            "//:1",
            "//host:",
            "//host:70000",
            "//host:+1",
            "//host:1/path",
            "//me@host:1",
            "//::1:1",
            "//[::1:1",
            "//[host]:1",
            "host:1",
        ] {
            let error = format!(
                "`{rest}` is no place for tcp: it takes a host and a port, `//localhost:7761`"
            );
            assert_eq!(refused(&format!("loop+tcp:{rest}")), error);
        }
        for rest in [
            "//localhost:4222",
            "//localhost:4222/",
            "//localhost/store",
            "//localhost:4222/store..kv",
            "//localhost:4222/.store",
            "//localhost:4222/store.*",
            "//localhost:4222/store.>",
            "//localhost:4222/a b",
            "//localhost:4222/$SYS",
            "//localhost:4222/store/kv",
            "//localhost:4222/store?sticky=1",
        ] {
            let error = format!(
                "`{rest}` is no place for nats: it takes a server and a subject, `//localhost:4222/store.kv`"
            );
            assert_eq!(refused(&format!("loop+nats:{rest}")), error);
        }
        let long = format!("loop+unix:///{}", "x".repeat(5000));
        assert_eq!(
            refused(&long),
            "an address has 5013 bytes, and at most 4160 are allowed"
        );
    }
}
