//! Finding and making the target, through the crate's border.
use std::path::{Path, PathBuf};

use loop_build::{Cancel, Environment, Event, Permission, RustTarget, ToolchainError, Toolchains};

/// This process's environment, with a cache folder of the test's own.
fn environment(cache: &Path) -> Environment {
    let mut environment = Environment::new(std::env::vars_os());
    environment.cache = Some(cache.to_owned());
    environment
}

/// An environment in which rustup has no target and reaches no server.
fn without_rustup(cache: &Path) -> Environment {
    let real = environment(cache);
    let home = cache.join("home");
    let tools = cache.join("tools");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::create_dir_all(&tools).unwrap();
    let rustup_home = real.variable("RUSTUP_HOME").map_or_else(
        || Path::new(real.variable("HOME").unwrap()).join(".rustup"),
        PathBuf::from,
    );
    let mut environment = real
        .with("PATH", "/usr/bin:/bin")
        .with("HOME", home)
        .with("RUSTUP_HOME", rustup_home);
    environment
        .variables
        .remove(std::ffi::OsStr::new("RUSTUP_TOOLCHAIN"));
    environment
}

#[test]
fn with_nothing_on_the_path_the_message_says_where_to_get_rust() {
    let cache = tempfile::tempdir().unwrap();
    let environment = environment(cache.path()).with("PATH", "");
    let mut events = Vec::new();
    let error = RustTarget::make(
        &environment,
        cache.path(),
        Permission::Nothing,
        &Cancel::new(),
        &mut |event| events.push(event),
    )
    .unwrap_err();
    assert!(matches!(error, ToolchainError::NoRust), "{error}");
    assert_eq!(
        error.hint().as_deref(),
        Some("install Rust with rustup: https://rustup.rs")
    );
    assert_eq!(events, []);

    let report = Toolchains::detect(&environment, cache.path());
    assert!(!report.complete());
    assert!(
        report
            .tools
            .iter()
            .all(|tool| tool.found.is_none() && tool.hint.is_some())
    );
}

#[test]
fn where_no_way_leads_to_the_target_each_is_named() {
    let cache = tempfile::tempdir().unwrap();
    let environment = environment(cache.path()).with("PATH", "");
    let mut events = Vec::new();
    let error = RustTarget::make(
        &environment,
        cache.path(),
        Permission::System,
        &Cancel::new(),
        &mut |event| events.push(event),
    )
    .unwrap_err();
    insta::assert_snapshot!(error, @"the Rust target wasm32-wasip2 could neither be added by rustup (there is no rustup on the PATH) nor be made");
    insta::assert_snapshot!(std::error::Error::source(&error).unwrap(), @"this is not a Debian system, where it could be made from packages");
    insta::assert_snapshot!(error.hint().unwrap(), @"run `rustup target add wasm32-wasip2` where the network allows it");
    assert!(
        matches!(events.as_slice(), [Event::GoingOn { .. }]),
        "{events:?}"
    );
}

#[test]
fn work_that_was_stopped_stops() {
    let cache = tempfile::tempdir().unwrap();
    let cancel = Cancel::new();
    cancel.cancel();
    let error = RustTarget::make(
        &environment(cache.path()),
        cache.path(),
        Permission::System,
        &cancel,
        &mut |_| {},
    )
    .unwrap_err();
    assert!(matches!(error, ToolchainError::Cancelled), "{error}");
}

#[test]
#[ignore = "compiles Rust's standard library and fetches a package: a minute, and Debian with its packages installed"]
fn the_target_is_made_once_from_debians_packages() {
    let cache = tempfile::tempdir().unwrap();
    let environment = without_rustup(cache.path());
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
}
