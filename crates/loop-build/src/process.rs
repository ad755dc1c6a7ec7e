//! Starting tools: their lines as they come, a time limit, and an end that leaves no children behind.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use crate::event::Cancel;

/// How often a running tool is looked at when it says nothing.
const TICK: Duration = Duration::from_millis(20);

/// How long the pipes of an ended tool are read on. A tool may leave a server behind that keeps them open.
const DRAIN: Duration = Duration::from_millis(200);

/// Lines that are read before somebody takes them. A tool that writes faster waits, as at any full pipe.
const LINES_MAX: usize = 64;

/// Which of its two outputs a tool wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// Why a tool did not run to its end.
#[derive(Debug)]
pub(crate) enum RunError {
    Io(io::Error),
    TimedOut(Duration),
    Cancelled,
}

/// What a tool wrote, and how it ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Finished {
    /// The first line of the standard output, or nothing.
    pub(crate) fn first_line(&self) -> &str {
        self.out.lines().next().unwrap_or_default()
    }
}

/// Runs a tool that is quick, and keeps all that it writes.
pub(crate) fn capture(
    command: Command,
    limit: Duration,
    cancel: &Cancel,
) -> Result<Finished, RunError> {
    let (mut out, mut err) = (String::new(), String::new());
    let status = run(command, Some(limit), cancel, &mut |stream, line| {
        let text = if stream == Stream::Out {
            &mut out
        } else {
            &mut err
        };
        text.push_str(line);
        text.push('\n');
    })?;
    Ok(Finished { status, out, err })
}

/// Runs a tool to its end, handing on each line that it writes.
///
/// It stays in our process group, so that Ctrl-C at a terminal reaches it too. On a cancel, on the time limit and
/// on a panic it is killed with all that it started.
pub(crate) fn run(
    mut command: Command,
    limit: Option<Duration>,
    cancel: &Cancel,
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<ExitStatus, RunError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let started = Instant::now();
    let mut child = Guard {
        child: command.spawn().map_err(RunError::Io)?,
        ended: false,
    };
    let (sender, lines) = mpsc::sync_channel(LINES_MAX);
    if let Some(out) = child.child.stdout.take() {
        read_lines(out, Stream::Out, sender.clone());
    }
    if let Some(err) = child.child.stderr.take() {
        read_lines(err, Stream::Err, sender.clone());
    }
    drop(sender);

    let mut ended: Option<(ExitStatus, Instant)> = None;
    loop {
        match lines.recv_timeout(TICK) {
            Ok((stream, line)) => {
                on_line(stream, &line);
                if cancel.is_cancelled() {
                    return Err(RunError::Cancelled);
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => {
                // Both pipes are closed: nearly always the tool has ended, or is about to.
                if let Some((status, _)) = ended {
                    return Ok(status);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        match ended {
            Some((status, at)) if at.elapsed() > DRAIN => return Ok(status),
            Some(_) => {}
            None => {
                if let Some(status) = child.try_wait().map_err(RunError::Io)? {
                    ended = Some((status, Instant::now()));
                }
            }
        }
        if ended.is_none() {
            if cancel.is_cancelled() {
                return Err(RunError::Cancelled);
            }
            if let Some(limit) = limit.filter(|limit| started.elapsed() > *limit) {
                return Err(RunError::TimedOut(limit));
            }
        }
    }
}

fn read_lines(
    pipe: impl Read + Send + 'static,
    stream: Stream,
    sender: SyncSender<(Stream, String)>,
) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            match reader.read_until(b'\n', &mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&bytes);
            if sender
                .send((stream, line.trim_end_matches(['\n', '\r']).to_owned()))
                .is_err()
            {
                return;
            }
        }
    });
}

/// A child that is killed with its children when nobody waited for its end.
#[derive(Debug)]
struct Guard {
    child: Child,
    ended: bool,
}

impl Guard {
    fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.ended |= status.is_some();
        Ok(status)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // The parent first, so that it starts no new ones while its children are gone through. It is
        // not waited for until then: its children are found by its number.
        let children = descendants(self.child.id());
        let _ = self.child.kill();
        for child in children {
            kill(child);
        }
        let _ = self.child.wait();
    }
}

/// The processes that this one started, and those that they started.
#[cfg(target_os = "linux")]
fn descendants(parent: u32) -> Vec<i32> {
    let mut pairs = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        // `id (name) state parent …`, and the name may hold anything, a bracket too.
        let Some((_, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        if let Some(parent) = rest
            .split_whitespace()
            .nth(1)
            .and_then(|text| text.parse::<i32>().ok())
        {
            pairs.push((id, parent));
        }
    }
    let mut found = Vec::new();
    let mut open: Vec<i32> = i32::try_from(parent).into_iter().collect();
    while let Some(parent) = open.pop() {
        for (id, _) in pairs.iter().filter(|(_, of)| *of == parent) {
            found.push(*id);
            open.push(*id);
        }
    }
    found
}

#[cfg(not(target_os = "linux"))]
fn descendants(_: u32) -> Vec<i32> {
    Vec::new()
}

#[cfg(unix)]
fn kill(id: i32) {
    if let Some(id) = rustix::process::Pid::from_raw(id) {
        let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill(_: i32) {}
