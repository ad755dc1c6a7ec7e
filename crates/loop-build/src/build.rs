//! Building what is stale and nothing else.
//!
//! A component is a folder with a `Cargo.toml`. Its artifact goes to `.loop/build/<profile>/<folder>.wasm` below
//! the workspace, with a stamp beside it that holds what it was built from. While nothing of that has changed, no
//! tool is started: looking costs less than a tool's start would.
//!
//! Cargo decides how to build and what of it to do again. This module only decides whether to ask it.

mod cargo;
mod error;
mod inputs;
mod stamp;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::environment::Environment;
use crate::event::{Cancel, Event};
use crate::files;
use crate::lock::{Lock, LockError};
use crate::sdk;
use crate::toolchain::{Permission, RustTarget};

use inputs::Inputs;
use stamp::Stamp;

pub use error::BuildError;

/// How components are built, and where to.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// The folder with `loop.toml`, or the component's own where there is none. Outputs go to `.loop/build` in it.
    pub workspace: PathBuf,
    /// How much the compiler does.
    pub profile: Profile,
    /// Cargo's target folder, where it is to be another than the one that Cargo would take (`CARGO_TARGET_DIR`
    /// or the Cargo workspace's own).
    pub target_dir: Option<PathBuf>,
    /// What may be changed on this machine to get a compiler.
    pub permission: Permission,
}

impl BuildOptions {
    /// A release build into this workspace, which may get a compiler for this user.
    pub fn new(workspace: impl Into<PathBuf>) -> Self {
        Self {
            workspace: workspace.into(),
            profile: Profile::Release,
            target_dir: None,
            permission: Permission::User,
        }
    }
}

/// How much the compiler does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Small and fast artifacts.
    #[default]
    Release,
    /// Fast builds.
    Dev,
}

impl Profile {
    /// The name, which is also that of a folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }
}

/// A component that is up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltComponent {
    /// The folder of its sources.
    pub folder: PathBuf,
    /// The artifact.
    pub wasm: PathBuf,
    /// Whether it was up to date already, so that no tool was started.
    pub fresh: bool,
}

/// Builds one component. See [`build_components`].
pub fn build_component(
    environment: &Environment,
    options: &BuildOptions,
    folder: &Path,
    cancel: &Cancel,
    events: &mut dyn FnMut(Event),
) -> Result<BuiltComponent, BuildError> {
    let built = build_components(environment, options, &[folder.to_owned()], cancel, events)?;
    built
        .into_iter()
        .next()
        .ok_or_else(|| BuildError::NoSource {
            folder: folder.to_owned(),
        })
}

/// Looks whether a component is up to date, and starts nothing.
///
/// # Errors
/// [`BuildError::NoSource`] when the folder holds nothing that could be built.
pub fn fresh_component(
    environment: &Environment,
    options: &BuildOptions,
    folder: &Path,
) -> Result<Option<BuiltComponent>, BuildError> {
    let mut job = Job::new(environment, options, folder)?;
    job.look(environment);
    Ok(job.fresh.then(|| job.done()))
}

/// Builds the components of these folders, as far as they are stale.
///
/// Components of one Cargo workspace are built at once. Two processes may build the same things at once: one
/// builds, the other waits and finds them fresh. A build that ends early, for whatever reason, leaves the artifact of
/// the last good one in place, and the next build goes on from there.
///
/// # Errors
/// Each variant of [`BuildError`] says when. Artifacts of Cargo workspaces that were finished before stay.
pub fn build_components(
    environment: &Environment,
    options: &BuildOptions,
    folders: &[PathBuf],
    cancel: &Cancel,
    events: &mut dyn FnMut(Event),
) -> Result<Vec<BuiltComponent>, BuildError> {
    let mut jobs = Vec::new();
    for folder in folders {
        jobs.push(Job::new(environment, options, folder)?);
    }
    for job in &mut jobs {
        job.look(environment);
    }
    if jobs.iter().any(|job| !job.fresh) {
        build_stale(environment, options, &mut jobs, cancel, events)?;
    }
    for job in jobs.iter().filter(|job| job.fresh) {
        events(Event::Fresh {
            component: job.name.clone(),
        });
    }
    Ok(jobs.into_iter().map(Job::done).collect())
}

/// One component that is asked for.
struct Job {
    /// As the caller wrote it.
    folder: PathBuf,
    /// The same without links and dots.
    sources: PathBuf,
    name: String,
    wasm: PathBuf,
    stamp: PathBuf,
    settings: String,
    fresh: bool,
}

impl Job {
    fn new(
        environment: &Environment,
        options: &BuildOptions,
        folder: &Path,
    ) -> Result<Self, BuildError> {
        let no_source = || BuildError::NoSource {
            folder: folder.to_owned(),
        };
        let sources = folder.canonicalize().map_err(|_| no_source())?;
        if !sources.join("Cargo.toml").is_file() {
            return Err(no_source());
        }
        let workspace = options
            .workspace
            .canonicalize()
            .map_err(BuildError::at(&options.workspace))?;
        let name = sources.file_name().map_or_else(
            || "component".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        let place = match sources.strip_prefix(&workspace) {
            Ok(inside) if inside.as_os_str().is_empty() => PathBuf::from(&name),
            Ok(inside) => inside.to_owned(),
            // Two folders of one name may stand in different places.
            Err(_) => {
                let digest = inputs::digest_of(sources.as_os_str().as_encoded_bytes());
                let digest = digest.get(..8).unwrap_or_default();
                Path::new("outside").join(format!("{name}-{digest}"))
            }
        };
        let output = out_folder(&workspace)
            .join(options.profile.name())
            .join(place);
        let beside = |extension: &str| {
            let mut path = output.clone().into_os_string();
            path.push(extension);
            PathBuf::from(path)
        };
        Ok(Self {
            folder: folder.to_owned(),
            wasm: beside(".wasm"),
            stamp: beside(".json"),
            settings: inputs::settings(environment, options),
            sources,
            name,
            fresh: false,
        })
    }

    fn look(&mut self, environment: &Environment) {
        self.fresh = stamp::is_fresh(&self.stamp, &self.settings, &self.wasm, environment);
    }

    fn done(self) -> BuiltComponent {
        BuiltComponent {
            folder: self.folder,
            wasm: self.wasm,
            fresh: self.fresh,
        }
    }
}

/// Where artifacts go.
fn out_folder(workspace: &Path) -> PathBuf {
    workspace.join(".loop/build")
}

fn build_stale(
    environment: &Environment,
    options: &BuildOptions,
    jobs: &mut [Job],
    cancel: &Cancel,
    events: &mut dyn FnMut(Event),
) -> Result<(), BuildError> {
    let out = out_folder(&options.workspace);
    make_out_folder(&options.workspace, &out)?;
    let lock_file = out.join(".lock");
    let _lock = Lock::take(
        &lock_file,
        "another build in this workspace",
        cancel,
        events,
    )
    .map_err(|error| match error {
        LockError::Io(source) => BuildError::Io {
            path: lock_file.clone(),
            source,
        },
        LockError::Cancelled => BuildError::Cancelled,
    })?;
    // Another process may have built them while this one waited.
    for job in jobs.iter_mut().filter(|job| !job.fresh) {
        job.look(environment);
    }
    let mut stale: Vec<&mut Job> = jobs.iter_mut().filter(|job| !job.fresh).collect();
    if stale.is_empty() {
        return Ok(());
    }
    sdk::restore(
        &options.workspace,
        stale.iter().map(|job| job.sources.as_path()),
    )
    .map_err(|error| BuildError::Io {
        path: error.path,
        source: error.source,
    })?;
    while let Some(first) = stale.first() {
        let target = RustTarget::make(
            environment,
            &first.sources,
            options.permission,
            cancel,
            events,
        )?;
        let runner = cargo::Runner {
            environment,
            options,
            target: &target,
            cancel,
        };
        let metadata = runner.metadata(&first.sources)?;
        let (here, elsewhere): (Vec<_>, Vec<_>) = stale
            .into_iter()
            .partition(|job| metadata.package_in(&job.sources).is_some());
        stale = elsewhere;
        build_together(&runner, &metadata, here, events)?;
    }
    Ok(())
}

/// Builds components of one Cargo workspace.
fn build_together(
    runner: &cargo::Runner<'_>,
    metadata: &cargo::Metadata,
    jobs: Vec<&mut Job>,
    events: &mut dyn FnMut(Event),
) -> Result<(), BuildError> {
    let mut packages = Vec::new();
    for job in &jobs {
        let Some(package) = metadata.package_in(&job.sources) else {
            continue;
        };
        packages.push((package, package.artifact()?));
        events(Event::Building {
            component: job.name.clone(),
        });
    }
    let started = Instant::now();
    let since = now_on_disk(&out_folder(&runner.options.workspace))?;
    let outcome = runner.build(metadata, &packages, events)?;
    for (job, (package, artifact)) in jobs.into_iter().zip(&packages) {
        let built = outcome
            .wasm(package, artifact)
            .ok_or_else(|| BuildError::NoArtifact {
                package: package.name.clone(),
            })?;
        if !files::is_component(built).map_err(BuildError::at(built))? {
            return Err(BuildError::NotComponent {
                path: built.to_owned(),
            });
        }
        let folder = job.wasm.parent().unwrap_or(&runner.options.workspace);
        fs::create_dir_all(folder).map_err(BuildError::at(folder))?;
        files::copy_atomically(built, &job.wasm).map_err(BuildError::at(&job.wasm))?;
        let inputs = Inputs::gather(runner, metadata, &outcome, &job.sources, built);
        match inputs.and_then(|inputs| Stamp::new(&job.settings, inputs, since, &job.wasm)) {
            Some(stamp) => stamp
                .write(&job.stamp)
                .map_err(BuildError::at(&job.stamp))?,
            // Without knowing all that it was built from, it counts as stale, and Cargo decides each time.
            None => drop(fs::remove_file(&job.stamp)),
        }
        events(Event::Built {
            component: job.name.clone(),
            took: started.elapsed(),
        });
    }
    Ok(())
}

/// Makes the folder for outputs, and keeps it out of the user's version control.
fn make_out_folder(workspace: &Path, out: &Path) -> Result<(), BuildError> {
    fs::create_dir_all(out).map_err(BuildError::at(out))?;
    let ignore = workspace.join(".loop/.gitignore");
    if !ignore.exists() {
        files::write_atomically(&ignore, b"*\n").map_err(BuildError::at(&ignore))?;
    }
    Ok(())
}

/// The time as files get it here, which lags behind the clock by some milliseconds.
fn now_on_disk(folder: &Path) -> Result<u64, BuildError> {
    let file = tempfile::Builder::new()
        .prefix(".clock-")
        .tempfile_in(folder)
        .map_err(BuildError::at(folder))?;
    let metadata = file.as_file().metadata().map_err(BuildError::at(folder))?;
    Ok(files::Facts::from_metadata(&metadata).modified())
}
