//! `cargo xtask bench`: the benchmarks, built as what ships is built.

use std::process::ExitCode;

use anyhow::Result;

use crate::repo::Repo;
use crate::setup;
use crate::steps::{self, Outcome};

/// Runs the program that has the benchmark, in the caller's folder.
///
/// Those of the reactor and of the wire are packages of their own, which know no wasmtime and need no components.
pub(crate) fn run(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    match arguments.split_first() {
        Some((name, rest)) if name == "reactor" => {
            build_and_run(repo, &["loop-bench-reactor"], "loop-bench-reactor", rest)
        }
        Some((name, _)) if name == "transports" => {
            build_and_run(repo, &["loop-bench-wire"], "loop-bench-wire", arguments)
        }
        _ => {
            setup::components(repo)?;
            // `loop` and the floor stand beside `loop-bench`, which starts them.
            build_and_run(repo, &["loop-cli", "loop-bench"], "loop-bench", arguments)
        }
    }
}

fn build_and_run(
    repo: &Repo,
    packages: &[&str],
    program: &str,
    arguments: &[String],
) -> Result<ExitCode> {
    let mut build = repo.cargo(&["build", "--release", "--locked"]);
    for package in packages {
        build.args(["--package", package]);
    }
    if let Outcome::Failed(why) = steps::run(&mut build)? {
        eprintln!("error: {why}");
        return Ok(ExitCode::FAILURE);
    }
    let mut bench = std::process::Command::new(repo.target().join("release").join(program));
    bench.args(arguments);
    Ok(match steps::run(&mut bench)? {
        Outcome::Passed | Outcome::Skipped(_) => ExitCode::SUCCESS,
        Outcome::Failed(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    })
}
