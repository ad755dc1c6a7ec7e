//! `cargo xtask bench`: the benchmarks, built as what ships is built.

use std::process::ExitCode;

use anyhow::Result;

use crate::repo::Repo;
use crate::setup;
use crate::steps::{self, Outcome};

/// Runs `loop-bench` with the arguments as they are, in the caller's folder.
pub(crate) fn run(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    setup::components(repo)?;
    // `loop` and the floor stand beside `loop-bench`, which starts them.
    let build = [
        "build",
        "--release",
        "--locked",
        "--package",
        "loop-cli",
        "--package",
        "loop-bench",
    ];
    let mut build = repo.cargo(&build);
    if let Outcome::Failed(why) = steps::run(&mut build)? {
        eprintln!("error: {why}");
        return Ok(ExitCode::FAILURE);
    }
    let mut bench = std::process::Command::new(repo.target().join("release").join("loop-bench"));
    bench.args(arguments);
    Ok(match steps::run(&mut bench)? {
        Outcome::Passed | Outcome::Skipped(_) => ExitCode::SUCCESS,
        Outcome::Failed(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    })
}
