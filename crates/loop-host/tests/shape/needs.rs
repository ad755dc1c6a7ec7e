//! What `loop grants` says that a component could need.

use std::fmt::Write as _;

use insta::assert_snapshot;
use loop_host::shape::grants_needed;

use crate::shape::make::shape;

/// A part of WASI, as small as the cases need it.
const WASI: &str = "
    package wasi:filesystem@0.2.6 {
        interface types {
            resource descriptor {
                open-at: func(path: string) -> result<descriptor>;
                stat: func();
                unlink-file-at: func(path: string);
            }
        }
        interface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }
    }
    package wasi:cli@0.2.6 {
        interface environment { get-environment: func() -> list<tuple<string, string>>; get-arguments: func() -> list<string>; }
        interface stdout { get-stdout: func() -> u32; }
    }
    package wasi:sockets@0.2.6 {
        interface tcp { resource tcp-socket { start-connect: func(); start-bind: func(); start-listen: func(); } }
        interface udp { resource udp-socket { %stream: func(); } }
        interface ip-name-lookup { resolve-addresses: func(name: string); }
        interface tcp-create-socket { create-tcp-socket: func(); }
    }
    package wasi:http@0.2.6 { interface outgoing-handler { handle: func(); } interface types { f: func(); } }
    package wasi:http@0.3.0 { interface client { send: func(); } interface handler { handle: func(); } }
    package wasi:config@0.2.0-rc.1 { interface store { get: func(key: string) -> string; } }
    package wasi:keyvalue@0.2.0-draft2 { interface store { open: func(identifier: string); } }
    package wasi:nn@0.2.0 { interface inference { compute: func(); } }
    package loop:core@0.1.0 { interface log { write: func(text: string); } }
    package loop:fsx@0.1.0 {
        interface files { resource root { open: static func(name: string) -> result<root>; read: func(path: string); write: func(path: string); } }
    }
    package loop:netx@0.1.0 {
        interface dns { resolve: func(name: string); }
        interface grpc { ask: func(url: string); }
        interface websocket { resource connection { connect: static func(url: string) -> result<connection>; send: func(text: string); } }
    }
    package loop:process@0.1.0 { interface spawn { run: func(program: string); } }
    package acme:store@0.1.0 { interface kv { get: func(key: string) -> string; } }
";

fn report(imports: &str) -> String {
    let shape = shape(&format!(
        "package root:main; world w {{ {imports} }} {WASI}"
    ));
    let mut report = String::new();
    for need in grants_needed(&shape) {
        writeln!(report, "{}: {}", need.interface, need.kind.key()).unwrap();
        writeln!(report, "    {}", need.why).unwrap();
        writeln!(report, "    imports {}", need.functions.join(", ")).unwrap();
        if let Some(example) = need.example {
            writeln!(report, "    {example}").unwrap();
        }
    }
    report
}

#[test]
fn each_interface_has_its_grant() {
    let report = report(
        "import wasi:filesystem/preopens@0.2.6; import wasi:cli/environment@0.2.6; import wasi:cli/stdout@0.2.6;
        import wasi:sockets/tcp@0.2.6; import wasi:sockets/udp@0.2.6; import wasi:sockets/ip-name-lookup@0.2.6;
        import wasi:sockets/tcp-create-socket@0.2.6;
        import wasi:http/outgoing-handler@0.2.6; import wasi:http/types@0.2.6; import wasi:http/client@0.3.0; import wasi:http/handler@0.3.0;
        import wasi:config/store@0.2.0-rc.1; import wasi:keyvalue/store@0.2.0-draft2; import wasi:nn/inference@0.2.0; import loop:core/log@0.1.0;
        import loop:fsx/files@0.1.0; import loop:netx/dns@0.1.0; import loop:netx/grpc@0.1.0; import loop:netx/websocket@0.1.0; import loop:process/spawn@0.1.0; import acme:store/kv@0.1.0; import inner: interface { f: func(); }"
    );
    assert_snapshot!(report);
}

#[test]
fn only_functions_that_are_imported_count() {
    // What linkers leave of an interface when no code calls the rest.
    let check = |wat: &str, expected: &str| {
        let bytes = wat::parse_str(wat).unwrap();
        let shape = loop_host::shape::Shape::decode(&bytes).unwrap();
        let needs: Vec<_> = grants_needed(&shape)
            .iter()
            .map(|need| need.kind.key())
            .collect();
        assert_eq!(needs.join(" "), expected, "{wat}");
    };
    let import = |name: &str, function: &str| {
        format!(
            r#"(component (import "{name}" (instance (export "r" (type (sub resource))) (export "{function}" (func (param "self" (borrow 0)))))))"#
        )
    };
    check(
        &import("wasi:filesystem/types@0.2.6", "[method]r.stat"),
        "none",
    );
    check(
        &import("wasi:filesystem/types@0.2.6", "[method]r.open-at"),
        "fs",
    );
    check(
        &import("wasi:filesystem/types@0.2.6", "[method]r.rename-at"),
        "fs",
    );
    check(
        &import("wasi:sockets/tcp@0.2.6", "[method]r.subscribe"),
        "none",
    );
    check(
        &import("wasi:sockets/types@0.3.0", "[method]r.connect"),
        "net.connect",
    );
    check(
        &import("wasi:sockets/types@0.3.0", "[method]r.listen"),
        "net.listen",
    );
    check(&import("loop:fsx/files@0.1.0", "[method]r.read"), "fs");
    check(
        &import("loop:netx/websocket@0.1.0", "[method]r.send"),
        "none",
    );
    check(
        &import("wasi:cli/environment@0.2.6", "get-arguments"),
        "none",
    );
    check(
        &import("wasi:cli/environment@0.2.6", "get-environment"),
        "env",
    );
}

#[test]
fn the_examples_are_grants() {
    let shape = shape(&format!(
        "package root:main; world w {{ import wasi:filesystem/preopens@0.2.6; import wasi:cli/environment@0.2.6;
        import wasi:sockets/tcp@0.2.6; import wasi:sockets/ip-name-lookup@0.2.6; import wasi:http/outgoing-handler@0.2.6;
        import loop:fsx/files@0.1.0; import loop:netx/dns@0.1.0; import loop:netx/grpc@0.1.0; import loop:netx/websocket@0.1.0; import loop:process/spawn@0.1.0; }} {WASI}"
    ));
    for example in grants_needed(&shape).iter().filter_map(|need| need.example) {
        let grants = loop_core::Grants::parse_fragment(example).unwrap();
        assert_ne!(grants, loop_core::Grants::default(), "{example}");
    }
}
