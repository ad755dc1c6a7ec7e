//! Says why a request is refused, and which grant it lacks.
//!
//! What a component names goes into messages and into lines that a user pastes, so it is shortened and its control
//! characters are taken out, and what could not stand in a grant is never proposed as one.

use std::net::{IpAddr, SocketAddr};

use crate::Grants;
use crate::address::{AddressClass, Destination, canonical};
use crate::grants::arguments::entries_for;
use crate::grants::pattern::{Host, HostPattern, PathVerdict, default_port};
use crate::grants::{Access, FolderGrant, NetGrants, ProgramGrant, check};
use crate::policy::rules::{Rules, leads_to};
use crate::policy::{Denial, Protocol, Request, Trust};

/// As much of a component's text as a message repeats, in characters.
const SHOWN_CHARS_MAX: usize = 200;

/// As much of the arguments of a program as a grant that is proposed says, in bytes, and of the names of its variables: what a
/// person still reads before pasting it.
const ARGUMENTS_BYTES_MAX: usize = 1000;

const UNGRANTABLE_HOST: &str = "its host is neither a name nor an address that can be granted";

/// The denial of a request that `rules` do not allow.
pub(crate) fn explain(rules: &Rules, request: &Request<'_>) -> Denial {
    let (reason, missing) = match *request {
        Request::OpenFolder { name, access } => folder(rules, name, access),
        Request::Connect {
            address,
            resolved_from,
            ..
        } => connect(rules, address, resolved_from),
        Request::Listen { address, .. } => listen(rules, address),
        Request::Lookup { name } => lookup(name),
        Request::Http {
            scheme,
            host,
            port,
            path,
            ..
        } => http(rules, scheme, host, port, path),
        Request::HttpConnect { host, address } => http_connect(rules, host, address),
        Request::Spawn {
            program,
            arguments,
            variables,
        } => spawn(rules, program, arguments, variables),
        Request::Variable { name } => variable(name),
        Request::Telemetry => (
            "`telemetry` is not granted".to_owned(),
            Grants {
                telemetry: true,
                ..Grants::default()
            },
        ),
    };
    let needs_trust = match *request {
        Request::Spawn {
            program, variables, ..
        } => {
            rules.trust == Trust::Untrusted
                && check::program(program).is_ok()
                && variables.iter().all(|name| check::variable(name).is_ok())
        }
        _ => false,
    };
    Denial {
        request: describe(request),
        reason,
        missing,
        needs_trust,
    }
}

/// A request in words: `connect to 10.0.0.1:80 over tcp`.
fn describe(request: &Request<'_>) -> String {
    match *request {
        Request::OpenFolder {
            name,
            access: Access::Read,
        } => {
            format!("open the folder `{}` to read", shown(name))
        }
        Request::OpenFolder {
            name,
            access: Access::ReadWrite,
        } => {
            format!("open the folder `{}` to read and write", shown(name))
        }
        Request::Connect {
            protocol,
            address,
            resolved_from,
        } => {
            let verb = match protocol {
                Protocol::Tcp => "connect to",
                Protocol::Udp => "send to",
            };
            let address = socket(address);
            match resolved_from.last() {
                Some(name) => format!(
                    "{verb} {address} ({}) over {}",
                    shown(name),
                    words(protocol)
                ),
                None => format!("{verb} {address} over {}", words(protocol)),
            }
        }
        Request::Listen { protocol, address } => {
            format!("listen on {} over {}", socket(address), words(protocol))
        }
        Request::Lookup { name } => format!("look up `{}`", shown(name)),
        Request::Http {
            scheme,
            host,
            port,
            path,
            ..
        } if matches!(scheme, "ws" | "wss") => {
            // Its method says nothing: it is always the same.
            format!("connect to {}{}", origin(scheme, host, port), shown(path))
        }
        Request::Http {
            method,
            scheme,
            host,
            port,
            path,
        } => {
            format!(
                "send {} {}{}",
                shown(method),
                origin(scheme, host, port),
                shown(path)
            )
        }
        Request::HttpConnect { host, address } => {
            format!(
                "connect to {} for a request to `{}`",
                socket(address),
                shown(host)
            )
        }
        Request::Spawn {
            program,
            arguments,
            variables,
        } => format!(
            "start the program {}",
            command(program, arguments, variables)
        ),
        Request::Variable { name } => format!("read the variable `{}`", shown(name)),
        Request::Telemetry => "read the logs and metrics of the whole app".to_owned(),
    }
}

fn folder(rules: &Rules, name: &str, access: Access) -> (String, Grants) {
    let key = check::folder_key(name);
    let known = rules
        .fs
        .iter()
        .find(|rule| check::folder_key(&rule.pattern.grant.name) == key);
    if let Some(known) = known {
        let grant = FolderGrant {
            access,
            ..known.pattern.grant.clone()
        };
        let reason = "`fs` grants it to be read only".to_owned();
        return (
            reason,
            Grants {
                fs: vec![grant],
                ..Grants::default()
            },
        );
    }
    if check::folder_name(name).is_err() {
        let reason = if name.split(['/', '\\']).any(|part| part == "..") {
            "it leads upwards, and no grant lets a component climb out of its folders"
        } else {
            "no folder can have that name"
        };
        return (reason.to_owned(), Grants::default());
    }
    let path = if key == "." {
        ".".into()
    } else {
        format!("./{key}").into()
    };
    let grant = FolderGrant {
        name: name.to_owned(),
        path,
        access,
    };
    let reason = "`fs` has no folder of that name".to_owned();
    (
        reason,
        Grants {
            fs: vec![grant],
            ..Grants::default()
        },
    )
}

fn connect(rules: &Rules, address: SocketAddr, resolved_from: &[String]) -> (String, Grants) {
    let destination = Destination::of(address.ip());
    let class = destination.class();
    let named = rules.connect.iter().find(|rule| {
        resolved_from
            .iter()
            .any(|name| rule.pattern.host.matches(Host::of(name)))
    });
    let other_port = rules.connect.iter().any(|rule| {
        rule.pattern.host.covers(destination)
            || leads_to(&rule.pattern.host, resolved_from, destination)
    });
    let in_range = rules
        .connect
        .iter()
        .any(|rule| holds(&rule.pattern.host, destination.ip));
    let reason = if class == AddressClass::Unspecified {
        "it is no address to connect to, and stands for this machine".to_owned()
    } else if class == AddressClass::Metadata {
        metadata_reason("net.connect")
    } else if other_port {
        "`net.connect` grants it on other ports only".to_owned()
    } else if in_range {
        format!("it is {class}, which only an entry of its own lets through")
    } else if named.is_some() {
        astray(
            resolved_from
                .last()
                .map_or(Host::Address(destination.ip), |name| Host::of(name)),
            class,
        )
    } else {
        "`net.connect` has no entry for it".to_owned()
    };
    if matches!(class, AddressClass::Unspecified | AddressClass::Metadata) {
        return (reason, Grants::default());
    }
    let by_name = resolved_from.iter().rev().find(|name| {
        let host = Host::of(name);
        matches!(host, Host::Name(_)) && host.is_grantable() && host.may_lead_to(destination)
    });
    let entry = match by_name.map(|name| Host::of(name)) {
        Some(Host::Name(name)) => format!("{}:{}", name.to_ascii_lowercase(), address.port()),
        _ => socket(address),
    };
    (reason, connect_grant(entry))
}

fn listen(rules: &Rules, address: SocketAddr) -> (String, Grants) {
    let other_port = rules
        .listen
        .iter()
        .any(|rule| rule.pattern.is_for(address.ip()));
    let reason = if other_port {
        "`net.listen` grants it on other ports only"
    } else {
        "`net.listen` has no entry for it"
    };
    let net = NetGrants {
        listen: vec![socket(address)],
        ..NetGrants::default()
    };
    (
        reason.to_owned(),
        Grants {
            net,
            ..Grants::default()
        },
    )
}

fn lookup(name: &str) -> (String, Grants) {
    if !Host::of(name).is_grantable() {
        return (
            "it is not a name that can be granted".to_owned(),
            Grants::default(),
        );
    }
    let entry = match Host::of(name) {
        Host::Address(address) => address.to_string(),
        Host::Name(name) => name.to_ascii_lowercase(),
    };
    let net = NetGrants {
        lookup: vec![entry],
        ..NetGrants::default()
    };
    let reason = "neither `net.lookup` nor another entry of `net` has it".to_owned();
    (
        reason,
        Grants {
            net,
            ..Grants::default()
        },
    )
}

fn http(rules: &Rules, scheme: &str, host: &str, port: u16, path: &str) -> (String, Grants) {
    let named = Host::of(host);
    let for_origin = rules
        .http
        .iter()
        .filter(|rule| rule.pattern.matches_origin(scheme, named, port));
    let mut by_path = false;
    for rule in for_origin {
        by_path = true;
        if let PathVerdict::Unclear(trouble) = rule.pattern.judge_path(path) {
            let reason = format!(
                "`net.http` grants this origin by path, and the path {trouble}, so servers read it differently"
            );
            return (reason, Grants::default());
        }
    }
    if !named.is_grantable() {
        return (UNGRANTABLE_HOST.to_owned(), Grants::default());
    }
    if let Host::Address(address) = named {
        match AddressClass::of(address) {
            AddressClass::Metadata => return (metadata_reason("net.http"), Grants::default()),
            AddressClass::Unspecified => {
                return (
                    "it is no address to connect to".to_owned(),
                    Grants::default(),
                );
            }
            _ => {}
        }
    }
    if default_port(scheme).is_none() {
        let reason = format!("`{}` is not a scheme that can be granted", shown(scheme));
        return (reason, Grants::default());
    }
    let host_elsewhere = rules
        .http
        .iter()
        .any(|rule| rule.pattern.host.matches(named));
    let origin = origin(scheme, host, port);
    let (reason, entry) = if by_path {
        (
            "`net.http` grants other paths of this origin only",
            format!("{origin}{path}"),
        )
    } else if host_elsewhere {
        (
            "`net.http` grants this host with another scheme or port only",
            origin,
        )
    } else {
        ("`net.http` has no entry for it", origin)
    };
    (reason.to_owned(), http_grant(&entry))
}

fn http_connect(rules: &Rules, host: &str, address: SocketAddr) -> (String, Grants) {
    let destination = Destination::of(address.ip());
    let class = destination.class();
    let named = Host::of(host);
    if class == AddressClass::Unspecified {
        return (
            "it is no address to connect to, and stands for this machine".to_owned(),
            Grants::default(),
        );
    }
    if class == AddressClass::Metadata {
        return (metadata_reason("net.connect"), Grants::default());
    }
    if let Host::Address(own) = named
        && own != destination.ip
    {
        return (
            "it is not the address that was asked for".to_owned(),
            Grants::default(),
        );
    }
    if !named.is_grantable() {
        return (UNGRANTABLE_HOST.to_owned(), Grants::default());
    }
    let scheme = if address.port() == 80 {
        "http"
    } else {
        "https"
    };
    let granted = rules
        .http
        .iter()
        .any(|rule| rule.pattern.host.matches(named) && rule.pattern.port.matches(address.port()));
    let host_grant = if granted {
        Grants::default()
    } else {
        http_grant(&origin(scheme, host, address.port()))
    };
    if named.may_lead_to(destination) {
        return (
            "`net.http` has no entry for the host and the port".to_owned(),
            host_grant,
        );
    }
    let reason = astray(named, class);
    (reason, host_grant.merged(&connect_grant(socket(address))))
}

fn spawn(
    rules: &Rules,
    program: &str,
    arguments: &[String],
    variables: &[String],
) -> (String, Grants) {
    if check::program(program).is_err() {
        let reason = "only a name or an absolute path can be granted".to_owned();
        return (reason, Grants::default());
    }
    if variables.iter().any(|name| check::variable(name).is_err()) {
        let reason = "it sets a variable that cannot have that name".to_owned();
        return (reason, Grants::default());
    }
    let of_program: Vec<_> = rules
        .process
        .iter()
        .map(|rule| &rule.pattern)
        .filter(|rule| rule.is(program))
        .collect();
    let with_arguments: Vec<_> = of_program
        .iter()
        .filter(|rule| rule.takes(arguments))
        .collect();
    let granted = with_arguments.iter().any(|rule| rule.lets_set(variables));
    let reason = match rules.trust {
        Trust::Untrusted if granted => {
            "the component is not trusted: `trusted = true` is missing".to_owned()
        }
        Trust::Untrusted if of_program.is_empty() => {
            "the component is not trusted, and `process` has no entry for it: both are needed"
                .to_owned()
        }
        Trust::Untrusted => {
            "the component is not trusted, and `process` has no entry for all of it: both are needed"
                .to_owned()
        }
        Trust::Trusted if of_program.is_empty() => "`process` has no entry for it".to_owned(),
        Trust::Trusted if with_arguments.is_empty() => {
            "`process` grants this program with other arguments only".to_owned()
        }
        Trust::Trusted => {
            let settable = |name: &&String| {
                let one = std::slice::from_ref(*name);
                !with_arguments.iter().any(|rule| rule.lets_set(one))
            };
            match variables.iter().find(settable) {
                Some(name) => {
                    format!("`process` does not let it set the variable `{}`", shown(name))
                }
                None => "no entry of `process` lets it set all of these variables".to_owned(),
            }
        }
    };
    if granted {
        return (reason, Grants::default());
    }
    if variables.iter().map(String::len).sum::<usize>() > ARGUMENTS_BYTES_MAX {
        let reason = "it sets more variables than a message can name".to_owned();
        return (reason, Grants::default());
    }
    let grant = ProgramGrant {
        program: program.to_owned(),
        args: Some(entries_for(arguments, ARGUMENTS_BYTES_MAX)),
        env: variables.to_vec(),
    };
    (
        reason,
        Grants {
            process: vec![grant],
            ..Grants::default()
        },
    )
}

/// `git log`, as far as a message repeats it, and the names of the variables that are set.
fn command(program: &str, arguments: &[String], variables: &[String]) -> String {
    let mut text = shown(program);
    // No more is shown, so no more is put together.
    for argument in arguments.iter().take(SHOWN_CHARS_MAX) {
        text.push(' ');
        if argument.is_empty() || argument.contains(char::is_whitespace) {
            text.extend(["'", &shown(argument), "'"]);
        } else {
            text.push_str(&shown(argument));
        }
    }
    let text = shown(&text);
    match variables {
        [] => format!("`{text}`"),
        names => {
            let names: Vec<&str> = names
                .iter()
                .take(SHOWN_CHARS_MAX)
                .map(String::as_str)
                .collect();
            format!("`{text}` with the variables `{}`", shown(&names.join(" ")))
        }
    }
}

fn variable(name: &str) -> (String, Grants) {
    if check::variable(name).is_err() {
        return (
            "no variable can have that name".to_owned(),
            Grants::default(),
        );
    }
    let reason = "`env` does not name it".to_owned();
    (
        reason,
        Grants {
            env: vec![name.to_owned()],
            ..Grants::default()
        },
    )
}

/// Whether `pattern` is a range that has `ip` in it, also where it does not speak for it.
fn holds(pattern: &HostPattern, ip: IpAddr) -> bool {
    matches!(pattern, HostPattern::Range(range) if range.holds(ip))
}

/// The name of a granted entry led to an address of a class that it does not let through.
fn astray(host: Host<'_>, class: AddressClass) -> String {
    if host.is_localhost() {
        return format!(
            "the name leads to {class}, and `localhost` lets only loopback addresses through"
        );
    }
    format!("the name leads to {class}, and a granted name lets only public addresses through")
}

fn metadata_reason(list: &str) -> String {
    format!(
        "it is the metadata address of a cloud, which hands out credentials: only an entry of `{list}` for exactly this address and port lets it through"
    )
}

fn connect_grant(entry: String) -> Grants {
    let net = NetGrants {
        connect: vec![entry],
        ..NetGrants::default()
    };
    Grants {
        net,
        ..Grants::default()
    }
}

/// The grant of a URL, or none when no entry can say it.
fn http_grant(entry: &str) -> Grants {
    if check::http(entry).is_err() {
        return Grants::default();
    }
    let net = NetGrants {
        http: vec![entry.to_owned()],
        ..NetGrants::default()
    };
    Grants {
        net,
        ..Grants::default()
    }
}

/// `https://example.com`, with the port where it is not the scheme's own.
fn origin(scheme: &str, host: &str, port: u16) -> String {
    let scheme = shown(scheme).to_ascii_lowercase();
    let host = match Host::of(host) {
        Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
        Host::Address(IpAddr::V4(address)) => address.to_string(),
        Host::Name(name) => shown(name).to_ascii_lowercase(),
    };
    if default_port(&scheme) == Some(port) {
        format!("{scheme}://{host}")
    } else {
        format!("{scheme}://{host}:{port}")
    }
}

/// An address and port, the address canonical.
fn socket(address: SocketAddr) -> String {
    SocketAddr::new(canonical(address.ip()), address.port()).to_string()
}

fn words(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

/// Text from a component as a message may repeat it.
fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN_CHARS_MAX)
        .map(|c| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}
