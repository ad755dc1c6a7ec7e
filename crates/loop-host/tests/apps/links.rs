//! What is loaded, and what nothing satisfies.

use loop_host::{AppSpec, ComponentSpec, Host, LinkError, LoadError, LoadOptions, RouteSpec};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

use crate::support::{chain, host, load};

#[test]
fn what_is_no_component_is_not_loaded() {
    let host = host();
    let check = |bytes: &[u8]| {
        let error = host
            .load("x", bytes.to_vec(), LoadOptions::default())
            .unwrap_err();
        assert!(
            matches!(error, LoadError::Shape { .. }),
            "{}",
            chain(&error)
        );
    };
    check(b"");
    check(b"hello, this is text");
    check(b"\0asm\x01\0\0\0");
    let whole = std::fs::read(loop_test::guest("hello")).unwrap();
    check(&whole[..whole.len() / 2]);
    check(&whole[..12]);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = host()
        .load_file("/none/such.wasm".as_ref(), LoadOptions::default())
        .unwrap_err();
    assert!(
        chain(&error).starts_with("cannot read `/none/such.wasm`: "),
        "{}",
        chain(&error)
    );
}

#[test]
fn an_import_that_nothing_satisfies_is_explained() {
    let host = host();
    let error = host
        .link(AppSpec::single(load(&host, "greet-caller")))
        .unwrap_err();
    let LinkError::Missing { component, missing } = error else {
        panic!("{}", chain(&error))
    };
    assert_eq!(component, "greet-caller");
    let [only] = missing.as_slice() else {
        panic!("{missing:?}")
    };
    assert!(only.wanted.starts_with("acme:greet/greeter"), "{only:?}");
    assert!(only.wanted_wit.contains("greet"), "{only:?}");
    assert!(
        only.hints.iter().any(|hint| hint.contains("provide")),
        "{only:?}"
    );
}

/// Handles within other types, which the engine cannot compare.
#[test]
fn resources_within_other_types_are_linked() {
    let host = host();
    check_resources(
        &host,
        "open: static func(name: string) -> result<root, string>;",
    );
    check_resources(
        &host,
        "open: static func(name: string) -> option<tuple<root, list<root>>>;",
    );
    check_resources(&host, "join: func(others: list<borrow<root>>);");
}

fn check_resources(host: &Host, function: &str) {
    let wit = format!(
        "package acme:files; interface files {{ resource root {{ {function} }} }}
         world caller {{ import files; }} world callee {{ export files; }}"
    );
    let part = |world: &str| ComponentSpec::new(dummy(host, &wit, world));
    let mut spec = AppSpec::single(part("caller"));
    spec.components.insert("callee".to_owned(), part("callee"));
    let route = RouteSpec::Component("callee".to_owned());
    spec.provide
        .insert("acme:files/files".parse().unwrap(), route);
    host.link(spec)
        .unwrap_or_else(|error| panic!("{function}: {}", chain(&error)));
}

/// A component of a world whose functions do nothing.
fn dummy(host: &Host, wit: &str, world: &str) -> loop_host::Component {
    let mut resolve = Resolve::new();
    let package = resolve.push_str("test.wit", wit).unwrap();
    let id = resolve.select_world(&[package], Some(world)).unwrap();
    let mangling = ManglingAndAbi::Legacy(wit_parser::LiftLowerAbi::Sync);
    let mut module = dummy_module(&resolve, id, mangling);
    embed_component_metadata(&mut module, &resolve, id, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default().module(&module).unwrap();
    let bytes = encoder.encode().unwrap();
    host.load(world, bytes, LoadOptions::default()).unwrap()
}
