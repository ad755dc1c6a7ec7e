//! What the tests share: components to run, built once, and servers to talk to.
//!
//! [`guest`] gives the artifact of a folder in `tests/guests`, [`provider`] of one in `providers`, [`component`] that of any folder. The first caller
//! builds, in whatever process; the others wait and find it done. A test that needs a component that cannot be built
//! fails with the compiler's message. [`NatsServer`] and [`RedisServer`] are real servers, for as long as they are held; a
//! [`Process`] is one that something else started, and whose end is awaited.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use loop_build::{
    BuildOptions, Cancel, Environment, Event, Permission, RustTarget, build_components,
    fresh_component,
};

mod nats_server;
mod process;
mod redis_server;
mod running;

pub use nats_server::NatsServer;
pub use process::Process;
pub use redis_server::RedisServer;

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The artifact of `tests/guests/<name>`. All guests are built together, for they share what they are built from.
///
/// # Panics
/// When the guests cannot be built, with the reason.
pub fn guest(name: &str) -> PathBuf {
    let guests = root().join("tests/guests");
    built(
        &root(),
        &guests.join(name),
        &folders_with_components(&guests),
    )
}

/// The artifact of `providers/<name>`, a provider that is a component.
///
/// # Panics
/// When it cannot be built, with the reason.
pub fn provider(name: &str) -> PathBuf {
    let providers = root().join("providers");
    let all = folders_with_components(&providers);
    built(&root(), &providers.join(name), &all)
}

/// The artifact of the component in this folder, which belongs to this workspace.
///
/// # Panics
/// When it cannot be built, with the reason.
pub fn component(workspace: &Path, folder: &Path) -> PathBuf {
    built(workspace, folder, &[])
}

/// The folder of an example.
pub fn example(name: &str) -> PathBuf {
    root().join("examples").join(name)
}

/// The environment of this process, which builds use.
pub fn environment() -> Environment {
    Environment::new(std::env::vars_os())
}

/// Where builds of components go that are not to meet those of a user: below Cargo's target folder.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), PathBuf::from)
        .join("guests")
}

/// Finds or makes the compiler, so that a test does not do it within its time limit.
pub fn make_toolchain() -> anyhow::Result<RustTarget> {
    let mut said = String::new();
    RustTarget::make(
        &environment(),
        &root(),
        Permission::System,
        &Cancel::new(),
        &mut |event| {
            note(&mut said, &event);
        },
    )
    .map_err(|error| {
        let hint = error.hint().unwrap_or_default();
        anyhow::Error::new(error).context(format!("{said}hint: {hint}"))
    })
}

fn built(workspace: &Path, folder: &Path, with: &[PathBuf]) -> PathBuf {
    match try_build(workspace, folder, with) {
        Ok(path) => path,
        #[expect(clippy::panic, reason = "the test that asked cannot go on")]
        Err(error) => panic!("{}: {error:?}", folder.display()),
    }
}

fn try_build(workspace: &Path, folder: &Path, with: &[PathBuf]) -> anyhow::Result<PathBuf> {
    let environment = environment();
    let options = BuildOptions {
        target_dir: Some(target_dir()),
        permission: Permission::System,
        ..BuildOptions::new(workspace)
    };
    if let Some(built) = fresh_component(&environment, &options, folder)? {
        return Ok(built.wasm);
    }
    let mut folders = with.to_vec();
    if !folders.iter().any(|listed| listed == folder) {
        folders.push(folder.to_owned());
    }
    let mut said = String::new();
    let built = build_components(
        &environment,
        &options,
        &folders,
        &Cancel::new(),
        &mut |event| {
            note(&mut said, &event);
        },
    );
    let built = match built {
        Ok(built) => built,
        Err(error) => {
            let output = error.output().unwrap_or(&said).to_owned();
            let hint = error.hint().unwrap_or_default();
            bail!("{output}\n{error}\nhint: {hint}");
        }
    };
    let built = built.into_iter().find(|built| built.folder == folder);
    Ok(built
        .context("the component is not among those that were built")?
        .wasm)
}

/// The folders below this one that hold a component: a program, or a library for a host.
fn folders_with_components(folder: &Path) -> Vec<PathBuf> {
    let is_component = |folder: &PathBuf| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml"));
        manifest.is_ok_and(|text| {
            folder.join("src/main.rs").is_file() || text.contains("crate-type = [\"cdylib\"]")
        })
    };
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(is_component)
        .collect();
    folders.sort();
    folders
}

fn note(said: &mut String, event: &Event) {
    match event {
        Event::Output { line } => said.push_str(line),
        Event::Installing { what, .. } => said.extend(["installing ", what.as_str()]),
        Event::GoingOn { reason } => said.push_str(reason),
        _ => return,
    }
    said.push('\n');
}
