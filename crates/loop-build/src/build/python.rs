//! Components of Python, made by componentize-py.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::build::inputs::{self, Inputs};
use crate::build::wit::Wit;
use crate::build::{BuildError, Job, Work, package, tool};
use crate::carried;
use crate::event::Event;
use crate::files;
use crate::toolchain::ToolchainError;
use crate::toolchain::pinned::{COMPONENTIZE_PY, python_in};

/// How long a component may take to be made. It is ten seconds on a quick machine and a minute on a busy, slow one.
const BUILD_LIMIT: Duration = Duration::from_mins(5);

const SCRIPT: &str = include_str!("python/build.py");

/// A module of every component: see there.
const TRACEBACKS: &str = include_str!("python/tracebacks.py");
const TRACEBACKS_NAME: &str = "_loop_tracebacks";

/// The folder of the modules.
const SOURCES: &str = "src";

/// The package of the SDK, which every component may import.
const SDK: &str = "loop_guest";

/// How much may stand in that folder. All of it goes into the memory of the component.
const SOURCES_BYTES_MAX: u64 = 256 << 20;

/// The module that has what the world exports, where `pyproject.toml` does not say it.
const MODULE: &str = "app";

/// What is not in the component's folder and counts all the same.
pub(crate) fn fingerprint() -> String {
    let parts = [SCRIPT, TRACEBACKS, COMPONENTIZE_PY.id, carried::DIGEST];
    inputs::digest_of(parts.join("\n").as_bytes())
}

/// What is needed for components and not on this machine.
pub(crate) fn missing(work: &Work<'_>) -> Option<ToolchainError> {
    COMPONENTIZE_PY.missing(work.environment, &work.tools())
}

/// Builds one component.
pub(crate) fn build(
    work: &Work<'_>,
    job: &Job,
    events: &mut dyn FnMut(Event),
) -> Result<(), BuildError> {
    let settings = package::python(&job.sources)?;
    let module = settings.module.as_deref().unwrap_or(MODULE);
    let folder = job.sources.join(SOURCES);
    let candidates = [
        folder.join(format!("{}.py", module.replace('.', "/"))),
        folder.join(module.replace('.', "/")).join("__init__.py"),
    ];
    let Some(entry) = candidates.iter().find(|path| path.is_file()) else {
        let [file, _] = candidates;
        return Err(BuildError::NoEntry { paths: vec![file] });
    };
    let scratch = work.scratch()?;
    let wit = Wit::read(
        &job.sources,
        &work.workspace()?,
        settings.world.as_deref(),
        scratch.path(),
    )?;
    let tools = COMPONENTIZE_PY.fetch(work.environment, &work.tools(), work.cancel, events)?;
    let script = scratch.path().join("build.py");
    fs::write(&script, SCRIPT).map_err(BuildError::at(&script))?;
    events(Event::Building {
        component: job.name.clone(),
    });
    let started = Instant::now();
    let since = work.now_on_disk()?;
    let found = sources(&folder)?;
    let copied = scratch.path().join(SOURCES);
    copy(&found, &folder, &copied)?;
    add_tracebacks(&copied, entry.strip_prefix(&folder).unwrap_or(entry))?;
    let sdk = scratch.path().join("sdk");
    unpack_sdk(&sdk)?;
    let world = wit.world_name();
    let run = |sources: &[PathBuf], words: &[&dyn AsRef<Path>]| {
        let mut arguments: Vec<PathBuf> =
            vec!["--quiet".into(), "--wit-path".into(), wit.folder().into()];
        arguments.extend(["--world".into(), PathBuf::from(&world)]);
        arguments.extend(words.iter().map(|word| word.as_ref().to_owned()));
        let request = json!({ "sources": sources, "root": SOURCES, "arguments": arguments });
        let mut command = work.environment.command(&python_in(&tools));
        // Of the environment, nothing is to be found that is not there on another machine.
        command
            .current_dir(&job.sources)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("RUST_BACKTRACE", "0")
            .env_remove("VIRTUAL_ENV")
            .arg(&script)
            .arg(request.to_string());
        tool::run(command, "componentize-py", BUILD_LIMIT, work.cancel)
    };
    let relative: Vec<PathBuf> = found
        .iter()
        .filter_map(|path| path.strip_prefix(&job.sources).ok().map(Path::to_owned))
        .collect();
    stubs(
        work,
        job,
        &wit,
        |to| run(&relative, &[&"bindings", &to]),
        events,
    )?;
    let built = scratch.path().join("component.wasm");
    let finished = run(
        &[],
        &[
            &"componentize",
            &"--python-path",
            &copied,
            &"--python-path",
            &sdk,
            &module,
            &"--output",
            &built,
        ],
    )?;
    if !finished.status.success() {
        return Err(tool::failed(job, &finished.reason(), events));
    }
    let mut paths: BTreeSet<PathBuf> = wit.inputs.iter().cloned().collect();
    paths.extend(found);
    paths.extend(
        files::folders(&folder)
            .into_iter()
            .filter(|path| !path.ends_with("__pycache__")),
    );
    paths.extend([folder, job.sources.join("pyproject.toml")]);
    let inputs = Inputs {
        paths,
        ..Inputs::default()
    };
    work.finish(job, &built, Some(inputs), since)?;
    events(Event::Built {
        component: job.name.clone(),
        took: started.elapsed(),
    });
    Ok(())
}

/// The modules, and whatever else stands among them: the component can read it while it is made.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let all = files::walk(folder).map_err(BuildError::at(folder))?;
    let kept = all.into_iter().filter(|path| {
        !path
            .components()
            .any(|part| part.as_os_str() == "__pycache__")
    });
    Ok(kept.collect())
}

/// Copies them: Python writes beside what it reads.
fn copy(sources: &[PathBuf], from: &Path, to: &Path) -> Result<(), BuildError> {
    let mut bytes = 0;
    for source in sources {
        bytes += fs::metadata(source).map_err(BuildError::at(source))?.len();
        if bytes > SOURCES_BYTES_MAX {
            return Err(BuildError::TooLarge {
                folder: from.to_owned(),
                limit: SOURCES_BYTES_MAX,
            });
        }
        let place = to.join(source.strip_prefix(from).unwrap_or(source));
        let parent = place.parent().unwrap_or(to);
        fs::create_dir_all(parent).map_err(BuildError::at(parent))?;
        fs::copy(source, &place).map_err(BuildError::at(source))?;
    }
    Ok(())
}

/// Has the copy of the entry end with an import of the module that makes tracebacks readable.
fn add_tracebacks(folder: &Path, entry: &Path) -> Result<(), BuildError> {
    let module = folder.join(TRACEBACKS_NAME).with_extension("py");
    fs::write(&module, TRACEBACKS).map_err(BuildError::at(&module))?;
    let entry = folder.join(entry);
    OpenOptions::new()
        .append(true)
        .open(&entry)
        .and_then(|mut file| write!(file, "\nimport {TRACEBACKS_NAME}\n"))
        .map_err(BuildError::at(&entry))
}

/// Writes the package of the SDK into a folder.
fn unpack_sdk(folder: &Path) -> Result<(), BuildError> {
    let place = folder.join(SDK);
    fs::create_dir_all(&place).map_err(BuildError::at(&place))?;
    for (name, text) in carried::SDK_PYTHON {
        let path = place.join(name);
        fs::write(&path, text).map_err(BuildError::at(&path))?;
    }
    Ok(())
}

/// Makes the stubs for editors anew. What stood there before is of another world, perhaps.
fn stubs(
    work: &Work<'_>,
    job: &Job,
    wit: &Wit,
    run: impl Fn(&Path) -> Result<tool::Finished, BuildError>,
    events: &mut dyn FnMut(Event),
) -> Result<(), BuildError> {
    let place = work.types(job);
    let new = wit.folder().with_extension("stubs");
    let finished = run(&new)?;
    if !finished.status.success() {
        return Err(tool::failed(job, &finished.reason(), events));
    }
    unpack_sdk(&new)?;
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent).map_err(BuildError::at(parent))?;
    }
    match fs::remove_dir_all(&place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(BuildError::at(&place)(error));
        }
        _ => {}
    }
    fs::rename(&new, &place).map_err(BuildError::at(&place))
}
