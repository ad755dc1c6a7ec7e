//! A server of NATS for the tests: the real one, on a port that the system chose.

use std::process::Command;
use std::sync::OnceLock;

use crate::running::{Running, program};

/// A server, for as long as this is held.
#[derive(Debug)]
pub struct NatsServer {
    _running: Running,
    /// Where it listens.
    pub address: String,
}

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

fn try_start(address: &str, configuration: &str) -> anyhow::Result<NatsServer> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("nats.conf");
    std::fs::write(&path, format!("listen: \"{address}\"\n{configuration}"))?;
    let mut command = Command::new(program("nats-server", "LOOP_NATS_SERVER")?);
    command.arg("--config").arg(&path);
    let mut address = String::new();
    let running = Running::start(&command, "Server is ready", |line| {
        if let Some((_, at)) = line.split_once("Listening for client connections on ") {
            at.clone_into(&mut address);
        }
    });
    Ok(NatsServer {
        _running: running?,
        address,
    })
}
