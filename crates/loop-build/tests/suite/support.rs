//! Folders and environments for tests.

use std::path::{Path, PathBuf};

use loop_build::{
    BuildError, BuildOptions, BuiltComponent, Cancel, Environment, Event, build_component,
};
use tempfile::TempDir;

/// This process's environment. Builds go to the Cargo workspace's own target folder.
pub(crate) fn environment() -> Environment {
    let mut environment = Environment::new(std::env::vars_os());
    for name in ["CARGO_TARGET_DIR", "RUSTFLAGS"] {
        environment.variables.remove(std::ffi::OsStr::new(name));
    }
    environment
}

/// The same environment without any tool in reach: what needs one fails.
pub(crate) fn without_tools() -> Environment {
    environment().with("PATH", "")
}

/// A target folder that outlives the test, for components that depend on packages: those are compiled once.
pub(crate) fn lasting_target() -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository.join("target"), PathBuf::from)
        .join("guests")
}

/// Lets a workspace use tools that outlive the test: each is fetched once.
pub(crate) fn lasting_tools(workspace: &Path) {
    let tools = lasting_target().join("tools");
    std::fs::create_dir_all(&tools).unwrap();
    std::os::unix::fs::symlink(tools, workspace.join(".loop/tools")).unwrap();
}

/// A folder with one component.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
}

impl Fixture {
    /// A program of this source.
    pub(crate) fn program(source: &str) -> Self {
        let fixture = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fixture.write(
            "Cargo.toml",
            "[package]\nname = \"a\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n",
        );
        fixture.write("src/main.rs", source);
        fixture
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn options(&self) -> BuildOptions {
        BuildOptions::new(self.path())
    }

    pub(crate) fn build(&self, environment: &Environment) -> Result<BuiltComponent, BuildError> {
        self.build_with(environment, &Cancel::new(), &mut |_| {})
    }

    pub(crate) fn build_with(
        &self,
        environment: &Environment,
        cancel: &Cancel,
        events: &mut dyn FnMut(Event),
    ) -> Result<BuiltComponent, BuildError> {
        build_component(environment, &self.options(), self.path(), cancel, events)
    }
}

/// All files below a folder with their content, as one text. Build outputs and the unpacked SDK are left out.
pub(crate) fn tree(folder: &Path) -> String {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".loop") || path.ends_with("target") {
                continue;
            }
            if path.is_dir() { &mut open } else { &mut files }.push(path);
        }
    }
    files.sort();
    let mut text = String::new();
    for file in files {
        let name = file.strip_prefix(folder).unwrap().display().to_string();
        let content = std::fs::read_to_string(&file).unwrap();
        text.extend(["===== ", &name, "\n", &content]);
    }
    text
}
