//! `loop build`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use loop_build::{BuiltComponent, Language, Profile};
use serde_json::json;

use crate::error::CliError;
use crate::interrupt::Interrupt;
use crate::plan::up_to_date;
use crate::target::{self, Target};
use crate::ui::{self, Ui, count};
use crate::workspace::{self, Workspace, shown};

/// Build what is stale, and nothing else
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to build: a component's folder or its name in the workspace, an app, or the folder of a workspace
    /// [default: everything in this workspace]
    #[arg(value_name = "COMPONENT")]
    targets: Vec<String>,
    /// Build fast rather than small and fast components
    #[arg(long)]
    dev: bool,
    /// Print the built files as JSON
    #[arg(long)]
    json: bool,
}

/// Builds.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    let interrupt = Interrupt::install();
    let profile = if args.dev {
        Profile::Dev
    } else {
        Profile::Release
    };
    let mut built = Vec::new();
    for (workspace, folders) in folders(&args.targets)? {
        if folders.is_empty() {
            ui.warning(&format!("{} has nothing to build", shown(&workspace)));
            ui.hint("`loop component new NAME --lang rust` makes a component there; the language can be `js`, `ts` and `python` too");
        }
        built.extend(up_to_date(ui, &interrupt, &workspace, &folders, profile)?);
    }
    let stale = built.iter().filter(|built| !built.fresh).count();
    if stale == 0 && !built.is_empty() {
        ui.say(&format!("{} up to date", count(built.len(), "component")));
    }
    if args.json {
        let built: Vec<_> = built.iter().map(to_json).collect();
        ui::json(&built)?;
    } else {
        for built in &built {
            ui::data(shown(&built.wasm))?;
        }
    }
    Ok(0)
}

fn to_json(built: &BuiltComponent) -> serde_json::Value {
    json!({ "folder": built.folder, "wasm": built.wasm, "fresh": built.fresh })
}

/// The folders to build, by the workspace that they are built in.
fn folders(targets: &[String]) -> Result<BTreeMap<PathBuf, Vec<PathBuf>>, CliError> {
    let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let mut add = |workspace: &Path, more: Vec<PathBuf>| {
        let known = folders.entry(workspace.to_owned()).or_default();
        for folder in more {
            if !known.contains(&folder) {
                known.push(folder);
            }
        }
    };
    if targets.is_empty() {
        let here = std::env::current_dir()
            .map_err(|error| CliError::file("read", Path::new("."), &error))?;
        match Workspace::around(&here)? {
            Some(workspace) => add(&workspace.folder, workspace.folders()),
            None if Language::of(&here).is_some() => add(&here, vec![here.clone()]),
            // The error says what to do about it.
            None => drop(target::resolve(None, None)?),
        }
    }
    for text in targets {
        let path = Path::new(text);
        if path.join(workspace::FILE).is_file() {
            let workspace = Workspace::read(&absolute(path)?)?;
            add(&workspace.folder, workspace.folders());
            continue;
        }
        match target::resolve(Some(text), None)? {
            Target::Folder(folder) => {
                let workspace = workspace::root_of(&folder).unwrap_or(&folder).to_owned();
                add(&workspace, vec![folder]);
            }
            Target::App { workspace, name } => add(&workspace.folder, workspace.folders_of(&name)),
            Target::File(file) => {
                let message = format!(
                    "`{}` is built already: it is a component's file",
                    file.display()
                );
                return Err(CliError::usage(message).hint("name the folder of its sources"));
            }
        }
    }
    Ok(folders)
}

fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    path.canonicalize()
        .map_err(|error| CliError::file("read", path, &error))
}
