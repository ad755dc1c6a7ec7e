//! `loop completions`.

use std::io::{self, Write as _};

use clap_complete::Shell;

use crate::cli;
use crate::error::CliError;

/// Print a script that completes the arguments of `loop` in a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints it.
pub(crate) fn run(args: &Args) -> Result<u8, CliError> {
    // The generator panics where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::definition(), "loop", &mut script);
    io::stdout()
        .write_all(&script)
        .map_err(|error| CliError::stdout(&error))?;
    Ok(0)
}
