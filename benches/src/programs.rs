//! `process/spawn-true`: a component runs a program that does nothing, and the standard library does.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use loop_core::Grants;
use loop_core::policy::Trust;
use loop_host::wasmtime::component::Val;
use loop_host::{AppSpec, ComponentSpec, Host, LoadOptions};
use loop_providers::Process;

use crate::row::{Row, median, timed};

const ROUNDS: usize = 21;
const TIMES: u32 = 200;

/// The program.
const TRUE: &str = "/bin/true";

/// The guest, built once.
fn guest() -> PathBuf {
    let folder = loop_test::root().join("benches/guests/programs");
    loop_test::component(&folder, &folder)
}

/// Runs it as `exec` does, its output collected; how often it succeeded.
fn floor() -> anyhow::Result<u32> {
    let mut succeeded = 0;
    for _ in 0..TIMES {
        let mut command = Command::new(TRUE);
        command.env_clear().stdin(Stdio::null());
        succeeded += u32::from(command.output()?.status.success());
    }
    Ok(succeeded)
}

pub(crate) async fn spawn() -> anyhow::Result<Row> {
    let host = Host::builder()
        .standard_provider(Process::default())
        .build()?;
    let component = host.load_file(&guest(), LoadOptions::default())?;
    let mut spec = ComponentSpec::new(component);
    let granted = Grants::parse_fragment("process = [{ program = \"true\", args = [] }]");
    spec.grants = granted.map_err(|error| anyhow::anyhow!(error.message))?;
    spec.programs.insert("true".to_owned(), TRUE.into());
    spec.trust = Trust::Trusted;
    let app = host.link(AppSpec::single(spec))?;
    let ours = app.function("bench:programs/run#programs")?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (count, value) = timed(TIMES, ours.call(&[Val::U32(TIMES)])).await;
        let (floor_count, floor) = timed(TIMES, async { floor() }).await;
        anyhow::ensure!(count? == [Val::U32(TIMES)], "each of ours succeeded");
        anyhow::ensure!(floor_count? == TIMES, "each of the floor succeeded");
        // The first starts what waits for the end of the host.
        if round > 0 {
            values.push(value / 1000.0);
            floors.push(floor / 1000.0);
        }
    }
    Ok(Row::new(
        "process/spawn-true",
        "us",
        median(&mut values),
        median(&mut floors),
        1.2,
    ))
}
