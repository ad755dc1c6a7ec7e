//! A `loop.toml` that is wrong: the place, the reason and a way out.

use insta::assert_snapshot;

use crate::Sandbox;

fn check(text: &str) -> String {
    Sandbox::with_manifest(text).run(&["check"])
}

#[test]
fn an_empty_file() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(check(""), @"
        exit code 115
        --- stderr
        error: the file has neither a workspace nor an app
          in loop.toml
        hint: it needs a table `[workspace]` or `[app.NAME]`
        ");
    });
}

#[test]
fn text_that_is_not_toml() {
    Sandbox::new().filtered(|| {
        assert_snapshot!(check("[app.notes\nroot = 1\n"), @"
        exit code 115
        --- stderr
        error: this is not TOML: unclosed table, expected `]`
           ,-[loop.toml:1:10]
         1 | [app.notes
           :          |
           :          `-- here
         2 | root = 1
           `----
        ");
    });
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
    Sandbox::new().filtered(|| {
        assert_snapshot!(check(text), @r#"
        exit code 115
        --- stderr
        error: `workspace` has no key `member`
           ,-[loop.toml:3:1]
         2 | name = "notes"
         3 | member = ["components/*"]
           : ^^^|^^
           :    `-- not known here
         4 |
           `----
        hint: did you mean `members`?
        error: `app.notes.component.web` has no key `grant`
            ,-[loop.toml:10:1]
          9 | use = "web.wasm"
         10 | grant = { net = { connect = ["db.example.com"] } }
            : ^^|^^
            :   `-- not known here
         11 | limits = { memory = "64 MB" }
            `----
        hint: did you mean `grants`?
        error: `64 MB` is not a size, which looks like "64 MiB" (units: B, KiB, MiB, GiB)
            ,-[loop.toml:11:21]
         10 | grant = { net = { connect = ["db.example.com"] } }
         11 | limits = { memory = "64 MB" }
            :                     ^^^|^^^
            :                        `-- not a size
            `----
        "#);
    });
}

#[test]
fn a_root_that_is_no_component() {
    let text = "[app.a]\nroot = \"b\"\n[app.a.component.c]\nuse = \"c.wasm\"\n";
    Sandbox::new().filtered(|| {
        assert_snapshot!(check(text), @r#"
        exit code 115
        --- stderr
        error: the app has no component `b`
           ,-[loop.toml:2:8]
         1 | [app.a]
         2 | root = "b"
           :        ^|^
           :         `-- not known here
         3 | [app.a.component.c]
           `----
        hint: did you mean `c`?
        "#);
    });
}

#[test]
fn a_huge_file() {
    let text = "# a line that says nothing\n".repeat(100_000);
    Sandbox::new().filtered(|| {
        assert_snapshot!(check(&text), @"
        exit code 115
        --- stderr
        error: the file has 1048577 bytes, more than the 1048576 that are read
          in loop.toml
        hint: is this the right file?
        ");
    });
}

#[test]
fn bytes_that_are_no_text() {
    let sandbox = Sandbox::new();
    sandbox.write("loop.toml", b"name = \"\xff\"");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["check"]), @"
        exit code 115
        --- stderr
        error: `loop.toml` is not text in UTF-8
        hint: is this the right file?
        ");
    });
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
        assert_snapshot!(Sandbox::with_manifest(text).run(&["run"]), @r#"
        exit code 113
        --- stderr
        error: `acme:notes@1.2` is a package, and this version has no packages
           ,-[loop.toml:3:1]
         2 | root = "web"
         3 | [app.notes.component.web]
           : ^^^^^^^^^^^^^^^^^^^^^^^^^
         4 | use = "acme:notes@1.2"
           `----
        hint: name a folder or a .wasm file: fetch the component, and `use` its file
        error: `acme:store/kv` has the placement `sidecar`, which this version cannot run
           ,-[loop.toml:5:1]
         4 | use = "acme:notes@1.2"
         5 | [app.notes.provide."acme:store/kv"]
           : ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
         6 | use = "kv.wasm"
           `----
        hint: start the provider by itself, and name its address with `endpoint`
        "#);
    });
}

#[test]
fn an_app_that_is_not_there() {
    let text = "[app.notes]\nroot = \"a\"\n[app.notes.component.a]\nuse = \"a.wasm\"\n";
    let sandbox = Sandbox::with_manifest(text);
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "note"]), @"
        exit code 2
        --- stderr
        error: `note` is neither an app of `loop.toml` nor a file nor a folder
        hint: did you mean `notes`?
        ");
    });
}
