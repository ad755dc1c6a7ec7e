//! Programs: run to their end, or started and talked with. For trusted components.
//!
//! ```no_run
//! use loop_guest::process::Command;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let done = Command::new("git").args(["log", "--oneline"]).folder("repository", "").run()?;
//! if done.status.success() {
//!     print!("{}", String::from_utf8_lossy(&done.stdout));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What may be started stands under `process` in the component's grants, and nothing a program starts outlives it. A program that is talked
//! with is asked for its next event, or several are waited for at once:
//!
//! ```no_run
//! use loop_guest::process::{self, Command, Event};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let child = Command::new("sort").spawn()?;
//! child.write(b"pear\napple\n")?;
//! child.close_stdin();
//! loop {
//!     match child.next(None)? {
//!         Event::Stdout(bytes) => print!("{}", String::from_utf8_lossy(&bytes)),
//!         Event::Ended(status) => break println!("{status}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `async`, a program is also fed and read by streams, and waited for beside other work: functions whose names end in `_async`, by
//! `loop:process/children-async`.

mod bindings;
#[cfg(feature = "async")]
mod concurrent;

use std::fmt;
use std::time::Duration;

use crate::process::bindings::children;
use crate::time::to_nanos;

pub use crate::process::bindings::children::{
    AnyError, ErrorCode, Errors, Event, ExecError, Finished, Input, NextError, Output, Signal,
    SpawnError, Status,
};

/// What to start, and how.
#[derive(Clone, Debug)]
pub struct Command {
    raw: children::Command,
    streams: children::Streams,
    input: Vec<u8>,
    timeout: Option<Duration>,
}

impl Command {
    /// A program, as it is granted: a name or an absolute path. It gets no arguments and no variables, and starts in `/`.
    pub fn new(program: &str) -> Self {
        Self {
            raw: children::Command {
                program: program.to_owned(),
                arguments: Vec::new(),
                variables: Vec::new(),
                folder: None,
            },
            streams: children::Streams {
                stdin: Input::Pipe,
                stdout: Output::Pipe,
                stderr: Errors::Pipe,
            },
            input: Vec::new(),
            timeout: None,
        }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.raw.arguments.push(argument.to_owned());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<'a>(self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable, which must be granted with the program.
    #[must_use]
    pub fn env(self, name: &str, value: &str) -> Self {
        self.variable(name, Some(value.to_owned()))
    }

    /// Passes a variable of the host on, which must be granted under `env`.
    #[must_use]
    pub fn inherit(self, name: &str) -> Self {
        self.variable(name, None)
    }

    fn variable(mut self, name: &str, value: Option<String>) -> Self {
        let name = name.to_owned();
        let variable = children::Variable { name, value };
        self.raw.variables.push(variable);
        self
    }

    /// Starts it in a folder that is granted under the name `root`, or below it.
    #[must_use]
    pub fn folder(mut self, root: &str, path: &str) -> Self {
        let (root, path) = (root.to_owned(), path.to_owned());
        self.raw.folder = Some(children::Folder { root, path });
        self
    }

    /// Where its standard streams lead when it is spawned. All three are pipes otherwise.
    #[must_use]
    pub fn streams(mut self, stdin: Input, stdout: Output, stderr: Errors) -> Self {
        self.streams = children::Streams {
            stdin,
            stdout,
            stderr,
        };
        self
    }

    /// What it reads when it is run. Nothing otherwise.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// The longest time that it may take when it is run. As long as the call otherwise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Runs it to its end, and collects what it writes.
    pub fn run(&self) -> Result<Finished, ExecError> {
        children::exec(&self.raw, &self.input, self.timeout.map(to_nanos))
    }

    /// Starts it.
    pub fn spawn(&self) -> Result<Child, SpawnError> {
        children::Child::spawn(&self.raw, self.streams).map(|raw| Child { raw })
    }
}

/// A program that was started. Dropping it kills it, with all that it started.
pub struct Child {
    raw: children::Child,
}

/// Nobody will read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl Child {
    /// Gives it something to read: as much as it takes now, which may be nothing. After that, [`Event::Writable`] tells that it
    /// takes more. Does not block.
    pub fn write(&self, bytes: &[u8]) -> Result<usize, Closed> {
        match self.raw.write(bytes) {
            Ok(count) => Ok(count as usize),
            Err(()) => Err(Closed),
        }
    }

    /// Closes its standard input: after what was written it finds the end.
    pub fn close_stdin(&self) {
        self.raw.close_stdin();
    }

    /// Blocks until something happens, and gives it. Without a timeout it waits as long as the call may take.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Event, NextError> {
        self.raw.next(timeout.map(to_nanos))
    }

    /// Sends it a signal. Does nothing if it has ended.
    pub fn signal(&self, signal: Signal) {
        self.raw.signal(signal);
    }

    /// Kills it, with all that it started. Does nothing if it has ended.
    pub fn kill(&self) {
        self.raw.kill();
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Child")
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody will read what is written")
    }
}

impl std::error::Error for Closed {}

impl Status {
    /// Whether it ended by itself with the code 0.
    pub fn success(self) -> bool {
        matches!(self, Self::Exited(0))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Killed(signal) => write!(f, "killed by signal {signal}"),
        }
    }
}

/// Blocks until at least one child has an event, and gives the indices of all that have one, rising. Takes no event.
///
/// Without a timeout it waits as long as the call may take.
pub fn any(children: &[&Child], timeout: Option<Duration>) -> Result<Vec<u32>, AnyError> {
    let children: Vec<_> = children.iter().map(|child| &child.raw).collect();
    children::any(&children, timeout.map(to_nanos))
}
