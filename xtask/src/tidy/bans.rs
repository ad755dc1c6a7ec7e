//! What `deny.toml` says, held without cargo-deny: licences, duplicates, and bans that agree with the
//! layer table. cargo-deny itself adds what this leaves out: advisories, and parents of parents.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::layers::Table;
use super::{Findings, licence};
use crate::repo::{Repo, output};

const FILE: &str = "deny.toml";

/// The parts of `deny.toml` that are read here.
#[derive(Debug, Deserialize)]
struct Deny {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
    skip: Vec<Skip>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    wrappers: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Skip {
    #[serde(rename = "crate")]
    name: String,
}

/// A package of the resolved graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Resolved {
    name: String,
    version: String,
    licence: Option<String>,
}

/// Checks the resolved graph of the root workspace, and that both files name the same crates.
pub(crate) fn check(repo: &Repo, table: &Table, findings: &mut Findings) -> Result<()> {
    let deny: Deny = super::read_toml(repo, FILE)?;
    agreement(&deny, table, findings);
    let mut packages = BTreeSet::new();
    for target in &deny.graph.targets {
        packages.extend(resolved(repo, target)?);
    }
    duplicates(&deny, &packages, findings);
    licences(&deny, &packages, findings);
    Ok(())
}

/// What is compiled for a target. `cargo metadata` would also name what no feature asks for.
fn resolved(repo: &Repo, target: &str) -> Result<BTreeSet<Resolved>> {
    let mut tree = repo.cargo(&["tree", "--workspace", "--locked", "--prefix=none"]);
    tree.args([
        "--edges=normal,build,dev",
        "--format={p}|{l}",
        "--target",
        target,
    ]);
    let lines = output(&mut tree).context("is Cargo.lock up to date?")?;
    lines
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| Resolved::parse(line).with_context(|| format!("understand `{line}`")))
        .collect()
}

impl Resolved {
    /// Reads a line of `cargo tree`: `name v1.0.0 (where it is)|licence (*)`.
    fn parse(line: &str) -> Option<Resolved> {
        let (package, licence) = line.split_once('|')?;
        let mut words = package.split(' ');
        let name = words.next()?;
        let version = words.next()?.strip_prefix('v')?;
        // Said of what was shown before.
        let licence = licence.strip_suffix("(*)").unwrap_or(licence).trim();
        Some(Resolved {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: (!licence.is_empty()).then(|| licence.to_owned()),
        })
    }
}

/// Each heavy dependency of the layer table is banned in `deny.toml`, for the same crates.
fn agreement(deny: &Deny, table: &Table, findings: &mut Findings) {
    for heavy in &table.heavy {
        let name = heavy.name.trim_end_matches('*');
        let Some(ban) = deny.bans.deny.iter().find(|ban| ban.name == name) else {
            let message =
                format!("no ban of `{name}`, which xtask/layers.toml keeps to some crates");
            findings.file(FILE, "bans", message);
            continue;
        };
        let missing = heavy
            .crates
            .iter()
            .filter(|name| !ban.wrappers.contains(name));
        for wrapper in missing {
            let message =
                format!("`{wrapper}` may name `{name}` in xtask/layers.toml, but not here");
            findings.file(FILE, "bans", message);
        }
        let ours = |name: &str| table.crates.iter().any(|row| row.name == name);
        let extra = ban
            .wrappers
            .iter()
            .filter(|wrapper| ours(wrapper.as_str()) && !heavy.crates.contains(wrapper));
        for wrapper in extra {
            let message =
                format!("`{wrapper}` may name `{name}` here, but not in xtask/layers.toml");
            findings.file(FILE, "bans", message);
        }
    }
}

/// A package is there once, or `deny.toml` says why it is there twice.
fn duplicates(deny: &Deny, packages: &BTreeSet<Resolved>, findings: &mut Findings) {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions
            .entry(&package.name)
            .or_default()
            .push(&package.version);
    }
    for (name, versions) in &versions {
        let skipped = |version: &&&str| {
            let exact = format!("{name}@{version}");
            deny.bans.skip.iter().any(|skip| skip.name == exact)
        };
        let left: Vec<&str> = versions
            .iter()
            .filter(|version| !skipped(version))
            .copied()
            .collect();
        if left.len() > 1 {
            let message = format!(
                "`{name}` is there more than once ({}): agree on one, or skip the others with a reason",
                left.join(", ")
            );
            findings.file(FILE, "duplicate", message);
        }
    }
    for skip in &deny.bans.skip {
        let (name, version) = skip.name.split_once('@').unwrap_or((&skip.name, ""));
        let needed = versions
            .get(name)
            .is_some_and(|found| found.len() > 1 && found.contains(&version));
        if !needed {
            let message = format!("`{}` need not be skipped any more", skip.name);
            findings.file(FILE, "duplicate", message);
        }
    }
}

fn licences(deny: &Deny, packages: &BTreeSet<Resolved>, findings: &mut Findings) {
    for package in packages {
        let Resolved {
            name,
            version,
            licence,
        } = package;
        match licence {
            None => findings.file(
                FILE,
                "licence",
                format!("{name} {version} names no licence"),
            ),
            Some(licence) if !licence::allowed(licence, &deny.licenses.allow) => {
                let message =
                    format!("{name} {version} has a licence that is not allowed: {licence}");
                findings.file(FILE, "licence", message);
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = r#"
        graph.targets = []
        licenses.allow = ["MIT"]
        bans.deny = [{ crate = "engine", wrappers = ["top", "engine-http"] }]
        bans.skip = [{ crate = "twice@1.0.0" }]
    "#;

    fn package(name: &str, version: &str, licence: &str) -> Resolved {
        Resolved {
            name: name.into(),
            version: version.into(),
            licence: Some(licence.into()),
        }
    }

    fn found(fill: impl FnOnce(&Deny, &mut Findings)) -> Vec<String> {
        let deny: Deny = toml::from_str(DENY).unwrap();
        let mut findings = Findings::default();
        fill(&deny, &mut findings);
        findings
            .finish(&[])
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    fn table(crates: &str) -> Table {
        let text = format!(
            r#"
            crate = [
              {{ name = "top", layer = 1, purpose = "", never = "" }},
              {{ name = "side", layer = 1, purpose = "", never = "" }},
            ]
            heavy = [{{ name = "engine*", crates = {crates}, reason = "" }}]
            "#
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn both_files_agree() {
        let same = table(r#"["top"]"#);
        assert_eq!(
            found(|deny, findings| agreement(deny, &same, findings)),
            [""; 0]
        );
        let other = table(r#"["side"]"#);
        assert_eq!(
            found(|deny, findings| agreement(deny, &other, findings)),
            [
                "`side` may name `engine` in xtask/layers.toml, but not here",
                "`top` may name `engine` here, but not in xtask/layers.toml",
            ]
        );
    }

    #[test]
    fn a_package_is_there_once() {
        let skipped = BTreeSet::from([
            package("twice", "1.0.0", "MIT"),
            package("twice", "2.0.0", "MIT"),
        ]);
        assert_eq!(
            found(|deny, findings| duplicates(deny, &skipped, findings)),
            [""; 0]
        );
        let other = BTreeSet::from([package("a", "1.0.0", "MIT"), package("a", "2.0.0", "MIT")]);
        assert_eq!(
            found(|deny, findings| duplicates(deny, &other, findings)),
            [
                "`a` is there more than once (1.0.0, 2.0.0): agree on one, or skip the others with a reason",
                "`twice@1.0.0` need not be skipped any more",
            ]
        );
    }

    #[test]
    fn lines_of_cargo_tree_are_understood() {
        for line in [
            "a v1.0.0|MIT",
            "a v1.0.0 (proc-macro)|MIT (*)",
            "a v1.0.0 (/some/folder)|MIT",
        ] {
            assert_eq!(
                Resolved::parse(line),
                Some(package("a", "1.0.0", "MIT")),
                "{line}"
            );
        }
        assert_eq!(Resolved::parse("a v1.0.0|").unwrap().licence, None);
        assert_eq!(Resolved::parse("nothing"), None);
    }

    #[test]
    fn licences_are_allowed_ones() {
        let mut packages = BTreeSet::from([
            package("a", "1.0.0", "MIT"),
            package("b", "1.0.0", "GPL-3.0"),
        ]);
        packages.insert(Resolved {
            name: "c".into(),
            version: "1.0.0".into(),
            licence: None,
        });
        assert_eq!(
            found(|deny, findings| licences(deny, &packages, findings)),
            [
                "b 1.0.0 has a licence that is not allowed: GPL-3.0",
                "c 1.0.0 names no licence",
            ]
        );
    }
}
