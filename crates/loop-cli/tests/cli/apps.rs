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
        assert_snapshot!(sandbox.run(&["run", "--", "ann", "bob"]), @"
        exit code 0
        --- stdout
        hello, ann
        hello, bob
        ");
        assert_snapshot!(sandbox.run(&["check"]), @"
        exit code 0
        --- stderr
        `greet` fits together: 2 components
        ");
    });
}

#[test]
fn nobody_says_who_serves() {
    let sandbox = two("");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run"]), @r#"
        exit code 113
        --- stderr
        error: `caller` has an import that nothing satisfies
          the component `greeter` offers `acme:greet/greeter`, and the app does not say who provides it
            package acme:greet;
            interface greeter {
              greet: func(name: string) -> string;
            }
        hint: add to loop.toml:
              [app.greet.provide."acme:greet/greeter"]
              component = "greeter"
        "#);
        assert_snapshot!(sandbox.run(&["check"]), @r#"
        exit code 1
        --- stderr
        error: `caller` has an import that nothing satisfies
          the component `greeter` offers `acme:greet/greeter`, and the app does not say who provides it
            package acme:greet;
            interface greeter {
              greet: func(name: string) -> string;
            }
        hint: add to loop.toml:
              [app.greet.provide."acme:greet/greeter"]
              component = "greeter"
        "#);
    });
}

#[test]
fn what_is_served_is_another() {
    let sandbox = two(PROVIDE);
    sandbox.copy_guest("greeter-other", "greeter.wasm");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run"]), @"
        exit code 113
        --- stderr
        error: `caller` has an import that nothing satisfies
          the component `greeter` offers another `acme:greet/greeter` than the component was built with
            function `greet` has another signature
            - greet: func(name: string) -> string
            + greet: func(name: string, times: u32) -> string
        hint: build both with the same WIT of `acme:greet/greeter`
        ");
    });
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
        assert_snapshot!(run, @"
        exit code 113
        --- stderr
        error: components need each other: ping -> pong -> ping
        hint: let one of them do without the other: what both need can be a third component
        ");
        assert_snapshot!(sandbox.run(&["check"]), @"
        exit code 1
        --- stdout
        note: `ping` is a library: it runs with `--invoke` only
        --- stderr
        error: components need each other: ping -> pong -> ping
        hint: let one of them do without the other: what both need can be a third component
        ");
    });
}

#[test]
fn a_trap_in_a_component_that_is_called() {
    let sandbox = two(PROVIDE);
    sandbox.copy_guest("trap-callee", "greeter.wasm");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "--", "ann", "trap"]), @"
        exit code 110
        --- stdout
        hello, ann
        --- stderr
        error: a call from `caller` failed
          caused by: `greeter` trapped: it gave up (`unreachable`), as programs do that panic or abort
          at acme:greet/greeter#greet
        ");
    });
}

#[test]
fn a_component_that_exits_when_it_is_called() {
    let sandbox = two(PROVIDE);
    sandbox.copy_guest("trap-callee", "greeter.wasm");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "--", "ann", "exit"]), @"
        exit code 110
        --- stdout
        hello, ann
        --- stderr
        error: a call from `caller` failed
          caused by: `greeter` exited with code 1 instead of answering
        ");
    });
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
        assert_snapshot!(sandbox.run(&["run"]), @"
        exit code 2
        --- stderr
        error: `loop.toml` has several apps
        hint: it has `one`, `two`
        ");
        assert_snapshot!(sandbox.run(&["run", "two"]), @"
        exit code 0
        --- stdout
        hello, world
        ");
        assert_snapshot!(sandbox.run(&["run", ".", "--app", "one"]), @"
        exit code 0
        --- stdout
        hello, world
        ");
    });
}

#[test]
fn json_of_a_check() {
    let sandbox = two("");
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["check", "--json"]), @r#"
    exit code 1
    --- stdout
    {
      "app": "greet",
      "ok": false,
      "findings": [
        {
          "severity": "error",
          "message": "`caller` has an import that nothing satisfies",
          "causes": [],
          "details": [
            "the component `greeter` offers `acme:greet/greeter`, and the app does not say who provides it",
            "  package acme:greet;",
            "  interface greeter {",
            "    greet: func(name: string) -> string;",
            "  }"
          ],
          "hints": [
            "add to loop.toml:\n[app.greet.provide.\"acme:greet/greeter\"]\ncomponent = \"greeter\""
          ]
        }
      ]
    }
    "#));
}
