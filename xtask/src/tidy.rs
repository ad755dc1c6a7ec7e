//! `cargo xtask tidy`: the rules of the house that neither rustc nor clippy can hold.
//!
//! Every check takes data and pushes [`Finding`]s; nothing is written or mended here. All findings
//! are reported at once.

mod bans;
mod finding;
mod layers;
mod licence;
mod markdown;
mod text;
mod tree;

use anyhow::{Context, Result};

pub(crate) use finding::{Finding, Findings};

use crate::repo::Repo;
use crate::steps::Outcome;

/// Checks the whole repository and returns what is wrong, in the order of paths and lines.
pub(crate) fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let rules: text::Rules = read_toml(repo, "xtask/tidy.toml")?;
    let table: layers::Table = read_toml(repo, "xtask/layers.toml")?;
    let paths = repo.files()?;
    let mut findings = Findings::default();

    let mut manifests = Vec::new();
    for path in &paths {
        let Some(file) = repo.read(path)? else {
            continue;
        };
        text::check(&rules, &file, &mut findings);
        if path.ends_with(".md") {
            markdown::check(&file, |target| repo.path(target).exists(), &mut findings);
        }
        if path.ends_with("Cargo.toml") {
            manifests.push(file);
        }
    }

    let packages = layers::packages(repo)?;
    layers::check(&table, &packages, &mut findings);
    layers::check_guests(&table, &packages, &manifests, &mut findings);
    tree::check(repo, &paths, &table, &mut findings)?;
    if let Err(error) = bans::check(repo, &table, &mut findings) {
        // The other findings are worth showing without it.
        findings.file("Cargo.lock", "dependencies", format!("{error:#}"));
    }

    Ok(findings.finish(&rules.exempt))
}

/// Prints what is wrong.
pub(crate) fn report(findings: &[Finding]) -> Outcome {
    for finding in findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => Outcome::Passed,
        1 => Outcome::Failed("1 finding".to_owned()),
        number => Outcome::Failed(format!("{number} findings")),
    }
}

fn read_toml<T: serde::de::DeserializeOwned>(repo: &Repo, path: &str) -> Result<T> {
    let text = std::fs::read_to_string(repo.path(path)).with_context(|| format!("read {path}"))?;
    toml::from_str(&text).with_context(|| format!("parse {path}"))
}
