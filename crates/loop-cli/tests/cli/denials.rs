//! A missing grant of each kind: what the guest gets, what the user is told, and that the line works.

use std::net::TcpListener;

use insta::assert_snapshot;

use crate::{Sandbox, guest};

/// Runs a guest, and then again with the flag that the first run told.
fn denied_then_granted(sandbox: &Sandbox, name: &str, args: &[&str]) -> (String, String) {
    let guest = guest(name);
    let mut plain = vec!["run", guest.as_str(), "--"];
    plain.extend(args);
    let denied = sandbox.run(&plain);
    let flag = denied
        .split_once("--grant '")
        .and_then(|(_, rest)| rest.split_once('\''));
    let (grant, _) = flag.unwrap_or_else(|| panic!("no flag was told:\n{denied}"));
    let mut granted = vec!["run", guest.as_str(), "--grant", grant, "--"];
    granted.extend(args);
    (denied.clone(), sandbox.run(&granted))
}

#[test]
fn a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let sandbox = Sandbox::new();
    let (denied, granted) = denied_then_granted(&sandbox, "tcp-connect", &[&address]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @"");
        assert_snapshot!(granted, @"");
    });
}

#[test]
fn a_listening_socket() {
    let sandbox = Sandbox::new();
    let denied = sandbox.run(&["run", &guest("tcp-listen"), "--", "127.0.0.1:4321"]);
    sandbox.filtered(|| assert_snapshot!(denied, @""));
}

#[test]
fn a_name_to_look_up() {
    let sandbox = Sandbox::new();
    let (denied, granted) = denied_then_granted(&sandbox, "resolve", &["localhost"]);
    sandbox.filtered(|| assert_snapshot!(denied, @""));
    assert!(granted.starts_with("exit code 0\n"), "{granted}");
}

#[test]
fn a_request() {
    let sandbox = Sandbox::new();
    let denied = sandbox.run(&["run", &guest("http-get"), "--", "http://127.0.0.1:4321/x"]);
    sandbox.filtered(|| assert_snapshot!(denied, @""));
}

#[test]
fn a_datagram() {
    let sandbox = Sandbox::new();
    let denied = sandbox.run(&["run", &guest("udp-send"), "--", "127.0.0.1:4321", "hello"]);
    sandbox.filtered(|| assert_snapshot!(denied, @""));
}

#[test]
fn a_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("notes/a.txt", "it is there\n");
    let (denied, granted) = denied_then_granted(&sandbox, "read-file", &["notes/a.txt"]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @"");
        assert_snapshot!(granted, @"");
    });
}

#[test]
fn a_folder_to_write_to() {
    let sandbox = Sandbox::new();
    sandbox.write("notes/a.txt", "old");
    let read = "fs = [{ name = \"notes\", path = \"notes\" }]";
    let denied = sandbox.run(&[
        "run",
        &guest("write-file"),
        "--grant",
        read,
        "--",
        "notes/a.txt",
        "new",
    ]);
    assert_eq!(sandbox.read("notes/a.txt"), "old");
    sandbox.filtered(|| assert_snapshot!(denied, @""));
}

#[test]
fn a_variable() {
    let sandbox = Sandbox::new();
    let print = guest("print-env");
    let run = |more: &[&str]| {
        let mut args = vec!["run", print.as_str()];
        args.extend(more);
        sandbox.show(
            &sandbox
                .command(&args)
                .env("LANG", "de")
                .env("SECRET", "x")
                .output()
                .unwrap(),
        )
    };
    sandbox.filtered(|| {
        assert_snapshot!(run(&[]), @"");
        assert_snapshot!(run(&["--grant", "env = [\"LANG\"]"]), @"");
        assert_snapshot!(run(&["--env", "LANG=fr"]), @"");
        assert_snapshot!(run(&["--env", "LANG"]), @"");
    });
}

#[test]
fn an_app_is_told_the_line_of_its_file() {
    let sandbox = Sandbox::with_manifest(
        r#"[app.talk]
root = "talk"

[app.talk.component.talk]
use = "talk.wasm"
grants = { env = ["LANG"] }
"#,
    );
    sandbox.copy_guest("tcp-connect", "talk.wasm");
    let denied = sandbox.run(&["run", "--", "127.0.0.1:4321"]);
    sandbox.filtered(|| assert_snapshot!(denied, @""));
    let line = denied
        .lines()
        .find(|line| line.trim().starts_with("grants = "))
        .unwrap();
    let text = sandbox
        .read("loop.toml")
        .replace("grants = { env = [\"LANG\"] }", line.trim());
    sandbox.write("loop.toml", text);
    // Nobody listens there, and that is what it finds out now.
    let granted = sandbox.run(&["run", "--", "127.0.0.1:4321"]);
    sandbox.filtered(|| assert_snapshot!(granted, @""));
}

#[test]
fn a_denial_is_told_once_and_not_at_all_when_quiet() {
    let sandbox = Sandbox::with_manifest(
        r#"[app.talk]
root = "talk"
[app.talk.component.talk]
use = "talk.wasm"
"#,
    );
    sandbox.copy_guest("tcp-connect", "talk.wasm");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "--quiet", "--", "127.0.0.1:4321"]), @"");
    });
}

#[test]
fn a_grant_that_cannot_be_read() {
    let sandbox = Sandbox::new();
    let hello = guest("hello");
    let run = |grant: &str| sandbox.run(&["run", &hello, "--grant", grant]);
    sandbox.filtered(|| {
        assert_snapshot!(run("net.conect = [\"a:1\"]"), @"");
        assert_snapshot!(run("net.connect = [\"a\"]"), @"");
        assert_snapshot!(run("net.connect = ["), @"");
    });
}

#[test]
fn a_granted_folder_that_is_not_there() {
    let sandbox = Sandbox::new();
    let grant = "fs = [{ name = \"data\", path = \"absent\" }]";
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", &guest("hello"), "--grant", grant]), @"");
    });
}
