//! The other process: what it does, where it runs, and how it says where it listens.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::transport::Transport;
use crate::{floor, ours};

/// Where the two processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Where the system puts them.
    Free,
    /// Both on one core.
    Pinned,
    /// Each on a core of its own, so that both are awake while one speaks.
    Awake,
}

/// Which of the two a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Caller,
    Callee,
}

impl Placement {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pinned => "pinned",
            Self::Awake => "awake",
        }
    }

    /// Moves this thread, and those that it starts, to where it belongs.
    pub(crate) fn take(self, role: Role) -> anyhow::Result<()> {
        let cores = std::fs::read_to_string("/proc/cpuinfo")?
            .matches("processor\t")
            .count();
        let mut set = CpuSet::new();
        let range = match self {
            Self::Free => 0..cores,
            Self::Pinned => 0..1,
            Self::Awake if role == Role::Caller => 0..1,
            Self::Awake => 1..2,
        };
        for core in range {
            set.set(core);
        }
        Ok(sched_setaffinity(None, &set)?)
    }
}

/// The other process, ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    child: Child,
    /// What it said in its first line: where it listens.
    pub(crate) address: String,
}

impl Peer {
    /// Starts this program again, to `serve` or to `echo`.
    pub(crate) fn start(
        what: &str,
        transport: Transport,
        placement: Placement,
        extra: &str,
    ) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([what, transport.name(), placement.name(), extra])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("it has an output")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        let address = address.trim_end().to_owned();
        anyhow::ensure!(!address.is_empty(), "the other process said nothing");
        Ok(Self { child, address })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the other process.
pub(crate) fn run(what: &str, args: &[&str]) -> anyhow::Result<()> {
    let [transport, placement, extra] = args else {
        anyhow::bail!("the other process takes three arguments, not {args:?}");
    };
    let transport = Transport::from_name(transport)?;
    let placement = match *placement {
        "pinned" => Placement::Pinned,
        "awake" => Placement::Awake,
        _ => Placement::Free,
    };
    placement.take(Role::Callee)?;
    match what {
        "serve" => ours::serve(transport, extra),
        _ => floor::echo(transport, extra),
    }
}

/// Says where this process listens.
pub(crate) fn say(address: &str) -> anyhow::Result<()> {
    println!("{address}");
    Ok(std::io::stdout().flush()?)
}
