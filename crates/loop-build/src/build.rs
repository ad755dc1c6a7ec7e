//! Building what is stale and nothing else.
//!
//! A component is a folder with a `Cargo.toml`, a `package.json` or a `pyproject.toml`: see [`Language`]. Its artifact goes to `.loop/build/<profile>/<folder>.wasm` below
//! the workspace, with a stamp beside it that holds what it was built from. While nothing of that has changed, no
//! tool is started: looking costs less than a tool's start would.
//!
//! A language's own tools decide how to build, and Cargo what of it to do again. This module only decides whether to ask
//! them. What is of one language stands in the module of its name.

mod cargo;
mod error;
mod inputs;
mod javascript;
mod package;
mod python;
mod rust;
mod stamp;
mod tool;
mod wit;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::environment::Environment;
use crate::event::{Cancel, Event};
use crate::files;
use crate::language::Language;
use crate::lock::{Lock, LockError};
use crate::toolchain::{Permission, ToolchainError};

use inputs::Inputs;
use stamp::Stamp;

pub use error::BuildError;

/// Where tools stand that were fetched for a workspace. Nothing there needs to be kept: the next build fetches it.
pub const TOOLS: &str = ".loop/tools";

/// Where types for editors stand, made from the WIT of components.
pub const TYPES: &str = ".loop/types";

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
    let cancel = Cancel::new();
    let work = Work {
        environment,
        options,
        cancel: &cancel,
    };
    let mut job = Job::new(&work, folder)?;
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
    let work = Work {
        environment,
        options,
        cancel,
    };
    let mut jobs = Vec::new();
    for folder in folders {
        jobs.push(Job::new(&work, folder)?);
    }
    for job in &mut jobs {
        job.look(environment);
    }
    if jobs.iter().any(|job| !job.fresh)
        && let Err(error) = build_stale(&work, &mut jobs, events)
    {
        let output = error.untold().unwrap_or_default();
        for line in output.trim_end().lines() {
            events(Event::Output {
                line: line.to_owned(),
            });
        }
        return Err(error);
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
    language: Language,
    name: String,
    /// Where it stands in the workspace, or a name of its own where it stands outside.
    place: PathBuf,
    wasm: PathBuf,
    stamp: PathBuf,
    settings: String,
    fresh: bool,
}

impl Job {
    fn new(work: &Work<'_>, folder: &Path) -> Result<Self, BuildError> {
        let options = work.options;
        let no_source = || BuildError::NoSource {
            folder: folder.to_owned(),
        };
        let sources = folder.canonicalize().map_err(|_| no_source())?;
        let language = Language::of(&sources).ok_or_else(no_source)?;
        let workspace = work.workspace()?;
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
            .join(&place);
        let beside = |extension: &str| {
            let mut path = output.clone().into_os_string();
            path.push(extension);
            PathBuf::from(path)
        };
        Ok(Self {
            folder: folder.to_owned(),
            wasm: beside(".wasm"),
            stamp: beside(".json"),
            settings: match language {
                Language::Rust => rust::fingerprint(work),
                Language::JavaScript => javascript::fingerprint(),
                Language::Python => python::fingerprint(),
            },
            sources,
            language,
            name,
            place,
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
    work: &Work<'_>,
    jobs: &mut [Job],
    events: &mut dyn FnMut(Event),
) -> Result<(), BuildError> {
    let out = out_folder(&work.options.workspace);
    make_out_folder(&work.options.workspace, &out)?;
    let lock_file = out.join(".lock");
    let _lock = Lock::take(
        &lock_file,
        "another build in this workspace",
        work.cancel,
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
        job.look(work.environment);
    }
    let mut stale: BTreeMap<Language, Vec<&mut Job>> = BTreeMap::new();
    for job in jobs.iter_mut().filter(|job| !job.fresh) {
        stale.entry(job.language).or_default().push(job);
    }
    check_toolchains(work, &stale)?;
    for (language, jobs) in stale {
        match language {
            Language::Rust => rust::build(work, jobs, events)?,
            Language::JavaScript => {
                for job in jobs {
                    javascript::build(work, job, events)?;
                }
            }
            Language::Python => {
                for job in jobs {
                    python::build(work, job, events)?;
                }
            }
        }
    }
    Ok(())
}

/// Looks for what is not on this machine before anything is built, since a build may take minutes.
fn check_toolchains(
    work: &Work<'_>,
    stale: &BTreeMap<Language, Vec<&mut Job>>,
) -> Result<(), BuildError> {
    let missing = stale.iter().filter_map(|(language, jobs)| match language {
        Language::Rust => rust::missing(work),
        Language::JavaScript => javascript::missing(work, jobs),
        Language::Python => python::missing(work),
    });
    let mut missing: Vec<ToolchainError> = missing.collect();
    match missing.len() {
        0 | 1 => missing.pop().map_or(Ok(()), |one| Err(one.into())),
        _ => Err(BuildError::Toolchains { missing }),
    }
}

/// What every build of these components is done with.
struct Work<'a> {
    environment: &'a Environment,
    options: &'a BuildOptions,
    cancel: &'a Cancel,
}

impl Work<'_> {
    /// The workspace's folder, without links in its path, as those of components are.
    fn workspace(&self) -> Result<PathBuf, BuildError> {
        let workspace = &self.options.workspace;
        workspace.canonicalize().map_err(BuildError::at(workspace))
    }

    /// Where fetched tools stand.
    fn tools(&self) -> PathBuf {
        self.options.workspace.join(TOOLS)
    }

    /// Where types for editors go.
    fn types(&self, job: &Job) -> PathBuf {
        self.options.workspace.join(TYPES).join(&job.place)
    }

    /// A folder that goes away again.
    fn scratch(&self) -> Result<TempDir, BuildError> {
        let out = out_folder(&self.options.workspace);
        let out = out.canonicalize().map_err(BuildError::at(&out))?;
        tempfile::Builder::new()
            .prefix(".scratch-")
            .tempdir_in(&out)
            .map_err(BuildError::at(&out))
    }

    /// The time as files get it here, which lags behind the clock by some milliseconds.
    fn now_on_disk(&self) -> Result<u64, BuildError> {
        let folder = out_folder(&self.options.workspace);
        let file = tempfile::Builder::new()
            .prefix(".clock-")
            .tempfile_in(&folder)
            .map_err(BuildError::at(&folder))?;
        let metadata = file.as_file().metadata().map_err(BuildError::at(&folder))?;
        Ok(files::Facts::from_metadata(&metadata).modified())
    }

    /// Puts an artifact in place, with the note of what it was built from by a build that began at `since`.
    fn finish(
        &self,
        job: &Job,
        built: &Path,
        inputs: Option<Inputs>,
        since: u64,
    ) -> Result<(), BuildError> {
        if !files::is_component(built).map_err(BuildError::at(built))? {
            return Err(BuildError::NotComponent {
                path: built.to_owned(),
            });
        }
        let folder = job.wasm.parent().unwrap_or(&self.options.workspace);
        fs::create_dir_all(folder).map_err(BuildError::at(folder))?;
        files::copy_atomically(built, &job.wasm).map_err(BuildError::at(&job.wasm))?;
        match inputs.and_then(|inputs| Stamp::new(&job.settings, inputs, since, &job.wasm)) {
            Some(stamp) => stamp
                .write(&job.stamp)
                .map_err(BuildError::at(&job.stamp))?,
            // Without knowing all that it was built from, it counts as stale, and the tools decide each time.
            None => drop(fs::remove_file(&job.stamp)),
        }
        Ok(())
    }
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
