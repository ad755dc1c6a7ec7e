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
        assert_snapshot!(sandbox.run(&["grants", &guest("resolve")]), @"");
        assert_snapshot!(sandbox.run(&["grants", &guest("counter")]), @"");
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
        assert_snapshot!(sandbox.run(&["check", &guest("read-file")]), @"");
        assert_snapshot!(sandbox.run(&["check", &guest("http-p2")]), @"");
    });
}
