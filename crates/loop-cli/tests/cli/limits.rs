//! Components that would not end, or take too much.

use insta::assert_snapshot;

use crate::{Sandbox, guest};

fn run(name: &str, args: &[&str]) -> String {
    let guest = guest(name);
    let mut all = vec!["run", guest.as_str()];
    all.extend(args);
    Sandbox::new().run(&all)
}

#[test]
fn a_trap() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("trap", &[]), @"
        exit code 110
        --- stderr
        error: `trap` trapped: it gave up (`unreachable`), as programs do that panic or abort
          at trap::main
          at std::sys::backtrace::__rust_begin_short_backtrace
          at std::rt::lang_start::{{closure}}
          at std::rt::lang_start_internal
          at __main_void
          at _start
        ");
    });
}

#[test]
fn a_stack_overflow() {
    let shown = run("stack-overflow", &[]);
    assert!(shown.starts_with("exit code 110\n"), "{shown}");
    assert!(
        shown.contains("error: `stack-overflow` trapped: its stack overflowed\n"),
        "{shown}"
    );
    assert!(shown.contains("  at stack_overflow::deeper, "), "{shown}");
}

#[test]
fn an_endless_loop() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("spin", &["--timeout", "300ms"]), @r#"
        exit code 111
        --- stderr
        error: `spin` was ended after 300 ms, the limit for one call
        hint: give it longer: `limits = { call = "60 s" }` in loop.toml, or `--timeout 60s`
        "#);
    });
}

#[test]
fn a_host_call_that_blocks_for_ever() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("block-forever", &["--timeout", "300ms"]), @r#"
        exit code 111
        --- stdout
        blocking
        --- stderr
        error: `block-forever` was ended after 300 ms, the limit for one call
        hint: give it longer: `limits = { call = "60 s" }` in loop.toml, or `--timeout 60s`
        "#);
    });
}

#[test]
fn reading_a_standard_input_that_never_ends() {
    let sandbox = Sandbox::new();
    let guest = guest("block-forever");
    let args = ["run", guest.as_str(), "--timeout", "300ms", "--", "stdin"];
    let mut command = sandbox.command(&args);
    // Held open until the command has ended.
    let (reader, _writer) = std::io::pipe().unwrap();
    let output = command.stdin(reader).output().unwrap();
    sandbox.filtered(|| {
        assert_snapshot!(Sandbox::show(&output), @r#"
        exit code 111
        --- stdout
        blocking
        --- stderr
        error: `block-forever` was ended after 300 ms, the limit for one call
        hint: give it longer: `limits = { call = "60 s" }` in loop.toml, or `--timeout 60s`
        "#);
    });
}

#[test]
fn more_memory_than_the_limit() {
    let sandbox = Sandbox::with_manifest(
        r#"
        [app.eat]
        root = "eat"
        [app.eat.component.eat]
        use = "eat.wasm"
        limits = { memory = "16 MiB" }
        "#,
    );
    sandbox.copy_guest("eat-memory", "eat.wasm");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run"]), @"
        exit code 0
        --- stdout
        refused after 14 MiB
        ");
    });
}

#[test]
fn more_memory_at_the_start_than_the_limit() {
    let sandbox = Sandbox::with_manifest(
        r#"
        [app.hello]
        root = "hello"
        [app.hello.component.hello]
        use = "hello.wasm"
        limits = { memory = "100 KiB" }
        "#,
    );
    sandbox.copy_guest("hello", "hello.wasm");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run"]), @r#"
        exit code 111
        --- stderr
        error: `hello` was ended at its limit `memory` of 100 KiB
        hint: give it more: `limits = { memory = "1 GiB" }` in loop.toml
        "#);
    });
}

#[test]
fn output_without_end() {
    let sandbox = Sandbox::with_manifest(
        r#"
        [app.flood]
        root = "flood"
        [app.flood.component.flood]
        use = "flood.wasm"
        limits = { output = "100 KiB" }
        "#,
    );
    sandbox.copy_guest("flood-output", "flood.wasm");
    let mut output = sandbox.command(&["run"]).output().unwrap();
    assert!(
        output.stdout.len() <= 100 << 10,
        "{} bytes",
        output.stdout.len()
    );
    output.stdout.clear();
    sandbox.filtered(|| {
        assert_snapshot!(Sandbox::show(&output), @r#"
        exit code 111
        --- stderr
        error: `flood` was ended at its limit `output` of 100 KiB
        hint: give it more: `limits = { output = "1 GiB" }` in loop.toml
        "#);
    });
}

#[test]
fn more_fuel_than_there_is() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(run("spin", &["--fuel", "1000000"]), @"
        exit code 111
        --- stderr
        error: `spin` was ended at its limit `fuel` of 1000000
        hint: give it more: `limits = { fuel = 1000000000 }` in loop.toml, or `--fuel 1000000000`
        ");
    });
}

#[test]
fn a_time_that_is_none() {
    Sandbox::new().filtered(|| assert_snapshot!(run("spin", &["--timeout", "soon"]), @r#"
    exit code 2
    --- stderr
    error: invalid value 'soon' for '--timeout <TIME>': `soon` is not a time, which looks like "5 s" (units: ms, s, min, h)

    For more information, try '--help'.
    "#));
}
