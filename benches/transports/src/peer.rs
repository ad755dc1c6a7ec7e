//! The other process: what it does, where it runs, and how it says where it listens.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};
use rustix::thread::{CpuSet, sched_setaffinity};
use tempfile::TempDir;

use crate::plan::{Placement, Transport};
use crate::{callee, floor};

/// What a process makes in its folder.
pub(crate) const SOCKET: &str = "socket";
pub(crate) const CERTIFICATE: &str = "certificate";

/// Which of the two a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Caller,
    Callee,
}

/// The other process, ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    child: Child,
    /// What it said in its first line: where it listens.
    pub(crate) address: String,
    /// Where its socket and its certificate are.
    folder: TempDir,
}

impl Peer {
    /// Starts it, to `serve` or to `echo`.
    pub(crate) fn start(
        command: &[OsString],
        what: &str,
        transport: Transport,
        placement: Placement,
        extra: &str,
    ) -> anyhow::Result<Self> {
        let (program, arguments) = command.split_first().context("a command has a program")?;
        let folder = tempfile::tempdir()?;
        let mut child = Command::new(program)
            .args(arguments)
            .args([what, transport.name(), placement.name()])
            .arg(folder.path())
            .arg(extra)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C in a terminal is for the first process: this one sees that it ends.
            .process_group(0)
            .spawn()
            .context("start the other process")?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut peer = Self {
            child,
            address: String::new(),
            folder,
        };
        BufReader::new(output).read_line(&mut peer.address)?;
        peer.address.truncate(peer.address.trim_end().len());
        anyhow::ensure!(!peer.address.is_empty(), "the other process ended at once");
        Ok(peer)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the other process.
pub(crate) fn be(arguments: &[String]) -> anyhow::Result<()> {
    let [what, transport, placement, folder, extra] = arguments else {
        bail!("the other process of a measurement is started by the first, and by nobody else");
    };
    let transport = Transport::from_name(transport)?;
    Placement::from_name(placement)?.take(Role::Callee)?;
    let folder = PathBuf::from(folder);
    let left = folder.clone();
    std::thread::spawn(move || end_with_input(&left));
    match &**what {
        "serve" => callee::be(transport, &folder, extra),
        "echo" => floor::echo(transport, &folder, extra),
        other => bail!("the other process cannot `{other}`"),
    }
}

#[expect(
    clippy::exit,
    reason = "the other threads wait for calls that never come"
)]
/// However the first process ends, this one does too, and removes what it leaves behind: nothing is ever written to the pipe, which
/// ends with it.
fn end_with_input(folder: &Path) {
    let _ = std::io::stdin().read(&mut [0]);
    for made in [folder.join(SOCKET), folder.join(CERTIFICATE)] {
        let _ = std::fs::remove_file(made);
    }
    let _ = std::fs::remove_dir(folder);
    std::process::exit(0);
}

/// Says where this process listens.
pub(crate) fn say(address: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{address}")?;
    Ok(output.flush()?)
}

impl Placement {
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
