//! What the imports of an app's components could need, and is not granted.

use std::collections::{BTreeMap, BTreeSet};

use loop_core::grants::Grants;
use loop_core::name::InterfaceName;
use loop_core::policy::{Decision, Request, decide};
use loop_host::shape::{Kind, NeedKind, Shape, grants_needed};

use crate::commands::check::Findings;
use crate::commands::grants::grantable;
use crate::error::Problem;
use crate::plan::{Part, Plan, listen_example};
use crate::vars;

/// Compares what could be needed with what is granted, for every component.
pub(super) fn find(plan: &Plan, shapes: &BTreeMap<String, Shape>, findings: &mut Findings) {
    let advice = plan.advice();
    for (name, shape) in shapes {
        let Some(part) = plan.parts.get(name) else {
            continue;
        };
        if *name == plan.root {
            root(plan, name, part, shape, findings);
        }
        programs(name, part, findings);
        for variable in &part.grants.env {
            if !part.variables.contains_key(variable) && vars::granted(variable).is_none() {
                let message =
                    format!("`{name}` is granted the variable `{variable}`, which is not set");
                findings.notes.push(Problem::new(message));
            }
        }
        let needs = grants_needed(shape);
        let unprovided = needs.into_iter().filter(|need| {
            let interface = need.interface.parse::<InterfaceName>();
            !interface.is_ok_and(|wanted| plan.provide.keys().any(|key| key.serves(&wanted)))
        });
        for need in grantable(unprovided.collect()) {
            // Every runtime of a language imports the variables, and next to none needs one.
            if need.kind == NeedKind::Env || has(&part.grants, need.kind) {
                continue;
            }
            let key = need.kind.key();
            let message = format!(
                "`{name}` could need `{key}`, and is granted none: {}",
                need.why
            );
            let example = need
                .example
                .and_then(|example| Grants::parse_fragment(example).ok());
            let hint = example.and_then(|example| advice.hint(name, &example, false));
            let hint = hint.map(|hint| hint.replacen("to allow it", "if it does", 1));
            findings
                .notes
                .push(hint.into_iter().fold(Problem::new(message), Problem::hint));
        }
    }
}

/// Whether the root can start at all.
fn root(plan: &Plan, name: &str, part: &Part, shape: &Shape, findings: &mut Findings) {
    match shape.kind() {
        // WebSockets begin as HTTP.
        Kind::HttpServer(_) | Kind::WebSocketServer if part.grants.net.listen.is_empty() => {
            let message = format!("`{name}` serves HTTP, and is granted no address to listen on");
            let hint = plan.advice().hint(name, &listen_example(), false);
            findings
                .errors
                .push(hint.into_iter().fold(Problem::new(message), Problem::hint));
        }
        Kind::Empty => {
            let message = format!("`{name}` exports nothing, so there is nothing to run");
            findings.errors.push(
                Problem::new(message).hint("export `wasi:cli/run` or an interface of its own"),
            );
        }
        Kind::Library => {
            let message = format!("`{name}` is a library: it runs with `--invoke` only");
            findings.notes.push(Problem::new(message));
        }
        Kind::Command(_) | Kind::HttpServer(_) | Kind::WebSocketServer => {}
    }
}

/// Whether it may start the programs that it is granted, and whether they are there.
fn programs(name: &str, part: &Part, findings: &mut Findings) {
    let granted = &part.grants.process;
    let names: BTreeSet<&String> = granted.iter().map(|grant| &grant.program).collect();
    for program in names {
        let request = Request::Spawn {
            program,
            arguments: &[],
            variables: &[],
        };
        if let Decision::Deny(denial) = decide(&part.grants, part.trust, &request)
            && denial.needs_trust
        {
            let message =
                format!("`{name}` is granted the program `{program}`, and is not trusted");
            findings
                .errors
                .push(Problem::new(message).hint("write `trusted = true` beside its grants"));
        }
        if vars::program(program).is_none() {
            let message =
                format!("`{name}` is granted the program `{program}`, which is not there");
            let hint = if program.starts_with('/') {
                "install it, or grant the path where it is"
            } else {
                "install it, put its folder into `PATH`, or grant its absolute path"
            };
            findings.notes.push(Problem::new(message).hint(hint));
        }
    }
}

/// Whether anything of that kind is granted.
fn has(grants: &Grants, kind: NeedKind) -> bool {
    let net = &grants.net;
    match kind {
        NeedKind::Fs => !grants.fs.is_empty(),
        NeedKind::NetConnect => !net.connect.is_empty(),
        NeedKind::NetListen => !net.listen.is_empty(),
        // Names under `connect` and `http` may be resolved too.
        NeedKind::NetLookup => {
            !net.lookup.is_empty() || !net.connect.is_empty() || !net.http.is_empty()
        }
        NeedKind::NetHttp => !net.http.is_empty(),
        NeedKind::Env => !grants.env.is_empty(),
        NeedKind::Process => !grants.process.is_empty(),
        NeedKind::Provider | NeedKind::None => true,
    }
}
