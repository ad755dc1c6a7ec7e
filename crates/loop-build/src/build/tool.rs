//! Running what makes components of languages other than Rust.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use crate::build::{BuildError, Job};
use crate::event::{Cancel, Event};
use crate::process::{self, RunError, Stream};

/// How much of each output is kept. An answer is a list of files; of a failure, a person reads the beginning.
const OUTPUT_BYTES_MAX: usize = 4 << 20;

/// What a tool wrote.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) program: &'static str,
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    err: String,
}

impl Finished {
    /// Why it failed: its own words, or how it ended where it had none.
    pub(crate) fn reason(&self) -> String {
        if self.err.trim().is_empty() {
            format!(
                "{} ended with {} and said nothing",
                self.program, self.status
            )
        } else {
            self.err.clone()
        }
    }
}

/// Runs a tool to its end.
pub(crate) fn run(
    command: Command,
    program: &'static str,
    limit: Duration,
    cancel: &Cancel,
) -> Result<Finished, BuildError> {
    let (mut out, mut err) = (String::new(), String::new());
    let status = process::run(command, Some(limit), cancel, &mut |stream, line| {
        let text = if stream == Stream::Out {
            &mut out
        } else {
            &mut err
        };
        if text.len() + line.len() < OUTPUT_BYTES_MAX {
            text.push_str(line);
            text.push('\n');
        }
    });
    match status {
        // Ctrl-C at a terminal ends it before anybody sets the flag.
        Ok(status) if !status.success() && cancel.is_cancelled() => Err(BuildError::Cancelled),
        Ok(status) => Ok(Finished {
            program,
            status,
            out,
            err,
        }),
        Err(RunError::Cancelled) => Err(BuildError::Cancelled),
        Err(RunError::Io(source)) => Err(BuildError::Tool { program, source }),
        Err(RunError::TimedOut(limit)) => Err(BuildError::TooSlow { program, limit }),
    }
}

/// The error of sources that make no component, with the words of the tool, which are told as well.
pub(crate) fn failed(job: &Job, output: &str, events: &mut dyn FnMut(Event)) -> BuildError {
    let output = output.trim_end();
    for line in output.lines() {
        events(Event::Output {
            line: line.to_owned(),
        });
    }
    BuildError::Failed {
        components: vec![job.name.clone()],
        output: format!("{output}\n"),
    }
}
