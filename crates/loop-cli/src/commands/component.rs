//! `loop component new`.

use std::path::Path;

use clap::Subcommand;
use loop_build::scaffold;

use crate::error::{self, CliError};
use crate::ui::Ui;
use crate::workspace::shown;

/// Make components
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

/// Make a component in the workspace, and an app that consists of it
#[derive(Debug, clap::Args)]
struct NewArgs {
    /// What it is called: lower-case words joined by hyphens
    name: String,
    /// The language it is written in
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Language,
    /// What it is for
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Language {
    Rust,
    Js,
    Ts,
    Python,
}

impl From<Language> for scaffold::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::Rust => Self::Rust,
            Language::Js => Self::JavaScript,
            Language::Ts => Self::TypeScript,
            Language::Python => Self::Python,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Kind {
    /// A program: it starts, does its work and ends
    #[default]
    Command,
    /// A server of HTTP requests
    Http,
    /// Functions for other components
    Library,
}

/// Makes it.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    let Command::New(args) = &args.command;
    let here =
        std::env::current_dir().map_err(|error| CliError::file("read", Path::new("."), &error))?;
    let workspace = scaffold::find_workspace(&here)
        .ok_or_else(|| error::scaffold(&scaffold::ScaffoldError::NoWorkspace { folder: here }))?;
    let kind = match args.kind {
        Kind::Command => scaffold::Kind::Command,
        Kind::Http => scaffold::Kind::Http,
        Kind::Library => scaffold::Kind::Library,
    };
    let created = scaffold::new_component(&workspace, &args.name, args.lang.into(), kind)
        .map_err(|error| error::scaffold(&error))?;
    let folder = shown(&created.folder);
    ui.say(&format!("made the component {folder}"));
    for file in &created.files {
        ui.say(&format!("  {}", shown(&created.folder.join(file))));
    }
    ui.hint(&match args.kind {
        Kind::Command | Kind::Http => format!("build and run it: `loop run {}`", args.name),
        Kind::Library => format!("build it and look at it: `loop inspect {}`", args.name),
    });
    Ok(0)
}
