//! What an artifact was built from: files, folders, variables.
//!
//! The compiler and Cargo say which sources and variables they read. What they do not say is added here: the files
//! that decide how Cargo runs, and the folders in which a new file would count.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::build::BuildOptions;
use crate::build::cargo::{Artifact, Metadata, Outcome, Runner};
use crate::environment::Environment;
use crate::files;

/// Variables that change what Cargo builds, by their beginning.
const SETTINGS: [&str; 8] = [
    "CARGO_BUILD_",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_PROFILE_",
    "CARGO_TARGET_WASM32_WASIP2_",
    "CARGO_UNSTABLE_",
    "RUSTC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// What an artifact was built from.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    /// Files and folders. Some are not there, and count because they would change the build if they were.
    pub(crate) paths: BTreeSet<PathBuf>,
    /// Variables that the sources or build scripts read, each with a digest of its value.
    pub(crate) variables: BTreeSet<(String, String)>,
}

impl Inputs {
    /// Gathers what the artifact `built` was built from, or nothing where the compiler did not say it all.
    pub(crate) fn gather(
        runner: &Runner<'_>,
        metadata: &Metadata,
        outcome: &Outcome,
        folder: &Path,
        built: &Path,
    ) -> Option<Self> {
        let mut inputs = Self::default();
        let target_folders = [
            Some(metadata.target_directory.as_path()),
            runner.options.target_dir.as_deref(),
        ];
        let text = fs::read_to_string(built.with_extension("d")).ok()?;
        for source in sources(&text) {
            // What build scripts made follows from other inputs.
            if target_folders
                .iter()
                .flatten()
                .any(|target| source.starts_with(target))
            {
                continue;
            }
            if source
                .extension()
                .is_some_and(|extension| extension == "wit")
            {
                inputs.paths.extend(source.parent().map(Path::to_owned));
            }
            inputs.paths.insert(metadata.workspace_root.join(source));
        }
        let used: Vec<&Artifact> = outcome
            .artifacts
            .iter()
            .filter(|artifact| {
                inputs
                    .paths
                    .iter()
                    .any(|path| path.starts_with(&artifact.folder))
            })
            .collect();
        let mut names = BTreeSet::new();
        for artifact in used {
            inputs.add_package(&artifact.folder);
            for file in artifact
                .filenames
                .iter()
                .filter_map(|file| dep_info_of(file))
            {
                names.extend(variables(&fs::read_to_string(file).ok()?));
            }
            for script in outcome.build_scripts_of(artifact) {
                let output = script.out_dir.with_file_name("output");
                names
                    .extend(inputs.add_script(&artifact.folder, &fs::read_to_string(output).ok()?));
            }
        }
        inputs.variables = names
            .into_iter()
            .map(|name| (digest_of_variable(runner.environment, &name), name))
            .map(|(digest, name)| (name, digest))
            .collect();
        inputs.add_settings_files(runner.environment, metadata, folder);
        inputs.paths.extend(runner.target.witnesses.iter().cloned());
        Some(inputs)
    }

    /// Adds what Cargo reads in a package's folder besides the sources that the compiler names.
    fn add_package(&mut self, folder: &Path) {
        self.paths.insert(folder.join("Cargo.toml"));
        let wit = folder.join("wit");
        self.paths.extend(files::walk(&wit).unwrap_or_default());
        for tree in [folder.join("src"), wit] {
            self.paths.extend(files::folders(&tree));
            // Also when it is not there, so that it is noticed when it comes.
            self.paths.insert(tree);
        }
    }

    /// Adds what a build script says it read, and returns the variables that it says it read.
    ///
    /// One that says nothing may have read anything in its package: Cargo takes it so, too.
    fn add_script(&mut self, package: &Path, output: &str) -> Vec<String> {
        let said = |key: &str| -> Vec<String> {
            output
                .lines()
                .filter_map(|line| line.strip_prefix("cargo:"))
                .filter_map(|line| {
                    line.trim_start_matches(':')
                        .strip_prefix(key)?
                        .strip_prefix('=')
                })
                .map(str::to_owned)
                .collect()
        };
        let (read, variables) = (said("rerun-if-changed"), said("rerun-if-env-changed"));
        if read.is_empty() && variables.is_empty() {
            self.paths.extend(files::walk(package).unwrap_or_default());
        }
        for path in read.into_iter().map(|path| package.join(path)) {
            // Of a folder, all that is in it.
            self.paths.extend(files::walk(&path).unwrap_or_default());
            self.paths.extend(files::folders(&path));
            self.paths.insert(path);
        }
        variables
    }

    /// Adds the files that decide how Cargo runs, there or not.
    fn add_settings_files(
        &mut self,
        environment: &Environment,
        metadata: &Metadata,
        folder: &Path,
    ) {
        for name in ["Cargo.toml", "Cargo.lock"] {
            self.paths.insert(metadata.workspace_root.join(name));
        }
        for ancestor in folder.ancestors() {
            for name in [
                ".cargo/config.toml",
                ".cargo/config",
                "rust-toolchain.toml",
                "rust-toolchain",
            ] {
                self.paths.insert(ancestor.join(name));
            }
        }
        let home = environment.variable("HOME").map(PathBuf::from);
        for (variable, folder, file) in [
            ("CARGO_HOME", ".cargo", "config.toml"),
            ("RUSTUP_HOME", ".rustup", "settings.toml"),
        ] {
            let place = environment
                .variable(variable)
                .map(PathBuf::from)
                .or_else(|| home.as_ref().map(|home| home.join(folder)));
            self.paths.extend(place.map(|place| place.join(file)));
        }
    }
}

/// A digest of what was asked for and of the variables that change it.
pub(crate) fn settings(environment: &Environment, options: &BuildOptions) -> String {
    let mut text = format!("{}\n", options.profile.name());
    for (name, value) in &environment.variables {
        let name = name.to_string_lossy();
        if SETTINGS.iter().any(|setting| name.starts_with(setting)) {
            let _ = writeln!(text, "{name}={}", value.to_string_lossy());
        }
    }
    digest_of(text.as_bytes())
}

/// A digest of a variable's value, or nothing where it is not set.
pub(crate) fn digest_of_variable(environment: &Environment, name: &str) -> String {
    let value = environment.variables.get(std::ffi::OsStr::new(name));
    value
        .map(|value| digest_of(value.as_encoded_bytes()))
        .unwrap_or_default()
}

/// A digest of what stands at a path: a file's content, the names in a folder, or nothing where nothing is.
pub(crate) fn digest_at(path: &Path) -> String {
    if let Ok(entries) = fs::read_dir(path) {
        let mut names: Vec<_> = entries
            .flatten()
            .map(|entry| entry.file_name())
            // Editors put hidden files beside those that are open.
            .filter(|name| !name.as_encoded_bytes().starts_with(b"."))
            .collect();
        names.sort();
        let names: Vec<&[u8]> = names.iter().map(|name| name.as_encoded_bytes()).collect();
        return digest_of(&names.join(&b"\n"[..]));
    }
    fs::read(path)
        .map(|content| digest_of(&content))
        .unwrap_or_default()
}

pub(crate) fn digest_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The sources in Cargo's dep-info: `artifact: source source…`, with spaces in names as `\ `.
fn sources(text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for line in text.lines() {
        // Windows has a colon in its paths, but not one before a space.
        let Some((_, list)) = line.split_once(": ") else {
            continue;
        };
        let mut word = String::new();
        let mut rest = list.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\\' if rest.peek() == Some(&' ') => word.extend(rest.next()),
                ' ' => found.push(std::mem::take(&mut word)),
                c => word.push(c),
            }
        }
        found.push(word);
    }
    found
        .into_iter()
        .filter(|word| !word.is_empty())
        .map(PathBuf::from)
        .collect()
}

/// The compiler's dep-info of an artifact, which has the variables that Cargo's own leaves out.
///
/// A library's stands beside it under the same name. A program and a component are copied up a folder without the
/// digest in their name, so that the newest of their name is taken.
fn dep_info_of(artifact: &Path) -> Option<PathBuf> {
    let folder = artifact.parent()?;
    let stem = artifact.file_stem()?.to_str()?;
    let folder = if folder.ends_with("deps") {
        folder.to_owned()
    } else {
        folder.join("deps")
    };
    let stem = match artifact.extension()?.to_str()? {
        "rlib" | "rmeta" | "so" | "dylib" => stem.strip_prefix("lib")?,
        _ => stem,
    };
    let exact = folder.join(format!("{stem}.d"));
    if exact.is_file() {
        return Some(exact);
    }
    let wanted = format!("{}-", stem.replace('-', "_"));
    let newest = fs::read_dir(&folder).ok()?.flatten().filter(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| {
            name.strip_prefix(&wanted)
                .and_then(|rest| rest.strip_suffix(".d"))
                .is_some_and(|digest| digest.chars().all(|c| c.is_ascii_hexdigit()))
        })
    });
    newest
        .max_by_key(|entry| {
            entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .ok()
        })
        .map(|entry| entry.path())
}

/// The variables that a compiler's dep-info says were read, without those that Cargo sets itself.
fn variables(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# env-dep:"))
        .map(|line| line.split_once('=').map_or(line, |(name, _)| name))
        .filter(|name| !name.starts_with("CARGO") && *name != "OUT_DIR")
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Inputs, sources, variables};

    #[test]
    fn sources_are_read_with_their_spaces() {
        assert_eq!(
            sources("/t/a.wasm: /w/a/src/main.rs /w/my\\ notes/x.wit\n\n/t/b.wasm:\n"),
            [
                PathBuf::from("/w/a/src/main.rs"),
                PathBuf::from("/w/my notes/x.wit")
            ]
        );
    }

    #[test]
    fn variables_are_those_of_the_user() {
        assert_eq!(
            variables(
                "/t/a: x\n# env-dep:GREETING=hi\n# env-dep:UNSET\n# env-dep:CARGO_PKG_NAME=a\n"
            ),
            ["GREETING", "UNSET"]
        );
    }

    #[test]
    fn what_a_build_script_says_it_read_is_believed() {
        let mut inputs = Inputs::default();
        let output = "cargo:rerun-if-env-changed=CC\ncargo::rerun-if-env-changed=AR\n\
                      cargo::rerun-if-changed=data/text\ncargo:x=y\nits own words\n";
        assert_eq!(inputs.add_script(Path::new("/w/a"), output), ["CC", "AR"]);
        assert_eq!(
            inputs.paths.iter().collect::<Vec<_>>(),
            [Path::new("/w/a/data/text")]
        );
    }
}
