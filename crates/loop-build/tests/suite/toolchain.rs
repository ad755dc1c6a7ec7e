//! Finding and making the target, through the crate's border.
use std::path::Path;

use loop_build::{Cancel, Environment, Event, Permission, RustTarget, ToolchainError, Toolchains};

/// This process's environment, with a cache folder of the test's own.
fn environment(cache: &Path) -> Environment {
    let mut environment = Environment::new(std::env::vars_os());
    environment.cache = Some(cache.to_owned());
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

/// Puts scripts on the path in the place of tools, and nothing else.
#[cfg(unix)]
fn with_tools(cache: &Path, scripts: &[(&str, &str)]) -> Environment {
    use std::os::unix::fs::PermissionsExt;
    let tools = cache.join("tools");
    std::fs::create_dir_all(&tools).unwrap();
    for (name, script) in scripts {
        let path = tools.join(name);
        let script = script.replace("TOOLS", tools.to_str().unwrap());
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    environment(cache).with("PATH", tools)
}

/// A compiler without the target, and with it once the file `libstd-x.rlib` is there.
const COMPILER: [(&str, &str); 2] = [
    ("cargo", "exit 1"),
    (
        "rustc",
        "case \"$1\" in --version) echo 'rustc 1.95.0';; *) echo TOOLS; echo TOOLS;; esac",
    ),
];

#[cfg(unix)]
#[test]
fn where_rustup_can_add_the_target_that_is_the_way() {
    let cache = tempfile::tempdir().unwrap();
    let rustup = (
        "rustup",
        "[ \"$*\" = 'target add wasm32-wasip2' ] && : > TOOLS/libstd-x.rlib",
    );
    let environment = with_tools(cache.path(), &[COMPILER[0], COMPILER[1], rustup]);
    let make = |permission, events: &mut dyn FnMut(Event)| {
        RustTarget::make(
            &environment,
            cache.path(),
            permission,
            &Cancel::new(),
            events,
        )
    };
    let error = make(Permission::Nothing, &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rustc 1.95.0 cannot build for wasm32-wasip2"
    );
    assert_eq!(
        error.hint().as_deref(),
        Some("run `rustup target add wasm32-wasip2`")
    );

    let mut events = Vec::new();
    let target = make(Permission::User, &mut |event| events.push(event)).unwrap();
    assert_eq!(target.version, "rustc 1.95.0");
    assert_eq!(
        events,
        [Event::Installing {
            what: "the Rust target wasm32-wasip2, by rustup".to_owned(),
            command: Some("rustup target add wasm32-wasip2".to_owned()),
        }]
    );
    make(Permission::Nothing, &mut |_| {}).unwrap();
}

#[cfg(unix)]
#[test]
fn packages_are_installed_by_the_superuser_only_and_named_to_others() {
    let cache = tempfile::tempdir().unwrap();
    let tools = [
        COMPILER[0],
        COMPILER[1],
        ("rustup", "echo 'error: no network' >&2; exit 1"),
        (
            "apt-get",
            "echo \"$*\" >> TOOLS/calls; echo 'E: no archive' >&2; exit 100",
        ),
        ("dpkg", "exit 1"),
        ("dpkg-query", "echo 'installed cargo-web'; exit 1"),
    ];
    let mut environment = with_tools(cache.path(), &tools);
    let make = |environment: &Environment| {
        let mut events = Vec::new();
        let error = RustTarget::make(
            environment,
            cache.path(),
            Permission::System,
            &Cancel::new(),
            &mut |event| events.push(event),
        )
        .unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        (error, source, events)
    };
    environment.superuser = false;
    let (error, source, _) = make(&environment);
    insta::assert_snapshot!(error, @"the Rust target wasm32-wasip2 could neither be added by rustup (no network) nor be made");
    insta::assert_snapshot!(source, @"these Debian packages are missing: rustc-web, rust-web-src");
    insta::assert_snapshot!(error.hint().unwrap(), @"run `sudo apt-get install --no-install-recommends rustc-web rust-web-src`");
    let calls = cache.path().join("tools/calls");
    assert!(!calls.exists());

    environment.superuser = true;
    let (_, source, events) = make(&environment);
    insta::assert_snapshot!(source, @r"
    `apt-get install --no-install-recommends rustc-web rust-web-src` failed
    E: no archive
    E: no archive
    ");
    insta::assert_snapshot!(std::fs::read_to_string(calls).unwrap(), @r"
    update
    install --yes --no-install-recommends --no-remove rustc-web rust-web-src
    ");
    let said = Event::Installing {
        what: "the Debian packages rustc-web, rust-web-src".to_owned(),
        command: Some("apt-get install --no-install-recommends rustc-web rust-web-src".to_owned()),
    };
    assert_eq!(events.last(), Some(&said));
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
