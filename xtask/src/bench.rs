//! `cargo xtask bench`: the benchmarks, built as what ships is built.

use std::process::ExitCode;

use anyhow::Result;

use crate::repo::Repo;
use crate::setup;
use crate::steps::{self, Outcome};

/// Runs `loop-bench` with the arguments as they are, in the caller's folder; for `reactor`, the reactor's own benchmarks.
pub(crate) fn run(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    // The reactor's are a package of their own, which knows no wasmtime and needs no components.
    if let Some(("reactor", rest)) = arguments
        .split_first()
        .map(|(name, rest)| (name.as_str(), rest))
    {
        return build_and_run(repo, &["loop-bench-reactor"], "loop-bench-reactor", rest);
    }
    setup::components(repo)?;
    // `loop` and the floor stand beside `loop-bench`, which starts them.
    build_and_run(repo, &["loop-cli", "loop-bench"], "loop-bench", arguments)
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
