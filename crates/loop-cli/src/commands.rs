//! The commands: a file each, with its arguments and what it does.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod component;
pub(crate) mod doctor;
pub(crate) mod grants;
pub(crate) mod host;
pub(crate) mod inspect;
pub(crate) mod new;
pub(crate) mod run;

use std::path::{Path, PathBuf};

use loop_build::Profile;
use loop_host::shape::{Shape, ShapeError};
use loop_host::{COMPONENT_BYTES_MAX, Host, HostBuilder};
use loop_providers::{Blobstore, Fsx, Keyvalue, KeyvalueRedis, Netx, Process};

use crate::cli::Command;
use crate::error::{self, CliError};
use crate::interrupt::Interrupt;
use crate::plan::{Extras, Plan};
use crate::target;
use crate::ui::{self, Ui};
use crate::workspace;

/// Does what was asked, and gives the exit code.
///
/// # Errors
/// What stands in the way.
pub(crate) fn run(ui: &Ui, command: Command) -> Result<u8, CliError> {
    match command {
        Command::New(args) => new::run(ui, &args),
        Command::Component(args) => component::run(ui, &args),
        Command::Build(args) => build::run(ui, &args),
        Command::Run(args) => run::run(ui, &args),
        Command::Check(args) => check::run(ui, &args),
        Command::Inspect(args) => inspect::run(ui, &args),
        Command::Grants(args) => grants::run(ui, &args),
        Command::Schema => ui::json(&loop_core::manifest::schema()).map(|()| 0),
        Command::Doctor(args) => doctor::run(ui, &args),
        Command::Host(args) => host::run(ui, &args),
        Command::Bench(args) => bench::run(ui, &args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// Begins the host of this program: what it serves beyond WASI and `loop:core`, it serves in every command alike.
fn host() -> HostBuilder {
    Host::builder()
        .standard_provider(Fsx)
        .standard_provider(Netx)
        .standard_provider(Process::default())
        .provider(Blobstore)
        .provider(Keyvalue::default())
        .provider(KeyvalueRedis)
}

/// One component that is looked at: where its file stands, and what it is.
#[derive(Debug)]
struct Looked {
    /// The file.
    file: PathBuf,
    /// Its name: a component's in an app, or the file's.
    name: String,
    shape: Shape,
}

/// Looks at the components of a target, building what is stale.
fn look(ui: &Ui, text: Option<&str>) -> Result<Vec<Looked>, CliError> {
    let plan = Plan::new(&target::resolve(text, None)?, Extras::default()).feasible()?;
    let files = plan.files(ui, &Interrupt::install(), Profile::Release)?;
    let look = |(name, file): (String, PathBuf)| {
        Ok(Looked {
            shape: decode(&file)?,
            name,
            file,
        })
    };
    files.into_iter().map(look).collect()
}

/// Reads a component's file, and describes it.
fn decode(file: &Path) -> Result<Shape, CliError> {
    let shown = workspace::shown(file);
    let fail = |error| CliError::file("read", Path::new(&shown), &error);
    let size = std::fs::metadata(file).map_err(fail)?.len();
    if size > COMPONENT_BYTES_MAX {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        return Err(error::shape(&shown, &ShapeError::TooLarge { size }));
    }
    let bytes = std::fs::read(file).map_err(fail)?;
    Shape::decode(&bytes).map_err(|found| error::shape(&shown, &found))
}
