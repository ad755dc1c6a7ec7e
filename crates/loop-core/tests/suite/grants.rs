//! Grants as text and back, and what is said of a fragment that is wrong.

use std::fmt::Write as _;

use loop_core::Grants;
use loop_core::grants::Access;

#[test]
fn a_line_reads_back_as_what_it_was_made_of() {
    let check = |fragment: &str, line: &str| {
        let grants = Grants::parse_fragment(fragment).unwrap();
        assert_eq!(grants.to_toml_line(), line);
        assert_eq!(Grants::parse_fragment(line).unwrap(), grants, "{line}");
    };
    check("", "grants = {}");
    check(
        r#"net.connect = ["1.2.3.4:80"]"#,
        r#"grants = { net = { connect = ["1.2.3.4:80"] } }"#,
    );
    check(
        r#"process = ["git"]
env = ["LANG", "HOME"]
fs = [{ path = "./d", name = "data" }, { name = "b", path = 'C:\b', access = "read-write" }]
[net]
http = ["https://a.example/v1/"]
lookup = ["a.example"]
listen = ["127.0.0.1:*"]
connect = ["*.a.example:443"]"#,
        r#"grants = { fs = [{ name = "data", path = "./d", access = "read" }, { name = "b", path = "C:\\b", access = "read-write" }], net = { connect = ["*.a.example:443"], listen = ["127.0.0.1:*"], lookup = ["a.example"], http = ["https://a.example/v1/"] }, env = ["LANG", "HOME"], process = ["git"] }"#,
    );
    check(
        r#"process = [{ program = "git" }, { args = ["log", "", "*"], program = "git" }, { program = "/bin/sh", args = [], env = ["A"] }]"#,
        r#"grants = { process = ["git", { program = "git", args = ["log", "", "*"] }, { program = "/bin/sh", args = [], env = ["A"] }] }"#,
    );
    check(
        r#"env = ["quote \" and \\ and ü"]"#,
        r#"grants = { env = ["quote \" and \\ and ü"] }"#,
    );
}

#[test]
fn text_that_no_toml_file_holds_still_stays_on_one_line() {
    let grants = Grants {
        env: vec!["a\nb\u{1}\u{7f}\t\r".to_owned()],
        ..Grants::default()
    };
    assert_eq!(
        grants.to_toml_line(),
        r#"grants = { env = ["a\nb\u0001\u007F\t\r"] }"#
    );
}

#[test]
fn merging_adds_and_raises() {
    let merged = |one: &str, other: &str| {
        let grants = Grants::parse_fragment(one).unwrap();
        let merged = grants.merged(&Grants::parse_fragment(other).unwrap());
        assert_eq!(merged.merged(&merged), merged);
        merged
    };
    let folder = r#"fs = [{ name = "data", path = "d", access = "read-write" }]"#;
    let read = merged(folder, r#"fs = [{ name = "/data", path = "d" }]"#);
    assert_eq!(read.fs.len(), 1);
    assert_eq!(read.fs[0].access, Access::ReadWrite);
    let moved = merged(folder, r#"fs = [{ name = "data", path = "elsewhere" }]"#);
    assert_eq!(moved.fs.len(), 1);
    assert_eq!(moved.fs[0].path.to_str(), Some("elsewhere"));
    assert_eq!(moved.fs[0].access, Access::Read);
    assert_eq!(
        merged(r#"env = ["A", "B"]"#, r#"env = ["B", "C"]"#).env,
        ["A", "B", "C"]
    );
    assert_eq!(merged("", folder), Grants::parse_fragment(folder).unwrap());
}

/// Fragments that are wrong, one a line.
const WRONG: &[&str] = &[
    "net.conect = []",
    "connect = [\"a.example:80\"]",
    "nt.connect = []",
    "fs = [{ name = \"data\" }]",
    "fs = [{ name = \"data\", path = \"d\", acess = \"read\" }]",
    "fs = [{ name = \"data\", path = \"d\", access = \"write\" }]",
    "fs = [{ name = \"data\", path = \"d\" }, { name = \"./data/\", path = \"e\" }]",
    "fs = [{ name = \"\", path = \"d\" }]",
    "fs = [{ name = \"/../etc\", path = \"d\" }]",
    "fs = [{ name = \"data\", path = \"\" }]",
    "fs = { name = \"data\", path = \"d\" }",
    "env = \"LANG\"",
    "env = [1]",
    "env = [\"LC_*\"]",
    "env = [\"A=B\"]",
    "env = [\"\"]",
    "process = [\"./tool\"]",
    "process = [{ args = [] }]",
    "process = [{ program = \"./tool\" }]",
    "process = [{ program = \"git\", arguments = [] }]",
    "process = [{ program = \"git\", args = \"log\" }]",
    "process = [{ program = \"git\", args = [1] }]",
    "process = [{ program = \"git\", args = [\"log\", \"a*b*\"] }]",
    "process = [{ program = \"git\", args = [\"**\", \"log\"] }]",
    "process = [{ program = \"git\", args = [\"log\", \"...\", \"**\"] }]",
    "process = [{ program = \"git\", args = [\"\\n\"] }]",
    "process = [{ program = \"git\", env = [\"LC_*\"] }]",
    "process = [7]",
    "process = { program = \"git\" }",
    "net.connect = [\"example.com\"]",
    "net.connect = [\"example.com:http\"]",
    "net.connect = [\"example.com:70000\"]",
    "net.connect = [\"example.com:\"]",
    "net.connect = [\":80\"]",
    "net.connect = [\"*:80\"]",
    "net.connect = [\"a.*.com:80\"]",
    "net.connect = [\"*example.com:80\"]",
    "net.connect = [\"exa mple.com:80\"]",
    "net.connect = [\"example..com:80\"]",
    "net.connect = [\"bücher.example:80\"]",
    "net.connect = [\"https://example.com\"]",
    "net.connect = [\"10.0.0.256:80\"]",
    "net.connect = [\"127.1:80\"]",
    "net.connect = [\"0x7f000001:80\"]",
    "net.connect = [\"10.0.0.1/8:80\"]",
    "net.connect = [\"10.0.0.0/33:80\"]",
    "net.connect = [\"10.0.0.0/8\"]",
    "net.connect = [\"fd00::1\"]",
    "net.connect = [\"fd00::1:80\"]",
    "net.connect = [\"[fd00::1]\"]",
    "net.connect = [\"[fd00::1:80\"]",
    "net.connect = [\"[fd00::]/8:80\"]",
    "net.connect = [\"[fd00::1/8]:80\"]",
    "net.connect = [\"[example.com]:80\"]",
    "net.connect = [\"[::ffff:10.0.0.0/104]:80\"]",
    "net.listen = [\"8080\"]",
    "net.listen = [\"localhost:8080\"]",
    "net.listen = [\"10.0.0.0/8:8080\"]",
    "net.listen = [\"*:8080\"]",
    "net.lookup = [\"example.com:80\"]",
    "net.lookup = [\"10.0.0.0/8\"]",
    "net.lookup = [\"https://example.com\"]",
    "net.lookup = [\"*\"]",
    "net.http = [\"example.com\"]",
    "net.http = [\"ftp://example.com\"]",
    "net.http = [\"https://\"]",
    "net.http = [\"https://*\"]",
    "net.http = [\"https://user@example.com\"]",
    "net.http = [\"https://example.com/?a=b\"]",
    "net.http = [\"https://example.com/a/../b\"]",
    "net.http = [\"https://example.com/a//b\"]",
    "net.http = [\"https://example.com/%zz\"]",
    "net.http = [\"https://example.com:port/\"]",
    "net.http = [\"http://10.0.0.0/8\"]",
    "net.http = [\"http://::1/\"]",
    "net.connect = [\"\\u0007.example:80\"]",
    "net.connect = [",
    "net connect = []",
    "env = [\"A\"] env = [\"B\"]",
    "grants = 1",
];

#[test]
fn what_is_wrong_with_a_fragment_is_said_precisely() {
    let mut said = String::new();
    for fragment in WRONG {
        let found = Grants::parse_fragment(fragment).unwrap_err();
        crate::diagnostics::write(&mut said, fragment, &found);
        writeln!(said).unwrap();
    }
    insta::assert_snapshot!("fragments", said);
}

#[test]
fn a_fragment_has_a_limit() {
    let long = format!(
        "env = [\"{}\"]",
        "A".repeat(loop_core::grants::FRAGMENT_BYTES_MAX)
    );
    assert!(
        Grants::parse_fragment(&long)
            .unwrap_err()
            .message
            .contains("bytes")
    );
    let deep = format!("env = {}", "[".repeat(10_000));
    assert!(
        Grants::parse_fragment(&deep)
            .unwrap_err()
            .message
            .contains("levels")
    );
}
