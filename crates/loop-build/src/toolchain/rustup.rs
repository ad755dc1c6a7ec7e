//! Asking rustup to add the target.

use std::path::Path;
use std::time::Duration;

use crate::environment::Environment;
use crate::event::{Cancel, Event};
use crate::process::{self, RunError};
use crate::toolchain::TARGET;

/// How long rustup may take. The target is a download of 20 MiB, which a slow line carries in two minutes;
/// a network that swallows packets is given up after that.
const ADD_LIMIT: Duration = Duration::from_mins(3);

/// Why rustup did not add the target.
#[derive(Debug)]
pub(crate) enum AddError {
    Failed(String),
    Cancelled,
}

/// Adds the target to the toolchain that is active in this folder.
pub(crate) fn add_target(
    environment: &Environment,
    folder: &Path,
    cancel: &Cancel,
    events: &mut dyn FnMut(Event),
) -> Result<(), AddError> {
    let Some(rustup) = environment.find("rustup") else {
        return Err(AddError::Failed(
            "there is no rustup on the PATH".to_owned(),
        ));
    };
    events(Event::Installing {
        what: format!("the Rust target {TARGET}, by rustup"),
        command: Some(format!("rustup target add {TARGET}")),
    });
    let mut command = environment.command(&rustup);
    // A backtrace of rustup's own tells its users nothing.
    command
        .args(["target", "add", TARGET])
        .current_dir(folder)
        .env("RUST_BACKTRACE", "0");
    match process::capture(command, ADD_LIMIT, cancel) {
        Ok(finished) if finished.status.success() => Ok(()),
        Ok(finished) => Err(AddError::Failed(reason(&finished.err))),
        Err(RunError::Cancelled) => Err(AddError::Cancelled),
        Err(RunError::TimedOut(limit)) => Err(AddError::Failed(format!(
            "no answer in {} s",
            limit.as_secs()
        ))),
        Err(RunError::Io(error)) => Err(AddError::Failed(error.to_string())),
    }
}

/// The one line of rustup's output that says why it failed.
fn reason(output: &str) -> String {
    output
        .lines()
        .find_map(|line| line.strip_prefix("error: "))
        .or_else(|| output.lines().next_back())
        .unwrap_or("it said nothing")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_reason_is_the_line_of_the_error() {
        assert_eq!(
            reason(
                "info: downloading component rust-std\nerror: component download failed\n\nCaused by:\n    0: x"
            ),
            "component download failed"
        );
        assert_eq!(reason("strange\nlast\n"), "last");
        assert_eq!(reason(""), "it said nothing");
    }
}
