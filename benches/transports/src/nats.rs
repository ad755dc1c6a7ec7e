//! A server of NATS, and the floor over it: its own request and reply.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::Context as _;
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::runtime::Runtime;

use crate::peer::say;

/// The subject of the floor.
const SUBJECT: &str = "bench.floor";

const SCRIPT: &str = r#""$@" 2>&1 & server=$!; read -r _; kill -KILL "$server"; wait "$server""#;

/// What fits in a message: a server takes a mebibyte where nobody says otherwise.
const MESSAGE_BYTES: usize = 512 << 10;

/// A server, ended when it is dropped, and also when this process ends without that: a shell waits for the end of its
/// standard input to do it.
#[derive(Debug)]
pub(crate) struct NatsServer {
    child: Child,
    alive: Option<ChildStdin>,
    pub(crate) address: String,
}

impl NatsServer {
    /// Starts one, if the program is here.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let program = program().context(
            "nats-server is not installed: it is Debian's package `nats-server`, or is named in LOOP_NATS_SERVER",
        )?;
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(program)
            .args(["--addr", "127.0.0.1", "--port", "-1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start nats-server")?;
        let alive = child.stdin.take();
        let output = child.stdout.take().context("its output is piped")?;
        let mut server = Self {
            child,
            alive,
            address: String::new(),
        };
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some((_, at)) = line.split_once("Listening for client connections on ") {
                at.clone_into(&mut server.address);
            }
            if line.contains("Server is ready") {
                break;
            }
        }
        anyhow::ensure!(!server.address.is_empty(), "nats-server did not start");
        Ok(server)
    }
}

/// Where Debian puts it users who are not root do not look.
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LOOP_NATS_SERVER") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let mut programs = folders.map(|folder| folder.join("nats-server"));
    programs.find(|program| program.is_file())
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.alive = None;
        let _ = self.child.wait();
    }
}

/// A client that asks, and the server that it asks through.
#[derive(Debug)]
pub(crate) struct Requests {
    runtime: Runtime,
    client: async_nats::Client,
}

impl Requests {
    pub(crate) fn new(runtime: Runtime, server: &str) -> anyhow::Result<Self> {
        let client = runtime.block_on(async_nats::connect(server))?;
        Ok(Self { runtime, client })
    }

    pub(crate) fn ping_pong(&self, bytes: &[u8]) -> anyhow::Result<()> {
        for message in bytes.chunks(MESSAGE_BYTES) {
            let request = self
                .client
                .request(SUBJECT, Bytes::copy_from_slice(message));
            let answer = self.runtime.block_on(request)?;
            anyhow::ensure!(answer.payload.len() == message.len(), "it is echoed");
        }
        Ok(())
    }
}

/// The other process of the floor: sends back what comes.
pub(crate) fn echo(runtime: &Runtime, server: &str) -> anyhow::Result<()> {
    runtime.block_on(async {
        let client = async_nats::connect(server).await?;
        let mut requests = client.subscribe(SUBJECT).await?;
        client.flush().await?;
        say(server)?;
        while let Some(request) = requests.next().await {
            let reply = request.reply.context("a request has a reply")?;
            client.publish(reply, request.payload).await?;
        }
        Ok(())
    })
}
