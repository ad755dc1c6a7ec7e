//! Where components come from, and what provides an import: the keys `use`, `component`, `provider` and `placement`
//! taken together.

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
    let (target, placement) = match (&table.source, &table.component, &table.provider) {
        (Some(text), None, None) => {
            let source = source(text).map_err(|complaint| ("use", complaint))?;
            (
                ProvideTarget::Source(source),
                placement.unwrap_or(Placement::Component),
            )
        }
        (None, Some(component), None) => (
            ProvideTarget::Component(component.clone()),
            placement.unwrap_or(Placement::Component),
        ),
        (None, None, Some(provider)) => {
            let provider = Some(provider.clone());
            (
                ProvideTarget::Native { provider },
                placement.unwrap_or(Placement::Native),
            )
        }
        (None, None, None) if placement == Some(Placement::Native) => {
            (ProvideTarget::Native { provider: None }, Placement::Native)
        }
        (None, None, None) => {
            let complaint = Complaint::new("nothing is said to provide this interface", "by what?");
            return Err(("", complaint.hint("add one of `use`, `component` and `provider`, or `placement = \"native\"` for the host's own")));
        }
        (_, Some(_), _) if table.source.is_some() => {
            return Err(("component", more_than_one("use", "component")));
        }
        (Some(_), None, Some(_)) => return Err(("provider", more_than_one("use", "provider"))),
        _ => return Err(("provider", more_than_one("component", "provider"))),
    };
    agree(table, &target, placement)?;
    Ok((target, placement))
}

fn more_than_one(one: &str, other: &str) -> Complaint {
    let complaint = Complaint::new(
        format!("`{one}` and `{other}` are both said to provide this interface"),
        "a second one",
    );
    complaint.hint("keep exactly one of `use`, `component` and `provider`")
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
        | (
            ProvideTarget::Source(_),
            Placement::Component | Placement::Sidecar | Placement::Remote,
        ) => None,
        (ProvideTarget::Native { .. }, _) => {
            Some("a `provider` is part of the host, so its placement is \"native\"")
        }
        (ProvideTarget::Component(_), _) => {
            Some("a component of the app runs in the app, so its placement is \"component\"")
        }
        (ProvideTarget::Source(_), Placement::Native) => {
            Some("what is native is part of the host: it is named with `provider`, not with `use`")
        }
    };
    if let Some(message) = misplaced {
        return Err(("placement", Complaint::new(message, "another placement")));
    }
    if table.transport.is_some() && matches!(placement, Placement::Native | Placement::Component) {
        let complaint = Complaint::new(
            "`transport` is for a provider in another process",
            "no bytes to carry",
        );
        return Err((
            "transport",
            complaint.hint("leave it out, or place the provider as \"sidecar\" or \"remote\""),
        ));
    }
    Ok(())
}
