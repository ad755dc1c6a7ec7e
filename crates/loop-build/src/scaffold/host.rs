//! A new host: the example `examples/embed`, as a package of its own.

use std::path::{Path, PathBuf};

use crate::carried;
use crate::scaffold::{
    Created, ScaffoldError, names, new_folder, parent_of, put_in_place, write, write_template,
};

/// Makes a host in a new folder, whose name becomes its own.
///
/// It is built on `loop-host` in `loop_kit`, a clone of loop-kit's repository.
///
/// # Errors
/// When the name is not one, when something stands there already, when `loop_kit` is another folder, and when the disk
/// says no. Nothing is left then.
pub fn new_host(folder: &Path, loop_kit: &Path) -> Result<Created, ScaffoldError> {
    let name = names::of_folder(folder)?;
    let no_loop_kit = || ScaffoldError::NoLoopKit {
        folder: loop_kit.to_owned(),
    };
    let loop_kit = loop_kit.canonicalize().map_err(|_| no_loop_kit())?;
    if !loop_kit.join("crates/loop-host/Cargo.toml").is_file() {
        return Err(no_loop_kit());
    }
    let dependencies = dependencies(&loop_kit);
    let new = new_folder(folder, parent_of(folder))?;
    for (name, content) in carried::EMBED {
        if *name != "Cargo.toml" && *name != "README.md" {
            write(&new.path().join(name), content)?;
        }
    }
    write_template(
        "host",
        new.path(),
        &[("name", &name), ("dependencies", &dependencies)],
    )?;
    put_in_place(new, folder)
}

/// The example's dependencies, as they read outside the repository's own workspace.
fn dependencies(loop_kit: &Path) -> String {
    let table = |files: &[(&str, &[u8])], keys: &[&str]| {
        let text = files
            .iter()
            .find(|(name, _)| *name == "Cargo.toml")
            .map(|(_, text)| *text);
        let text = String::from_utf8_lossy(text.unwrap_or_default()).into_owned();
        let mut table: toml::Table = toml::from_str(&text).unwrap_or_default();
        for key in keys {
            table = match table.remove(*key) {
                Some(toml::Value::Table(inner)) => inner,
                _ => toml::Table::new(),
            };
        }
        table
    };
    let versions = table(carried::ROOT, &["workspace", "dependencies"]);
    let used = table(carried::EMBED, &["dependencies"]);
    let mut lines = Vec::new();
    for (name, own) in used {
        let shared = versions.get(&name).cloned().unwrap_or_else(|| own.clone());
        let value = match shared {
            toml::Value::Table(mut shared) => {
                if let Some(path) = shared.get("path").and_then(toml::Value::as_str) {
                    let path: PathBuf = loop_kit.join(path);
                    let path = path.to_string_lossy().into_owned();
                    shared.insert("path".to_owned(), toml::Value::String(path));
                }
                toml::Value::Table(shared)
            }
            other => other,
        };
        lines.push(format!("{name} = {value}"));
    }
    lines.join("\n")
}
