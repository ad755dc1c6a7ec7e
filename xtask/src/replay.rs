//! The reactor in WebAssembly: the same inputs come to the same state there and here.

use anyhow::Result;
use loop_build::toolchain::TARGET;
use loop_build::{Environment, RustTarget};

use crate::repo::{Repo, output};
use crate::steps::{self, Outcome};
use crate::test::CHECKED;

/// Builds the reactor's example `replay` for components, runs it with the `loop` that was built before, and compares the digest that
/// it prints with that of the same program on this machine.
///
/// The reactor's own tests do so for `wasm32-unknown-unknown` where the compiler has it. This one needs nothing but what
/// components are built with, so it is never left out where they are.
pub(crate) fn check(
    repo: &Repo,
    environment: &Environment,
    target: &RustTarget,
) -> Result<Outcome> {
    let example = [
        "--locked",
        "--package",
        "loop-reactor",
        "--example",
        "replay",
    ];
    let folder = repo.target().join(CHECKED);
    let mut build = target.cargo(environment);
    build.current_dir(repo.root()).args(["build", "--release"]);
    build.args(example).args(["--target", TARGET]);
    build.arg("--target-dir").arg(&folder);
    let built = steps::run(&mut build)?;
    if built != Outcome::Passed {
        return Ok(built);
    }
    let program = folder.join(TARGET).join("release/examples/replay.wasm");
    let name = format!("loop{}", std::env::consts::EXE_SUFFIX);
    let mut run = environment.command(&repo.target().join("debug").join(name));
    let there = output(run.current_dir(&folder).arg("run").arg(program))?;
    let here = output(repo.cargo(&["run", "--quiet"]).args(example))?;
    println!(
        "  as a component: {}\n  here:           {}",
        there.trim(),
        here.trim()
    );
    Ok(if there == here && !here.trim().is_empty() {
        Outcome::Passed
    } else {
        Outcome::Failed("the digests differ".to_owned())
    })
}
