//! Builds that meet another one, and builds that do not come to their end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use loop_build::{BuildError, Cancel, Event};

use crate::support::{Fixture, environment, without_tools};

/// A program whose build goes on only when the file `gate` is there. It notes its process in the file `running`.
fn gated() -> Fixture {
    let fixture = Fixture::program("fn main() { println!(\"one\"); }\n");
    fixture.write("gate", "");
    fixture.write(
        "build.rs",
        "fn main() {
            println!(\"cargo::rerun-if-changed=src/main.rs\");
            std::fs::write(\"running\", std::process::id().to_string()).unwrap();
            while !std::path::Path::new(\"gate\").exists() {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }",
    );
    fixture.build(&environment()).unwrap();
    close(&fixture);
    fixture
}

/// Makes the component stale, and its build wait.
fn close(fixture: &Fixture) {
    for name in ["gate", "running"] {
        std::fs::remove_file(fixture.path().join(name)).unwrap();
    }
    fixture.write("src/main.rs", "fn main() { println!(\"two\"); }\n");
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "waited for {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The process of the build script that waits at the gate.
fn running(fixture: &Fixture) -> PathBuf {
    let note = fixture.path().join("running");
    let read = || std::fs::read_to_string(&note).unwrap_or_default();
    wait_for("the build script", || !read().is_empty());
    Path::new("/proc").join(read())
}

#[test]
fn of_two_builds_at_once_one_waits_and_finds_it_done() {
    let fixture = gated();
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| fixture.build(&environment()).unwrap());
        running(&fixture);
        let second = scope.spawn(|| {
            fixture
                .build_with(&environment(), &Cancel::new(), &mut |event| {
                    if matches!(event, Event::Waiting { .. }) {
                        fixture.write("gate", "");
                    }
                })
                .unwrap()
        });
        (first.join().unwrap(), second.join().unwrap())
    });
    assert!(!first.fresh);
    assert!(second.fresh);
    assert_eq!(first.wasm, second.wasm);
}

#[test]
#[cfg(target_os = "linux")]
fn a_build_that_is_stopped_leaves_no_process_and_the_next_one_works() {
    let fixture = gated();
    let wasm = fixture
        .path()
        .join(".loop/build/release")
        .join(fixture.path().file_name().unwrap());
    let wasm = wasm.with_added_extension("wasm");
    let before = std::fs::read(&wasm).unwrap();
    let cancel = Cancel::new();
    let (error, process) = std::thread::scope(|scope| {
        let build = scope.spawn(|| fixture.build_with(&environment(), &cancel, &mut |_| {}));
        let process = running(&fixture);
        assert!(process.exists());
        cancel.cancel();
        (build.join().unwrap().unwrap_err(), process)
    });
    assert!(matches!(error, BuildError::Cancelled), "{error}");
    wait_for("the end of the build script", || {
        !process.exists() || is_zombie(&process)
    });
    assert_eq!(before, std::fs::read(&wasm).unwrap());

    fixture.write("gate", "");
    assert!(!fixture.build(&environment()).unwrap().fresh);
    assert_ne!(before, std::fs::read(&wasm).unwrap());
    assert!(fixture.build(&without_tools()).unwrap().fresh);
}

#[test]
fn a_wait_for_another_build_can_be_stopped() {
    let fixture = gated();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| fixture.build(&environment()).unwrap());
        running(&fixture);
        let cancel = Cancel::new();
        let error = fixture
            .build_with(&environment(), &cancel, &mut |_| cancel.cancel())
            .unwrap_err();
        assert!(matches!(error, BuildError::Cancelled), "{error}");
        fixture.write("gate", "");
        first.join().unwrap();
    });
}

/// The program `programs/builder.rs`, an example of this package for Cargo: it stands beside the tests, one folder further.
fn builder() -> Command {
    let this = std::env::current_exe().unwrap();
    let program = this.parent().unwrap().with_file_name("examples/builder");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    let hint = "`cargo test -p loop-build` builds it, and with `--example builder` too where targets are chosen";
    assert!(
        program.is_file(),
        "{} is not there: {hint}",
        program.display()
    );
    Command::new(program)
}

#[test]
#[cfg(target_os = "linux")]
fn a_build_that_is_killed_leaves_the_last_good_artifact_and_the_next_one_works() {
    let fixture = gated();
    let output = fixture.path().join(".loop/build/release");
    let listing = || {
        let entries = std::fs::read_dir(&output).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = listing();
    let mut other = builder()
        .arg(fixture.path())
        .env_clear()
        .envs(environment().variables)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    running(&fixture);
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(before, listing());

    // Its cargo lives on for a moment and holds Cargo's own lock; the next build waits for that.
    fixture.write("gate", "");
    assert!(!fixture.build(&environment()).unwrap().fresh);
    assert!(fixture.build(&without_tools()).unwrap().fresh);
    assert_eq!(before, listing());
}

/// Whether a process has ended and only waits to be noticed.
fn is_zombie(process: &Path) -> bool {
    std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| stat.contains(") Z "))
}
