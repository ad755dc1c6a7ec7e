//! The guests can be had, and quickly when they are built.

use std::time::Instant;

#[test]
fn a_guest_is_built_once() {
    let first = loop_test::guest("hello");
    let started = Instant::now();
    let second = loop_test::guest("hello");
    let took = started.elapsed();
    assert_eq!(first, second);
    assert!(first.is_file());
    println!("{took:?}");
}

#[test]
fn providers_are_built() {
    assert!(loop_test::provider("fsx-memory").is_file());
}
