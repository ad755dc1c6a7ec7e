//! The `loop` command.
//!
//! `cli.rs` says what can be typed; each command is a file in `commands/`; all that can go wrong becomes a
//! [`CliError`](error::CliError), which knows its exit code. Data goes to standard output, talk to standard error.
//!
//! This crate decides nothing that another front end would have to repeat: building is `loop-build`'s, running and
//! refusing is `loop-host`'s. It is the only one that prints and the only one that reads the environment.

mod cli;
mod commands;
mod endpoint;
mod error;
mod interrupt;
mod logs;
mod plan;
mod sniff;
mod target;
mod time;
mod ui;
mod vars;
mod watch;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    let (ui, outcome) = match cli::parse() {
        Ok((ui, command)) => {
            logs::install_host_warnings(&ui);
            let outcome = commands::run(&ui, command);
            (ui, outcome)
        }
        Err(answer) => return answer.print(),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            ui.error(&error);
            ExitCode::from(error.kind.code())
        }
    }
}
