//! What a file is, and what its world looks like.

use std::fmt::Write as _;

use insta::assert_snapshot;
use loop_host::shape::{Check, Concurrency, Kind, Shape, Wasi};

use crate::shape::make::{component, shape, wit_by_upstream};

/// All kinds of types and functions that WIT has.
const EVERYTHING: &str = r"
    package acme:all@0.1.0;
    interface base {
        record entry { key: string, value: list<u8> }
        resource bucket {
            constructor(name: string);
            open: static func(name: string) -> result<bucket, error>;
            get: func(key: string) -> option<entry>;
            merge: func(other: borrow<bucket>, %from: bucket);
        }
        variant error { not-found, denied(string), other(tuple<u8, char>) }
        flags mode { read, write }
        enum color { red, %stream }
        type id = u64;
        type ids = list<id>;
    }
    interface kv {
        use base.{entry, error as failure, bucket};
        set: func(bucket: borrow<bucket>, entry: entry) -> result<_, failure>;
        all: func() -> result<list<entry>>;
        nothing: func();
        odd: func(%list: tuple<s8, s16, s32, s64, f32, f64, bool>) -> result;
    }
    world w {
        import kv;
        use base.{mode};
        import probe: func(mode: mode) -> string;
        import inner: interface { ping: func() -> u32; }
        export kv;
        export run: func(text: string) -> option<string>;
    }
";

#[test]
fn the_world_is_printed_as_wit_component_does() {
    for wit in [
        EVERYTHING,
        "package a:b; world w { }",
        "package a:b; interface i { f: func(); } world w { export i; }",
        "package a:b; world w { import f: func(); export g: func(a: u8) -> u8; }",
        "package a:b@1.2.3; interface i { resource r; use-it: func(r: r); } interface j { use i.{r as s}; g: func() -> s; } world w { import i; import j; }",
        "package a:b; interface i { f: async func(s: stream<u8>) -> future<string>; } world w { import i; export i; }",
        "package a:b; interface t { enum e { x } } interface i { use t.{e}; f: func(e: e); } world w { import i; export t; export i; }",
        "package a:b { interface i { type t = u32; } } package c:d { interface j { use a:b/i.{t}; f: func() -> t; } } package e:f { world w { import c:d/j; } }",
    ] {
        let wit = if wit.starts_with("package a:b {") {
            format!(
                "package root:main;\n{}",
                wit.replace(
                    "package e:f { world w { import c:d/j; } }",
                    "world w { import c:d/j; }"
                )
            )
        } else {
            wit.to_owned()
        };
        let bytes = component(&wit);
        assert_eq!(
            Shape::decode(&bytes).unwrap().wit(),
            wit_by_upstream(&bytes),
            "for {wit}"
        );
    }
}

#[test]
fn a_world_with_everything() {
    assert_snapshot!(shape(EVERYTHING).wit());
}

#[test]
fn a_shape_as_json() {
    let shape = shape(
        "package a:b@0.1.0; interface i { record r { x: u8 } f: func(r: r) -> string; } world w { import i; export f: func(); }",
    );
    let mut json = serde_json::to_value(&shape).unwrap();
    // What changes with the tools that made the component.
    for key in ["size", "tools"] {
        let removed = json.as_object_mut().unwrap().shift_remove(key);
        assert!(removed.is_some(), "{key}");
    }
    insta::assert_json_snapshot!(json);
}

#[test]
fn what_a_component_is_for() {
    let check = |exports: &str, expected: Kind| {
        let wit = format!(
            "package root:main; world w {{ {exports} }}
            package wasi:cli@0.2.6 {{ interface run {{ run: func() -> result; }} }}
            package wasi:cli@0.3.0 {{ interface run {{ run: async func() -> result; }} }}
            package wasi:http@0.2.6 {{ interface incoming-handler {{ handle: func(); }} }}
            package wasi:http@0.3.0 {{ interface handler {{ handle: async func(); }} }}
            package loop:netx@0.1.0 {{ interface websocket-handler {{ woken: func(); }} }}"
        );
        let shape = shape(&wit);
        assert_eq!(shape.kind(), expected, "{exports}");
        shape
    };
    check("", Kind::Empty);
    check("export f: func();", Kind::Library);
    check("export wasi:cli/run@0.2.6;", Kind::Command(Wasi::P2));
    check("export wasi:cli/run@0.3.0;", Kind::Command(Wasi::P3));
    check(
        "export wasi:http/incoming-handler@0.2.6;",
        Kind::HttpServer(Wasi::P2),
    );
    check(
        "export wasi:http/handler@0.3.0;",
        Kind::HttpServer(Wasi::P3),
    );
    check(
        "export loop:netx/websocket-handler@0.1.0;",
        Kind::WebSocketServer,
    );
    check(
        "export loop:netx/websocket-handler@0.1.0; export wasi:http/handler@0.3.0;",
        Kind::HttpServer(Wasi::P3),
    );
    let both = check(
        "export wasi:cli/run@0.2.6; export wasi:http/incoming-handler@0.2.6;",
        Kind::Command(Wasi::P2),
    );
    assert_eq!(both.http_server(), Some(Wasi::P2));
}

#[test]
fn concurrency_is_found_in_types() {
    let check = |function: &str, expected: &[&str]| {
        let wit = format!(
            "package a:b; interface i {{ record deep {{ x: option<list<stream<u8>>> }} f: {function}; }} world w {{ import i; }}"
        );
        let found = shape(&wit).concurrency;
        let expected = match expected {
            [] => Concurrency::NotNeeded,
            because => Concurrency::Needed {
                because: because.iter().map(|s| (*s).to_owned()).collect(),
            },
        };
        assert_eq!(found, expected, "{function}");
    };
    check("func(x: list<u8>) -> result<string>", &[]);
    check("async func()", &["`a:b/i#f` is an async func"]);
    check("func(s: stream<u8>)", &["`a:b/i#f` uses a stream"]);
    check("func() -> future", &["`a:b/i#f` uses a future"]);
    check("func() -> deep", &["`a:b/i#f` uses a stream"]);
}

#[test]
fn concurrency_is_found_where_no_type_shows_it() {
    let check = |wat: &str, expected: bool| {
        let shape = Shape::decode(&wat::parse_str(wat).unwrap()).unwrap();
        assert_eq!(shape.needs_concurrency(), expected, "{wat}");
    };
    check(
        r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (func (export "f") (canon lift (core func $i "f"))))"#,
        false,
    );
    check("(component (core func (canon waitable-set.new)))", true);
    check("(component (core func (canon backpressure.inc)))", true);
    check(
        "(component (component (core func (canon subtask.drop))))",
        true,
    );
    check("(component (core func (canon task.cancel)))", true);
    check("(component (type (stream u8)))", true);
}

#[test]
fn languages_and_tools_are_read() {
    let bytes = wat::parse_str(
        r#"(component
            (core module
                (@producers (language "Rust" "") (processed-by "rustc" "1.95.0") (sdk "kit" "1")))
            (@custom "producers" "not readable"))"#,
    )
    .unwrap();
    let shape = Shape::decode(&bytes).unwrap();
    assert_eq!(Vec::from_iter(&shape.languages), ["Rust"]);
    assert_eq!(Vec::from_iter(&shape.tools), ["kit 1", "rustc 1.95.0"]);
}

#[test]
fn what_wit_cannot_say_is_listed_all_the_same() {
    let bytes = wat::parse_str(
        r#"(component
            (import "m" (core module))
            (import "c" (component))
            (import "a:b/i" (instance (export "inner" (instance))))
            (import "a:b/r" (instance (export "r" (type (sub resource)))))
            (type $t (record (field "x" u8)))
            (export "t" (type $t)))"#,
    )
    .unwrap();
    assert_snapshot!(Shape::decode(&bytes).unwrap().wit());
}

#[test]
fn files_of_other_kinds_are_named() {
    let mut report = String::new();
    let mut check = |what: &str, bytes: &[u8]| {
        let error = Shape::decode(bytes).unwrap_err();
        writeln!(report, "{what}: x.wasm {error}").unwrap();
        if let Some(hint) = error.hint() {
            writeln!(report, "    hint: {hint}").unwrap();
        }
    };
    check("empty", b"");
    check("part of the magic number", b"\0as");
    check("part of the header", b"\0asm\x0d\0");
    check("old component", b"\0asm\x0c\0\x01\0");
    check("unknown version", b"\0asm\x02\0\0\0");
    check("text", "Grüße\n".as_bytes());
    check("binary", &[0, 159, 146, 150]);
    check("ELF", b"\x7fELF\x02\x01\x01");
    check("compiled", b"\x7fELF\x02\x01\x01..wasmtime.engine");
    check("gzip", b"\x1f\x8b\x08\0");
    check("zip", b"PK\x03\x04");
    check("wat", b";; hello\n(component)");
    check("wit", b"/// docs\npackage a:b;");
    check("javascript", b"// my component\nexport function run() {}");
    check("json", b"{ \"a\": 1 }");
    check("toml", b"# ours\n[workspace]\nname = \"w\"");
    check("html", b"<!DOCTYPE html><title>404</title>");
    check("lfs", b"version https://git-lfs.github.com/spec/v1\n");
    check("script", b"#!/bin/sh\n");
    let module = |wat: &str| wat::parse_str(wat).unwrap();
    check("module", &module("(module)"));
    check(
        "module for WASI 0.1",
        &module(r#"(module (import "wasi_snapshot_preview1" "fd_write" (func)))"#),
    );
    check(
        "module of wasm-bindgen",
        &module(r#"(module (import "__wbindgen_placeholder__" "x" (func)))"#),
    );
    check(
        "module to be a component",
        &module(r#"(module (@custom "component-type:x" ""))"#),
    );
    check(
        "invalid",
        &module(r#"(component (import "a" (func)) (import "a" (func)))"#),
    );
    check("unsupported", &module("(component (type (map string u8)))"));
    let wit = {
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve
            .push_source("x.wit", "package a:b; interface i { f: func(); }")
            .unwrap();
        wit_component::encode(&resolve, package).unwrap()
    };
    check("wit package", &wit);
    assert_snapshot!(report);
}

#[test]
fn code_is_checked_unless_the_caller_compiles_it_next() {
    // The body of the function lacks its `end`.
    let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x05\x01\x03\0\x01\x01";
    let mut component = b"\0asm\x0d\0\x01\0\x01".to_vec();
    component.push(u8::try_from(module.len()).unwrap());
    component.extend(module);
    assert!(Shape::decode(&component).is_err());
    assert!(Shape::decode_with(&component, Check::AllButCode).is_ok());
}
