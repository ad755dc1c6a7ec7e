//! A server of Redis for the tests: the real one, on a free port of this machine.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use crate::running::{Running, program};

/// How often another port is tried, if somebody took the one that was free.
const TRIES: usize = 5;

/// A server that keeps its data in memory, for as long as this is held.
#[derive(Debug)]
pub struct RedisServer {
    _running: Running,
    /// The port that it listens on, at 127.0.0.1.
    pub port: u16,
}

impl RedisServer {
    /// Starts a server, with further arguments such as `--requirepass`.
    ///
    /// # Panics
    /// When there is no such program, or it does not start, with what it said.
    pub fn start(arguments: &[&str]) -> Self {
        let mut tries = 0;
        loop {
            tries += 1;
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
            let port = free.and_then(|free| Ok(free.local_addr()?.port()));
            let started = port
                .map_err(anyhow::Error::from)
                .and_then(|port| try_start(port, arguments));
            match started {
                Ok(server) => return server,
                Err(_) if tries < TRIES => {}
                #[expect(clippy::panic, reason = "the test that asked cannot go on")]
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// Starts a server on a port where one was.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_at(port: u16, arguments: &[&str]) -> Self {
        match try_start(port, arguments) {
            Ok(server) => server,
            #[expect(clippy::panic, reason = "the test that asked cannot go on")]
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn try_start(port: u16, arguments: &[&str]) -> anyhow::Result<RedisServer> {
    let mut command = Command::new(program("redis-server", "LOOP_REDIS_SERVER")?);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--save", "", "--appendonly", "no"]);
    command.args(arguments);
    let running = Running::start(&command, "Ready to accept connections", |_| {})?;
    Ok(RedisServer {
        _running: running,
        port,
    })
}
