//! Every kind of request against every kind of grant.

use std::fmt::Write as _;

use loop_core::Grants;
use loop_core::grants::ProgramGrant;
use loop_core::policy::{Decision, Request, Rules, Trust, decide};

use crate::requests::Line;

/// The grants, each a column. A leading `trusted` is the trust of the component.
const GRANTS: &[&str] = &[
    "",
    "trusted",
    r#"fs = [{ name = "data", path = "./d" }]"#,
    r#"fs = [{ name = "data", path = "./d", access = "read-write" }]"#,
    r#"net.connect = ["1.1.1.1:443"]"#,
    r#"net.connect = ["1.1.1.0/24:*"]"#,
    r#"net.connect = ["0.0.0.0/0:*"]"#,
    r#"net.connect = ["[::/0]:*"]"#,
    r#"net.connect = ["127.0.0.1:80"]"#,
    r#"net.connect = ["[::1]:80"]"#,
    r#"net.connect = ["[::ffff:10.0.0.1]:80"]"#,
    r#"net.connect = ["10.0.0.0/8:*"]"#,
    r#"net.connect = ["[fd00::/8]:*"]"#,
    r#"net.connect = ["169.254.0.0/16:*"]"#,
    r#"net.connect = ["169.254.169.254:80"]"#,
    r#"net.connect = ["[fe80::1]:80", "224.0.0.251:5353"]"#,
    r#"net.connect = ["0.0.0.0:80", "[::]:80"]"#,
    r#"net.connect = ["localhost:80"]"#,
    r#"net.connect = ["example.com:443"]"#,
    r#"net.connect = ["example.com:*"]"#,
    r#"net.connect = ["*.example.com:443"]"#,
    r#"net.listen = ["127.0.0.1:8080"]"#,
    r#"net.listen = ["127.0.0.1:0"]"#,
    r#"net.listen = ["127.0.0.1:*"]"#,
    r#"net.listen = ["0.0.0.0:8080"]"#,
    r#"net.listen = ["[::]:8080"]"#,
    r#"net.lookup = ["example.com"]"#,
    r#"net.lookup = ["*.example.com"]"#,
    r#"net.http = ["https://example.com"]"#,
    r#"net.http = ["https://example.com:8443"]"#,
    r#"net.http = ["http://example.com"]"#,
    r#"net.http = ["https://*.example.com"]"#,
    r#"net.http = ["https://example.com/v1/"]"#,
    r#"net.http = ["http://localhost:*"]"#,
    r#"net.http = ["http://10.0.0.1"]"#,
    r#"net.http = ["http://169.254.169.254"]"#,
    r#"net.http = ["wss://example.com/v1/"]"#,
    r#"net.http = ["ws://localhost:*"]"#,
    r#"net = { http = ["https://example.com"], connect = ["10.0.0.0/8:443"] }"#,
    r#"env = ["LANG"]"#,
    "telemetry = true",
    r#"process = ["git"]"#,
    r#"trusted process = ["git"]"#,
    r#"process = [{ program = "git", args = ["log"] }]"#,
    r#"trusted process = [{ program = "git", args = ["log"] }]"#,
    r#"trusted process = [{ program = "git", args = ["log", "**"] }]"#,
    r#"trusted process = [{ program = "git", args = ["log", "..."] }, { program = "git", args = [] }]"#,
    r#"trusted process = [{ program = "git", args = ["add", "--", "*"] }]"#,
    r#"trusted process = [{ program = "git", args = ["log"], env = ["LANG"] }]"#,
    r#"trusted process = [{ program = "git", env = ["LANG", "TZ"] }]"#,
];

/// The requests, each a row.
const REQUESTS: &[&str] = &[
    "open data read",
    "open data read-write",
    "open /data/ read",
    "open ./data read",
    "open other read",
    "open data/inner read",
    "open data/../other read",
    "open .. read",
    "connect tcp 1.1.1.1:443",
    "connect udp 1.1.1.1:443",
    "connect tcp 1.1.1.1:80",
    "connect tcp 1.1.1.2:443",
    "connect tcp [::ffff:1.1.1.1]:443",
    "connect tcp [::1.1.1.1]:443",
    "connect tcp [2606:4700::1111]:443",
    "connect tcp 1.1.1.1:443 example.com",
    "connect tcp 1.1.1.1:80 example.com",
    "connect tcp 1.1.1.1:443 EXAMPLE.com.",
    "connect tcp 1.1.1.1:443 a.example.com",
    "connect tcp 1.1.1.1:443 a.b.example.com",
    "connect tcp 1.1.1.1:443 evil-example.com",
    "connect tcp 1.1.1.1:443 example.com.evil.net",
    "connect tcp 1.1.1.1:443 evil.net example.com",
    "connect tcp 127.0.0.1:80",
    "connect tcp 127.0.0.2:80",
    "connect tcp [::1]:80",
    "connect tcp [::ffff:127.0.0.1]:80",
    "connect tcp 127.0.0.1:80 localhost",
    "connect tcp [::1]:80 localhost",
    "connect tcp 127.0.0.1:80 a.localhost",
    "connect tcp 1.1.1.1:80 localhost",
    "connect tcp 127.0.0.1:443 example.com",
    "connect tcp [::ffff:127.0.0.1]:443 example.com",
    "connect tcp 10.0.0.1:80",
    "connect tcp 10.0.0.1:443 example.com",
    "connect tcp [64:ff9b::10.0.0.1]:443 example.com",
    "connect tcp [fd00::1]:443 example.com",
    "connect tcp 169.254.1.1:80",
    "connect tcp [fe80::1]:80",
    "connect tcp 169.254.169.254:80",
    "connect tcp [::ffff:169.254.169.254]:80",
    "connect tcp 169.254.169.254:443 example.com",
    "connect tcp 100.100.100.200:80",
    "connect tcp [fd00:ec2::254]:80",
    "connect udp 224.0.0.251:5353",
    "connect udp 255.255.255.255:67",
    "connect tcp 0.0.0.0:80",
    "connect tcp [::]:80",
    "listen tcp 127.0.0.1:8080",
    "listen udp 127.0.0.1:8080",
    "listen tcp 127.0.0.1:8081",
    "listen tcp 127.0.0.1:0",
    "listen tcp 0.0.0.0:8080",
    "listen tcp 10.0.0.1:8080",
    "listen tcp [::1]:8080",
    "listen tcp [::]:8080",
    "listen tcp [::ffff:127.0.0.1]:8080",
    "lookup example.com",
    "lookup Example.COM.",
    "lookup a.example.com",
    "lookup evil-example.com",
    "lookup localhost",
    "lookup 10.0.0.1",
    "lookup [::1]",
    "lookup 127.1",
    "lookup *.example.com",
    "lookup \u{1b}[31m",
    "GET https example.com 443 /",
    "GET HTTPS EXAMPLE.COM. 443 /",
    "POST https example.com 443 /v1/users",
    "GET https example.com 443 /v1",
    "GET https example.com 443 /v10",
    "GET https example.com 443 /v1/../admin",
    "GET https example.com 443 /v1/%2e%2e/admin",
    "GET https example.com 8443 /",
    "GET http example.com 80 /",
    "GET http example.com 443 /",
    "GET https a.example.com 443 /",
    "GET https evil-example.com 443 /",
    "GET http localhost 3000 /",
    "GET http 127.0.0.1 3000 /",
    "GET http 10.0.0.1 80 /",
    "GET http [::ffff:10.0.0.1] 80 /",
    "GET http 169.254.169.254 80 /",
    "GET wss example.com 443 /",
    "GET wss example.com 443 /v1/feed",
    "GET ws example.com 80 /v1/feed",
    "GET ws localhost 3000 /",
    "GET ftp example.com 21 /",
    "reach example.com 1.1.1.1:443",
    "reach example.com 1.1.1.1:80",
    "reach example.com 127.0.0.1:443",
    "reach example.com 10.0.0.1:443",
    "reach example.com [::ffff:10.0.0.1]:443",
    "reach example.com 169.254.169.254:443",
    "reach localhost 127.0.0.1:3000",
    "reach localhost 1.1.1.1:3000",
    "reach 10.0.0.1 10.0.0.1:80",
    "reach 10.0.0.1 10.0.0.2:80",
    "reach 127.1 127.0.0.1:80",
    "reach 169.254.169.254 169.254.169.254:80",
    "spawn git",
    "spawn /usr/bin/git",
    "spawn ./git",
    "spawn Git",
    "spawn git log",
    "spawn git log v1 v2",
    "spawn git log --output=x",
    "spawn git log v1 --output=x",
    "spawn git add -- a",
    "spawn git add -- -a",
    "spawn git add -- a b",
    "spawn git add a",
    "spawn git ** a*b*c",
    "spawn git \n",
    "spawn LANG= git log",
    "spawn LANG= TZ= git log",
    "spawn TZ= git log",
    "spawn LANG= git",
    "spawn A*= git log",
    "variable LANG",
    "variable lang",
    "variable LANGUAGE",
    "variable A=B",
    "telemetry",
];

fn column(text: &str) -> (Grants, Trust) {
    let (trust, fragment) = match text.strip_prefix("trusted") {
        Some(fragment) => (Trust::Trusted, fragment.trim_start()),
        None => (Trust::Untrusted, text),
    };
    (
        Grants::parse_fragment(fragment).unwrap_or_else(|error| panic!("{text}: {error:?}")),
        trust,
    )
}

#[test]
fn each_request_against_each_grant() {
    let columns: Vec<_> = GRANTS.iter().map(|text| column(text)).collect();
    let mut table = String::new();
    for (number, text) in GRANTS.iter().enumerate() {
        let text = if text.is_empty() { "nothing" } else { text };
        writeln!(table, "{number:2}  {text}").unwrap();
    }
    let numbers: Vec<usize> = (0..GRANTS.len()).collect();
    let digits = |digit: fn(usize) -> usize| -> String {
        numbers
            .iter()
            .map(|number| digit(*number).to_string())
            .collect()
    };
    writeln!(table, "\n{:50} {}", "", digits(|number| number / 10)).unwrap();
    writeln!(table, "{:50} {}", "", digits(|number| number % 10)).unwrap();
    for request in REQUESTS {
        let line = Line::new(request);
        let cells: String = columns
            .iter()
            .map(
                |(grants, trust)| match decide(grants, *trust, &line.request()) {
                    Decision::Allow { .. } => 'A',
                    Decision::Deny(_) => '.',
                },
            )
            .collect();
        writeln!(table, "{:50} {cells}", request.escape_debug().to_string()).unwrap();
    }
    insta::assert_snapshot!("matrix", table);
}

#[test]
fn each_denial_names_what_is_missing() {
    let mut table = String::new();
    for request in REQUESTS {
        let line = Line::new(request);
        // Nothing granted, and all the other ways in which it is refused.
        let mut seen = Vec::new();
        for (number, text) in GRANTS.iter().enumerate() {
            let (grants, trust) = column(text);
            let Decision::Deny(denial) = decide(&grants, trust, &line.request()) else {
                continue;
            };
            let trusted = if denial.needs_trust { " and trust" } else { "" };
            let missing = denial.missing.to_toml_line();
            let missing = missing.strip_prefix("grants = ").unwrap();
            let entry = format!("{}\n      lacks {missing}{trusted}", denial.reason);
            if !seen.contains(&entry) {
                if seen.is_empty() {
                    writeln!(table, "{}", denial.request).unwrap();
                }
                writeln!(table, "  {number:2}  {entry}").unwrap();
                seen.push(entry);
            }
        }
    }
    insta::assert_snapshot!("denials", table);
}

#[test]
fn what_is_missing_is_enough_and_valid() {
    for_all(|grants, trust, request| {
        let Decision::Deny(denial) = decide(grants, trust, request) else {
            return;
        };
        assert_eq!(denial.missing.validate(), Ok(()), "{request:?}");
        if denial.missing.is_empty() && !denial.needs_trust {
            return;
        }
        let trust = if denial.needs_trust {
            Trust::Trusted
        } else {
            trust
        };
        let merged = grants.merged(&denial.missing);
        let again = decide(&merged, trust, request);
        assert!(
            matches!(again, Decision::Allow { .. }),
            "{request:?} with {merged:?}: {again:?}"
        );
    });
}

#[test]
fn what_allows_is_an_entry_that_was_granted() {
    for_all(|grants, trust, request| {
        let Decision::Allow { by } = decide(grants, trust, request) else {
            return;
        };
        let entry = Grants::parse_fragment(&by).unwrap();
        assert_eq!(grants.merged(&entry), *grants, "{by} is not in {grants:?}");
        // A request over HTTP to an address that is not public needs two entries, and only one is named.
        if !matches!(request, Request::HttpConnect { .. }) {
            assert_eq!(
                decide(&entry, trust, request),
                Decision::Allow { by },
                "{request:?}"
            );
        }
        assert_eq!(
            Rules::new(grants, trust).decide(request),
            decide(grants, trust, request),
            "{request:?}"
        );
    });
}

#[test]
fn grants_only_ever_add() {
    for_all(|grants, trust, request| {
        if let Decision::Allow { .. } = decide(grants, trust, request) {
            for (number, text) in GRANTS.iter().enumerate() {
                let merged = column(text).0.merged(grants);
                let again = decide(&merged, trust, request);
                assert!(
                    matches!(again, Decision::Allow { .. }),
                    "{request:?} with {number} added"
                );
            }
        }
    });
}

#[test]
fn an_entry_that_cannot_be_read_grants_nothing() {
    let mut grants = Grants::default();
    for entry in [
        "*:*",
        "10.0.0.0/33:*",
        "10.0.0.1/8:*",
        ":80",
        "example.com",
        "",
        "a b:80",
        "*",
    ] {
        grants.net.connect.push(entry.to_owned());
        grants.net.listen.push(entry.to_owned());
        grants
            .net
            .lookup
            .push(entry.replace("example.com", "https://example.com"));
        grants.net.http.push(entry.to_owned());
        assert!(grants.validate().is_err());
    }
    grants.env.push("*".to_owned());
    grants.process.push(ProgramGrant::new("./git"));
    for wrong in ["** a", "... a", "a*b*c", "\n"] {
        let args = wrong.split(' ').map(str::to_owned).collect();
        grants.process.push(ProgramGrant {
            args: Some(args),
            ..ProgramGrant::new("git")
        });
    }
    grants.process.push(ProgramGrant {
        env: vec!["A*".to_owned()],
        ..ProgramGrant::new("git")
    });
    for request in REQUESTS {
        let line = Line::new(request);
        let decision = decide(&grants, Trust::Trusted, &line.request());
        assert!(
            matches!(decision, Decision::Deny(_)),
            "{request}: {decision:?}"
        );
    }
}

fn for_all(check: impl Fn(&Grants, Trust, &Request<'_>)) {
    for text in GRANTS {
        let (grants, trust) = column(text);
        for request in REQUESTS {
            check(&grants, trust, &Line::new(request).request());
        }
    }
}
