//! `loop new`.

use std::path::PathBuf;

use loop_build::scaffold;

use crate::error::{self, CliError};
use crate::ui::Ui;
use crate::workspace::shown;

/// Make a workspace in a new folder
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The new folder; its name becomes the workspace's
    #[arg(value_name = "NAME")]
    folder: PathBuf,
}

/// Makes it.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    let created = scaffold::new_workspace(&args.folder).map_err(|error| error::scaffold(&error))?;
    let folder = shown(&created.folder);
    ui.say(&format!("made the workspace {folder}"));
    ui.hint(&format!(
        "`cd {folder}`, and make a component: `loop component new hello --lang rust`"
    ));
    Ok(0)
}
