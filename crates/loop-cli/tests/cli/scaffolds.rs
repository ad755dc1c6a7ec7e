//! Scaffolds: made, built and run, outside of the repository.

use insta::assert_snapshot;

use crate::Sandbox;

#[test]
fn a_workspace_with_a_command() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["new", "w"]), @"
        exit code 0
        --- stderr
        made the workspace w
        hint: `cd w`, and make a component: `loop component new hello --lang rust`
        ");
        let w = sandbox.path("w");
        let run =
            |args: &[&str]| Sandbox::show(&sandbox.builder(args).current_dir(&w).output().unwrap());
        assert_snapshot!(run(&["component", "new", "a", "--lang", "rust"]), @"
        exit code 0
        --- stderr
        made the component components/a
          components/a/Cargo.toml
          components/a/src/main.rs
        hint: build and run it: `loop run a`
        ");
        assert_snapshot!(run(&["component", "new", "a", "--lang", "rust"]), @"
        exit code 2
        --- stderr
        error: [WORK]/w/components/a is there already
        hint: take another name, or move what is there away
        ");
        assert_snapshot!(run(&["build"]), @"
        exit code 0
        --- stdout
        .loop/build/release/components/a.wasm
        --- stderr
        building a
        built a in [TIME]
        ");
        assert_snapshot!(run(&["run", "a"]), @"
        exit code 0
        --- stdout
        hello, world
        ");
        assert_snapshot!(run(&["check"]), @"
        exit code 0
        --- stderr
        `a` fits together: 1 component
        ");
    });
}

#[test]
fn what_cannot_be_made() {
    let sandbox = Sandbox::new();
    sandbox.write("taken/x", "");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["new", "taken"]), @"
        exit code 2
        --- stderr
        error: taken is there already
        hint: take another name, or move what is there away
        ");
        assert_snapshot!(sandbox.run(&["new", "Not A Name"]), @"
        exit code 2
        --- stderr
        error: `Not A Name` is not a name: it is not in kebab-case
        hint: a name is lower-case words joined by hyphens, each beginning with a letter, such as `my-app`
        ");
        assert_snapshot!(sandbox.run(&["component", "new", "a", "--lang", "rust"]), @"
        exit code 2
        --- stderr
        error: [WORK] is not in a workspace: no folder above it has a loop.toml
        hint: run `loop new NAME` to make a workspace, and then this in it
        ");
        assert_snapshot!(sandbox.run(&["host", "new", "h", "--loop-kit", "taken"]), @"
        exit code 2
        --- stderr
        error: taken is not the repository of loop-kit
        hint: clone it, and give the clone's folder with `--loop-kit`
        ");
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
