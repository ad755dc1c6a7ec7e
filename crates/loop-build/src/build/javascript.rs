//! Components of JavaScript and TypeScript: bundled by esbuild, made by componentize-qjs, or by componentize-js if they say so.
//!
//! One run of node does both, by a script that this crate carries. What the bundle was made of is known from esbuild.

mod aside;
mod names;
mod types;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use crate::build::inputs::{self, Inputs};
use crate::build::package::{self, JavaScriptTool, PackageJson};
use crate::build::wit::Wit;
use crate::build::{BuildError, Job, Profile, Work, tool};
use crate::carried;
use crate::event::Event;
use crate::toolchain::ToolchainError;
use crate::toolchain::pinned::{COMPONENTIZE_JS, COMPONENTIZE_QJS, Pinned};

/// How long a component may take to be made. It is a second on a quick machine; a source that never ends while it is
/// loaded is given up after that.
const BUILD_LIMIT: Duration = Duration::from_mins(2);

const SCRIPT: &str = include_str!("javascript/build.mjs");
const CONSOLE: &str = include_str!("javascript/console.js");
const PRINT: &str = include_str!("javascript/print.js");
const TEXT: &str = include_str!("javascript/text.js");
const UNCAUGHT: &str = include_str!("javascript/uncaught.js");

/// Where the source is that exports what the world exports, where `package.json` does not say it.
const ENTRIES: [&str; 2] = ["src/main.ts", "src/main.js"];

/// Files that change how sources are bundled, besides the sources.
const SETTINGS_FILES: [&str; 2] = ["tsconfig.json", "jsconfig.json"];

/// The file with what stands around the exports, as the script knows it.
const GUARD: &str = "uncaught.js";

/// The name by which sources import the modules of the SDK.
const SDK: &str = "loop-guest";

/// What the script says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    inputs: Vec<PathBuf>,
    error: Option<String>,
    missing: Vec<String>,
}

/// What is not in the component's folder and counts all the same.
pub(crate) fn fingerprint() -> String {
    let parts = [
        SCRIPT,
        CONSOLE,
        PRINT,
        TEXT,
        UNCAUGHT,
        COMPONENTIZE_QJS.id,
        COMPONENTIZE_JS.id,
        carried::DIGEST,
    ];
    inputs::digest_of(parts.join("\n").as_bytes())
}

/// What is needed for these components and not on this machine.
pub(crate) fn missing(work: &Work<'_>, jobs: &[&mut Job]) -> Option<ToolchainError> {
    // What is wrong with a `package.json` is told when its component is built.
    let tool = |job: &&mut Job| {
        package::javascript(&job.sources)
            .unwrap_or_default()
            .settings
            .tool
    };
    let mut tools = jobs.iter().map(tool);
    tools.find_map(|tool| pinned(tool).missing(work.environment, &work.tools()))
}

/// Builds one component.
pub(crate) fn build(
    work: &Work<'_>,
    job: &Job,
    events: &mut dyn FnMut(Event),
) -> Result<(), BuildError> {
    let package = package::javascript(&job.sources)?;
    let entry = entry(&job.sources, &package)?;
    let scratch = work.scratch()?;
    let wit = Wit::read(
        &job.sources,
        &work.workspace()?,
        package.settings.world.as_deref(),
        scratch.path(),
    )?;
    let tool = package.settings.tool;
    if tool == JavaScriptTool::ComponentizeJs && wit.is_async() {
        return Err(BuildError::AsyncWorld {
            world: wit.world_name(),
        });
    }
    types::write(&wit, tool, &work.types(job))?;
    let Some(node) = work.environment.find("node") else {
        return Err(ToolchainError::NoNode { program: "node" }.into());
    };
    let tools = pinned(tool).fetch(work.environment, &work.tools(), work.cancel, events)?;
    events(Event::Building {
        component: job.name.clone(),
    });
    let started = Instant::now();
    let since = work.now_on_disk()?;
    let (script, inject) = unpack(scratch.path(), &wit, tool)?;
    let guard = unpack_guard(scratch.path(), &wit)?;
    let (sdk, modules) = unpack_sdk(scratch.path())?;
    let built = scratch.path().join("component.wasm");
    let is_aside = tool == JavaScriptTool::ComponentizeQjs && aside::is_needed(&wit);
    if is_aside {
        aside::rename(wit.folder())?;
    }
    let request = json!({
        "tool": pinned(tool).name(),
        "tools": tools,
        "folder": job.sources,
        "entry": entry,
        "exports": names::exports(&wit),
        "imports": wit.imports(),
        "inject": inject,
        "sdk": sdk,
        "modules": modules,
        "guard": guard.is_some(),
        "wit": wit.folder(),
        "world": wit.world_name(),
        "made": guard.unwrap_or_else(|| wit.world_name()),
        "aside": is_aside,
        "sync": !wit.is_async(),
        "quick": work.options.profile == Profile::Dev,
        "output": built,
    });
    let mut command = work.environment.command(&node);
    command
        .current_dir(&job.sources)
        .arg(script)
        .arg(request.to_string());
    let finished = tool::run(command, "node", BUILD_LIMIT, work.cancel)?;
    let answer = finished
        .out
        .lines()
        .next_back()
        .and_then(|line| serde_json::from_str::<Answer>(line).ok());
    let answer = match answer {
        Some(answer) if finished.status.success() => answer,
        _ => return Err(tool::failed(job, &finished.reason(), events)),
    };
    if let Some(error) = answer.error {
        return Err(tool::failed(job, &error, events));
    }
    if !answer.missing.is_empty() {
        return Err(BuildError::MissingExports {
            source_file: job.sources.join(entry.trim_start_matches("./")),
            exports: answer.missing,
        });
    }
    if is_aside {
        aside::put_right(&built)?;
    }
    let inputs = gather(&job.sources, scratch.path(), &wit, answer.inputs);
    work.finish(job, &built, Some(inputs), since)?;
    events(Event::Built {
        component: job.name.clone(),
        took: started.elapsed(),
    });
    Ok(())
}

/// The source that exports what the world exports, as an import of the component's folder.
fn entry(folder: &Path, package: &PackageJson) -> Result<String, BuildError> {
    let found = match &package.main {
        Some(main) => folder.join(main).is_file().then(|| main.clone()),
        None => ENTRIES
            .iter()
            .map(PathBuf::from)
            .find(|entry| folder.join(entry).is_file()),
    };
    found
        .map(|entry| format!("./{}", entry.display()))
        .ok_or_else(|| BuildError::NoEntry {
            paths: match &package.main {
                Some(main) => vec![folder.join(main)],
                None => ENTRIES.iter().map(|entry| folder.join(entry)).collect(),
            },
        })
}

fn pinned(tool: JavaScriptTool) -> &'static Pinned {
    match tool {
        JavaScriptTool::ComponentizeQjs => &COMPONENTIZE_QJS,
        JavaScriptTool::ComponentizeJs => &COMPONENTIZE_JS,
    }
}

/// Writes the script, and what stands in for what QuickJS lacks.
fn unpack(
    folder: &Path,
    wit: &Wit,
    tool: JavaScriptTool,
) -> Result<(PathBuf, Vec<PathBuf>), BuildError> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(BuildError::at(&path))?;
        Ok::<_, BuildError>(path)
    };
    let script = write("build.mjs", SCRIPT)?;
    // Unused parts are left out of the bundle, which this says may be done.
    write(
        "package.json",
        "{ \"type\": \"module\", \"sideEffects\": false }",
    )?;
    let text = write("text.js", TEXT)?;
    write("print.js", PRINT)?;
    if tool == JavaScriptTool::ComponentizeJs {
        return Ok((script, Vec::new()));
    }
    let mut inject = vec![text];
    let imports = wit.imports();
    let find = |start: &str| imports.iter().find(|name| name.starts_with(start));
    let (out, err) = (find("wasi:cli/stdout@0.2."), find("wasi:cli/stderr@0.2."));
    if let (Some(out), Some(err)) = (out, err) {
        let text = CONSOLE.replace("STDOUT", out).replace("STDERR", err);
        inject.push(write("console.js", &text)?);
    }
    Ok((script, inject))
}

/// Writes what stands around the component's exports, and gives the world that has what it imports. Nothing where it cannot have that.
fn unpack_guard(folder: &Path, wit: &Wit) -> Result<Option<String>, BuildError> {
    let Some(cli) = wit.package_with("cli", &["exit", "stderr"]) else {
        return Ok(None);
    };
    let [exit, err] = ["exit", "stderr"].map(|name| format!("wasi:cli/{name}@{cli}"));
    let path = folder.join(GUARD);
    let text = UNCAUGHT.replace("EXIT", &exit).replace("STDERR", &err);
    fs::write(&path, text).map_err(BuildError::at(&path))?;
    wit.widen(&[exit, err]).map(Some)
}

/// Writes the modules of the SDK, and gives their folder and the names of those that are meant for components.
fn unpack_sdk(folder: &Path) -> Result<(PathBuf, Vec<String>), BuildError> {
    let place = folder.join(SDK);
    let mut modules = Vec::new();
    for (name, text) in carried::SDK_JS {
        let path = place.join(name);
        let parent = path.parent().unwrap_or(&place);
        fs::create_dir_all(parent).map_err(BuildError::at(parent))?;
        fs::write(&path, text).map_err(BuildError::at(&path))?;
        let module = name.strip_suffix(".js");
        modules.extend(
            module
                .filter(|module| !module.contains('/'))
                .map(|module| format!("{SDK}/{module}")),
        );
    }
    Ok((place, modules))
}

/// What the component was built from.
fn gather(folder: &Path, scratch: &Path, wit: &Wit, sources: Vec<PathBuf>) -> Inputs {
    let mut paths: BTreeSet<PathBuf> = wit.inputs.iter().cloned().collect();
    paths.insert(folder.join("package.json"));
    paths.extend(SETTINGS_FILES.map(|file| folder.join(file)));
    for source in sources {
        // What stands in the scratch folder is the script's own. A new file may be found before an old one.
        if source.starts_with(folder) {
            let above = source.ancestors().skip(1);
            let above = above.take_while(|above| above.starts_with(folder) && *above != folder);
            paths.extend(above.map(Path::to_owned));
        } else if source.starts_with(scratch) {
            continue;
        }
        paths.insert(source);
    }
    Inputs {
        paths,
        ..Inputs::default()
    }
}
