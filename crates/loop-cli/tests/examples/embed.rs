//! The host of one's own: built by Cargo, and its component by `loop`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::copy::{Example, text};
use crate::readme::{blocks, console};

/// The program of the example, of the same build as `loop`.
fn host() -> PathBuf {
    let looped = Path::new(env!("CARGO_BIN_EXE_loop"));
    let folder = looped.parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    // Of the whole workspace and with a test beside it, so that it shares what was compiled for the tests.
    cargo.args(["build", "--locked", "--workspace", "--bin", "embed"]);
    cargo.args(["--test", "guests"]);
    // What Cargo tells a test of its package is not for the build: the build script of `ring` runs again when it changes,
    // and then half of all is compiled anew.
    for (name, _) in std::env::vars_os() {
        let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
        if of_package
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(loop_test::root());
    cargo.arg("--target-dir").arg(folder.parent().unwrap());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    folder.join(format!("embed{}", std::env::consts::EXE_SUFFIX))
}

#[test]
fn embed() {
    let example = Example::new("embed");
    let host = host();
    let readme = example.read("README.md");
    let typed = console(&readme);
    let [built, counted, refused] = typed.as_slice() else {
        panic!("another number of commands: {typed:?}");
    };

    let words = built.words();
    assert_eq!(words[0], "loop");
    let output = example.run(&words[1..]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), built.prints);

    let run = |command: &str| {
        let words = command.strip_prefix("cargo run -p embed -- ").unwrap();
        let mut command = Command::new(&host);
        command.args(words.split_whitespace());
        command
            .current_dir(&example.folder)
            .env_remove("RUST_BACKTRACE");
        command.output().unwrap()
    };
    let output = run(&counted.command);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), counted.prints);

    let output = run(&refused.command);
    assert!(!output.status.success());
    assert_eq!(text(&output.stdout), refused.prints);
    assert_eq!([text(&output.stderr)], *blocks(&readme, "text"));
}
