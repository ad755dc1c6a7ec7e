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
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("not-wasm.wasm"), @"
        exit code 113
        --- stderr
        error: `not-wasm.wasm` is not a WebAssembly file: it looks like text
        hint: name a component's file, such as those that `loop build` prints
        ");
    });
}

#[test]
fn an_empty_file() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("empty.wasm"), @"
        exit code 113
        --- stderr
        error: `empty.wasm` is empty
        hint: an interrupted build or download leaves an empty file; build or fetch it again
        ");
    });
}

#[test]
fn a_core_module() {
    Sandbox::new().filtered(|| assert_snapshot!(run("core-module.wat"), @"
    exit code 113
    --- stderr
    error: `core-module.wasm` is a core WebAssembly module, not a component
    hint: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new IN.wasm -o OUT.wasm`
    "));
}

#[test]
fn a_broken_section() {
    Sandbox::new().filtered(|| assert_snapshot!(run("bad-section.wat"), @"
    exit code 113
    --- stderr
    error: `bad-section.wasm` ends too early: it is cut off at byte [N], in the part that begins at byte [N]
    hint: an interrupted build or download leaves a part of a file; build or fetch it again
    "));
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
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "cut.wasm"]), @"
        exit code 113
        --- stderr
        error: `cut.wasm` ends too early: it is cut off at byte [N], in the part that begins at byte [N]
        hint: an interrupted build or download leaves a part of a file; build or fetch it again
        ");
    });
}

#[test]
fn an_import_that_nobody_offers() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("unknown-import.wat"), @r#"
        exit code 113
        --- stderr
        error: `unknown-import` has an import that nothing satisfies
          nobody offers `acme:none/none`
            package acme:none;
            interface none {
              ask: func(question: string) -> u32;
            }
        hint: name who provides it, in loop.toml:
              [app.unknown-import.provide."acme:none/none"]
              use = "providers/none"     # a folder or a .wasm file that exports it
              # component = "NAME"     # or a component of the same app that exports it
        "#);
    });
}

#[test]
fn an_import_of_another_version() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("version-skew.wat"), @"
        exit code 113
        --- stderr
        error: `version-skew` has an import that nothing satisfies
          `wasi:cli/environment@0.9.0` is wanted, and the host offers 0.3.0, which is not compatible
            function `get-mood` is missing
            - get-mood: func() -> u32
        hint: build the component with WIT of 0.3.0
        ");
    });
}

#[test]
fn an_import_of_another_type() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("function-skew.wat"), @"
        exit code 113
        --- stderr
        error: `function-skew` has an import that nothing satisfies
          the host offers another `wasi:cli/environment@0.2.0` than the component was built with
            function `initial-cwd` has another signature
            - initial-cwd: func() -> u32
            + initial-cwd: func() -> option<string>
        hint: build the component with the WIT of `wasi:cli/environment@0.2.12`
        ");
    });
}

#[test]
fn a_component_without_exports() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("no-exports.wat"), @"
        exit code 2
        --- stderr
        error: `no-exports` exports no command (`wasi:cli/run`)
          it exports nothing
        hint: export `wasi:cli/run`, an HTTP handler or an interface of its own
        ");
    });
}

#[test]
fn a_file_that_is_not_there() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "absent.wasm"]), @"
        exit code 116
        --- stderr
        error: cannot read `absent.wasm`
          caused by: No such file or directory (os error 2)
        hint: look for a slip in the path
        ");
        assert_snapshot!(sandbox.run(&["run", "absent"]), @"
        exit code 2
        --- stderr
        error: `absent` is neither a file nor a folder
        hint: name a .wasm file, a folder with sources of a component, or an app of a loop.toml
        ");
        assert_snapshot!(sandbox.run(&["run"]), @"
        exit code 2
        --- stderr
        error: there is no loop.toml in [WORK] or above it
        hint: name a folder or a .wasm file, or make a workspace with `loop new NAME`
        ");
    });
}

#[test]
fn a_library_that_is_run_as_a_command() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["run", &guest("counter")]), @"
    exit code 2
    --- stderr
    error: `counter` exports no command (`wasi:cli/run`)
      it exports
        acme:count/counter#next: func() -> u64
    hint: `loop inspect` shows the functions of each export
    hint: it is no command: call one of its functions with `--invoke 'INTERFACE#FUNCTION(ARGUMENTS)'`
    "));
}

#[test]
fn functions_of_resources_are_listed_as_wit_has_them() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", &guest("calc")]), @"
        exit code 2
        --- stderr
        error: `calc` exports no command (`wasi:cli/run`)
          it exports
            acme:math/calc#add: func(a: u32, b: u32) -> u32
            acme:math/calc#div: func(a: s32, b: s32) -> result<s32, string>
            acme:math/calc#midpoint: func(a: point, b: point) -> point
            acme:math/calc#area: func(shape: shape) -> f64
            acme:math/calc#round: func(value: f64, how: rounding) -> s64
            acme:math/calc#both: func(a: rights, b: rights) -> rights
            acme:math/calc#sum: func(values: list<s64>) -> s64
            acme:math/calc#longest: func(words: list<string>) -> option<string>
            acme:math/calc#swap: func(pair: tuple<u8, string>) -> tuple<string, u8>
            acme:math/calc#negate: func(value: bool) -> bool
            acme:math/calc#next-char: func(value: char) -> option<char>
            acme:math/calc#bytes: func(text: string) -> list<u8>
            acme:math/calc#check: func(value: s64) -> result
            acme:math/calc#forget: func(value: string)
            acme:math/tally#running-sum: constructor(start: s64)
            acme:math/tally#running-sum.add: func(value: s64)
            acme:math/tally#running-sum.total: func() -> s64
            acme:math/tally#running-sum.living: static func() -> u32
        hint: `loop inspect` shows the functions of each export
        hint: it is no command: call one of its functions with `--invoke 'INTERFACE#FUNCTION(ARGUMENTS)'`
        ");
    });
}

#[test]
fn a_call_that_cannot_be_read() {
    let sandbox = Sandbox::new();
    let guest = guest("calc");
    let call = |call: &str| sandbox.run(&["run", &guest, "--invoke", call]);
    sandbox.filtered(|| {
        assert_snapshot!(call("acme:math/calc#add(1, 2)"), @"
        exit code 0
        --- stdout
        3
        ");
        assert_snapshot!(call("acme:math/calc#add(1, two)"), @r#"
        exit code 2
        --- stderr
        error: the arguments of `add` cannot be read: invalid value type at 7..10
          add: func(a: u32, b: u32) -> u32
        hint: values are written as WAVE: `1`, `"text"`, `[1, 2]`, `{name: "a"}`, `some(1)`
        "#);
        assert_snapshot!(call("acme:math/calc#add(1"), @r#"
        exit code 2
        --- stderr
        error: `add(1` is not a call, which looks like `add(1, 2)`: unexpected end of input at 5..5
        hint: values are written as WAVE: `1`, `"text"`, `[1, 2]`, `{name: "a"}`, `some(1)`
        "#);
        assert_snapshot!(call("acme:math/calc#add(1)"), @r#"
        exit code 2
        --- stderr
        error: the arguments of `add` cannot be read: invalid params: missing required param(s) at 5..6
          add: func(a: u32, b: u32) -> u32
        hint: values are written as WAVE: `1`, `"text"`, `[1, 2]`, `{name: "a"}`, `some(1)`
        "#);
    });
}

#[test]
fn a_function_that_is_not_exported() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", &guest("counter"), "--invoke", "subtract(1)"]), @"
        exit code 2
        --- stderr
        error: `counter` exports no function `subtract`
          it exports
            acme:count/counter#next: func() -> u64
        hint: `loop inspect` shows the functions of each export
        ");
    });
}
