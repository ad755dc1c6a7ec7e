//! A copy of an example, in which its commands are run.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What tools make in a folder of sources. It stays, so that a second run builds nothing.
const MADE: [&str; 4] = [".loop", "Cargo.lock", "__pycache__", "target"];

/// Where this binary keeps what it makes, below Cargo's target folder.
pub(crate) fn place(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let place = target.join(name);
    fs::create_dir_all(&place).unwrap();
    place
}

/// Waits until no other test, in whatever process, holds the lock of this name.
pub(crate) fn lock(name: &str) -> File {
    let file = File::create(place("examples").join(format!("{name}.lock"))).unwrap();
    file.lock().unwrap();
    file
}

/// The binary, with this process's environment apart from what would change what it says.
pub(crate) fn looped(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loop"));
    command.args(args).current_dir(folder);
    for name in ["LOOP_LOG", "LOOP_TRACE", "NO_COLOR", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    // One for all examples, so that what they share is compiled once.
    command.env("CARGO_TARGET_DIR", place("examples").join("target"));
    command.env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// A copy of an example, among copies of what it refers to. One test at a time has it.
pub(crate) struct Example {
    pub(crate) folder: PathBuf,
    _lock: File,
}

impl Example {
    /// The example as it stands in the repository.
    pub(crate) fn new(name: &str) -> Self {
        let lock = lock(name);
        let (root, tree) = (loop_test::root(), place("examples").join("tree"));
        let folder = tree.join("examples").join(name);
        {
            let _tree = self::lock("tree");
            for shared in ["docs", "sdk", "wit"] {
                copy(&root.join(shared), &tree.join(shared));
            }
            copy(&loop_test::example(name), &folder);
        }
        Self {
            folder,
            _lock: lock,
        }
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        looped(&self.folder, args)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Builds what is stale, so that what runs next says nothing of it.
    pub(crate) fn build(&self, args: &[&str]) {
        let output = self.run(&[&["build"], args].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

/// Makes one folder like another, and leaves what is the same untouched: builds look at the time of files.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let mut there = BTreeSet::new();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, source) = (entry.file_name(), entry.path());
        let is_made = MADE.iter().any(|made| *made == name) && name != OsStr::new("Cargo.lock");
        if is_made {
            continue;
        }
        let target = to.join(&name);
        there.insert(name);
        if source.is_symlink() {
            let link = fs::read_link(&source).unwrap();
            if fs::read_link(&target).ok().as_ref() != Some(&link) {
                remove(&target);
                std::os::unix::fs::symlink(link, &target).unwrap();
            }
            continue;
        }
        if source.is_dir() {
            copy(&source, &target);
            continue;
        }
        let bytes = fs::read(&source).unwrap();
        if fs::read(&target).ok().as_ref() != Some(&bytes) {
            fs::write(&target, bytes).unwrap();
        }
    }
    for entry in fs::read_dir(to).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if there.contains(&name) || MADE.iter().any(|made| *made == name) {
            continue;
        }
        remove(&entry.path());
    }
}

/// Removes what is there, if something is.
fn remove(path: &Path) {
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(path).unwrap();
    } else if path.is_symlink() || path.exists() {
        fs::remove_file(path).unwrap();
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
