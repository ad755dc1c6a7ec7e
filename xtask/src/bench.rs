//! `cargo xtask bench`: the benchmarks, built as what ships is built.

use std::process::ExitCode;

use anyhow::Result;

use crate::repo::Repo;
use crate::setup;
use crate::steps::{self, Outcome};

/// Runs `loop-bench` with the arguments as they are, in the caller's folder.
pub(crate) fn run(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    setup::components(repo)?;
    let mut bench = std::process::Command::new(crate::repo::cargo());
    bench.args([
        "run",
        "--release",
        "--locked",
        "--package",
        "loop-bench",
        "--manifest-path",
    ]);
    bench.arg(repo.path("Cargo.toml")).arg("--").args(arguments);
    Ok(match steps::run(&mut bench)? {
        Outcome::Passed | Outcome::Skipped(_) => ExitCode::SUCCESS,
        Outcome::Failed(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    })
}
