//! Programs that run beside a test: servers, the real ones.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, bail};

/// A program, which is killed when this is dropped, and also when this process ends without dropping it: a shell waits for
/// the end of its standard input to do it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    alive: Option<ChildStdin>,
}

const SCRIPT: &str =
    r#""$@" 2>&1 & server=$!; exec 2>/dev/null; read -r _; kill -KILL "$server"; wait "$server""#;

impl Running {
    /// Starts a program, and waits until a line of what it says contains `ready`. `heard` is told each line until then.
    pub(crate) fn start(
        command: &Command,
        ready: &str,
        mut heard: impl FnMut(&str),
    ) -> anyhow::Result<Self> {
        let program = command.get_program();
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(program)
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("its output is piped")?;
        let running = Self {
            alive: child.stdin.take(),
            child,
        };
        let mut said = String::new();
        for line in BufReader::new(output).lines() {
            let line = line?;
            heard(&line);
            if line.contains(ready) {
                return Ok(running);
            }
            said += &line;
            said.push('\n');
        }
        bail!("{} did not start: {said}", program.display())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.alive = None;
        let _ = self.child.wait();
    }
}

/// Finds a program: where the variable says, or where programs are.
pub(crate) fn program(name: &str, variable: &str) -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os(variable) {
        return Ok(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian puts some where users who are not root do not look.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let mut programs = folders.map(|folder| folder.join(name));
    let found = programs.find(|program| program.is_file());
    found.with_context(|| {
        format!("some tests need {name}: `cargo xtask test` fetches it; or install Debian's package `{name}`, or name the program in {variable}")
    })
}
