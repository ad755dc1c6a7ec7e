//! The edges between crates, held against the layer table.

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};
use serde::Deserialize;

use super::Findings;
use crate::repo::{Repo, TextFile};

/// `xtask/layers.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    #[serde(rename = "crate")]
    pub(crate) crates: Vec<Row>,
    #[serde(default)]
    pub(crate) heavy: Vec<Heavy>,
}

/// One crate of the root workspace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) name: String,
    layer: Option<u8>,
    #[serde(default)]
    uses: Vec<String>,
    #[serde(default)]
    tests_only: bool,
    #[expect(
        dead_code,
        reason = "for readers of the table, who need it as much as the numbers"
    )]
    purpose: String,
    #[expect(
        dead_code,
        reason = "for readers of the table, who need it as much as the numbers"
    )]
    never: String,
}

/// A dependency that only some crates may name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heavy {
    pub(crate) name: String,
    pub(crate) crates: Vec<String>,
    pub(crate) reason: String,
}

/// What a crate of the root workspace declares.
#[derive(Debug)]
pub(crate) struct Package {
    name: String,
    /// The path of its `Cargo.toml`.
    manifest: String,
    text: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    for_tests: bool,
}

/// Asks cargo what the crates of the root workspace declare.
pub(crate) fn packages(repo: &Repo) -> Result<Vec<Package>> {
    let metadata = MetadataCommand::new()
        .current_dir(repo.root())
        .no_deps()
        .exec()
        .context("ask cargo for the workspace's crates")?;
    let mut packages = Vec::new();
    for package in metadata.packages {
        let manifest = package.manifest_path.as_std_path();
        let relative = manifest.strip_prefix(repo.root()).unwrap_or(manifest);
        packages.push(Package {
            name: package.name.to_string(),
            manifest: relative.to_string_lossy().replace('\\', "/"),
            text: std::fs::read_to_string(manifest)
                .with_context(|| format!("read {}", manifest.display()))?,
            dependencies: package
                .dependencies
                .into_iter()
                .map(|dependency| Dependency {
                    name: dependency.name,
                    for_tests: dependency.kind == DependencyKind::Development,
                })
                .collect(),
        });
    }
    Ok(packages)
}

/// Checks each crate's edges, and that the table and the workspace name the same crates.
pub(crate) fn check(table: &Table, packages: &[Package], findings: &mut Findings) {
    for row in &table.crates {
        if !packages.iter().any(|package| package.name == row.name) {
            let message = format!("`{}` is not a crate of the workspace", row.name);
            findings.file("xtask/layers.toml", "layers", message);
        }
    }
    for package in packages {
        let Some(row) = table.row(&package.name) else {
            let message = format!("`{}` has no place in xtask/layers.toml", package.name);
            findings.file(&package.manifest, "layers", message);
            continue;
        };
        for dependency in &package.dependencies {
            if let Some(message) = table.objection(row, dependency) {
                findings.at(
                    &package.manifest,
                    package.line_of(&dependency.name),
                    "layers",
                    message,
                );
            }
        }
        if !package.text.contains("[lints]\nworkspace = true") {
            let message = "the workspace's lints hold for every crate: `[lints] workspace = true`";
            findings.file(&package.manifest, "lints", message);
        }
    }
}

/// Checks that no crate outside the root workspace (components, SDKs) names a host-side crate.
pub(crate) fn check_guests(
    table: &Table,
    packages: &[Package],
    manifests: &[TextFile],
    findings: &mut Findings,
) {
    let host_side = |path: &str| {
        path == "Cargo.toml"
            || packages.iter().any(|package| package.manifest == path)
            // Filled in before they are read; one of them is a host.
            || path.starts_with("templates/")
    };
    for manifest in manifests.iter().filter(|file| !host_side(&file.path)) {
        let Ok(value) = manifest.text.parse::<toml::Table>() else {
            findings.file(
                &manifest.path,
                "layers",
                "this manifest cannot be read as TOML",
            );
            continue;
        };
        for name in guest_dependencies(&value) {
            if table.row(&name).is_some() {
                let line = line_of(&manifest.text, &name);
                let message =
                    format!("`{name}` is a crate of the host: a component never names one");
                findings.at(&manifest.path, line, "layers", message);
            }
        }
    }
}

impl Table {
    fn row(&self, name: &str) -> Option<&Row> {
        self.crates.iter().find(|row| row.name == name)
    }

    /// Why `from` may not have this dependency, if it may not.
    fn objection(&self, from: &Row, dependency: &Dependency) -> Option<String> {
        let name = &dependency.name;
        if let Some(to) = self.row(name) {
            return from.may_use(to, dependency.for_tests).err();
        }
        let heavy = self.heavy.iter().find(|heavy| heavy.covers(name))?;
        if heavy.crates.contains(&from.name) {
            return None;
        }
        let crates = heavy.crates.join(", ");
        Some(format!("`{name}` belongs to {crates}: {}", heavy.reason))
    }
}

impl Row {
    fn may_use(&self, to: &Row, for_tests: bool) -> Result<(), String> {
        if self.uses.contains(&to.name) || (to.tests_only && for_tests) {
            return Ok(());
        }
        // A crate names itself for its tests where they need a feature that nothing else asks for.
        if for_tests && to.name == self.name {
            return Ok(());
        }
        if to.tests_only {
            return Err(format!(
                "`{}` is for tests: name it under [dev-dependencies]",
                to.name
            ));
        }
        match (self.layer, to.layer) {
            (Some(from), Some(to_layer)) if from > to_layer => Ok(()),
            (Some(from), Some(to_layer)) => Err(format!(
                "an edge goes down: {} is in layer {from}, {} in layer {to_layer}",
                self.name, to.name
            )),
            (None, _) => Err(format!(
                "`{}` may use {}: add the edge to xtask/layers.toml if it is meant",
                self.name,
                self.uses.join(", ")
            )),
            (Some(_), None) => Err(format!("`{}` stands outside the layers", to.name)),
        }
    }
}

impl Heavy {
    fn covers(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.name,
        }
    }
}

impl Package {
    fn line_of(&self, dependency: &str) -> usize {
        line_of(&self.text, dependency)
    }
}

/// The line on which a manifest names a dependency; 1 if it is named in a way unknown here.
fn line_of(manifest: &str, dependency: &str) -> usize {
    manifest
        .lines()
        .position(|line| {
            line.strip_prefix(dependency)
                .is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        })
        .map_or(1, |index| index + 1)
}

/// The packages that a manifest names, in any of its tables of dependencies.
fn guest_dependencies(table: &toml::Table) -> Vec<String> {
    let mut names = Vec::new();
    for (key, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if key.ends_with("dependencies") {
            for (name, entry) in inner {
                let package = entry.get("package").and_then(toml::Value::as_str);
                names.push(package.unwrap_or(name).to_owned());
            }
        } else {
            names.extend(guest_dependencies(inner));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"
        crate = [
          { name = "top", layer = 2, purpose = "", never = "" },
          { name = "side", layer = 2, purpose = "", never = "" },
          { name = "base", layer = 0, purpose = "", never = "" },
          { name = "fixtures", uses = ["base"], tests_only = true, purpose = "", never = "" },
        ]
        heavy = [{ name = "engine*", crates = ["top"], reason = "it is big" }]
    "#;

    fn package(name: &str, normal: &[&str], tests: &[&str]) -> Package {
        let dependency = |for_tests| {
            move |name: &&str| Dependency {
                name: (*name).to_owned(),
                for_tests,
            }
        };
        Package {
            name: name.into(),
            manifest: format!("{name}/Cargo.toml"),
            text: "[dependencies]\nside.workspace = true\n[lints]\nworkspace = true\n".into(),
            dependencies: normal
                .iter()
                .map(dependency(false))
                .chain(tests.iter().map(dependency(true)))
                .collect(),
        }
    }

    fn found(package: Package) -> Vec<String> {
        let table: Table = toml::from_str(TABLE).unwrap();
        let mut findings = Findings::default();
        check(&table, &[package], &mut findings);
        findings
            .finish(&[])
            .iter()
            .filter(|finding| finding.path != "xtask/layers.toml")
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn an_edge_goes_down() {
        assert_eq!(
            found(package("top", &["base", "serde"], &["fixtures", "top"])),
            [""; 0]
        );
        assert_eq!(
            found(package("base", &["side"], &[])),
            ["base/Cargo.toml:2: an edge goes down: base is in layer 0, side in layer 2 [layers]"]
        );
        assert_eq!(
            found(package("top", &[], &["side"])),
            ["top/Cargo.toml:2: an edge goes down: top is in layer 2, side in layer 2 [layers]"]
        );
    }

    #[test]
    fn fixtures_are_for_tests() {
        assert_eq!(
            found(package("top", &["fixtures"], &[])),
            [
                "top/Cargo.toml:1: `fixtures` is for tests: name it under [dev-dependencies] [layers]"
            ]
        );
        assert_eq!(found(package("fixtures", &["base"], &[])), [""; 0]);
        assert_eq!(
            found(package("fixtures", &["top"], &[])),
            [
                "fixtures/Cargo.toml:1: `fixtures` may use base: add the edge to xtask/layers.toml if it is meant [layers]"
            ]
        );
    }

    #[test]
    fn a_heavy_dependency_has_its_crates() {
        assert_eq!(found(package("top", &["engine-http"], &[])), [""; 0]);
        assert_eq!(
            found(package("side", &["engine-http"], &[])),
            ["side/Cargo.toml:1: `engine-http` belongs to top: it is big [layers]"]
        );
    }

    #[test]
    fn an_unknown_crate_is_reported() {
        assert_eq!(
            found(package("new", &[], &[])),
            ["new/Cargo.toml: `new` has no place in xtask/layers.toml [layers]"]
        );
    }

    #[test]
    fn a_component_names_no_host_crate() {
        let table: Table = toml::from_str(TABLE).unwrap();
        let text = "[target.'cfg(unix)'.dependencies]\nx = { package = \"base\" }\n[dev-dependencies]\nserde = \"1\"\n";
        let manifest = TextFile {
            path: "guests/a/Cargo.toml".into(),
            text: text.into(),
        };
        let mut findings = Findings::default();
        check_guests(&table, &[], &[manifest], &mut findings);
        let found: Vec<String> = findings
            .finish(&[])
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "guests/a/Cargo.toml:1: `base` is a crate of the host: a component never names one [layers]"
            ]
        );
    }
}
