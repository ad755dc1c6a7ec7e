//! What a command's end means.

use loop_host::{CallError, Exit};

use crate::error::{self, CliError};

/// The exit code of a command that ended by itself.
pub(super) fn exited(exit: Exit) -> u8 {
    // Systems keep eight bits. A failure must not become a success.
    u8::try_from(exit.code).unwrap_or(u8::MAX)
}

/// A command that did not end by itself.
pub(super) fn failed(failed: &CallError) -> CliError {
    match failed {
        CallError::NoExport { exports, .. } if !exports.is_empty() => error::call(failed)
            .hint("it is no command: call one of its functions with `--invoke 'INTERFACE#FUNCTION(ARGUMENTS)'`"),
        failed => error::call(failed),
    }
}
