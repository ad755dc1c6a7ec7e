//! Grants made ready for many decisions.

use std::net::SocketAddr;

use crate::Grants;
use crate::address::Destination;
use crate::grants::arguments::ArgumentsPattern;
use crate::grants::pattern::{
    ConnectPattern, Host, HostPattern, ListenPattern, PathVerdict, PortPattern, UrlPattern,
};
use crate::grants::{FolderGrant, ProgramGrant, check, text};
use crate::policy::{Decision, Request, Trust, denial};

/// The grants and the trust of one component, read once.
///
/// Reading the text of the entries takes far longer than deciding. [`Rules::allowed_by`] takes no memory, except to
/// compare the names of folders and encoded paths.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(crate) trust: Trust,
    pub(crate) fs: Vec<Rule<FolderRule>>,
    pub(crate) connect: Vec<Rule<ConnectPattern>>,
    pub(crate) listen: Vec<Rule<ListenPattern>>,
    pub(crate) lookup: Vec<Rule<HostPattern>>,
    pub(crate) http: Vec<Rule<UrlPattern>>,
    pub(crate) env: Vec<Rule<String>>,
    pub(crate) process: Vec<Rule<ProgramRule>>,
    telemetry: bool,
}

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Rule<P> {
    /// What it lets through.
    pub(crate) pattern: P,
    /// The entry as a fragment of TOML.
    by: String,
}

/// A folder that is granted.
#[derive(Clone, Debug)]
pub(crate) struct FolderRule {
    key: String,
    pub(crate) grant: FolderGrant,
}

/// A program that is granted.
#[derive(Clone, Debug)]
pub(crate) struct ProgramRule {
    program: String,
    /// None: any.
    arguments: Option<ArgumentsPattern>,
    env: Vec<String>,
}

impl ProgramRule {
    pub(crate) fn is(&self, program: &str) -> bool {
        self.program == program
    }

    pub(crate) fn takes(&self, arguments: &[String]) -> bool {
        self.arguments
            .as_ref()
            .is_none_or(|pattern| pattern.matches(arguments))
    }

    pub(crate) fn lets_set(&self, variables: &[String]) -> bool {
        variables.iter().all(|name| self.env.contains(name))
    }
}

impl Rules {
    /// Reads the entries. One that cannot be read grants nothing.
    pub fn new(grants: &Grants, trust: Trust) -> Self {
        let net = &grants.net;
        Self {
            trust,
            fs: grants.fs.iter().filter_map(folder_rule).collect(),
            connect: read("net.connect", &net.connect, |text| {
                check::connect(text)
                    .ok()
                    .and_then(|()| ConnectPattern::parse(text).ok())
            }),
            listen: read("net.listen", &net.listen, |text| {
                ListenPattern::parse(text).ok()
            }),
            lookup: read("net.lookup", &net.lookup, |text| {
                HostPattern::parse_lookup(text).ok()
            }),
            http: read("net.http", &net.http, |text| UrlPattern::parse(text).ok()),
            env: read("env", &grants.env, |text| {
                check::variable(text).ok().map(|()| text.to_owned())
            }),
            process: grants.process.iter().filter_map(program_rule).collect(),
            telemetry: grants.telemetry,
        }
    }

    /// Decides about one request.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        match self.allowed_by(request) {
            Some(by) => Decision::Allow { by: by.to_owned() },
            None => Decision::Deny(denial::explain(self, request)),
        }
    }

    /// The entry that allows a request, as a fragment of TOML. None when it is refused; [`Rules::decide`] says why.
    pub fn allowed_by(&self, request: &Request<'_>) -> Option<&str> {
        match *request {
            Request::OpenFolder { name, access } => {
                let key = check::folder_key(name);
                first(&self.fs, |folder| {
                    folder.key == key && access <= folder.grant.access
                })
            }
            Request::Connect {
                address,
                resolved_from,
                ..
            } => self.connect_by(address, resolved_from),
            Request::Listen { address, .. } => {
                first(&self.listen, |pattern| pattern.covers(address))
            }
            Request::Lookup { name } => self.lookup_by(Host::of(name)),
            Request::Http {
                scheme,
                host,
                port,
                path,
                ..
            } => {
                let host = Host::of(host);
                first(&self.http, |pattern| {
                    pattern.matches_origin(scheme, host, port)
                        && pattern.judge_path(path) == PathVerdict::Covered
                })
            }
            Request::HttpConnect { host, address } => self.http_connect_by(Host::of(host), address),
            Request::Spawn {
                program,
                arguments,
                variables,
            } if self.trust == Trust::Trusted => first(&self.process, |own| {
                own.is(program) && own.takes(arguments) && own.lets_set(variables)
            }),
            Request::Spawn { .. } => None,
            Request::Variable { name } => first(&self.env, |own| own == name),
            Request::Telemetry => self.telemetry.then_some("telemetry = true"),
        }
    }

    fn connect_by(&self, address: SocketAddr, resolved_from: &[String]) -> Option<&str> {
        let destination = Destination::of(address.ip());
        if destination.ip.is_unspecified() {
            return None;
        }
        first(&self.connect, |pattern| {
            pattern.port.matches(address.port())
                && (pattern.host.covers(destination)
                    || leads_to(&pattern.host, resolved_from, destination))
        })
    }

    fn lookup_by(&self, host: Host<'_>) -> Option<&str> {
        if let Host::Address(_) = host {
            let first_of_all = self.connect.first().map(|rule| &rule.by);
            let first_of_all = first_of_all.or_else(|| self.lookup.first().map(|rule| &rule.by));
            let first_of_all = first_of_all.or_else(|| self.http.first().map(|rule| &rule.by));
            return first_of_all.map(String::as_str);
        }
        first(&self.lookup, |pattern| pattern.matches(host))
            .or_else(|| first(&self.connect, |pattern| pattern.host.matches(host)))
            .or_else(|| first(&self.http, |pattern| pattern.host.matches(host)))
    }

    fn http_connect_by(&self, host: Host<'_>, address: SocketAddr) -> Option<&str> {
        let destination = Destination::of(address.ip());
        if destination.ip.is_unspecified() {
            return None;
        }
        let granted = first(&self.http, |pattern| {
            pattern.host.matches(host) && pattern.port.matches(address.port())
        })?;
        if host.may_lead_to(destination) {
            return Some(granted);
        }
        // An address in place of a name leads to itself, whatever else is granted.
        if let Host::Address(_) = host {
            return None;
        }
        let covers = |host: &HostPattern, port: PortPattern| {
            host.covers(destination) && port.matches(address.port())
        };
        first(&self.connect, |pattern| covers(&pattern.host, pattern.port))
            .or_else(|| first(&self.http, |pattern| covers(&pattern.host, pattern.port)))
    }
}

/// Whether `pattern` is for one of the names that led to `destination`, and that name may lead there.
pub(crate) fn leads_to(
    pattern: &HostPattern,
    resolved_from: &[String],
    destination: Destination,
) -> bool {
    if !matches!(pattern, HostPattern::Name(_) | HostPattern::Below(_)) {
        return false;
    }
    resolved_from.iter().map(|name| Host::of(name)).any(|host| {
        matches!(host, Host::Name(_)) && pattern.matches(host) && host.may_lead_to(destination)
    })
}

fn first<P>(rules: &[Rule<P>], matches: impl Fn(&P) -> bool) -> Option<&str> {
    rules
        .iter()
        .find(|rule| matches(&rule.pattern))
        .map(|rule| rule.by.as_str())
}

fn read<P>(key: &str, entries: &[String], parse: impl Fn(&str) -> Option<P>) -> Vec<Rule<P>> {
    let rule = |entry: &String| {
        let pattern = parse(entry)?;
        Some(Rule {
            pattern,
            by: format!("{key} = [{}]", text::quoted(entry)),
        })
    };
    entries.iter().filter_map(rule).collect()
}

fn program_rule(grant: &ProgramGrant) -> Option<Rule<ProgramRule>> {
    check::program_grant(grant).ok()?;
    let arguments = grant.args.as_deref().map(ArgumentsPattern::parse);
    let pattern = ProgramRule {
        program: grant.program.clone(),
        arguments: arguments.transpose().ok()?,
        env: grant.env.clone(),
    };
    Some(Rule {
        pattern,
        by: format!("process = [{}]", text::program(grant)),
    })
}

fn folder_rule(grant: &FolderGrant) -> Option<Rule<FolderRule>> {
    check::folder_name(&grant.name).ok()?;
    let pattern = FolderRule {
        key: check::folder_key(&grant.name),
        grant: grant.clone(),
    };
    Some(Rule {
        pattern,
        by: format!("fs = [{}]", text::folder(grant)),
    })
}
