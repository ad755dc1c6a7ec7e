//! The programs in `examples` run, and print what they say.

use std::path::Path;
use std::process::Command;

/// Runs an example, which cargo has built beside this test.
fn check(name: &str, expected: &str) {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap();
    let output = Command::new(target.join("examples").join(name))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn counter() {
    check("counter", "nothing yet\nonce\n3 times\n");
}

#[test]
fn undo() {
    check(
        "undo",
        "[]\n[a]\n[ab]\n[abc]\n[ab]\n[a]\n[]\n[a]\n[az]\n[abc]\n",
    );
}

#[test]
fn optimism() {
    check(
        "optimism",
        "3 left\n2 left\n1 left\n0 left\n0 bookings are open\n",
    );
}

#[test]
fn rows() {
    check(
        "rows",
        "bread 2, milk 1\nbread 2, milk 3\nmilk 3, bread 2, salt 1\nmilk 3, salt 1\n",
    );
}

#[test]
fn layout() {
    check(
        "layout",
        "60 high, 88 wide\n72 high, 88 wide\n72 high, 120 wide\n48 high, 120 wide\n",
    );
}
