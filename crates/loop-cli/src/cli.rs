//! What can be typed.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{
    bench, build, check, completions, component, doctor, grants, host, inspect, new, run,
};
use crate::error::{EXIT_CODES, Kind};
use crate::ui::{Color, Ui};
use crate::vars;

/// Builds and runs apps made of WebAssembly components, each of which may do what it is granted and nothing else.
#[derive(Debug, Parser)]
#[command(name = "loop", version, max_term_width = 100)]
#[command(
    disable_help_subcommand = false,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Talk"
    )]
    color: Color,
    /// Say nothing but errors
    #[arg(long, short, global = true, help_heading = "Talk")]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

/// The commands, in the order in which a newcomer meets them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(new::Args),
    Component(component::Args),
    Build(build::Args),
    Run(Box<run::Args>),
    Check(check::Args),
    Inspect(inspect::Args),
    Grants(grants::Args),
    /// Print the JSON Schema of loop.toml, for editors
    Schema,
    Doctor(doctor::Args),
    Host(host::Args),
    Bench(bench::Args),
    Completions(completions::Args),
}

/// The answer to what makes no sense, or asks for help.
#[derive(Debug)]
pub(crate) struct Answer(clap::Error);

impl Answer {
    /// Prints it, and gives the exit code.
    pub(crate) fn print(self) -> ExitCode {
        // Nothing is left to do if it cannot be printed.
        let _ = self.0.print();
        if self.0.use_stderr() {
            ExitCode::from(Kind::Usage.code())
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// Reads the command line.
///
/// # Errors
/// If it cannot be understood, or asks for help.
pub(crate) fn parse() -> Result<(Ui, Command), Answer> {
    let matches = definition().try_get_matches().map_err(Answer)?;
    let cli = Cli::from_arg_matches(&matches).map_err(Answer)?;
    Ok((Ui::new(cli.color, cli.quiet), cli.command))
}

/// The whole of it as data, for completions and for tests.
pub(crate) fn definition() -> clap::Command {
    Cli::command().after_long_help(format!("{}\n\n{EXIT_CODES}", environment()))
}

/// The environment variables, for `loop --help`.
fn environment() -> String {
    let rows = vars::ALL
        .iter()
        .map(|variable| format!("  {:<15} {}", variable.name, variable.about));
    let rows: Vec<String> = rows.collect();
    format!("Environment variables:\n{}", rows.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::definition;

    #[test]
    fn the_definition_holds_together() {
        definition().debug_assert();
    }

    #[test]
    fn the_reference_has_a_section_for_every_command() {
        let reference = include_str!("../../../docs/cli.md");
        let mut open = vec![("loop".to_owned(), definition())];
        while let Some((name, command)) = open.pop() {
            for inner in command
                .get_subcommands()
                .filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
            {
                open.push((format!("{name} {}", inner.get_name()), inner.clone()));
            }
            if command.has_subcommands() {
                continue;
            }
            let title = format!("\n### `{name}");
            assert!(
                reference.contains(&title),
                "docs/cli.md lacks a section for `{name}`"
            );
            for flag in command.get_opts().filter_map(clap::Arg::get_long) {
                assert!(
                    reference.contains(&format!("`--{flag}")),
                    "docs/cli.md does not name --{flag} of `{name}`"
                );
            }
        }
    }
}
