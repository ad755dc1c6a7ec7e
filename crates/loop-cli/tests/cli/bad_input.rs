//! Files that are no components, and components that do not fit: one clear error, a hint, an exit code.

use insta::assert_snapshot;

use crate::{Sandbox, guest};

/// Runs a file of `tests/guests/malformed`. Text is assembled first.
fn run(name: &str) -> String {
    let sandbox = Sandbox::new();
    let file = loop_test::root().join("tests/guests/malformed").join(name);
    let bytes = wat::parse_file(&file).unwrap_or_else(|_| std::fs::read(&file).unwrap());
    let name = name.replace(".wat", ".wasm");
    sandbox.write(&name, bytes);
    sandbox.run(&["run", &name])
}

#[test]
fn a_file_that_is_not_wasm() {
    Sandbox::new().filtered(|| assert_snapshot!(run("not-wasm.wasm"), @""));
}

#[test]
fn an_empty_file() {
    Sandbox::new().filtered(|| assert_snapshot!(run("empty.wasm"), @""));
}

#[test]
fn a_core_module() {
    Sandbox::new().filtered(|| assert_snapshot!(run("core-module.wat"), @""));
}

#[test]
fn a_broken_section() {
    Sandbox::new().filtered(|| assert_snapshot!(run("bad-section.wat"), @""));
}

#[test]
fn a_file_cut_off_anywhere_gets_an_error_and_no_panic() {
    let sandbox = Sandbox::new();
    let whole = std::fs::read(guest("hello")).unwrap();
    for percent in (1..100).step_by(7) {
        let size = whole.len() * percent / 100;
        sandbox.write("cut.wasm", &whole[..size]);
        let shown = sandbox.run(&["run", "cut.wasm"]);
        assert!(
            shown.starts_with("exit code 113\n--- stderr\nerror: `cut.wasm` "),
            "{size}: {shown}"
        );
    }
    sandbox.write("cut.wasm", &whole[..whole.len() / 2]);
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["run", "cut.wasm"]), @""));
}

#[test]
fn an_import_that_nobody_offers() {
    Sandbox::new().filtered(|| assert_snapshot!(run("unknown-import.wat"), @""));
}

#[test]
fn an_import_of_another_version() {
    Sandbox::new().filtered(|| assert_snapshot!(run("version-skew.wat"), @""));
}

#[test]
fn an_import_of_another_type() {
    Sandbox::new().filtered(|| assert_snapshot!(run("function-skew.wat"), @""));
}

#[test]
fn a_component_without_exports() {
    Sandbox::new().filtered(|| assert_snapshot!(run("no-exports.wat"), @""));
}

#[test]
fn a_file_that_is_not_there() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "absent.wasm"]), @"");
        assert_snapshot!(sandbox.run(&["run", "absent"]), @"");
        assert_snapshot!(sandbox.run(&["run"]), @"");
    });
}

#[test]
fn a_library_that_is_run_as_a_command() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["run", &guest("counter")]), @""));
}

#[test]
fn a_call_that_cannot_be_read() {
    let sandbox = Sandbox::new();
    let calc = guest("calc");
    let call = |call: &str| sandbox.run(&["run", &calc, "--invoke", call]);
    sandbox.filtered(|| {
        assert_snapshot!(call("acme:math/calc#add(1, 2)"), @"");
        assert_snapshot!(call("acme:math/calc#add(1, two)"), @"");
        assert_snapshot!(call("acme:math/calc#add(1"), @"");
        assert_snapshot!(call("acme:math/calc#add(1)"), @"");
    });
}

#[test]
fn a_function_that_is_not_exported() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", &guest("counter"), "--invoke", "subtract(1)"]), @"");
    });
}
