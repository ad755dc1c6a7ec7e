//! Whole processes: `loop` beside the smallest embedding of wasmtime that does the same (`src/bin/floor.rs`).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::row::{Row, median, nanoseconds};

const START_ROUNDS: usize = 41;
const HTTP_ROUNDS: usize = 7;
const HTTP_REQUESTS: u32 = 5_000;
const MEMORY_ROUNDS: usize = 5;

/// A program that was built beside this one.
fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    anyhow::ensure!(
        path.exists(),
        "{} is not built: use `cargo xtask bench`",
        path.display()
    );
    Ok(path)
}

/// Compiles a guest to what the floor runs.
fn compiled(guest: &str, concurrent: bool, folder: &Path) -> anyhow::Result<PathBuf> {
    let out = folder.join(format!("{guest}.cwasm"));
    let mode = if concurrent {
        "compile-concurrent"
    } else {
        "compile"
    };
    let done = Command::new(beside("floor")?)
        .args([
            mode.as_ref(),
            loop_test::guest(guest).as_os_str(),
            out.as_os_str(),
        ])
        .status()?;
    anyhow::ensure!(done.success(), "the floor could not compile {guest}");
    Ok(out)
}

/// `loop`, with a cache of its own in this folder.
pub(crate) fn loop_command(folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(beside("loop")?);
    command
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("HOME", folder);
    Ok(command)
}

/// `start/hello-warm`: from nothing to the end of a command that prints a line.
pub(crate) fn start() -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let hello = loop_test::guest("hello");
    let floor_hello = compiled("hello", false, folder.path())?;
    let time = |command: &mut Command| -> anyhow::Result<f64> {
        let started = Instant::now();
        let output = command.output()?;
        let took = nanoseconds(started.elapsed()) / 1e6;
        anyhow::ensure!(output.stdout == b"hello, ann\n", "it printed {output:?}");
        Ok(took)
    };
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for round in 0..START_ROUNDS {
        let mut ours = loop_command(folder.path())?;
        let value = time(ours.arg("run").arg(&hello).args(["--", "ann"]))?;
        let mut floor = Command::new(beside("floor")?);
        let floor = time(floor.arg("run").arg(&floor_hello).arg("ann"))?;
        // The first of ours fills its cache.
        if round > 0 {
            values.push(value);
            floors.push(floor);
        }
    }
    Ok(Row::new(
        "start/hello-warm",
        "ms",
        median(&mut values),
        median(&mut floors),
        1.3,
    ))
}

/// A server in a process of its own, ended when it is dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts a server that says its address in the first line of output that has one.
    fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let stdout = child.stdout.take().context("it has an output")?;
        let stderr = child.stderr.take().context("it has an error output")?;
        let (sender, receiver) = std::sync::mpsc::channel();
        for stream in [Box::new(stdout) as Box<dyn Read + Send>, Box::new(stderr)] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if let Some((_, rest)) = line.split_once("http://") {
                        let address = rest.split(['/', ' ']).next().unwrap_or_default();
                        let _ = sender.send(address.to_owned());
                    }
                }
            });
        }
        let address = receiver.recv_timeout(Duration::from_mins(1));
        let mut server = Self {
            child,
            address: address.unwrap_or_default(),
        };
        if server.address.is_empty() {
            let _ = server.child.kill();
            anyhow::bail!("{command:?} said no address");
        }
        Ok(server)
    }

    /// A guest that serves.
    pub(crate) fn ours(folder: &Path, guest: &str) -> anyhow::Result<Self> {
        let mut command = loop_command(folder)?;
        command.arg("run").arg(loop_test::guest(guest)).args([
            "--listen",
            "127.0.0.1:0",
            "--grant",
            "net.listen = [\"127.0.0.1:*\"]",
        ]);
        Self::start(command)
    }

    fn floor(compiled: &Path, mode: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(beside("floor")?);
        command.arg(mode).arg(compiled);
        Self::start(command)
    }

    /// A native server of HTTP, which answers `/N` with N bytes and `/` with a few.
    pub(crate) fn http() -> anyhow::Result<Self> {
        let mut command = Command::new(beside("floor")?);
        command.arg("serve-native");
        Self::start(command)
    }

    /// A native server of WebSockets, which greets and sends back what comes.
    pub(crate) fn websocket() -> anyhow::Result<Self> {
        let mut command = Command::new(beside("floor")?);
        command.arg("serve-websocket");
        Self::start(command)
    }

    /// Its address and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Sends requests one after the other, over one connection.
    fn ask(&self, times: u32) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        for _ in 0..times {
            stream.write_all(b"GET /hello HTTP/1.1\r\nHost: bench\r\n\r\n")?;
            answer(&mut reader)?;
        }
        Ok(())
    }

    fn cpu(&self) -> anyhow::Result<f64> {
        cpu_of(self.child.id())
    }

    /// Its resident memory in KiB.
    fn resident(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line
            .and_then(|line| line.trim().split(' ').next())
            .context("it is resident")?;
        Ok(kib.parse()?)
    }

    /// The processor time that one of so many requests takes, in microseconds.
    fn cpu_per_request(&self) -> anyhow::Result<f64> {
        let before = self.cpu()?;
        self.ask(HTTP_REQUESTS)?;
        Ok((self.cpu()? - before) / 1000.0 / f64::from(HTTP_REQUESTS))
    }
}

/// The processor time of all threads of a process so far, in nanoseconds.
pub(crate) fn cpu_of(process: u32) -> anyhow::Result<f64> {
    let mut total = 0.0;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let stat = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        let nanoseconds = stat
            .split(' ')
            .next()
            .and_then(|text| text.parse::<f64>().ok());
        total += nanoseconds.unwrap_or(0.0);
    }
    Ok(total)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads one answer of HTTP/1.1.
fn answer(reader: &mut impl BufRead) -> anyhow::Result<()> {
    let mut line = String::new();
    let mut length = None;
    let mut chunked = false;
    reader.read_line(&mut line)?;
    anyhow::ensure!(line.starts_with("HTTP/1.1 200"), "it answered {line:?}");
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(text) = header.strip_prefix("content-length:") {
            length = Some(text.trim().parse::<u64>()?);
        }
        chunked |= header == "transfer-encoding: chunked";
    }
    if let Some(length) = length {
        std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    } else if chunked {
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let size = u64::from_str_radix(line.trim_end(), 16)?;
            std::io::copy(&mut reader.take(size + 2), &mut std::io::sink())?;
            if size == 0 {
                break;
            }
        }
    }
    Ok(())
}

/// `http02/cpu-per-request` and `http03/cpu-per-request`: what the server's process spends on a request.
pub(crate) fn http(version: &str, guest: &str) -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let three = version == "http03";
    let compiled = compiled(guest, three, folder.path())?;
    let ours = Server::ours(folder.path(), guest)?;
    let floor = Server::floor(&compiled, if three { "serve-0.3" } else { "serve-0.2" })?;
    ours.ask(HTTP_REQUESTS / 5)?;
    floor.ask(HTTP_REQUESTS / 5)?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..HTTP_ROUNDS {
        values.push(ours.cpu_per_request()?);
        floors.push(floor.cpu_per_request()?);
    }
    let name = if three {
        "http03/cpu-per-request"
    } else {
        "http02/cpu-per-request"
    };
    Ok(Row::new(
        name,
        "us",
        median(&mut values),
        median(&mut floors),
        1.05,
    ))
}

/// `memory/idle-app`: a server that has answered one request and waits.
pub(crate) fn memory() -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let compiled = compiled("http-p2", false, folder.path())?;
    // The first of ours fills its cache: a process that compiled is not the one that is measured.
    Server::ours(folder.path(), "http-p2")?.ask(1)?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..MEMORY_ROUNDS {
        let ours = Server::ours(folder.path(), "http-p2")?;
        let floor = Server::floor(&compiled, "serve-0.2")?;
        ours.ask(1)?;
        floor.ask(1)?;
        std::thread::sleep(Duration::from_millis(500));
        values.push(ours.resident()? / 1024.0);
        floors.push(floor.resident()? / 1024.0);
    }
    Ok(Row::new(
        "memory/idle-app",
        "MiB",
        median(&mut values),
        median(&mut floors),
        1.5,
    ))
}
