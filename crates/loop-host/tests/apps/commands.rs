//! Commands of WASI 0.2 and 0.3.

use bytes::Bytes;
use loop_host::{AppSpec, Input};

use crate::support::{host, load, run, run_one};

#[tokio::test]
async fn a_command_gets_its_arguments_and_ends_with_its_own_exit_code() {
    assert_eq!(run_one("hello", "", &["ann"]).await, "hello, ann\nexit 0");
    assert_eq!(run_one("exit-code", "", &["7"]).await, "exit 7");
}

#[tokio::test]
async fn a_command_of_wasi_0_3_reads_and_prints_streams() {
    let host = host();
    let mut spec = AppSpec::single(load(&host, "cli-p3"));
    spec.stdio.stdin = Input::Bytes(Bytes::from_static(b"some text\n"));
    assert_eq!(
        run(&host, spec, &["bob"]).await,
        "hello from WASI 0.3, bob\nsome text\nexit 0"
    );
}

#[tokio::test]
async fn only_the_granted_variables_are_seen() {
    let host = host();
    let mut component = load(&host, "print-env");
    component
        .variables
        .insert("LANG".to_owned(), "C".to_owned());
    component
        .variables
        .insert("SECRET".to_owned(), "s3cret".to_owned());
    component.grants.env = vec!["LANG".to_owned()];
    let printed = run(&host, AppSpec::single(component), &["LANG", "SECRET"]).await;
    assert!(printed.contains('C'), "{printed}");
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[tokio::test]
async fn a_component_reads_its_configuration_and_no_other() {
    let host = host();
    let mut component = load(&host, "print-config");
    component
        .config
        .insert("table".to_owned(), "notes".to_owned());
    let printed = run(&host, AppSpec::single(component), &["table", "other"]).await;
    assert!(printed.contains("notes"), "{printed}");
}

#[tokio::test]
async fn a_folder_is_seen_under_its_name_only_if_it_is_granted_and_only_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("note.txt"), "a note\n").unwrap();
    let path = folder.path().display();
    let read = format!("fs = [{{ name = \"data\", path = \"{path}\" }}]");
    let write = format!("fs = [{{ name = \"data\", path = \"{path}\", access = \"read-write\" }}]");

    let denied = run_one("read-file", "", &["data/note.txt"]).await;
    assert!(!denied.contains("a note"), "{denied}");
    let allowed = run_one("read-file", &read, &["data/note.txt"]).await;
    assert!(allowed.contains("a note"), "{allowed}");

    run_one("write-file", &read, &["data/new.txt", "text"]).await;
    assert!(
        !folder.path().join("new.txt").exists(),
        "a folder granted for reading was written"
    );
    run_one("write-file", &write, &["data/new.txt", "text"]).await;
    assert!(folder.path().join("new.txt").exists());
}

#[tokio::test]
async fn no_path_leads_out_of_a_granted_folder() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "s3cret").unwrap();
    let folder = outside.path().join("inside");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("known"), "known").unwrap();
    std::os::unix::fs::symlink("../secret", folder.join("relative")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), folder.join("absolute")).unwrap();
    std::os::unix::fs::symlink("..", folder.join("up")).unwrap();
    let granted = format!(
        "fs = [{{ name = \"data\", path = \"{}\" }}]",
        folder.display()
    );
    let absolute = outside.path().join("secret").display().to_string();
    let paths = [
        "data/../secret",
        "data/./../secret",
        "data/../inside/../secret",
        "data/relative",
        "data/absolute",
        "data/up/secret",
        "data/up/inside/up/secret",
        "../secret",
        "secret",
        &absolute,
        "/etc/passwd",
    ];
    let printed = run_one("escape-dir", &granted, &paths).await;
    assert!(!printed.contains("s3cret"), "{printed}");
    assert!(!printed.contains("root:"), "{printed}");
    let printed = run_one(
        "escape-dir",
        &granted,
        &["data/known", "data/./known", "data/x/../known"],
    )
    .await;
    assert!(printed.contains("known"), "{printed}");
}

#[tokio::test]
async fn a_granted_folder_that_is_not_there_is_told_before_anything_runs() {
    let printed = run_one(
        "hello",
        "fs = [{ name = \"d\", path = \"/none/./such/\" }]",
        &[],
    )
    .await;
    assert!(
        printed.starts_with(
            "not linked: the folder `/none/such`, granted to `hello` as `d`, cannot be opened: "
        ),
        "{printed}"
    );
}

#[tokio::test]
async fn what_is_no_command_cannot_be_run() {
    let printed = run_one("greeter", "", &[]).await;
    assert_eq!(printed, "`greeter` exports no command (`wasi:cli/run`)");
}
