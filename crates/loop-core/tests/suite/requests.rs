//! Requests as one line of text, so that a case is one line.

use std::net::SocketAddr;

use loop_core::grants::Access;
use loop_core::policy::{Protocol, Request};

/// A request whose text is its own.
pub(crate) struct Line {
    words: Vec<String>,
    rest: Vec<String>,
    variables: Vec<String>,
    command: Vec<String>,
}

impl Line {
    /// Reads one of:
    ///
    /// ```text
    /// open NAME read|read-write
    /// connect tcp|udp ADDRESS:PORT [NAME...]
    /// listen tcp|udp ADDRESS:PORT
    /// lookup NAME
    /// GET SCHEME HOST PORT PATH
    /// reach HOST ADDRESS:PORT
    /// spawn [VARIABLE=...] PROGRAM [ARGUMENT...]
    /// variable NAME
    /// ```
    pub(crate) fn new(text: &str) -> Self {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let rest = words.get(3..).unwrap_or_default().to_vec();
        let set = |word: &&String| word.ends_with('=');
        let after = words.get(1..).unwrap_or_default();
        let variables: Vec<String> = after
            .iter()
            .take_while(set)
            .map(|word| word.trim_end_matches('=').to_owned())
            .collect();
        let command = after.get(variables.len()..).unwrap_or_default().to_vec();
        Self {
            words,
            rest,
            variables,
            command,
        }
    }

    pub(crate) fn request(&self) -> Request<'_> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["open", name, "read"] => Request::OpenFolder {
                name,
                access: Access::Read,
            },
            ["open", name, "read-write"] => Request::OpenFolder {
                name,
                access: Access::ReadWrite,
            },
            ["connect", protocol, address, ..] => Request::Connect {
                protocol: protocol_of(protocol),
                address: address_of(address),
                resolved_from: &self.rest,
            },
            ["listen", protocol, address] => Request::Listen {
                protocol: protocol_of(protocol),
                address: address_of(address),
            },
            ["lookup", name] => Request::Lookup { name },
            [method @ ("GET" | "POST"), scheme, host, port, path] => Request::Http {
                method,
                scheme,
                host,
                port: port.parse().unwrap(),
                path,
            },
            ["reach", host, address] => Request::HttpConnect {
                host,
                address: address_of(address),
            },
            ["spawn", ..] => Request::Spawn {
                program: &self.command[0],
                arguments: &self.command[1..],
                variables: &self.variables,
            },
            ["variable", name] => Request::Variable { name },
            ["telemetry"] => Request::Telemetry,
            _ => panic!("{words:?} is not a request"),
        }
    }
}

fn protocol_of(text: &str) -> Protocol {
    match text {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => panic!("{text} is not a protocol"),
    }
}

fn address_of(text: &str) -> SocketAddr {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is not an address and port"))
}
