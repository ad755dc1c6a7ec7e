//! A server of NATS for the tests: the real one, on a port that the system chose.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, bail};

/// A server, which is killed when this is dropped, and also when this process ends without dropping it: a shell waits for
/// the end of its standard input to do it.
#[derive(Debug)]
pub struct NatsServer {
    child: Child,
    alive: Option<ChildStdin>,
    /// Where it listens.
    pub address: String,
}

const SCRIPT: &str = r#""$@" 2>&1 & server=$!; read -r _; kill -KILL "$server"; wait "$server""#;

impl NatsServer {
    /// Starts a server.
    ///
    /// # Panics
    /// As [`start_with`](Self::start_with).
    pub fn start() -> Self {
        Self::start_with("127.0.0.1:-1", "")
    }

    /// Starts a server at an address, with further configuration.
    ///
    /// # Panics
    /// When there is no such program, or it does not start, with what it said.
    pub fn start_with(address: &str, configuration: &str) -> Self {
        match try_start(address, configuration) {
            Ok(server) => server,
            #[expect(clippy::panic, reason = "the test that asked cannot go on")]
            Err(error) => panic!("{error:?}"),
        }
    }

    /// A server that the tests of this process share.
    ///
    /// # Panics
    /// As [`start_with`](Self::start_with).
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<NatsServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.alive = None;
        let _ = self.child.wait();
    }
}

fn try_start(address: &str, configuration: &str) -> anyhow::Result<NatsServer> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("nats.conf");
    std::fs::write(&path, format!("listen: \"{address}\"\n{configuration}"))?;
    let mut child = Command::new("sh")
        .args(["-c", SCRIPT, "sh"])
        .arg(program()?)
        .arg("--config")
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut server = NatsServer {
        alive: child.stdin.take(),
        address: String::new(),
        child,
    };
    let output = server.child.stdout.take().context("its output is piped")?;
    let mut said = String::new();
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some((_, at)) = line.split_once("Listening for client connections on ") {
            at.clone_into(&mut server.address);
        }
        if line.contains("Server is ready") {
            return Ok(server);
        }
        said += &line;
        said.push('\n');
    }
    bail!("nats-server did not start: {said}")
}

fn program() -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("LOOP_NATS_SERVER") {
        return Ok(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian puts it where users who are not root do not look.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let mut programs = folders.map(|folder| folder.join("nats-server"));
    let missing = "the tests of NATS need nats-server: `cargo xtask test` fetches it; or install Debian's package `nats-server`, or name the program in LOOP_NATS_SERVER";
    programs.find(|program| program.is_file()).context(missing)
}
