//! The target, really made from Debian's packages, where those are installed.
//!
//! It compiles Rust's standard library and fetches a package, which takes a minute: a step of `cargo xtask test`
//! runs it, and the other tests do not wait for it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use loop_build::toolchain::missing_packages;
use loop_build::{Cancel, Environment, Event, Permission, RustTarget};

/// An environment in which rustup has no target and reaches no server.
fn without_rustup(cache: &Path) -> Environment {
    let mut environment = Environment::new(std::env::vars_os());
    environment.cache = Some(cache.to_owned());
    let home = cache.join("home");
    std::fs::create_dir_all(&home).unwrap();
    let rustup_home = environment.variable("RUSTUP_HOME").map_or_else(
        || Path::new(environment.variable("HOME").unwrap()).join(".rustup"),
        PathBuf::from,
    );
    let mut environment = environment
        .with("PATH", "/usr/bin:/bin")
        .with("HOME", home)
        .with("RUSTUP_HOME", rustup_home);
    environment
        .variables
        .remove(std::ffi::OsStr::new("RUSTUP_TOOLCHAIN"));
    environment
}

#[test]
fn the_target_is_made_once_from_debians_packages() {
    let cache = tempfile::tempdir().unwrap();
    let environment = without_rustup(cache.path());
    let missing = missing_packages(&environment, &Cancel::new());
    if !matches!(&missing, Ok(missing) if missing.is_empty()) {
        eprintln!("SKIPPED: nothing is made here from Debian's packages ({missing:?})");
        return;
    }
    let make = |events: &mut dyn FnMut(Event)| {
        RustTarget::make(
            &environment,
            cache.path(),
            Permission::User,
            &Cancel::new(),
            events,
        )
    };
    // What a killed process leaves behind.
    let unfinished = cache.path().join("toolchains/.making-killed");
    std::fs::create_dir_all(unfinished.join("std")).unwrap();

    let (mut first, mut second) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| make(&mut |event| first.push(event)).unwrap());
        scope.spawn(|| make(&mut |event| second.push(event)).unwrap());
    });
    let count =
        |wanted: fn(&Event) -> bool| first.iter().chain(&second).filter(|e| wanted(e)).count();
    assert_eq!(
        count(|event| matches!(event, Event::Installing { .. })),
        1,
        "{first:?} {second:?}"
    );
    assert_eq!(count(|event| matches!(event, Event::Waiting { .. })), 1);
    assert!(!unfinished.exists());

    let mut third = Vec::new();
    let target = make(&mut |event| third.push(event)).unwrap();
    assert_eq!(third, []);
    let left: Vec<_> = std::fs::read_dir(cache.path().join("toolchains"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");

    // A package upgrade puts another compiler there: what was made for the old one is not taken.
    let stamp = target.sysroot.join("stamp.json");
    let text = std::fs::read_to_string(&stamp).unwrap();
    std::fs::write(&stamp, text.replacen("\"format\": 1", "\"format\": 0", 1)).unwrap();
    assert!(RustTarget::find(&environment, cache.path(), &Cancel::new()).is_err());
    make(&mut |_| {}).unwrap();
    assert!(RustTarget::find(&environment, cache.path(), &Cancel::new()).is_ok());
}
