//! `loop inspect` and `loop grants`.

use insta::assert_snapshot;

use crate::{Sandbox, guest};

#[test]
fn a_library() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&["inspect", &guest("counter")]);
    let (head, items) = shown.split_once("imports").unwrap();
    assert!(head.contains("counter: a library"), "{shown}");
    assert!(head.contains("engine   the quick one"), "{shown}");
    assert!(
        items.contains("  acme:count/counter\n    next: func() -> u64"),
        "{shown}"
    );
}

#[test]
fn a_component_that_needs_concurrency() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&["inspect", &guest("async-export")]);
    assert!(
        shown.contains("engine   the one with concurrency support: "),
        "{shown}"
    );
}

#[test]
fn its_world_as_wit() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&["inspect", "--wit", &guest("counter")]);
    assert!(shown.contains("export acme:count/counter;"), "{shown}");
}

#[test]
fn as_json() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .command(&["inspect", "--json", &guest("counter")])
        .output()
        .unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["name"], "counter");
    assert_eq!(value["kind"], "library");
    assert_eq!(
        value["exports"][0]["functions"][0]["wit"],
        "next: func() -> u64"
    );
}

#[test]
fn the_least_that_a_component_could_need() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["grants", &guest("resolve")]), @r#"
        exit code 0
        --- stdout
        # resolve
        # wasi:sockets/ip-name-lookup@0.2.12: it resolves names; those under net.connect and net.http are granted with it
        #   net.lookup = ["db.example.com"]
        # wasi:cli/environment@0.2.6: it reads environment variables, of which it sees those that are granted
        #   env = ["LANG"]
        grants = { net = { lookup = ["db.example.com"] }, env = ["LANG"] }
        "#);
        assert_snapshot!(sandbox.run(&["grants", &guest("counter")]), @"
        exit code 0
        --- stdout
        # counter
        # its imports reach nothing that is granted
        grants = {}
        ");
    });
}

#[test]
fn the_least_as_json() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .command(&["grants", "--json", &guest("http-get")])
        .output()
        .unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let kinds: Vec<_> = value["needs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|need| &need["grant"])
        .collect();
    assert!(kinds.contains(&&serde_json::json!("net.http")), "{kinds:?}");
}

#[test]
fn what_a_check_finds_in_a_single_file() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["check", &guest("read-file")]), @r#"
        exit code 0
        --- stdout
        note: `read-file` could need `fs`, and is granted none: it opens files in granted folders, and could write to them
        hint: if it does: --grant 'fs = [{ name = "data", path = "./data", access = "read" }]'
        --- stderr
        `read-file` fits together: 1 component, 1 note
        "#);
        assert_snapshot!(sandbox.run(&["check", &guest("http-p2")]), @r#"
        exit code 1
        --- stderr
        error: `http-p2` serves HTTP, and is granted no address to listen on
        hint: to allow it: --grant 'net.listen = ["127.0.0.1:8080"]'
        "#);
    });
}
