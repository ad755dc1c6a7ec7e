//! What is said of imports that nothing satisfies.

use std::fmt::Write as _;

use insta::assert_snapshot;
use loop_core::name::InterfaceName;
use loop_host::link_report::{Offers, compatible, missing};
use loop_host::shape::{Interface, WitError, WitPackage, interfaces_of_wit};

use crate::shape::make::shape;

/// The store that components in these cases want.
const STORE: &str = "package acme:store@0.2.0 {
    interface types { record entry { key: string, value: list<u8> } variant error { gone, denied(string) } }
    interface kv {
        use types.{entry, error};
        get: func(key: string) -> result<entry, error>;
        set: func(entry: entry) -> result<_, error>;
        count: func() -> u32;
    }
}";

/// What is said of a component that imports `imports`, where `packages` holds what they name.
fn report(imports: &str, packages: &str, offers: &Offers) -> String {
    let shape = shape(&format!(
        "package root:main; world w {{ {imports} }}\n{packages}"
    ));
    let mut report = String::new();
    for missing in missing(&shape, offers) {
        writeln!(report, "{missing}").unwrap();
        for near in &missing.nearest {
            writeln!(report, "  near: {} from {}", near.name, near.from).unwrap();
        }
        for line in &missing.difference {
            writeln!(report, "  | {line}").unwrap();
        }
        for hint in &missing.hints {
            writeln!(report, "  hint: {}", hint.replace('\n', "\n        ")).unwrap();
        }
    }
    report
}

/// The host's own interfaces, and a component `index` of an app `notes` with those exports.
fn with_component(exports: &str, packages: &str) -> Offers {
    let mut offers = Offers::built_in();
    offers.app("notes");
    offers.component(
        "index",
        &shape(&format!(
            "package root:main; world w {{ {exports} }}\n{packages}"
        )),
    );
    offers
}

/// The interfaces of one package.
fn read(wit: &str) -> Result<Vec<Interface>, WitError> {
    interfaces_of_wit(&[WitPackage {
        name: "a:b",
        files: &[("store.wit", wit)],
    }])
}

fn name(text: &str) -> InterfaceName {
    text.parse().unwrap()
}

#[test]
fn nobody_offers_it() {
    assert_snapshot!(report(
        "import acme:store/kv@0.2.0;",
        STORE,
        &Offers::built_in()
    ));
}

#[test]
fn nobody_offers_it_and_a_name_is_near() {
    let offers = with_component(
        "export acme:stoer/kv@0.2.0;",
        &STORE.replace("acme:store", "acme:stoer"),
    );
    assert_snapshot!(report("import acme:store/kv@0.2.0;", STORE, &offers));
}

#[test]
fn a_component_offers_it_and_the_app_does_not_say_so() {
    let offers = with_component(
        "export acme:store/types@0.2.0; export acme:store/kv@0.2.0;",
        STORE,
    );
    assert_snapshot!(report("import acme:store/kv@0.2.0;", STORE, &offers));
}

#[test]
fn a_native_provider_offers_it_and_the_app_does_not_say_so() {
    let mut offers = Offers::built_in();
    offers.native(
        "memory-store",
        &[name("acme:store/kv@0.2.1"), name("acme:store/types@0.2.1")],
        None,
    );
    assert_snapshot!(report("import acme:store/kv@0.2.0;", STORE, &offers));
}

#[test]
fn a_native_provider_of_several_interfaces_is_named_for_their_package() {
    let mut offers = Offers::built_in();
    let wit = STORE.replace(
        "package acme:store@0.2.0 {",
        "package acme:store@0.2.0-draft {",
    );
    let wit = wit.replace("record entry", "resource bucket; record entry");
    let of = ["kv", "types"].map(|interface| name(&format!("acme:store/{interface}@0.2.0-draft")));
    offers.native("memory-store", &of, None);
    let import = "import acme:store/kv@0.2.0-draft;";
    assert_snapshot!(report(import, &wit, &offers));
    offers.provided("acme:store".parse().unwrap());
    assert_eq!(report(import, &wit, &offers), "");
}

#[test]
fn what_the_app_provides_is_not_missing() {
    let mut offers = with_component(
        "export acme:store/types@0.2.0; export acme:store/kv@0.2.0;",
        STORE,
    );
    offers.provided(name("acme:store/kv").into());
    offers.provided(name("acme:store/types").into());
    assert_eq!(report("import acme:store/kv@0.2.0;", STORE, &offers), "");
}

#[test]
fn it_is_offered_on_another_track() {
    let offers = with_component(
        "export acme:store/types@0.3.0; export acme:store/kv@0.3.0;",
        &STORE
            .replace("0.2.0", "0.3.0")
            .replace("        count: func() -> u32;\n", ""),
    );
    assert_snapshot!(report("import acme:store/kv@0.2.0;", STORE, &offers));
}

#[test]
fn it_is_offered_in_an_older_version() {
    let offers = with_component(
        "export acme:store/types@0.2.0; export acme:store/kv@0.2.0;",
        STORE,
    );
    assert_snapshot!(report(
        "import acme:store/kv@0.2.4;",
        &STORE.replace("0.2.0", "0.2.4"),
        &offers
    ));
}

#[test]
fn it_is_offered_with_another_shape() {
    let other = STORE
        .replace("value: list<u8>", "value: string, expires: option<u64>")
        .replace("count: func() -> u32", "count: func(prefix: string) -> u64")
        .replace("        set: func(entry: entry) -> result<_, error>;\n", "");
    let mut offers = with_component(
        "export acme:store/types@0.2.0; export acme:store/kv@0.2.0;",
        &other,
    );
    offers.provided(name("acme:store/kv").into());
    offers.provided(name("acme:store/types").into());
    assert_snapshot!(report("import acme:store/kv@0.2.0;", STORE, &offers));
}

#[test]
fn a_native_providers_wit_is_compared() {
    let mut offers = Offers::built_in();
    let wit = "package acme:store@0.2.0; interface kv { count: func() -> u64; }";
    offers.native("memory-store", &[name("acme:store/kv@0.2.0")], Some(wit));
    offers.provided(name("acme:store/kv").into());
    let wanted = "package acme:store@0.2.0 { interface kv { count: func() -> u32; } }";
    assert_snapshot!(report("import acme:store/kv@0.2.0;", wanted, &offers));
}

#[test]
fn wasi_that_this_host_does_not_have() {
    let packages = "package wasi:nn@0.2.0 { interface inference { f: func(); } }
        package wasi:cli@0.3.0-rc-2025-09-16 { interface stdout { f: func(); } }
        package wasi:clocks@0.4.0 { interface wall-clock { now: func() -> u64; } }";
    let imports = "import wasi:nn/inference@0.2.0; import wasi:cli/stdout@0.3.0-rc-2025-09-16; import wasi:clocks/wall-clock@0.4.0;";
    assert_snapshot!(report(imports, packages, &Offers::built_in()));
}

#[test]
fn newer_wasi_of_the_same_track_will_do_if_it_has_the_same_functions() {
    let imports = "import wasi:clocks/wall-clock@0.2.99; import wasi:random/random@0.2.99;";
    let packages = "package wasi:clocks@0.2.99 {
            interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; era: func() -> string; }
        }
        package wasi:random@0.2.99 { interface random { get-random-u64: func() -> u64; } }";
    assert_snapshot!(report(imports, packages, &Offers::built_in()));
}

#[test]
fn wasi_with_other_types_is_another_wasi() {
    let packages =
        "package wasi:cli@0.2.0 { interface environment { initial-cwd: func() -> u32; } }";
    assert_snapshot!(report(
        "import wasi:cli/environment@0.2.0;",
        packages,
        &Offers::built_in()
    ));
}

#[test]
fn the_host_knows_the_wit_of_its_own_interfaces() {
    let packages = "package wasi:http@0.3.0 { interface client { resource request; send: async func(request: request) -> result; } }
        package wasi:config@0.2.0-rc.1 { interface store { gone: func(); } }
        package loop:core@0.1.0 { interface logging { gone: func(); } }";
    let imports = "import wasi:http/client@0.3.0; import wasi:config/store@0.2.0-rc.1; import loop:core/logging@0.1.0;";
    let report = report(imports, packages, &Offers::built_in());
    assert_eq!(
        report.matches("the host offers another").count(),
        3,
        "{report}"
    );
}

#[test]
fn imports_that_are_in_no_interface() {
    let imports = "import now: func(zone: string) -> u64; import inner: interface { f: func(); }";
    assert_snapshot!(report(imports, "", &Offers::built_in()));
}

#[test]
fn types_are_compared_by_structure() {
    let check = |wanted: &str, offered: &str, expected: bool| {
        let interface = |wit: &str| {
            let text = format!("package a:b; interface i {{ {wit} }}");
            read(&text).unwrap().remove(0)
        };
        let result = compatible(&interface(wanted), &interface(offered));
        assert_eq!(result.is_ok(), expected, "{wanted} / {offered}: {result:?}");
    };
    check("f: func(a: u8);", "f: func(b: u8); g: func();", true);
    check("f: func(a: u8);", "f: func(a: u16);", false);
    check("f: func(a: u8);", "f: func();", false);
    check("f: func() -> u8;", "f: func();", false);
    check("f: func();", "f: async func();", false);
    check("f: func();", "", false);
    check("type t = u8; f: func(a: t);", "f: func(a: u8);", true);
    check(
        "type t = u8; f: func(a: t);",
        "type t = u16; f: func(a: t);",
        false,
    );
    check(
        "type t = list<u8>; f: func(a: t);",
        "f: func(a: list<u8>);",
        true,
    );
    check(
        "record r { x: u8 } f: func(a: r);",
        "record s { x: u8 } f: func(a: s);",
        true,
    );
    check(
        "record r { x: u8 } f: func(a: r);",
        "record r { y: u8 } f: func(a: r);",
        false,
    );
    check(
        "record r { x: u8, y: u8 } f: func(a: r);",
        "record r { y: u8, x: u8 } f: func(a: r);",
        false,
    );
    check(
        "record r { x: u8 } f: func(a: r);",
        "record r { x: u8, y: u8 } f: func(a: r);",
        false,
    );
    check(
        "variant v { a, b(u8) } f: func(a: v);",
        "variant v { a, b } f: func(a: v);",
        false,
    );
    check(
        "variant v { a, b } f: func(a: v);",
        "enum v { a, b } f: func(a: v);",
        false,
    );
    check(
        "enum e { a, b } f: func(a: e);",
        "enum e { a } f: func(a: e);",
        false,
    );
    check(
        "flags l { a, b } f: func(a: l);",
        "flags l { b, a } f: func(a: l);",
        false,
    );
    check(
        "f: func(a: tuple<u8, u8>);",
        "f: func(a: tuple<u8>);",
        false,
    );
    check(
        "f: func(a: option<option<u8>>);",
        "f: func(a: option<u8>);",
        false,
    );
    check(
        "f: func() -> result<u8>;",
        "f: func() -> result<u8, u8>;",
        false,
    );
    check(
        "resource r; f: func(a: r);",
        "resource r; f: func(a: r);",
        true,
    );
    check(
        "resource r; f: func(a: r);",
        "resource r; f: func(a: borrow<r>);",
        false,
    );
    check("resource r { m: func(); }", "resource r;", false);
    check("f: func(a: stream<u8>);", "f: func(a: stream<u16>);", false);
}

#[test]
fn wit_that_cannot_be_read_says_where() {
    let error = read("package a:b; interface {").unwrap_err();
    assert_snapshot!(error);
}
