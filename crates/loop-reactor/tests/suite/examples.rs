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
    check("counter", "[nothing yet]\n[once]\n[3 times]\n");
}

#[test]
fn undo() {
    check("undo", "+a\n+b\n+c\n-c\n-b\n-a\n+a\n+z\n-z +b +c\n");
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
        "bread 1, milk 1\nbread 1, milk 3\nmilk 3, bread 1, salt 1\nmilk 3, bread 2, salt 1\nmilk 3, salt 1\n2 rows\n",
    );
}

#[test]
fn layout() {
    check(
        "layout",
        "60 high, 88 wide\n72 high, 120 wide\n72 high, 168 wide\n36 high, 168 wide\n",
    );
}
