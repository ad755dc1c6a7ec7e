//! Apps of several components: what fits, and what does not.

use insta::assert_snapshot;

use crate::Sandbox;

fn two(provide: &str) -> Sandbox {
    let sandbox = Sandbox::with_manifest(&format!(
        r#"[app.greet]
root = "caller"
[app.greet.component.caller]
use = "caller.wasm"
[app.greet.component.greeter]
use = "greeter.wasm"
{provide}
"#
    ));
    sandbox.copy_guest("greet-caller", "caller.wasm");
    sandbox.copy_guest("greeter", "greeter.wasm");
    sandbox
}

const PROVIDE: &str = "[app.greet.provide.\"acme:greet/greeter\"]\ncomponent = \"greeter\"";

#[test]
fn one_serves_the_other() {
    let sandbox = two(PROVIDE);
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "--", "ann", "bob"]), @"");
        assert_snapshot!(sandbox.run(&["check"]), @"");
    });
}

#[test]
fn nobody_says_who_serves() {
    let sandbox = two("");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run"]), @"");
        assert_snapshot!(sandbox.run(&["check"]), @"");
    });
}

#[test]
fn what_is_served_is_another() {
    let sandbox = two(PROVIDE);
    sandbox.copy_guest("greeter-other", "greeter.wasm");
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["run"]), @""));
}

#[test]
fn components_that_need_each_other() {
    let sandbox = Sandbox::with_manifest(
        r#"[app.cycle]
root = "ping"
[app.cycle.component.ping]
use = "ping.wasm"
[app.cycle.component.pong]
use = "pong.wasm"
[app.cycle.provide."acme:cycle/ping"]
component = "ping"
[app.cycle.provide."acme:cycle/pong"]
component = "pong"
"#,
    );
    sandbox.copy_guest("cycle-ping", "ping.wasm");
    sandbox.copy_guest("cycle-pong", "pong.wasm");
    sandbox.filtered(|| {
        let run = sandbox.run(&["run", "--invoke", "acme:cycle/ping#ping(1)"]);
        assert_snapshot!(run, @"");
        assert_snapshot!(sandbox.run(&["check"]), @"");
    });
}

#[test]
fn a_trap_in_a_component_that_is_called() {
    let sandbox = two(PROVIDE);
    sandbox.copy_guest("trap-callee", "greeter.wasm");
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["run", "--", "ann"]), @""));
}

#[test]
fn a_folder_with_several_apps() {
    let sandbox = Sandbox::with_manifest(
        r#"[app.one]
root = "a"
[app.one.component.a]
use = "hello.wasm"
[app.two]
root = "a"
[app.two.component.a]
use = "hello.wasm"
"#,
    );
    sandbox.copy_guest("hello", "hello.wasm");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run"]), @"");
        assert_snapshot!(sandbox.run(&["run", "two"]), @"");
        assert_snapshot!(sandbox.run(&["run", ".", "--app", "one"]), @"");
    });
}

#[test]
fn json_of_a_check() {
    let sandbox = two("");
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["check", "--json"]), @""));
}
