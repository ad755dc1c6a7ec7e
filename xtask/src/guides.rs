//! The pieces of Rust in the guides: each compiles, as it stands on its page.
//!
//! A page becomes a file of Rust with the same name and the same lines, in which what is no Rust is empty. So what the compiler says names the
//! line of the page.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};
use loop_build::toolchain::TARGET;
use loop_build::{Environment, RustTarget};

use crate::repo::Repo;
use crate::steps::{self, Outcome};
use crate::test::CHECKED;

/// Where pages stand that show components of Rust how it is done.
const PAGES: [&str; 2] = ["docs/", "sdk/loop-guest/README.md"];

/// The SDK, which they use.
const SDK: &str = "sdk/loop-guest";

/// Compiles what stands on all pages, as one crate.
pub(crate) fn check(
    repo: &Repo,
    environment: &Environment,
    target: &RustTarget,
) -> Result<Outcome> {
    let folder = repo.target().join("guides");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut root = String::from(
        // An example shows a beginning, and need not use what it makes.
        "#![deny(warnings)]\n#![allow(dead_code, unused_variables)]\n",
    );
    let mut pages = 0;
    for path in repo.files()? {
        if !path.ends_with(".md") || !PAGES.iter().any(|page| path.starts_with(page)) {
            continue;
        }
        let page = repo.read(&path)?.context("a page that is not text")?;
        let Some(rust) = rust(&page.text) else {
            continue;
        };
        let file = folder.join(&path);
        fs::create_dir_all(file.parent().context("a path without a folder")?)?;
        fs::write(&file, rust)?;
        pages += 1;
        writeln!(root, "mod page_{pages} {{ include!({path:?}); }}")?;
    }
    ensure!(pages > 0, "no page has Rust");
    fs::write(folder.join("lib.rs"), root)?;
    let sdk = repo.path(SDK);
    fs::copy(sdk.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let manifest: toml::Table = fs::read_to_string(sdk.join("Cargo.toml"))?.parse()?;
    let features = manifest.get("features").and_then(toml::Value::as_table);
    let features: Vec<&String> = features.into_iter().flat_map(toml::Table::keys).collect();
    let sdk = sdk.to_string_lossy();
    let manifest = format!(
        "[workspace]\n[package]\nname = \"guides\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n\
         [dependencies]\nloop-guest = {{ path = {sdk:?}, features = {features:?} }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    let mut check = target.cargo(environment);
    check.current_dir(&folder);
    check.args(["check", "--target", TARGET]);
    check.arg("--target-dir").arg(repo.target().join(CHECKED));
    steps::run(&mut check)
}

/// The Rust of a page, if there is some. Each piece is the inside of a function that may fail, and may wait.
fn rust(page: &str) -> Option<String> {
    let mut rust = String::new();
    let mut found = false;
    // Whether a block is open, and whether it is one of Rust.
    let mut block = None;
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), block) {
            (Some(language), None) => {
                let is_rust = language.split(',').next() == Some("rust");
                block = Some(is_rust);
                if is_rust {
                    found = true;
                    let _ = write!(
                        rust,
                        "async fn line_{}() -> Result<(), Box<dyn std::error::Error>> {{",
                        number + 1
                    );
                }
            }
            (Some(_), Some(is_rust)) => {
                block = None;
                if is_rust {
                    rust.push_str("Ok(()) }");
                }
            }
            (None, Some(true)) => rust.push_str(line),
            (None, _) => {}
        }
        rust.push('\n');
    }
    found.then_some(rust)
}

#[cfg(test)]
mod tests {
    use super::rust;

    #[test]
    fn a_page_keeps_its_lines() {
        let page = "# A\n\n```toml\na = 1\n```\n\n```rust,ignore\nlet a = 1;\n```\nand\n```rust\nf()?;\n```\n";
        let function = "() -> Result<(), Box<dyn std::error::Error>> {";
        let expected = format!(
            "\n\n\n\n\n\nasync fn line_7{function}\nlet a = 1;\nOk(()) }}\n\nasync fn line_11{function}\nf()?;\nOk(()) }}\n"
        );
        assert_eq!(rust(page), Some(expected));
        assert_eq!(rust("# A\n\n```console\n$ rust\n```\n"), None);
    }
}
