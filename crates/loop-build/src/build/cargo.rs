//! Talking to Cargo: what is in a workspace, and building some of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::build::{BuildError, BuildOptions, Profile};
use crate::environment::Environment;
use crate::event::{Cancel, Event};
use crate::process::{self, RunError, Stream};
use crate::toolchain::{RustTarget, TARGET};

/// How long Cargo may take to say what is in a workspace. It reads files only.
const METADATA_LIMIT: Duration = Duration::from_mins(1);

/// How much of a failed build's messages is kept for the error. A person reads the beginning.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// What Cargo is run with.
pub(crate) struct Runner<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) options: &'a BuildOptions,
    pub(crate) target: &'a RustTarget,
    pub(crate) cancel: &'a Cancel,
}

/// What is in a Cargo workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_root: PathBuf,
    pub(crate) target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    targets: Vec<Target>,
    default_run: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Metadata {
    /// The package whose `Cargo.toml` stands in this folder, which is named without links and dots.
    pub(crate) fn package_in(&self, folder: &Path) -> Option<&Package> {
        self.packages.iter().find(|package| {
            let of = package.manifest_path.parent();
            of == Some(folder)
                || of.is_some_and(|of| of.canonicalize().is_ok_and(|of| of == folder))
        })
    }
}

impl Package {
    /// The name of the one target that becomes a component.
    pub(crate) fn artifact(&self) -> Result<String, BuildError> {
        let of_kind = |kind: &'static str| {
            self.targets
                .iter()
                .filter(move |target| target.kind.iter().any(|k| k == kind))
        };
        let names: Vec<String> = of_kind("bin")
            .chain(of_kind("cdylib"))
            .map(|target| target.name.clone())
            .collect();
        match names.as_slice() {
            [] => Err(BuildError::NoArtifact {
                package: self.name.clone(),
            }),
            [one] => Ok(one.clone()),
            _ => self
                .default_run
                .clone()
                .ok_or_else(|| BuildError::ManyArtifacts {
                    package: self.name.clone(),
                    artifacts: names,
                }),
        }
    }
}

/// What Cargo says while it builds. It says more; only this is read.
#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        package_id: String,
        manifest_path: PathBuf,
        target: Target,
        filenames: Vec<PathBuf>,
    },
    BuildScriptExecuted {
        package_id: String,
        out_dir: PathBuf,
    },
    #[serde(other)]
    Other,
}

/// What a build made.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Every artifact of a package that is a folder on this machine, the component's own among them.
    pub(crate) artifacts: Vec<Artifact>,
    /// Their build scripts, which were run or need not be run again.
    build_scripts: Vec<BuildScript>,
}

#[derive(Debug)]
pub(crate) struct Artifact {
    package_id: String,
    /// The folder of the package.
    pub(crate) folder: PathBuf,
    target: Target,
    pub(crate) filenames: Vec<PathBuf>,
}

#[derive(Debug)]
pub(crate) struct BuildScript {
    package_id: String,
    pub(crate) out_dir: PathBuf,
}

impl Outcome {
    /// The wasm file of a package's target.
    pub(crate) fn wasm(&self, package: &Package, target: &str) -> Option<&Path> {
        self.artifacts
            .iter()
            .filter(|artifact| artifact.package_id == package.id && artifact.target.name == target)
            .flat_map(|artifact| &artifact.filenames)
            .map(PathBuf::as_path)
            .find(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "wasm")
            })
    }

    /// The build scripts of the package that this is an artifact of.
    pub(crate) fn build_scripts_of(
        &self,
        artifact: &Artifact,
    ) -> impl Iterator<Item = &BuildScript> {
        let id = artifact.package_id.clone();
        self.build_scripts
            .iter()
            .filter(move |script| script.package_id == id)
    }

    fn take(&mut self, line: &str) {
        match serde_json::from_str(line) {
            Ok(Message::CompilerArtifact {
                package_id,
                manifest_path,
                target,
                filenames,
            }) if is_local(&package_id) => {
                let folder = manifest_path
                    .parent()
                    .map(Path::to_owned)
                    .unwrap_or_default();
                self.artifacts.push(Artifact {
                    package_id,
                    folder,
                    target,
                    filenames,
                });
            }
            Ok(Message::BuildScriptExecuted {
                package_id,
                out_dir,
            }) if is_local(&package_id) => {
                self.build_scripts.push(BuildScript {
                    package_id,
                    out_dir,
                });
            }
            // A line of another kind, or none of Cargo's: a build script's own words.
            Ok(_) | Err(_) => {}
        }
    }
}

/// Whether a package is a folder on this machine, which may change, rather than a version from a registry.
fn is_local(package_id: &str) -> bool {
    package_id.starts_with("path+")
}

impl Runner<'_> {
    /// Asks what is in the Cargo workspace of this folder.
    pub(crate) fn metadata(&self, folder: &Path) -> Result<Metadata, BuildError> {
        let mut command = self.target.cargo(self.environment);
        command
            .current_dir(folder)
            .args(["metadata", "--no-deps", "--format-version", "1"]);
        let finished = process::capture(command, METADATA_LIMIT, self.cancel).map_err(run_error)?;
        if !finished.status.success() {
            let output = from_first_message(&finished.err).to_owned();
            return Err(BuildError::Manifest {
                folder: folder.to_owned(),
                output,
            });
        }
        let metadata: Metadata = serde_json::from_str(finished.first_line())
            .map_err(|error| BuildError::Cargo(error.into()))?;
        if metadata.package_in(folder).is_none() {
            return Err(BuildError::NoPackage {
                folder: folder.to_owned(),
            });
        }
        Ok(metadata)
    }

    /// Builds some packages of a workspace.
    pub(crate) fn build(
        &self,
        metadata: &Metadata,
        packages: &[(&Package, String)],
        events: &mut dyn FnMut(Event),
    ) -> Result<Outcome, BuildError> {
        let mut command = self.target.cargo(self.environment);
        command.current_dir(&metadata.workspace_root);
        command.args([
            "build",
            "--target",
            TARGET,
            "--message-format",
            "json-render-diagnostics",
        ]);
        if self.options.profile == Profile::Release {
            command.arg("--release");
        }
        if let Some(folder) = &self.options.target_dir {
            command.arg("--target-dir").arg(folder);
        }
        for (package, _) in packages {
            command.args(["--package", &package.id]);
        }
        let mut outcome = Outcome::default();
        let mut output = String::new();
        let status = process::run(
            command,
            None,
            self.cancel,
            &mut |stream, line| match stream {
                Stream::Out => outcome.take(line),
                Stream::Err => {
                    if let Some(on) = line
                        .trim_start()
                        .strip_prefix("Blocking waiting for file lock on ")
                    {
                        events(Event::Waiting {
                            on: format!("another cargo, which holds the {on}"),
                        });
                    } else {
                        if output.len() < OUTPUT_BYTES_MAX {
                            output.push_str(line);
                            output.push('\n');
                        }
                        events(Event::Output {
                            line: line.to_owned(),
                        });
                    }
                }
            },
        )
        .map_err(run_error)?;
        if !status.success() {
            // Ctrl-C at a terminal ends Cargo before anybody sets the flag.
            if self.cancel.is_cancelled() {
                return Err(BuildError::Cancelled);
            }
            return Err(BuildError::Failed {
                components: packages
                    .iter()
                    .map(|(package, _)| package.name.clone())
                    .collect(),
                output: from_first_message(&output).to_owned(),
            });
        }
        Ok(outcome)
    }
}

fn run_error(error: RunError) -> BuildError {
    match error {
        RunError::Cancelled => BuildError::Cancelled,
        RunError::Io(error) => BuildError::Cargo(error),
        RunError::TimedOut(_) => BuildError::Cargo(std::io::ErrorKind::TimedOut.into()),
    }
}

/// What a tool wrote from its first warning or error on: before that stands what it was doing.
fn from_first_message(output: &str) -> &str {
    let mut start = 0;
    for line in output.split_inclusive('\n') {
        if line.starts_with("error") || line.starts_with("warning") {
            return output.get(start..).unwrap_or(output);
        }
        start += line.len();
    }
    output
}

#[cfg(test)]
mod tests {
    use super::{Outcome, from_first_message};

    #[test]
    fn progress_before_the_first_message_is_left_out() {
        assert_eq!(
            from_first_message("   Compiling a v0.1.0\nerror: no\n  | x\n"),
            "error: no\n  | x\n"
        );
        assert_eq!(from_first_message("strange\n"), "strange\n");
    }

    #[test]
    fn of_what_cargo_says_only_local_packages_are_kept() {
        let mut outcome = Outcome::default();
        let artifact = |id: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","manifest_path":"/w/a/Cargo.toml","target":{{"name":"a","kind":["bin"]}},"filenames":["/t/a.wasm"],"fresh":true}}"#
            )
        };
        outcome.take(&artifact("path+file:///w/a#0.1.0"));
        outcome.take(&artifact("registry+https://example.com/index#b@1.0.0"));
        outcome.take(r#"{"reason":"build-finished","success":true}"#);
        outcome.take("a build script's own words");
        assert_eq!(outcome.artifacts.len(), 1);
        assert_eq!(outcome.artifacts[0].folder.to_str(), Some("/w/a"));
    }
}
