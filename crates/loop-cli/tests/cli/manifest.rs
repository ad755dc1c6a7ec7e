//! A `loop.toml` that is wrong: the place, the reason and a way out.

use insta::assert_snapshot;

use crate::Sandbox;

fn check(text: &str) -> String {
    Sandbox::with_manifest(text).run(&["check"])
}

#[test]
fn an_empty_file() {
    Sandbox::new().filtered(|| assert_snapshot!(check(""), @""));
}

#[test]
fn text_that_is_not_toml() {
    Sandbox::new().filtered(|| assert_snapshot!(check("[app.notes\nroot = 1\n"), @""));
}

#[test]
fn unknown_keys_and_wrong_values_are_told_together() {
    let text = r#"[workspace]
name = "notes"
member = ["components/*"]

[app.notes]
root = "wep"

[app.notes.component.web]
use = "web.wasm"
grant = { net = { connect = ["db.example.com"] } }
limits = { memory = "64 MB" }
"#;
    Sandbox::new().filtered(|| assert_snapshot!(check(text), @""));
}

#[test]
fn a_root_that_is_no_component() {
    let text = "[app.a]\nroot = \"b\"\n[app.a.component.c]\nuse = \"c.wasm\"\n";
    Sandbox::new().filtered(|| assert_snapshot!(check(text), @""));
}

#[test]
fn a_huge_file() {
    let text = "# a line that says nothing\n".repeat(100_000);
    Sandbox::new().filtered(|| assert_snapshot!(check(&text), @""));
}

#[test]
fn bytes_that_are_no_text() {
    let sandbox = Sandbox::new();
    sandbox.write("loop.toml", b"name = \"\xff\"");
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["check"]), @""));
}

#[test]
fn sequences_for_a_terminal_are_not_passed_on() {
    let shown = check("[app.\u{1b}[2J]\n");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn placements_and_packages_of_later_versions() {
    let text = r#"[app.notes]
root = "web"
[app.notes.component.web]
use = "acme:notes@1.2"
[app.notes.provide."acme:store/kv"]
use = "kv.wasm"
placement = "sidecar"
transport = "unix"
"#;
    Sandbox::new().filtered(|| {
        assert_snapshot!(Sandbox::with_manifest(text).run(&["run"]), @"");
    });
}

#[test]
fn an_app_that_is_not_there() {
    let text = "[app.notes]\nroot = \"a\"\n[app.notes.component.a]\nuse = \"a.wasm\"\n";
    let sandbox = Sandbox::with_manifest(text);
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["run", "note"]), @""));
}
