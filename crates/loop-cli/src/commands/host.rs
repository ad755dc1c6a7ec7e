//! `loop host new`.

use std::path::PathBuf;

use clap::Subcommand;
use loop_build::scaffold;

use crate::error::{self, CliError};
use crate::ui::Ui;
use crate::workspace::shown;

/// Make hosts of your own on loop-host
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(NewArgs),
}

/// Make a host in a new folder: a complete program in one file, with a provider of its own
#[derive(Debug, clap::Args)]
struct NewArgs {
    /// The new folder; its name becomes the package's
    #[arg(value_name = "NAME")]
    folder: PathBuf,
    /// A clone of loop-kit's repository, whose loop-host it is built on
    #[arg(long, value_name = "FOLDER")]
    loop_kit: PathBuf,
}

/// Makes it.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    let Command::New(args) = &args.command;
    let created = scaffold::new_host(&args.folder, &args.loop_kit)
        .map_err(|error| error::scaffold(&error))?;
    let folder = shown(&created.folder);
    ui.say(&format!("made the host {folder}"));
    ui.hint(&format!("read {folder}/README.md, then `cargo run` in it"));
    Ok(0)
}
