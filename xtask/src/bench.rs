//! `cargo xtask bench`: the benchmarks, built as what ships is built.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::repo::Repo;
use crate::setup;
use crate::steps::{self, Outcome};

/// Runs the program that has the benchmark, in the caller's folder.
///
/// Those of the reactor are a package of their own, which knows no wasmtime and needs no components.
pub(crate) fn run(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    match arguments.split_first() {
        Some((name, rest)) if name == "reactor" => {
            build(repo, &["loop-bench-reactor"], |release| {
                let mut bench = Command::new(release.join("loop-bench-reactor"));
                bench.args(rest);
                bench
            })
        }
        Some((name, _)) if name == "transports" => {
            let nats = setup::NATS.find(repo)?;
            build(repo, &["loop-cli"], |release| {
                let mut bench = Command::new(release.join("loop"));
                bench.arg("bench").args(arguments);
                bench.env(setup::NATS.variable, nats);
                bench
            })
        }
        _ => {
            setup::components(repo)?;
            // `loop` and the floor stand beside `loop-bench`, which starts them.
            build(repo, &["loop-cli", "loop-bench"], |release| {
                let mut bench = Command::new(release.join("loop-bench"));
                bench.args(arguments);
                bench
            })
        }
    }
}

/// Builds packages, and runs the program that is then in the folder of what ships.
fn build(
    repo: &Repo,
    packages: &[&str],
    bench: impl FnOnce(PathBuf) -> Command,
) -> Result<ExitCode> {
    let mut build = repo.cargo(&["build", "--release", "--locked"]);
    for package in packages {
        build.args(["--package", package]);
    }
    if let Outcome::Failed(why) = steps::run(&mut build)? {
        eprintln!("error: {why}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(
        match steps::run(&mut bench(repo.target().join("release")))? {
            Outcome::Passed | Outcome::Skipped(_) => ExitCode::SUCCESS,
            Outcome::Failed(why) => {
                eprintln!("error: {why}");
                ExitCode::FAILURE
            }
        },
    )
}
