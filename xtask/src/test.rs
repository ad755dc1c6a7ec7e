//! `cargo xtask test`: everything that must pass before a change lands, and all the set-up for it.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use loop_build::toolchain::{MakeError, Origin, TARGET, missing_packages};
use loop_build::{Cancel, Environment, RustTarget};

use crate::repo::Repo;
use crate::steps::{self, Outcome, Steps};
use crate::{demo, guides, replay, setup, tidy};

/// Where, under the target folder, the unit tests of components' crates are built, for this machine.
const NATIVE: &str = "native";

/// Where, under the target folder, crates are checked for the target of components.
pub(crate) const CHECKED: &str = "checked";

/// Runs every step and prints a summary.
pub(crate) fn run(repo: &Repo) -> Result<ExitCode> {
    println!("needed: Rust's wasm32-wasip2 target; made now if it is missing");
    println!(
        "needed: nats-server and redis-server; Debian's packages are fetched now if they are missing"
    );
    println!("used if present: rustfmt, clippy, cargo-nextest, node with npm, python3 with venv");
    println!("used if present, or as a package of Debian's: chromium");

    let mut steps = Steps::default();
    let mut components = None;
    steps.run("set-up", || {
        components = Some(setup::components(repo)?);
        Ok(Outcome::Passed)
    });
    let mut servers = Vec::new();
    steps.run("set-up of servers", || {
        for server in [setup::NATS, setup::REDIS] {
            servers.push((server.variable, server.find(repo)?));
        }
        Ok(Outcome::Passed)
    });
    let guests = guest_workspaces(repo)?;

    steps.run("format", || format(repo, &guests));
    steps.run("tidy", || {
        let findings = tidy::check(repo)?;
        Ok(tidy::report(&findings))
    });
    steps.run("clippy", || clippy(repo));
    steps.run("clippy of components", || {
        let target = components.as_ref().map(|(_, target)| target);
        clippy_of_components(repo, &guests, target)
    });
    steps.run("docs", || {
        let mut doc = repo.cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
        steps::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    });
    steps.run("portable crates", || match &components {
        Some((environment, target)) => portable(repo, environment, target),
        None => Ok(Outcome::Skipped("no Rust for components".to_owned())),
    });
    steps.run("examples in docs", || {
        steps::run(&mut repo.cargo(&["test", "--doc", "--workspace", "--locked"]))
    });
    steps.run("examples in guides", || match &components {
        Some((environment, target)) => guides::check(repo, environment, target),
        None => Ok(Outcome::Skipped("no Rust for components".to_owned())),
    });
    steps.run("tests of components' crates", || guest_tests(repo, &guests));
    steps.run("tests of the JavaScript SDK", || {
        if !setup::program_answers("node") {
            return Ok(Outcome::Skipped("node is missing".to_owned()));
        }
        let mut node = Command::new("node");
        node.current_dir(repo.root().join("sdk/js"));
        steps::run(node.args(["--test", "test/golden.test.js"]))
    });
    // Built here, so that no test spends its time limit on it.
    steps.run("components for the tests", || {
        steps::run(&mut repo.cargo(&["test", "--package", "loop-test", "--locked"]))
    });
    steps.run("programs for the tests", || {
        steps::run(&mut repo.programs(&["loop", "embed"]))
    });
    steps.run("reactor in WebAssembly", || match &components {
        Some((environment, target)) => replay::check(repo, environment, target),
        None => Ok(Outcome::Skipped("no Rust for components".to_owned())),
    });
    steps.run("tests", || {
        let mut tests = tests(repo);
        tests.envs(servers.iter().cloned());
        steps::run(&mut tests)
    });
    steps.run("target from Debian's packages", || {
        target_from_packages(repo)
    });
    for (name, check) in demo::CHECKS {
        steps.run(name, || match &components {
            Some((environment, _)) => check(repo, environment),
            None => Ok(Outcome::Skipped("no Rust for components".to_owned())),
        });
    }
    Ok(steps.finish())
}

/// A Cargo workspace whose crates become components.
#[derive(Debug)]
struct GuestWorkspace {
    /// The path of its `Cargo.toml`.
    manifest: String,
    has_tests: bool,
}

fn guest_workspaces(repo: &Repo) -> Result<Vec<GuestWorkspace>> {
    let files = repo.files()?;
    let mut guests = Vec::new();
    for manifest in files.iter().filter(|path| path.ends_with("/Cargo.toml")) {
        let text = repo
            .read(manifest)?
            .context("a manifest that is not text")?
            .text;
        // Templates are filled in before they compile; their own tests do that.
        if manifest.starts_with("templates/") || !text.lines().any(|line| line == "[workspace]") {
            continue;
        }
        let folder = manifest.strip_suffix("Cargo.toml").unwrap_or_default();
        let mut has_tests = false;
        for path in files
            .iter()
            .filter(|path| path.starts_with(folder) && path.ends_with(".rs"))
        {
            has_tests |= repo
                .read(path)?
                .is_some_and(|file| file.text.contains("#[test]"));
        }
        guests.push(GuestWorkspace {
            manifest: manifest.clone(),
            has_tests,
        });
    }
    Ok(guests)
}

fn format(repo: &Repo, guests: &[GuestWorkspace]) -> Result<Outcome> {
    if !setup::cargo_has("fmt") {
        return Ok(missing("rustfmt"));
    }
    let root = repo.cargo(&["fmt", "--all", "--check"]);
    let guests = guests.iter().map(|guest| {
        repo.cargo(&[
            "fmt",
            "--all",
            "--check",
            "--manifest-path",
            &guest.manifest,
        ])
    });
    steps::run_all(std::iter::once(root).chain(guests))
}

fn clippy(repo: &Repo) -> Result<Outcome> {
    if !setup::cargo_has("clippy") {
        return Ok(missing("clippy"));
    }
    let mut clippy = repo.cargo(&["clippy", "--workspace", "--all-targets", "--locked"]);
    steps::run(clippy.args(["--", "-D", "warnings"]))
}

/// Clippy reads the standard library of its own release only, so a target made for another compiler is no use to it.
fn clippy_of_components(
    repo: &Repo,
    guests: &[GuestWorkspace],
    target: Option<&RustTarget>,
) -> Result<Outcome> {
    if !setup::cargo_has("clippy") {
        return Ok(missing("clippy"));
    }
    if !target.is_some_and(|target| target.origin == Origin::Installed) {
        return Ok(Outcome::Skipped(format!(
            "this machine's clippy has no {TARGET}"
        )));
    }
    steps::run_all(guests.iter().map(|guest| {
        let mut command = repo.cargo(&["clippy", "--workspace", "--all-targets", "--locked"]);
        command.args(["--all-features", "--manifest-path", &guest.manifest]);
        command.args(["--target", TARGET]);
        command.arg("--target-dir").arg(repo.target().join(CHECKED));
        command.args(["--", "-D", "warnings"]);
        command
    }))
}

/// What runs in a guest as well as in the host compiles for both.
fn portable(repo: &Repo, environment: &Environment, target: &RustTarget) -> Result<Outcome> {
    let mut check = target.cargo(environment);
    check.current_dir(repo.root());
    check.args([
        "check",
        "--package",
        "loop-core",
        "--package",
        "loop-reactor",
        "--locked",
        "--target",
        TARGET,
    ]);
    check.arg("--target-dir").arg(repo.target().join(CHECKED));
    steps::run(&mut check)
}

fn tests(repo: &Repo) -> Command {
    if setup::cargo_has("nextest") {
        return repo.cargo(&[
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--profile",
            "ci",
        ]);
    }
    println!("cargo-nextest is not here: the tests run under `cargo test`, which takes longer");
    repo.cargo(&[
        "test",
        "--workspace",
        "--all-targets",
        "--locked",
        "--no-fail-fast",
    ])
}

/// The one test that nextest leaves out (`.config/nextest.toml`): a machine without the packages is not made to install them.
fn target_from_packages(repo: &Repo) -> Result<Outcome> {
    let environment = Environment::new(std::env::vars_os());
    let missing = match missing_packages(&environment, &Cancel::new()) {
        Ok(missing) => missing,
        Err(MakeError::NotDebian) => {
            return Ok(Outcome::Skipped("this is not a Debian system".to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    if missing.is_empty() {
        let test = ["test", "--workspace", "--locked", "--test", "debian"];
        return steps::run(&mut repo.cargo(&test));
    }
    let missing = missing.join(", ");
    Ok(Outcome::Skipped(format!("not installed here: {missing}")))
}

fn guest_tests(repo: &Repo, guests: &[GuestWorkspace]) -> Result<Outcome> {
    steps::run_all(guests.iter().filter(|guest| guest.has_tests).map(|guest| {
        let mut command = repo.cargo(&["test", "--workspace", "--lib", "--bins", "--locked"]);
        command.args(["--all-features", "--manifest-path", &guest.manifest]);
        command.arg("--target-dir").arg(repo.target().join(NATIVE));
        command
    }))
}

fn missing(tool: &str) -> Outcome {
    Outcome::Skipped(format!("{tool} is missing: `rustup component add {tool}`"))
}
