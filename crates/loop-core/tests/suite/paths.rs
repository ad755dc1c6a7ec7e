//! The tricks by which a path leaves the prefix that was granted.

use std::fmt::Write as _;

use loop_core::Grants;
use loop_core::policy::{Decision, Request, Trust, decide};

const PATHS: &[&str] = &[
    "/",
    "",
    "*",
    "/v1",
    "/v1/",
    "/v1/users",
    "/v1/users/",
    "/v1x",
    "/V1/users",
    "/v2/users",
    "/%76%31/users",
    "/v1%2fusers",
    "/v1%2Fusers",
    "/v1%5cusers",
    "/v1\\users",
    "/v1/..",
    "/v1/../admin",
    "/v1/../v1/users",
    "/v1/./users",
    "/./v1/users",
    "/admin/../v1/users",
    "/v1/a/../b",
    "/v1/a/../../admin",
    "/v1/a/..",
    "/v1/a/../..",
    "/v1/%2e%2e/admin",
    "/v1/.%2E/admin",
    "/v1/%2e",
    "/v1/%252e%252e/admin",
    "/v1/%25",
    "/v1/100%25",
    "/v1/..;/admin",
    "/v1/..;a=b/admin",
    "/v1/.;/users",
    "/v1/;a/users",
    "/v1/a;b=c/users",
    "/v1;a/users",
    "/v1/..%2fadmin",
    "/v1/%2e%2e%2fadmin",
    "/v1/..%5cadmin",
    "/v1/..%00/admin",
    "/v1/%c0%ae%c0%ae/admin",
    "/v1/%ff",
    "/v1/%",
    "/v1/%2",
    "/v1/%zz",
    "/v1/..?/admin",
    "/v1/a?b",
    "/v1/a#b",
    "/v1/%3f",
    "//v1/users",
    "/v1//users",
    "/v1//../admin",
    "/v1/users//",
    "/v1/\u{7f}",
    "/v1/ü",
    "/v1/%c3%bc",
    "v1/users",
];

#[test]
fn a_path_is_inside_however_it_is_read_or_it_is_refused() {
    let mut table = String::new();
    let prefixes = ["", "/", "/v1", "/v1/", "/v1/users"];
    writeln!(
        table,
        "A: let through by {}\n",
        prefixes.map(|path| format!("`{path}`")).join(", ")
    )
    .unwrap();
    for path in PATHS {
        let mut cells = String::new();
        let mut why = String::new();
        for prefix in prefixes {
            let fragment = format!("net.http = [\"https://example.com{prefix}\"]");
            let grants = Grants::parse_fragment(&fragment).unwrap();
            let request = Request::Http {
                method: "GET",
                scheme: "https",
                host: "example.com",
                port: 443,
                path,
            };
            match decide(&grants, Trust::Untrusted, &request) {
                Decision::Allow { .. } => cells.push('A'),
                Decision::Deny(denial) => {
                    cells.push('.');
                    if prefix == "/v1" {
                        why = denial.reason;
                    }
                }
            }
        }
        writeln!(
            table,
            "{:26} {cells}  {why}",
            path.escape_debug().to_string()
        )
        .unwrap();
    }
    insta::assert_snapshot!("paths", table);
}
