//! `build/js-changed`: a component of JavaScript is built after a change, and made by the componentizer alone.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;

use crate::process::loop_command;
use crate::row::{Row, median, nanoseconds};

const ROUNDS: usize = 11;

/// The source, as it is after so many changes.
fn source(changes: usize) -> String {
    format!("export const greeting = {{ greet: (name) => `hello {changes}, ${{name}}` }};\n")
}

/// How long a command takes, in milliseconds.
fn time(command: &mut Command) -> anyhow::Result<f64> {
    let started = Instant::now();
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let took = nanoseconds(started.elapsed()) / 1e6;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{command:?}: {said}");
    Ok(took)
}

/// The folder of the componentizer, which the first build has fetched.
fn componentizer(workspace: &Path) -> anyhow::Result<std::path::PathBuf> {
    for tool in std::fs::read_dir(workspace.join(".loop/tools"))? {
        let folder = tool?.path().join("node_modules/componentize-qjs");
        if folder.is_dir() {
            return Ok(folder);
        }
    }
    anyhow::bail!("no componentizer was fetched")
}

pub(crate) fn changed() -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let ours = |within: &Path, words: &[&str]| {
        let mut command = loop_command(folder.path())?;
        // What npm keeps is the user's, who is another within `loop_command`.
        if let Some(home) = std::env::var_os("HOME") {
            command.env("HOME", home);
        }
        time(command.args(words).current_dir(within))
    };
    ours(folder.path(), &["new", "w"])?;
    let workspace = folder.path().join("w");
    let new = ["component", "new", "a", "--lang", "js", "--kind", "library"];
    ours(&workspace, &new)?;
    let component = workspace.join("components/a");
    let main = component.join("src/main.js");
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        std::fs::write(&main, source(round))?;
        let value = ours(&workspace, &["build"])?;
        let mut alone = Command::new("node");
        alone
            .arg(componentizer(&workspace)?.join("cli.mjs"))
            .arg("--sync")
            .args(["--wit".as_ref(), component.join("wit").as_os_str()])
            .args(["--js".as_ref(), main.as_os_str()])
            .args([
                "--output".as_ref(),
                folder.path().join("a.wasm").as_os_str(),
            ]);
        let floor = time(&mut alone)?;
        // The first fetches the tools.
        if round > 0 {
            values.push(value);
            floors.push(floor);
        }
    }
    Ok(Row::new(
        "build/js-changed",
        "ms",
        median(&mut values),
        median(&mut floors),
        1.3,
    ))
}
