//! The repository that the task works on: its root and its files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

/// A checkout of loop-kit.
#[derive(Debug)]
pub(crate) struct Repo {
    root: PathBuf,
    target: PathBuf,
}

/// One text file of the repository.
#[derive(Debug)]
pub(crate) struct TextFile {
    /// Relative to the root, with `/` on every system.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Repo {
    /// Finds the repository around the current folder.
    pub(crate) fn find() -> Result<Repo> {
        let metadata = MetadataCommand::new()
            .no_deps()
            .exec()
            .context("ask cargo for the workspace: run this inside the repository")?;
        let root = metadata.workspace_root.into_std_path_buf();
        if !root.join("xtask/layers.toml").is_file() {
            bail!("{} is not the repository's root", root.display());
        }
        Ok(Repo {
            root,
            target: metadata.target_directory.into_std_path_buf(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Where cargo leaves what it builds.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The cargo that started this program, in the root.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&cargo());
        command.args(arguments);
        command
    }

    /// The cargo that builds these programs of the workspace.
    ///
    /// Cargo chooses the features of wasmtime's dependencies by what is built beside it. So all packages take part, and
    /// a test: whatever is built, tested or documented after that needs no second wasmtime, which takes minutes.
    pub(crate) fn programs(&self, names: &[&str]) -> Command {
        let mut cargo = self.cargo(&["build", "--locked", "--workspace", "--test", "guests"]);
        cargo.args(names.iter().flat_map(|name| ["--bin", name]));
        cargo
    }

    /// A command that runs in the root.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        // What Cargo tells this program of its package is not for others: the build script of `ring` runs again when it
        // changes, and then half of all is compiled anew.
        for (name, _) in std::env::vars_os() {
            let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
            if of_package
                .iter()
                .any(|start| name.to_string_lossy().starts_with(start))
            {
                command.env_remove(name);
            }
        }
        command
    }

    /// Every file that git has or would take: tracked ones, and new ones that it does not ignore.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let mut git = self.command("git");
        git.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let mut files: Vec<String> = output(&mut git)?
            .split('\0')
            .filter(|path| !path.is_empty() && self.path(path).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The file's text, or `None` if it holds bytes that are not UTF-8.
    pub(crate) fn read(&self, path: &str) -> Result<Option<TextFile>> {
        let bytes = std::fs::read(self.path(path)).with_context(|| format!("read {path}"))?;
        Ok(String::from_utf8(bytes).ok().map(|text| TextFile {
            path: path.to_owned(),
            text,
        }))
    }
}

/// The cargo that started this program.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Runs a command and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("start `{name}`: is it installed?"))?;
    if !output.status.success() {
        bail!(
            "`{name}` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{name}` wrote text that is not UTF-8"))
}
