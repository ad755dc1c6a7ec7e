//! The same on components as compilers make them.

use std::path::Path;

use loop_host::link_report::{Offers, missing};
use loop_host::shape::{Check, Kind, NeedKind, Shape, Wasi, grants_needed};

use crate::shape::make::wit_by_upstream;

fn guest(name: &str) -> Vec<u8> {
    std::fs::read(loop_test::guest(name)).unwrap()
}

#[test]
fn a_program_that_only_prints_needs_no_folder() {
    let shape = Shape::decode(&guest("hello")).unwrap();
    assert_eq!(shape.kind(), Kind::Command(Wasi::P2));
    assert!(shape.languages.contains("Rust"), "{:?}", shape.languages);
    let kinds: Vec<_> = grants_needed(&shape).iter().map(|need| need.kind).collect();
    assert!(!kinds.contains(&NeedKind::Fs), "{kinds:?}");
    assert!(!kinds.contains(&NeedKind::NetConnect), "{kinds:?}");
}

#[test]
fn programs_need_what_they_use() {
    let check = |name: &str, expected: NeedKind| {
        let needs = grants_needed(&Shape::decode(&guest(name)).unwrap());
        assert!(
            needs.iter().any(|need| need.kind == expected),
            "{name}: {needs:?}"
        );
    };
    check("read-file", NeedKind::Fs);
    check("write-file", NeedKind::Fs);
    check("print-env", NeedKind::Env);
    check("tcp-connect", NeedKind::NetConnect);
    check("tcp-listen", NeedKind::NetListen);
    check("resolve", NeedKind::NetLookup);
    check("http-get", NeedKind::NetHttp);
}

#[test]
fn the_engine_is_chosen_by_what_a_component_uses() {
    let check = |name: &str, kind: Kind, concurrency: bool| {
        let shape = Shape::decode_with(&guest(name), Check::AllButCode).unwrap();
        assert_eq!(
            (shape.kind(), shape.needs_concurrency()),
            (kind, concurrency),
            "{name}"
        );
    };
    check("hello", Kind::Command(Wasi::P2), false);
    check("cli-p3", Kind::Command(Wasi::P3), true);
    check("http-p2", Kind::HttpServer(Wasi::P2), false);
    check("http-p3", Kind::HttpServer(Wasi::P3), true);
    check("calc", Kind::Library, false);
}

#[test]
fn real_worlds_are_printed_as_wit_component_does() {
    for name in [
        "hello",
        "cli-p3",
        "http-p2",
        "http-p3",
        "calc",
        "tcp-connect",
    ] {
        let bytes = guest(name);
        assert_eq!(
            Shape::decode(&bytes).unwrap().wit(),
            wit_by_upstream(&bytes),
            "{name}"
        );
    }
}

#[test]
fn the_host_has_all_of_wasi_that_they_import() {
    for name in [
        "hello",
        "read-file",
        "tcp-connect",
        "cli-p3",
        "http-p2",
        "http-p3",
        "http-get",
    ] {
        let shape = Shape::decode(&guest(name)).unwrap();
        let missing = missing(&shape, &Offers::built_in());
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

#[test]
fn malformed_files_are_told_apart() {
    let check = |name: &str, expected: &str| {
        let path = loop_test::root().join("tests/guests/malformed").join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        if path.extension() == Some(Path::new("wat").as_os_str()) {
            bytes = wat::parse_bytes(&bytes).unwrap().into_owned();
        }
        let error = Shape::decode(&bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    };
    check("empty.wasm", "is empty");
    check("core-module.wat", "core WebAssembly module");
    check("not-wasm.wasm", "is not a WebAssembly file");
}
