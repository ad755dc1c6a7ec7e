//! What is loaded, and what nothing satisfies.

use loop_host::{AppSpec, LinkError, LoadError, LoadOptions};

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
