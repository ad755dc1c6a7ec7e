//! What a program keeps from run to run, and who may have it.

use insta::assert_snapshot;

use crate::Sandbox;
use crate::sandbox::Running;

/// A program that keeps something by this package of WASI in a folder, where this is granted.
fn keeping(package: &str, granted: &str) -> Sandbox {
    let sandbox = Sandbox::with_manifest(&format!(
        r#"[app.notes.component.try]
use = "try.wasm"

[app.notes.provide."wasi:{package}"]
provider = "{package}"
{granted}
"#
    ));
    sandbox.copy_guest(&format!("{package}-try"), "try.wasm");
    std::fs::create_dir(sandbox.path("data")).unwrap();
    sandbox
}

const DATA: &str =
    r#"grants = { fs = [{ name = "data", path = "./data", access = "read-write" }] }"#;

#[test]
fn it_is_there_at_the_next_run() {
    let sandbox = keeping("keyvalue", DATA);
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["check"]), @"
        exit code 0
        --- stderr
        `notes` fits together: 1 component
        ");
        assert!(!sandbox.path("data/keyvalue.redb").exists());
        assert_snapshot!(sandbox.run(&["run", "--", "count", "default", "visits", "2"]), @"
        exit code 0
        --- stdout
        2
        ");
        assert_snapshot!(sandbox.run(&["run", "--", "count", "default", "visits", "1"]), @"
        exit code 0
        --- stdout
        3
        ");
    });
    // redb marks a file that is open in the tenth byte of its header, and such a one takes longer to open.
    let file = std::fs::read(sandbox.path("data/keyvalue.redb")).unwrap();
    assert_eq!(file[9] & 2, 0, "the file was not closed");
}

#[test]
fn nobody_says_where_it_is_kept() {
    let sandbox = Sandbox::with_manifest("[app.notes.component.try]\nuse = \"try.wasm\"");
    sandbox.copy_guest("keyvalue-try", "try.wasm");
    let said = sandbox.run(&["run", "--", "get", "default", "a"]);
    let hint = "hint: add to loop.toml:
      [app.notes.provide.\"wasi:keyvalue\"]
      placement = \"native\"
      provider = \"keyvalue\"";
    assert!(said.contains(hint), "{said}");
    let said = sandbox.run(&["grants", "try.wasm"]);
    let need = "# wasi:keyvalue/store@0.2.0-draft2: who serves it is named under `provide`, and granted the folder or the address that it needs";
    assert!(said.contains(need), "{said}");
}

#[test]
fn the_folder_is_granted_to_the_provider() {
    let sandbox = keeping(
        "keyvalue",
        r#"grants = { fs = [{ name = "data", path = "./data" }] }"#,
    );
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "--", "get", "default", "a"]), @r#"
        exit code 113
        --- stderr
        denied: `keyvalue` may not open the folder `data` to read and write: `fs` grants it to be read only
        hint: to allow it, write at loop.toml:6, under [app.notes.provide."wasi:keyvalue"]:
              grants = { fs = [{ name = "data", path = "./data", access = "read-write" }] }
        error: the provider `keyvalue` cannot serve the app
          caused by: it may not open the folder `data` to read and write: `fs` grants it to be read only
        "#);
    });
}

#[test]
fn the_folder_of_objects_is_granted_to_the_provider() {
    let sandbox = keeping(
        "blobstore",
        r#"grants = { fs = [{ name = "data", path = "./data" }] }"#,
    );
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "--", "create", "pages"]), @r#"
        exit code 113
        --- stderr
        denied: `blobstore` may not open the folder `data` to read and write: `fs` grants it to be read only
        hint: to allow it, write at loop.toml:6, under [app.notes.provide."wasi:blobstore"]:
              grants = { fs = [{ name = "data", path = "./data", access = "read-write" }] }
        error: the provider `blobstore` cannot serve the app
          caused by: it may not open the folder `data` to read and write: `fs` grants it to be read only
        "#);
    });
    assert!(!sandbox.path("data/pages").exists());

    let sandbox = keeping("blobstore", DATA);
    let check = |args: &str, expected: &str| {
        let args: Vec<&str> = ["run", "--"].into_iter().chain(args.split(' ')).collect();
        let said = sandbox.run(&args);
        assert_eq!(
            said.trim_end(),
            format!("exit code 0\n--- stdout\n{expected}"),
            "{args:?}"
        );
    };
    check("create pages", "done");
    check("put pages ../../a 1", "done");
    check("get pages ../../a", "1");
    assert!(sandbox.path("data/pages/%2E.%2F..%2Fa").exists());
    let said = sandbox.run(&["grants", "try.wasm"]);
    let need = "who serves it is named under `provide`, and granted the folder that it needs";
    assert!(said.contains(need), "{said}");
}

/// The server's password is in a variable of the host, which is granted to the provider too.
#[test]
fn the_address_and_the_password_are_granted_to_the_provider() {
    let check = |granted: &str, missing: &str| {
        let sandbox = Sandbox::with_manifest(&format!(
            r#"[app.notes.component.try]
use = "try.wasm"

[app.notes.provide."wasi:keyvalue"]
provider = "keyvalue-redis"
config = {{ address = "127.0.0.1:1", prefix = "notes", password-variable = "REDIS_PASSWORD" }}
{granted}
"#
        ));
        sandbox.copy_guest("keyvalue-try", "try.wasm");
        let mut run = sandbox.command(&["run", "--", "get", "default", "a"]);
        let output = run.env("REDIS_PASSWORD", "secret").output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.contains(missing), "{granted}: {said}");
        assert!(!said.contains("secret"), "{granted}: {said}");
    };
    check(
        r#"grants = { net = { connect = ["127.0.0.1:1"] } }"#,
        "under [app.notes.provide.\"wasi:keyvalue\"]:
      grants = { net = { connect = [\"127.0.0.1:1\"] }, env = [\"REDIS_PASSWORD\"] }",
    );
    check(
        r#"grants = { env = ["REDIS_PASSWORD"] }"#,
        "under [app.notes.provide.\"wasi:keyvalue\"]:
      grants = { net = { connect = [\"127.0.0.1:1\"] }, env = [\"REDIS_PASSWORD\"] }",
    );
    check(
        r#"grants = { net = { connect = ["127.0.0.1:1"] }, env = ["REDIS_PASSWORD"] }"#,
        "other: the store's server cannot be reached",
    );
}

#[test]
fn another_process_has_the_file() {
    let sandbox = keeping("keyvalue", DATA);
    sandbox.run(&["run", "--", "set", "default", "a", "1"]);
    let follow = ["run", "--", "follow", "default", "a", "none"];
    let mut first = Running::start(&mut sandbox.command(&follow));
    first.wait_for_stdout("1 bytes");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "--", "get", "default", "a"]), @"
        exit code 113
        --- stderr
        error: the provider `keyvalue` cannot serve the app
          caused by: the file `[WORK]/data/keyvalue.redb` is in use by another process
        ");
        assert_snapshot!(sandbox.run(&["check"]), @"
        exit code 0
        --- stderr
        `notes` fits together: 1 component
        ");
    });
    first.signal(rustix::process::Signal::INT);
    first.finish();
    let said = sandbox.run(&["run", "--", "get", "default", "a"]);
    assert!(said.starts_with("exit code 0"), "{said}");
}

#[test]
fn the_file_is_cut_short() {
    let sandbox = keeping("keyvalue", DATA);
    sandbox.run(&["run", "--", "set", "default", "a", "1"]);
    let file = sandbox.path("data/keyvalue.redb");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "--", "get", "default", "a"]), @"
        exit code 113
        --- stderr
        error: the provider `keyvalue` cannot serve the app
          caused by: the file `[WORK]/data/keyvalue.redb` is damaged, and was left as it is: File truncated below stored layout: file_len=24576, layout_len=49152
        ");
    });
    assert!(std::fs::read(&file).unwrap() == whole[..whole.len() / 2]);
    std::fs::write(&file, &whole).unwrap();
    let said = sandbox.run(&["run", "--", "get", "default", "a"]);
    assert!(said.contains("\n1\n"), "{said}");
}
