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
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        cannot connect to 127.0.0.1:[PORT]: PermissionDenied
        --- stderr
        denied: `tcp-connect` may not connect to 127.0.0.1:[PORT] over tcp: `net.connect` has no entry for it
        hint: to allow it: --grant 'net.connect = ["127.0.0.1:[PORT]"]'
        "#);
        assert_snapshot!(granted, @"
        exit code 0
        --- stdout
        connected to 127.0.0.1:[PORT]
        ");
    });
}

#[test]
fn a_listening_socket() {
    let sandbox = Sandbox::new();
    let denied = sandbox.run(&["run", &guest("tcp-listen"), "--", "127.0.0.1:4321"]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        cannot listen on 127.0.0.1:4321: PermissionDenied
        --- stderr
        denied: `tcp-listen` may not listen on 127.0.0.1:4321 over tcp: `net.listen` has no entry for it
        hint: to allow it: --grant 'net.listen = ["127.0.0.1:4321"]'
        "#);
    });
}

#[test]
fn a_name_to_look_up() {
    let sandbox = Sandbox::new();
    let (denied, granted) = denied_then_granted(&sandbox, "resolve", &["localhost"]);
    sandbox.filtered(|| assert_snapshot!(denied, @r#"
    exit code 1
    --- stdout
    cannot look up localhost: access-denied
    --- stderr
    denied: `resolve` may not look up `localhost`: neither `net.lookup` nor another entry of `net` has it
    hint: to allow it: --grant 'net.lookup = ["localhost"]'
    "#));
    assert!(granted.starts_with("exit code 0\n"), "{granted}");

    let (denied, granted) = denied_then_granted(&sandbox, "dns-try", &["localhost"]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        cannot resolve localhost: denied
        --- stderr
        denied: `dns-try` may not look up `localhost`: neither `net.lookup` nor another entry of `net` has it
        hint: to allow it: --grant 'net.lookup = ["localhost"]'
        "#);
        assert_snapshot!(granted, @"
        exit code 0
        --- stdout
        127.0.0.1
        ::1
        ");
    });
}

#[test]
fn a_request() {
    let sandbox = Sandbox::new();
    let denied = sandbox.run(&["run", &guest("http-get"), "--", "http://127.0.0.1:4321/x"]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        cannot request http://127.0.0.1:4321/x: ErrorCode::HttpRequestDenied
        --- stderr
        denied: `http-get` may not send GET http://127.0.0.1:4321/x: `net.http` has no entry for it
        hint: to allow it: --grant 'net.http = ["http://127.0.0.1:4321"]'
        "#);
    });
}

#[test]
fn a_web_socket() {
    let sandbox = Sandbox::new();
    let (denied, granted) = denied_then_granted(&sandbox, "ws-watch", &["ws://127.0.0.1:1/x"]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        not connected: ConnectError::Denied
        --- stderr
        denied: `ws-watch` may not connect to ws://127.0.0.1:1/x: `net.http` has no entry for it
        hint: to allow it: --grant 'net.http = ["ws://127.0.0.1:1"]'
        "#);
        assert_snapshot!(granted, @"
        exit code 1
        --- stdout
        not connected: ConnectError::Unreachable
        ");
    });
}

#[test]
fn a_call_of_grpc() {
    let sandbox = Sandbox::new();
    let url = "http://127.0.0.1:1/acme.Store/Get";
    let (denied, granted) = denied_then_granted(&sandbox, "grpc-try", &[url, "x"]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        not begun: StartError::Denied
        --- stderr
        denied: `grpc-try` may not send POST http://127.0.0.1:1/acme.Store/Get: `net.http` has no entry for it
        hint: to allow it: --grant 'net.http = ["http://127.0.0.1:1"]'
        "#);
        assert_snapshot!(granted, @"
        exit code 1
        --- stdout
        not begun: StartError::Unreachable
        ");
    });
}

#[test]
fn a_datagram() {
    let sandbox = Sandbox::new();
    let denied = sandbox.run(&["run", &guest("udp-send"), "--", "127.0.0.1:4321", "hello"]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        cannot send to 127.0.0.1:4321: PermissionDenied
        --- stderr
        denied: `udp-send` may not send to 127.0.0.1:4321 over udp: `net.connect` has no entry for it
        hint: to allow it: --grant 'net.connect = ["127.0.0.1:4321"]'
        "#);
    });
}

#[test]
fn a_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("notes/a.txt", "it is there\n");
    let (denied, granted) = denied_then_granted(&sandbox, "read-file", &["notes/a.txt"]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        cannot read notes/a.txt: PermissionDenied
        --- stderr
        denied: `read-file` may not open the folder `notes` to read: `fs` has no folder of that name
        hint: to allow it: --grant 'fs = [{ name = "notes", path = "./notes", access = "read" }]'
        "#);
        assert_snapshot!(granted, @"
        exit code 0
        --- stdout
        it is there
        ");
    });
}

#[test]
fn a_folder_by_fsx() {
    let sandbox = Sandbox::new();
    sandbox.write("notes/a.txt", "it is there");
    let (denied, granted) = denied_then_granted(&sandbox, "fsx-try", &["read", "notes", "a.txt"]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        access
        --- stderr
        denied: `fsx-try` may not open the folder `notes` to read: `fs` has no folder of that name
        hint: to allow it: --grant 'fs = [{ name = "notes", path = "./notes", access = "read" }]'
        "#);
        assert_snapshot!(granted, @"
        exit code 0
        --- stdout
        it is there
        ");
    });
    let guest = guest("fsx-try");
    let read = r#"fs = [{ name = "notes", path = "notes" }]"#;
    let denied = sandbox.run(&[
        "run", &guest, "--grant", read, "--", "write", "notes", "a.txt", "new",
    ]);
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        access
        --- stderr
        denied: `fsx-try` may not open the folder `notes` to read and write: `fs` grants it to be read only
        hint: to allow it: --grant 'fs = [{ name = "notes", path = "notes", access = "read-write" }]'
        "#);
    });
    assert_eq!(sandbox.read("notes/a.txt"), "it is there");
}

#[test]
fn a_program() {
    let sandbox = Sandbox::new();
    let guest = guest("process-try");
    let run = |more: &[&str]| {
        let args = [
            &["run", guest.as_str()],
            more,
            &["--", "exec", "sh", "-c", "echo $0"],
        ];
        let mut command = sandbox.command(&args.concat());
        Sandbox::show(&command.env("PATH", "/usr/bin:/bin").output().unwrap())
    };
    sandbox.filtered(|| {
        assert_snapshot!(run(&[]), @r#"
        exit code 1
        --- stdout
        SpawnError::Denied
        --- stderr
        denied: `process-try` may not start the program `sh -c 'echo $0'`: the component is not trusted, and `process` has no entry for it: both are needed
        hint: to allow it: --grant 'process = [{ program = "sh", args = ["-c", "echo $0"] }]' --trusted
        "#);
        let exactly = r#"process = [{ program = "sh", args = ["-c", "echo $0"] }]"#;
        assert_snapshot!(run(&["--grant", exactly]), @"
        exit code 1
        --- stdout
        SpawnError::Denied
        --- stderr
        denied: `process-try` may not start the program `sh -c 'echo $0'`: the component is not trusted: `trusted = true` is missing
        hint: to allow it: --trusted
        ");
        assert_snapshot!(run(&["--grant", exactly, "--trusted"]), @"
        exit code 0
        --- stdout
        sh
        Status::Exited(0)
        ");
        let other = r#"process = [{ program = "sh", args = ["-c", "exit", "**"] }]"#;
        assert_snapshot!(run(&["--grant", other, "--trusted"]), @r#"
        exit code 1
        --- stdout
        SpawnError::Denied
        --- stderr
        denied: `process-try` may not start the program `sh -c 'echo $0'`: `process` grants this program with other arguments only
        hint: to allow it: --grant 'process = [{ program = "sh", args = ["-c", "echo $0"] }]'
        "#);
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
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        cannot write notes/a.txt: PermissionDenied
        --- stderr
        denied: `write-file` may not open the folder `notes` to read and write: `fs` grants it to be read only
        hint: to allow it: --grant 'fs = [{ name = "notes", path = "notes", access = "read-write" }]'
        "#);
    });
}

#[test]
fn a_variable() {
    let sandbox = Sandbox::new();
    let print = guest("print-env");
    let run = |more: &[&str]| {
        let mut args = vec!["run", print.as_str()];
        args.extend(more);
        Sandbox::show(
            &sandbox
                .command(&args)
                .env("LANG", "de")
                .env("SECRET", "x")
                .output()
                .unwrap(),
        )
    };
    sandbox.filtered(|| {
        assert_snapshot!(run(&[]), @"exit code 0");
        assert_snapshot!(run(&["--grant", "env = [\"LANG\"]"]), @"
        exit code 0
        --- stdout
        LANG=de
        ");
        assert_snapshot!(run(&["--env", "LANG=fr"]), @"
        exit code 0
        --- stdout
        LANG=fr
        ");
        assert_snapshot!(run(&["--env", "LANG"]), @r#"
        exit code 2
        --- stderr
        error: `--env LANG` is not NAME=VALUE
        hint: to let it read the variable as it is: --grant 'env = ["LANG"]'
        "#);
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
    sandbox.filtered(|| {
        assert_snapshot!(denied, @r#"
        exit code 1
        --- stdout
        cannot connect to 127.0.0.1:4321: PermissionDenied
        --- stderr
        denied: `talk` may not connect to 127.0.0.1:4321 over tcp: `net.connect` has no entry for it
        hint: to allow it, write at loop.toml:6, under [app.talk.component.talk]:
              grants = { net = { connect = ["127.0.0.1:4321"] }, env = ["LANG"] }
        "#);
    });
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
    sandbox.filtered(|| {
        assert_snapshot!(granted, @"
        exit code 1
        --- stdout
        cannot connect to 127.0.0.1:4321: ConnectionRefused
        ");
    });
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
        assert_snapshot!(sandbox.run(&["run", "--quiet", "--", "127.0.0.1:4321"]), @"
        exit code 1
        --- stdout
        cannot connect to 127.0.0.1:4321: PermissionDenied
        ");
    });
}

#[test]
fn a_grant_that_cannot_be_read() {
    let sandbox = Sandbox::new();
    let hello = guest("hello");
    let run = |grant: &str| sandbox.run(&["run", &hello, "--grant", grant]);
    sandbox.filtered(|| {
        assert_snapshot!(run("net.conect = [\"a:1\"]"), @r#"
        exit code 2
        --- stderr
        error: `net` has no key `conect`
           ,-[--grant:1:5]
         1 | net.conect = ["a:1"]
           :     ^^^|^^
           :        `-- not known here
           `----
        hint: did you mean `connect`?
        "#);
        assert_snapshot!(run("net.connect = [\"a\"]"), @r#"
        exit code 2
        --- stderr
        error: `a` has no port
           ,-[--grant:1:16]
         1 | net.connect = ["a"]
           :                ^|^
           :                 `-- no port
           `----
        hint: connect = ["a:443"], or "a:*" for all ports
        "#);
        assert_snapshot!(run("net.connect = ["), @"
        exit code 2
        --- stderr
        error: this is not TOML: unclosed array, expected `]`
           ,-[--grant:1:15]
         1 | net.connect = [
           :               |
           :               `-- here
           `----
        ");
    });
}

#[test]
fn a_granted_folder_that_is_not_there() {
    let sandbox = Sandbox::new();
    let grant = "fs = [{ name = \"data\", path = \"absent\" }]";
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", &guest("hello"), "--grant", grant]), @"
        exit code 116
        --- stderr
        error: the folder `./absent`, granted to `hello` as `data`, cannot be opened
          caused by: No such file or directory (os error 2)
        hint: make the folder, or mend `path` in the grant
        ");
    });
}
