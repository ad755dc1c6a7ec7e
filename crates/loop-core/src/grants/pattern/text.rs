//! Reads hosts and ports, and says precisely what is wrong with those that are none.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::address::{Range, canonical};
use crate::grants::pattern::{HostPattern, PortPattern};
use crate::shape::formats::Complaint;

/// The longest name that DNS knows, in bytes (RFC 1035).
const NAME_BYTES_MAX: usize = 253;
/// The longest part of a name between two dots, in bytes (RFC 1035).
const LABEL_BYTES_MAX: usize = 63;

/// Reads `host:port` for the list that is called `list`.
pub(crate) fn host_and_port(
    text: &str,
    list: &str,
) -> Result<(HostPattern, PortPattern), Complaint> {
    if text.contains("://") {
        let complaint = Complaint::new(format!("`{text}` is a URL"), "not `host:port`");
        return Err(complaint.hint("URLs stand under `http`, hosts with ports under `connect`"));
    }
    let (host, port) = split(text, list)?;
    if host.is_empty() {
        let complaint = Complaint::new(
            format!("`{text}` names no host"),
            "nothing before the colon",
        );
        return Err(complaint.hint(format!("for example {list} = [\"127.0.0.1:{port}\"]")));
    }
    if host == "*" {
        let complaint = Complaint::new(format!("`{text}` is for every host"), "no host is named");
        return Err(complaint.hint(if list == "listen" {
            format!(
                "all addresses of this machine are {list} = [\"0.0.0.0:{port}\", \"[::]:{port}\"]"
            )
        } else {
            format!(
                "all addresses are two ranges: {list} = [\"0.0.0.0/0:{port}\", \"[::/0]:{port}\"]"
            )
        }));
    }
    let port = parse_port(text, port)?;
    Ok((parse_host(text, host)?, port))
}

/// Reads a host without a port: a name, a wildcard or an address.
pub(crate) fn lookup_host(text: &str) -> Result<HostPattern, Complaint> {
    if text.contains("://") {
        return Err(Complaint::new(format!("`{text}` is a URL"), "not a name"));
    }
    match parse_host(text, text) {
        Ok(HostPattern::Range(_)) => Err(Complaint::new(
            format!("`{text}` is a range, and only names are looked up"),
            "not a name",
        )),
        Err(_) if split(text, "lookup").is_ok_and(|(host, _)| parse_host(text, host).is_ok()) => {
            let complaint = Complaint::new(format!("`{text}` has a port"), "not a name alone");
            Err(complaint.hint("names that are looked up have no port; those under `connect` may be looked up anyway"))
        }
        result => result,
    }
}

/// Whether `text` is a name that a grant can hold: a DNS name, without a trailing dot, whose last part is not a number.
pub(crate) fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= LABEL_BYTES_MAX
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    text.len() <= NAME_BYTES_MAX && text.split('.').all(label) && !ends_in_number(text)
}

/// Resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses, so what ends in a number is never a name (RFC 3696,
/// and the URL standard).
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(last)
        || hexadecimal.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Splits at the colon before the port.
fn split<'t>(text: &'t str, list: &str) -> Result<(&'t str, &'t str), Complaint> {
    let no_port = |host: &str| {
        let complaint = Complaint::new(format!("`{text}` has no port"), "no port");
        Err(
            complaint.hint(if host.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("with an address before it: {list} = [\"127.0.0.1:{host}\"]")
            } else {
                format!("{list} = [\"{host}:443\"], or \"{host}:*\" for all ports")
            }),
        )
    };
    if text.starts_with('[') {
        let Some((host, rest)) = text
            .split_once(']')
            .map(|(host, rest)| (host.len() + 1, rest))
        else {
            return Err(Complaint::new(
                format!("`{text}` has no closing bracket"),
                "no `]`",
            ));
        };
        let host = text.get(..host).unwrap_or(text);
        if let Some((range, port)) = rest.strip_prefix('/').and_then(|rest| rest.split_once(':')) {
            let inner = host.trim_start_matches('[').trim_end_matches(']');
            let complaint = Complaint::new(
                format!("`{text}` has the length of a range outside its brackets"),
                "not a range",
            );
            return Err(complaint.hint(format!("write it as \"[{inner}/{range}]:{port}\"")));
        }
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, port)),
            None => no_port(host),
        };
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return no_port(text);
    };
    if host.contains(':') {
        let complaint = Complaint::new(
            format!("`{text}` has more than one colon"),
            "where is the port?",
        );
        let hint = match text.parse::<Ipv6Addr>() {
            Ok(address) => format!("an IPv6 address stands in brackets: \"[{address}]:443\""),
            Err(_) => format!("an IPv6 address stands in brackets: \"[{host}]:{port}\""),
        };
        return Err(complaint.hint(hint));
    }
    Ok((host, port))
}

pub(crate) fn parse_port(text: &str, port: &str) -> Result<PortPattern, Complaint> {
    if port == "*" {
        return Ok(PortPattern::Any);
    }
    if port.is_empty() {
        return Err(Complaint::new(
            format!("`{text}` has no port after its colon"),
            "no port",
        ));
    }
    let number = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    match number.and_then(|port| port.parse().ok()) {
        Some(port) => Ok(PortPattern::Exactly(port)),
        None => Err(Complaint::new(
            format!("`{port}` in `{text}` is not a port"),
            "a number up to 65535, or `*`",
        )),
    }
}

/// Reads a name, a wildcard, an address or a range. `text` is the entry it stands in.
pub(crate) fn parse_host(text: &str, host: &str) -> Result<HostPattern, Complaint> {
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let inner = bracketed.unwrap_or(host);
    if let Ok(address) = inner.parse::<IpAddr>() {
        return Ok(HostPattern::Address(canonical(address)));
    }
    if inner.contains('/') {
        return parse_range(text, inner);
    }
    if bracketed.is_some() {
        return Err(Complaint::new(
            format!("`{inner}` in `{text}` is not an IPv6 address"),
            "not an address",
        ));
    }
    if !host.is_ascii() {
        let complaint = Complaint::new(
            format!("the name in `{text}` has letters beyond ASCII"),
            "not a DNS name",
        );
        return Err(complaint.hint("write it as DNS does, with labels such as `xn--bcher-kva`"));
    }
    let lower = host.to_ascii_lowercase();
    let name = lower.strip_suffix('.').unwrap_or(&lower);
    let (wildcard, base) = match name.strip_prefix("*.") {
        Some(base) => (true, base),
        None => (false, name),
    };
    if base.contains('*') {
        let complaint = Complaint::new(
            format!("`{host}` has a `*` where none can stand"),
            "not a name",
        );
        return Err(
            complaint.hint("a `*` is the whole first part of a name, as in `*.example.com`")
        );
    }
    if base.is_empty() {
        return Err(Complaint::new(format!("`{text}` names no host"), "no host"));
    }
    if ends_in_number(base) {
        return Err(Complaint::new(
            format!("`{host}` ends in a number and is not an address"),
            "neither a name nor an address",
        ));
    }
    if !is_name(base) {
        return Err(Complaint::new(
            format!("`{host}` is not a host"),
            "neither a name nor an address",
        ));
    }
    Ok(if wildcard {
        HostPattern::Below(format!(".{base}"))
    } else {
        HostPattern::Name(base.to_owned())
    })
}

fn parse_range(text: &str, range: &str) -> Result<HostPattern, Complaint> {
    let Ok(net) = range.parse::<IpNet>() else {
        let complaint = Complaint::new(
            format!("`{range}` in `{text}` is not a range of addresses"),
            "not a range",
        );
        return Err(
            complaint.hint("for example `10.0.0.0/8` or `[fd00::/8]`; paths stand under `http`")
        );
    };
    if let IpAddr::V6(first) = net.network()
        && canonical(IpAddr::V6(first)) != IpAddr::V6(first)
    {
        return Err(Complaint::new(
            format!("`{range}` is a range of IPv4 addresses written as IPv6"),
            "write it as IPv4",
        ));
    }
    if net.addr() != net.network() {
        let complaint = Complaint::new(
            format!("`{range}` does not begin where its range begins"),
            "not a range",
        );
        return Err(complaint.hint(format!(
            "the range is `{}`; the address alone is `{}`",
            net.trunc(),
            net.addr()
        )));
    }
    if net.prefix_len() == net.max_prefix_len() {
        return Ok(HostPattern::Address(canonical(net.addr())));
    }
    Ok(HostPattern::Range(Range::new(net)))
}
