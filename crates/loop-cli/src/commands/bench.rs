//! `loop bench`.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use clap::{Subcommand, value_parser};
use loop_bench_transports::{BenchError, Options, Progress, Report};

use crate::endpoint;
use crate::error::{CliError, Kind, Problem};
use crate::ui::{self, Ui};

/// How often a figure is measured at most. A row then takes an hour.
const ROUNDS_MAX: i64 = 5000;

/// Measure what things cost on this machine
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Measure calls from a component to one in another process, over every transport, beside the least that the system takes
    Transports(TransportsArgs),
    /// Serve calls for `loop bench transports --endpoint` on another machine, until Ctrl-C
    Serve {
        /// Where to listen: loop+tcp://0.0.0.0:7761
        address: String,
    },
    /// The other process of a measurement
    #[command(hide = true)]
    Peer { arguments: Vec<String> },
}

#[derive(Debug, clap::Args)]
struct TransportsArgs {
    /// Only rows whose name holds this: `unix/`, `64B/free`; may be repeated
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// How often each figure is measured, in turn with its floor
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = value_parser!(u32).range(1..=ROUNDS_MAX))]
    rounds: u32,
    /// Call a server elsewhere, which `loop bench serve` started; there is no floor then
    #[arg(long, value_name = "ADDRESS")]
    endpoint: Option<String>,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the figures to this file, separated by commas
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a page with plots to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Measures.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    match &args.what {
        What::Transports(args) => transports(ui, args),
        What::Serve { address } => {
            let address =
                endpoint::parse(address).map_err(|problem| CliError::new(Kind::Usage, problem))?;
            let mut told = |address: &_| {
                ui.say(&format!("serving calls at {address} (end with Ctrl-C)"));
            };
            let served = loop_bench_transports::serve(&address, &mut told);
            served.map_err(|error| failed("nothing is served", &error))?;
            Ok(0)
        }
        What::Peer { arguments } => {
            let done = loop_bench_transports::peer(arguments);
            done.map_err(|error| failed("the other process failed", &error))?;
            Ok(0)
        }
    }
}

fn transports(ui: &Ui, args: &TransportsArgs) -> Result<u8, CliError> {
    if cfg!(debug_assertions) {
        ui.warning("`loop` was built without optimisation, so the figures mean nothing");
    }
    let endpoint = args.endpoint.as_deref().map(endpoint::parse).transpose();
    let program = std::env::current_exe();
    let program = program.map_err(|error| CliError::file("find", Path::new("loop"), &error))?;
    let options = Options {
        peer: vec![program.into(), "bench".into(), "peer".into()],
        only: args.only.clone(),
        rounds: args.rounds,
        endpoint: endpoint.map_err(|problem| CliError::new(Kind::Usage, problem))?,
    };
    // A file that cannot be written is known before minutes of measuring. What it holds stays until there is something else.
    for file in [&args.json, &args.csv, &args.html].into_iter().flatten() {
        let opened = OpenOptions::new().append(true).create(true).open(file);
        opened.map_err(|error| CliError::file("write", file, &error))?;
    }
    let mut printed = Ok(());
    let mut head = Some(Report::TABLE_HEAD);
    let mut print = |text: &str| {
        if printed.is_ok() {
            printed = ui::data(text);
        }
    };
    let mut failed_rows: usize = 0;
    let report = loop_bench_transports::run(&options, &mut |progress| match progress {
        Progress::Begun(name) if ui.is_live() => ui.say(&format!("measuring {name}")),
        Progress::Measured(row) => {
            if let Some(head) = head.take() {
                print(head);
            }
            print(&row.line());
        }
        Progress::Failed { name, why } => {
            failed_rows += 1;
            ui.warning(&format!("{name} could not be measured: {why}"));
        }
        Progress::LeftOut { transport, why } => {
            ui.warning(&format!("{transport} is left out: {why}"));
        }
        _ => {}
    });
    let report = report.map_err(|error| failed("a measurement failed", &error))?;
    printed?;
    if report.rows.is_empty() && failed_rows == 0 {
        let names = args.only.join("`, `");
        return Err(
            CliError::usage(format!("no row is named like `{names}`")).hint(
                "rows are named like unix/64B/free, shm/record-20/pinned and quic/1KiB/64-callers",
            ),
        );
    }
    for (file, text) in [
        (&args.json, report.json()),
        (&args.csv, report.csv()),
        (&args.html, report.html()),
    ] {
        if let Some(file) = file {
            write(file, &text)?;
        }
    }
    if failed_rows > 0 {
        let rows = ui::count(failed_rows, "row");
        return Err(CliError::new(
            Kind::System,
            Problem::new(format!("{rows} could not be measured")),
        ));
    }
    Ok(0)
}

fn write(file: &Path, text: &str) -> Result<(), CliError> {
    std::fs::write(file, text).map_err(|error| CliError::file("write", file, &error))
}

fn failed(what: &str, error: &BenchError) -> CliError {
    let mut problem = Problem::new(what.to_owned());
    problem.causes.push(error.to_string());
    let source = std::error::Error::source(error);
    problem.causes.extend(source.map(ToString::to_string));
    CliError::new(Kind::System, problem)
}
