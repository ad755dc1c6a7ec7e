//! Builds: what is stale and nothing else, and what stands in their way.

use insta::assert_snapshot;

use crate::Sandbox;
use crate::sandbox::Running;

const HELLO: &str = "fn main() {\n    println!(\"hello\");\n}\n";

/// A workspace with one component that needs nothing but a compiler.
fn workspace() -> Sandbox {
    let sandbox = Sandbox::with_manifest(
        r#"[workspace]
name = "w"
members = ["components/*"]

[app.hello]
root = "hello"

[app.hello.component.hello]
use = "components/hello"
"#,
    );
    sandbox.component("components/hello", HELLO);
    sandbox
}

#[test]
fn a_run_builds_what_is_stale_and_nothing_else() {
    let sandbox = workspace();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["run"]), @"");
        assert_snapshot!(sandbox.build(&["run"]), @"");
    });
    let changed = HELLO.replace("hello", "good bye");
    sandbox.write("components/hello/src/main.rs", changed);
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["run", "hello"]), @"");
        assert_snapshot!(sandbox.build(&["build"]), @"");
    });
}

#[test]
fn a_component_that_does_not_compile() {
    let sandbox = workspace();
    sandbox.write("components/hello/src/main.rs", "fn main() { missing() }\n");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["build"]), @"");
        assert_snapshot!(sandbox.build(&["build", "--quiet"]), @"");
    });
}

#[test]
fn no_tool_on_the_path() {
    let sandbox = workspace();
    let empty = sandbox.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let output = sandbox
        .command(&["build"])
        .env("PATH", &empty)
        .env("LOOP_CACHE", &empty)
        .output()
        .unwrap();
    sandbox.filtered(|| assert_snapshot!(sandbox.show(&output), @""));
}

#[test]
fn a_doctor_on_a_machine_without_tools() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .command(&["doctor"])
        .env("PATH", sandbox.folder())
        .env("LOOP_CACHE", sandbox.folder())
        .output()
        .unwrap();
    sandbox.filtered(|| assert_snapshot!(sandbox.show(&output), @""));
}

#[test]
fn a_folder_without_sources() {
    let sandbox = workspace();
    std::fs::remove_dir_all(sandbox.path("components/hello")).unwrap();
    sandbox.filtered(|| assert_snapshot!(sandbox.build(&["run"]), @""));
}

#[test]
fn nothing_to_build() {
    let sandbox = Sandbox::with_manifest("[workspace]\nname = \"w\"\nmembers = []\n");
    sandbox.filtered(|| assert_snapshot!(sandbox.build(&["build"]), @""));
}

#[test]
fn two_runs_that_build_the_same_thing_at_once() {
    let sandbox = workspace();
    let runs: Vec<Running> = (0..2)
        .map(|_| Running::start(&mut sandbox.builder(&["run"])))
        .collect();
    let mut builds = 0;
    for run in runs {
        let output = run.finish();
        let shown = sandbox.show(&output);
        assert!(
            shown.starts_with("exit code 0\n--- stdout\nhello\n"),
            "{shown}"
        );
        builds += shown.matches("built hello").count();
    }
    assert_eq!(builds, 1, "one builds, the other waits");
}
