//! What a component's `package.json` or `pyproject.toml` says about it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::build::BuildError;

/// How much is read of such a file. Those of large projects have some ten kilobytes.
const PACKAGE_BYTES_MAX: u64 = 1 << 20;

/// The part of a `package.json` that counts here.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PackageJson {
    /// The file that exports what the world exports.
    pub(crate) main: Option<PathBuf>,
    #[serde(default, rename = "loop")]
    pub(crate) settings: JavaScriptSettings,
}

/// The key `loop` of a `package.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JavaScriptSettings {
    /// The world, where the WIT package has several.
    pub(crate) world: Option<String>,
    /// What makes the component.
    #[serde(default)]
    pub(crate) tool: JavaScriptTool,
}

/// What makes components of JavaScript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum JavaScriptTool {
    /// By QuickJS: small, and made quickly.
    #[default]
    ComponentizeQjs,
    /// By SpiderMonkey: with more of what the web has.
    ComponentizeJs,
}

/// The table `[tool.loop]` of a `pyproject.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PythonSettings {
    /// The world, where the WIT package has several.
    pub(crate) world: Option<String>,
    /// The module that has the classes which the world exports.
    pub(crate) module: Option<String>,
}

/// The part of a `pyproject.toml` that counts here.
#[derive(Debug, Default, Deserialize)]
struct PyProject {
    #[serde(default)]
    tool: PyTools,
}

#[derive(Debug, Default, Deserialize)]
struct PyTools {
    #[serde(default, rename = "loop")]
    settings: PythonSettings,
}

/// Reads the `package.json` of a component.
pub(crate) fn javascript(folder: &Path) -> Result<PackageJson, BuildError> {
    let path = folder.join("package.json");
    let text = read(&path)?;
    serde_json::from_str(&text).map_err(|error| BuildError::Package {
        path,
        reason: error.to_string(),
    })
}

/// Reads the `pyproject.toml` of a component.
pub(crate) fn python(folder: &Path) -> Result<PythonSettings, BuildError> {
    let path = folder.join("pyproject.toml");
    let text = read(&path)?;
    toml::from_str::<PyProject>(&text)
        .map(|project| project.tool.settings)
        .map_err(|error| BuildError::Package {
            path,
            reason: error.to_string().trim_end().to_owned(),
        })
}

fn read(path: &Path) -> Result<String, BuildError> {
    let mut text = String::new();
    let file = File::open(path).map_err(BuildError::at(path))?;
    file.take(PACKAGE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(BuildError::at(path))?;
    if u64::try_from(text.len()).is_ok_and(|length| length > PACKAGE_BYTES_MAX) {
        return Err(BuildError::Package {
            path: path.to_owned(),
            reason: format!("it is larger than {PACKAGE_BYTES_MAX} bytes"),
        });
    }
    Ok(text)
}
