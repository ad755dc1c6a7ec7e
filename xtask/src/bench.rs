//! `cargo xtask bench`: the benchmarks, built as what ships is built.
//!
//! Those of the wire have a program of their own, which builds without the engine.

use std::process::ExitCode;

use anyhow::Result;

use crate::repo::Repo;
use crate::setup;
use crate::steps::{self, Outcome};

/// Runs the program that has the benchmark, with the arguments as they are, in the caller's folder.
pub(crate) fn run(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    let is_wire = arguments.first().is_some_and(|first| first == "transports");
    let (program, packages) = if is_wire {
        ("loop-bench-wire", &["loop-bench-wire"][..])
    } else {
        setup::components(repo)?;
        // `loop` and the floor stand beside `loop-bench`, which starts them.
        ("loop-bench", &["loop-cli", "loop-bench"][..])
    };
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
