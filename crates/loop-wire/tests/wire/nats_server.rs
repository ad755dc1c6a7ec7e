//! A server of NATS for the tests: the real one, on a port that the system chose.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// A server, which is killed when this is dropped, and also when this process ends without dropping it: a shell waits for
/// the end of its standard input to do it.
pub(crate) struct NatsServer {
    child: Child,
    alive: Option<ChildStdin>,
    /// Where it listens.
    pub(crate) address: String,
}

const SCRIPT: &str = r#""$@" 2>&1 & server=$!; read -r _; kill -KILL "$server"; wait "$server""#;

impl NatsServer {
    /// Starts a server.
    pub(crate) fn start() -> Self {
        Self::start_with("127.0.0.1:-1", "")
    }

    /// Starts a server at an address, with further configuration.
    pub(crate) fn start_with(address: &str, configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nats.conf");
        std::fs::write(&path, format!("listen: \"{address}\"\n{configuration}")).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(program())
            .arg("--config")
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let alive = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let mut listens = None;
        for line in output.lines() {
            let line = line.unwrap();
            if let Some((_, at)) = line.split_once("Listening for client connections on ") {
                listens = Some(at.to_owned());
            }
            if line.contains("Server is ready") {
                break;
            }
            said += &line;
            said.push('\n');
        }
        let address = listens.unwrap_or_else(|| panic!("nats-server did not start: {said}"));
        Self {
            child,
            alive,
            address,
        }
    }

    /// A server that the tests of this process share.
    pub(crate) fn shared() -> &'static Self {
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

fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("LOOP_NATS_SERVER") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian puts it where users who are not root do not look.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let mut programs = folders.map(|folder| folder.join("nats-server"));
    programs.find(|program| program.is_file()).unwrap_or_else(|| {
        panic!(
            "the tests of NATS need nats-server: `cargo xtask test` fetches it; or install Debian's package `nats-server`, or name the program in LOOP_NATS_SERVER"
        )
    })
}
