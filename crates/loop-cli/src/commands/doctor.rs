//! `loop doctor`.

use std::path::Path;

use loop_build::toolchain::Tool;
use loop_build::{Permission, RustTarget, Toolchains};

use crate::error::{CliError, Kind};
use crate::interrupt::Interrupt;
use crate::ui::{self, Paint, Progress, Ui, safe_line};
use crate::vars;

/// Show what builds components on this machine, what is missing and how to get it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Get the Rust target for components if it is missing, and say first what is installed
    #[arg(long)]
    install: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Shows it.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    let environment = vars::build_environment();
    if args.install {
        let interrupt = Interrupt::install();
        let _stoppable = interrupt.stoppable();
        let mut progress = Progress::new(*ui);
        RustTarget::make(
            &environment,
            Path::new("."),
            Permission::System,
            interrupt.cancel(),
            &mut |event| {
                progress.event(event);
            },
        )?;
    }
    let found = Toolchains::detect(&environment, Path::new("."));
    if args.json {
        ui::json(&found)?;
    } else {
        for tool in &found.tools {
            ui::data(line(tool))?;
        }
        let missing = found
            .tools
            .iter()
            .filter(|tool| tool.found.is_none() && tool.required);
        for tool in missing {
            ui.say(&format!(
                "{} {} ({})",
                ui.paint(Paint::Warning, "missing:"),
                tool.name,
                tool.purpose
            ));
            if let Some(hint) = &tool.hint {
                ui.hint(hint);
            }
        }
    }
    Ok(if found.complete() {
        0
    } else {
        Kind::Found.code()
    })
}

/// `cargo             cargo 1.95.0 (…)  /usr/bin/cargo`
fn line(tool: &Tool) -> String {
    let what = match &tool.found {
        Some(found) => {
            let version = found.version.as_deref().unwrap_or("there");
            format!("{}  {}", safe_line(version), found.path.display())
        }
        None if tool.required => "missing".to_owned(),
        None => match &tool.hint {
            Some(hint) => format!("not there: {hint}"),
            None => "not there".to_owned(),
        },
    };
    format!("{:<17} {what}", tool.name)
}
