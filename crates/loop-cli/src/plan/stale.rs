//! Builds what is stale, with a word to who watches, and stops when it is told to.

use std::path::{Path, PathBuf};

use loop_build::{BuildOptions, BuiltComponent, Profile, build_components, fresh_component};

use crate::error::{self, CliError, Kind};
use crate::interrupt::Interrupt;
use crate::ui::{Progress, Ui};
use crate::vars;

/// The artifacts of these folders, in their order, built where they are stale.
///
/// # Errors
/// If one does not build, or Ctrl-C came.
pub(crate) fn up_to_date(
    ui: &Ui,
    interrupt: &Interrupt,
    workspace: &Path,
    folders: &[PathBuf],
    profile: Profile,
) -> Result<Vec<BuiltComponent>, CliError> {
    let environment = vars::build_environment();
    let options = BuildOptions {
        profile,
        ..BuildOptions::new(workspace)
    };
    let looked: Result<Option<Vec<_>>, _> = folders
        .iter()
        .map(|folder| fresh_component(&environment, &options, folder))
        .collect();
    if let Some(fresh) = looked.map_err(|error| error::build(&error))? {
        return Ok(fresh);
    }
    let _stoppable = interrupt.stoppable();
    let mut progress = Progress::new(*ui);
    build_components(
        &environment,
        &options,
        folders,
        interrupt.cancel(),
        &mut |event| {
            progress.event(event);
        },
    )
    .map_err(|error| match interrupt.signal() {
        // The tools get Ctrl-C too, and fail before the build sees that it is to stop.
        Some(signal) => CliError::said(Kind::Stopped(signal)),
        None => error::build(&error),
    })
}
