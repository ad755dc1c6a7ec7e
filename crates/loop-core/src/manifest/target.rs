//! Where components come from, and what provides an import: the keys `use`, `component`, `provider`, `endpoint`
//! and `placement` taken together.

use std::path::PathBuf;

use crate::manifest::file::{PlacementText, ProvideTable};
use crate::manifest::{Placement, ProvideTarget, Source};
use crate::name;
use crate::shape::formats::Complaint;

/// The longest `use`, in bytes: the longest path that Linux takes.
const USE_BYTES_MAX: usize = 4096;

/// Reads `use`.
///
/// What begins with `./`, `../` or `/`, and what has no colon, is a path. The rest must be a package.
pub(crate) fn source(text: &str) -> Result<Source, Complaint> {
    if text.is_empty() {
        return Err(
            Complaint::new("`use` is empty", "nothing here").hint("for example \"components/web\"")
        );
    }
    if text.len() > USE_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(Complaint::new(
            "`use` is not a path",
            "too long, or not plain text",
        ));
    }
    let is_path = ["./", "../", "/"]
        .iter()
        .any(|start| text.starts_with(start))
        || !text.contains(':');
    if is_path {
        return Ok(Source::Path(PathBuf::from(text)));
    }
    if is_package(text) {
        return Ok(Source::Package(text.to_owned()));
    }
    let complaint = Complaint::new(
        format!("`{text}` is neither a path nor a package"),
        "what is it?",
    );
    Err(complaint.hint(format!(
        "write a path with a colon as \"./{text}\"; a package looks like \"acme:notes@1.2\""
    )))
}

/// `ns:pkg`, with `@` and a version of one to three numbers or without.
fn is_package(text: &str) -> bool {
    let (path, version) = match text.split_once('@') {
        Some((path, version)) => (path, Some(version)),
        None => (text, None),
    };
    let named = path
        .split_once(':')
        .is_some_and(|(namespace, package)| name::is_kebab(namespace) && name::is_kebab(package));
    named && version.is_none_or(is_version)
}

/// `1`, `1.2` or a whole version.
fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let short = text.split('.').count() <= 2 && text.split('.').all(number);
    short || semver::Version::parse(text).is_ok()
}

/// What provides, and where. The error names the key that it is about; an empty name stands for the whole table.
pub(crate) fn provide(
    table: &ProvideTable,
) -> Result<(ProvideTarget, Placement), (&'static str, Complaint)> {
    let placement = table.placement.map(|placement| match placement {
        PlacementText::Native => Placement::Native,
        PlacementText::Component => Placement::Component,
        PlacementText::Sidecar => Placement::Sidecar,
        PlacementText::Remote => Placement::Remote,
    });
    let mut said = Vec::new();
    if let Some(text) = &table.source {
        let source = source(text).map_err(|complaint| ("use", complaint))?;
        said.push(("use", ProvideTarget::Source(source), Placement::Component));
    }
    if let Some(component) = &table.component {
        let target = ProvideTarget::Component(component.clone());
        said.push(("component", target, Placement::Component));
    }
    if let Some(provider) = &table.provider {
        let provider = Some(provider.clone());
        let target = ProvideTarget::Native { provider };
        said.push(("provider", target, Placement::Native));
    }
    if let Some(endpoint) = &table.endpoint {
        let target = ProvideTarget::Endpoint(endpoint.clone());
        said.push(("endpoint", target, Placement::Remote));
    }
    if said.is_empty() && placement == Some(Placement::Native) {
        let target = ProvideTarget::Native { provider: None };
        said.push(("placement", target, Placement::Native));
    }
    let mut said = said.into_iter();
    let Some((key, target, usual)) = said.next() else {
        let complaint = Complaint::new("nothing is said to provide this interface", "by what?");
        return Err(("", complaint.hint("add one of `use`, `component`, `provider` and `endpoint`, or `placement = \"native\"` for the host's own")));
    };
    if let Some((other, ..)) = said.next() {
        return Err((other, more_than_one(key, other)));
    }
    let placement = placement.unwrap_or(usual);
    agree(table, &target, placement)?;
    Ok((target, placement))
}

fn more_than_one(one: &str, other: &str) -> Complaint {
    let complaint = Complaint::new(
        format!("`{one}` and `{other}` are both said to provide this interface"),
        "a second one",
    );
    complaint.hint("keep exactly one of `use`, `component`, `provider` and `endpoint`")
}

/// Whether the target can run where it is placed.
fn agree(
    table: &ProvideTable,
    target: &ProvideTarget,
    placement: Placement,
) -> Result<(), (&'static str, Complaint)> {
    let misplaced = match (target, placement) {
        (ProvideTarget::Native { .. }, Placement::Native)
        | (ProvideTarget::Component(_), Placement::Component)
        | (ProvideTarget::Endpoint(_), Placement::Remote)
        | (ProvideTarget::Source(_), Placement::Component | Placement::Sidecar) => None,
        (ProvideTarget::Native { .. }, _) => {
            Some("a `provider` is part of the host, so its placement is \"native\"")
        }
        (ProvideTarget::Component(_), _) => {
            Some("a component of the app runs in the app, so its placement is \"component\"")
        }
        (ProvideTarget::Source(_), Placement::Native) => {
            Some("what is native is part of the host: it is named with `provider`, not with `use`")
        }
        (ProvideTarget::Source(_), Placement::Remote) => Some(
            "what is remote runs already: it is named by its address with `endpoint`, not with `use`",
        ),
        (ProvideTarget::Endpoint(_), _) => {
            Some("an `endpoint` is elsewhere, so its placement is \"remote\"")
        }
    };
    if let Some(message) = misplaced {
        return Err(("placement", Complaint::new(message, "another placement")));
    }
    if table.transport.is_some() && placement != Placement::Sidecar {
        let complaint = Complaint::new("`transport` is for a sidecar", "not needed here");
        let hint = match placement {
            Placement::Remote => "leave it out: the address says what carries the calls",
            _ => "leave it out, or place the provider as \"sidecar\"",
        };
        return Err(("transport", complaint.hint(hint)));
    }
    Ok(())
}
