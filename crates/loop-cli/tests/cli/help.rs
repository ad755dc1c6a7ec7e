//! Help, versions, completions, and what makes no sense.

use insta::assert_snapshot;

use crate::Sandbox;

#[test]
fn the_short_help() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["-h"]), @""));
}

#[test]
fn the_long_help_tells_variables_and_exit_codes() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&["--help"]);
    for text in [
        "Environment variables:",
        "LOOP_CACHE",
        "Exit codes:",
        "  113      a file is no component",
    ] {
        assert!(shown.contains(text), "`{text}` is missing:\n{shown}");
    }
}

#[test]
fn the_help_of_run() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["run", "-h"]), @""));
}

#[test]
fn every_command_has_help() {
    let sandbox = Sandbox::new();
    for command in [
        "new",
        "host new",
        "component new",
        "build",
        "check",
        "inspect",
        "grants",
        "schema",
        "doctor",
        "completions",
    ] {
        let mut args: Vec<&str> = command.split(' ').collect();
        args.push("--help");
        let shown = sandbox.run(&args);
        assert!(
            shown.starts_with("exit code 0\n--- stdout\n"),
            "{command}: {shown}"
        );
        assert!(
            shown.contains(&format!("Usage: loop {command}")),
            "{command}: {shown}"
        );
    }
}

#[test]
fn the_version() {
    let sandbox = Sandbox::new();
    let expected = format!(
        "exit code 0\n--- stdout\nloop {}\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(sandbox.run(&["--version"]), expected);
}

#[test]
fn what_makes_no_sense() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["biuld"]), @"");
        assert_snapshot!(sandbox.run(&["run", "--gran", "x"]), @"");
        assert_snapshot!(sandbox.run(&["component", "new", "a"]), @"");
    });
}

#[test]
fn completions_for_every_shell() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let shown = sandbox.run(&["completions", shell]);
        assert!(
            shown.starts_with("exit code 0\n--- stdout\n"),
            "{shell}: {shown}"
        );
        assert!(shown.contains("inspect"), "{shell}: {shown}");
    }
}

#[test]
fn the_schema_is_json() {
    let sandbox = Sandbox::new();
    let output = sandbox.command(&["schema"]).output().unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(schema["properties"]["app"].is_object(), "{schema:#}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let sandbox = Sandbox::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = sandbox
        .command(&["schema"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(sandbox.show(&output), "exit code 0\n");
}
