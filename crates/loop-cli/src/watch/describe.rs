//! A request as data: its kind and what it is about.

use loop_core::grants::Access;
use loop_core::policy::{Protocol, Request};
use serde_json::{Value, json};

/// The request as a JSON object, as the audit file has it.
pub(crate) fn what(request: &Request<'_>) -> Value {
    match request {
        Request::OpenFolder { name, access } => {
            let access = match access {
                Access::Read => "read",
                Access::ReadWrite => "read-write",
            };
            json!({ "kind": "open-folder", "name": name, "access": access })
        }
        Request::Connect {
            protocol,
            address,
            resolved_from,
        } => json!({
            "kind": "connect",
            "protocol": of(*protocol),
            "address": address.to_string(),
            "resolved-from": resolved_from,
        }),
        Request::Listen { protocol, address } => {
            json!({ "kind": "listen", "protocol": of(*protocol), "address": address.to_string() })
        }
        Request::Lookup { name } => json!({ "kind": "lookup", "name": name }),
        Request::Http {
            method,
            scheme,
            host,
            port,
            path,
        } => json!({
            "kind": "http", "method": method, "scheme": scheme, "host": host, "port": port, "path": path,
        }),
        Request::HttpConnect { host, address } => {
            json!({ "kind": "http-connect", "host": host, "address": address.to_string() })
        }
        Request::Spawn {
            program,
            arguments,
            variables,
        } => json!({
            "kind": "spawn", "program": program, "arguments": arguments, "variables": variables,
        }),
        Request::Variable { name } => json!({ "kind": "variable", "name": name }),
        Request::Telemetry => json!({ "kind": "telemetry" }),
    }
}

fn of(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}
