//! Scaffolds: made, built and run, outside of the repository.

use insta::assert_snapshot;

use crate::Sandbox;

#[test]
fn a_workspace_with_a_command() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["new", "w"]), @"");
        let w = sandbox.path("w");
        let run =
            |args: &[&str]| sandbox.show(&sandbox.builder(args).current_dir(&w).output().unwrap());
        assert_snapshot!(run(&["component", "new", "a", "--lang", "rust"]), @"");
        assert_snapshot!(run(&["component", "new", "a", "--lang", "rust"]), @"");
        assert_snapshot!(run(&["build"]), @"");
        assert_snapshot!(run(&["run", "a"]), @"");
        assert_snapshot!(run(&["check"]), @"");
    });
}

#[test]
fn what_cannot_be_made() {
    let sandbox = Sandbox::new();
    sandbox.write("there/x", "");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["new", "there"]), @"");
        assert_snapshot!(sandbox.run(&["new", "Not A Name"]), @"");
        assert_snapshot!(sandbox.run(&["component", "new", "a", "--lang", "rust"]), @"");
        assert_snapshot!(sandbox.run(&["host", "new", "h", "--loop-kit", "there"]), @"");
    });
}

#[test]
fn a_host() {
    let sandbox = Sandbox::new();
    let repository = loop_test::root();
    let shown = sandbox.run(&[
        "host",
        "new",
        "my-host",
        "--loop-kit",
        repository.to_str().unwrap(),
    ]);
    assert!(shown.starts_with("exit code 0\n"), "{shown}");
    assert!(
        sandbox
            .read("my-host/Cargo.toml")
            .contains("name = \"my-host\"")
    );
    assert!(
        sandbox
            .read("my-host/src/main.rs")
            .contains("Host::builder()")
    );
}
