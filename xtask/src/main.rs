//! The project's own tasks, run as `cargo xtask <task>`.
//!
//! A task that checks something reports everything that is wrong before it ends, and ends with 1 if
//! anything is. This crate runs `loop` as a user would; it knows no host.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to the person or the machine that started it"
)]
#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "the repository's own names, all in lower case"
)]

mod bench;
mod browser;
mod demo;
mod guides;
mod http;
mod replay;
mod repo;
mod setup;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::repo::Repo;
use crate::steps::Steps;

/// The project's own tasks.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run the main example: this repository's docs, served by components
    Demo {
        /// Fetch the pages that matter, and see one change in a browser, then stop: ends with 0 if all is right
        #[arg(long, conflicts_with = "port")]
        check: bool,
        /// The port to serve on [default: a free one]
        #[arg(long)]
        port: Option<u16>,
    },
    /// Run everything that must pass before a change lands
    Test,
    /// Compile the Rust that stands in the guides
    Guides,
    /// Check the rules of the house: edges between crates, text, docs, dependencies
    Tidy,
    /// Run benchmarks: `host`, `reactor` or `transports`; arguments are passed on
    Bench {
        /// Such as `host --json rows.json`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> Result<ExitCode> {
    let repo = Repo::find()?;
    match task {
        Task::Demo { check: true, .. } => demo::run_check(&repo),
        Task::Demo { check: false, port } => demo::run(&repo, *port),
        Task::Test => test::run(&repo),
        Task::Guides => {
            let (environment, target) = setup::components(&repo)?;
            let mut steps = Steps::default();
            steps.run("examples in guides", || {
                guides::check(&repo, &environment, &target)
            });
            Ok(steps.finish())
        }
        Task::Tidy => {
            let mut steps = Steps::default();
            steps.run("tidy", || Ok(tidy::report(&tidy::check(&repo)?)));
            Ok(steps.finish())
        }
        Task::Bench { arguments } => bench::run(&repo, arguments),
    }
}
