//! `wasi:blobstore`: the conformance suite, and what a folder has beside it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use loop_core::Grants;
use loop_host::{AppSpec, Host, NativeSpec, RouteSpec};
use tempfile::TempDir;

use crate::support::{Told, conforms, host, load, run, small_disk, start_on_small_disk};

const DATA: &str = r#"fs = [{ name = "data", path = "data", access = "read-write" }]"#;

/// A folder with an empty folder `data`.
fn place() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    folder
}

/// A guest, whose containers are in this folder.
fn app(host: &Host, guest: &str, base: &Path, granted: &str, config: &[(&str, &str)]) -> AppSpec {
    let guest = load(host, &loop_test::guest(guest), Path::new("."), "");
    let mut app = AppSpec::single(guest);
    let config = config.iter().copied();
    let native = NativeSpec {
        provider: Some("blobstore".to_owned()),
        grants: Grants::parse_fragment(granted).unwrap(),
        base: base.to_owned(),
        config: config
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        ..NativeSpec::default()
    };
    let package = "wasi:blobstore".parse().unwrap();
    app.provide.insert(package, RouteSpec::Native(native));
    app
}

/// Does one thing, and gives what was said.
async fn tried(host: &Host, base: &Path, config: &[(&str, &str)], args: &str) -> String {
    let app = app(host, "blobstore-try", base, DATA, config);
    let args: Vec<&str> = args.split(' ').collect();
    let said = run(host, app, &args).await;
    let said = said.strip_suffix("\nexit 0").unwrap_or(&said);
    said.strip_suffix("\nexit 1").unwrap_or(said).to_owned()
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[tokio::test]
async fn by_the_sdk() {
    let place = place();
    let host = host(&Told::default());
    let app = app(&host, "blobstore-sdk", place.path(), DATA, &[]);
    conforms(&host, app, &[]).await;
}

#[tokio::test]
async fn in_a_folder() {
    let place = place();
    let host = host(&Told::default());
    conforms(
        &host,
        app(&host, "blobstore-suite", place.path(), DATA, &[]),
        &[],
    )
    .await;
    let left = names(&place.path().join("data"));
    let aside = left.iter().filter(|name| name.starts_with('.')).count();
    assert_eq!(aside, 0, "{left:?}");
}

#[tokio::test]
async fn what_was_put_outlives_the_app_and_the_host() {
    let place = place();
    let check = async |args: &str, expected: &str| {
        let host = host(&Told::default());
        assert_eq!(
            tried(&host, place.path(), &[], args).await,
            expected,
            "{args}"
        );
    };
    check("create pages", "done").await;
    check("put pages ../a/b.html 1", "done").await;
    check("get pages ../a/b.html", "1").await;
    check("list pages", "../a/b.html").await;
    let data = place.path().join("data");
    assert_eq!(names(&data), ["pages"]);
    assert_eq!(names(&data.join("pages")), ["%2E.%2Fa%2Fb.html"]);
    check("remove pages", "done").await;
    assert_eq!(names(&data), [""; 0]);
}

#[tokio::test]
async fn settings_are_checked() {
    let place = place();
    let check = async |granted: &str, config: &[(&str, &str)], expected: &str| {
        let host = host(&Told::default());
        let app = app(&host, "blobstore-try", place.path(), granted, config);
        let said = run(&host, app, &["exists", "a"]).await;
        let said = said.strip_prefix("not linked: the provider `blobstore` cannot serve the app: ");
        assert_eq!(said.unwrap_or("served"), expected, "{granted} {config:?}");
    };
    check(DATA, &[], "served").await;
    let said = "`config` has no setting `sise`: did you mean `size`?";
    check(DATA, &[("sise", "a")], said).await;
    let said = "the setting `size` is `big`, and should be a size such as `10 GiB`";
    check(DATA, &[("size", "big")], said).await;
    let said = "no folder is granted to it to keep things in: write `grants = { fs = [{ name = \"data\", path = \"./data\", access = \"read-write\" }] }` under its entry of `provide`";
    check("", &[], said).await;
    let read = r#"fs = [{ name = "data", path = "data" }]"#;
    let said =
        "it may not open the folder `data` to read and write: `fs` grants it to be read only";
    check(read, &[], said).await;
}

#[tokio::test]
async fn an_app_has_the_containers_that_its_settings_name() {
    let place = place();
    let host = host(&Told::default());
    let check = async |config: &[(&str, &str)], args: &str, expected: &str| {
        assert_eq!(
            tried(&host, place.path(), config, args).await,
            expected,
            "{args}"
        );
    };
    let only = [("containers", "pages")];
    check(&only, "create pages", "done").await;
    check(
        &only,
        "create others",
        "the app does not have this container",
    )
    .await;
    let own = [("per-component", "true")];
    check(&own, "exists pages", "false").await;
    check(&own, "create pages", "done").await;
    check(&own, "put pages a 1", "done").await;
    check(&[], "list pages", "").await;
}

#[tokio::test]
async fn a_store_does_not_outgrow_its_size() {
    let place = place();
    let host = host(&Told::default());
    let check = async |args: &str, expected: &str| {
        let size = [("size", "100 KiB")];
        let said = tried(&host, place.path(), &size, args).await;
        assert_eq!(said, expected, "{args}");
    };
    let full = "the store has at most 102400 bytes of objects";
    check("create b", "done").await;
    check("fill b a 102401", full).await;
    check("list b", "").await;
    check("fill b a 60000", "done").await;
    check("fill b c 42401", full).await;
    check("fill b c 42400", "done").await;
    // The old one is there until the new one is whole.
    check("fill b a 60000", full).await;
    check("size b a", "60000").await;
    check("delete b c", "done").await;
    check("fill b a 20000", "done").await;
    check("fill b c 82400", "done").await;
    check("remove b", "done").await;
    check("create b", "done").await;
    check("fill b a 102400", "done").await;
    assert_eq!(names(&place.path().join("data")), ["b"]);
}

/// What others put into the folder is no object, and leads nowhere.
#[tokio::test]
async fn files_of_others_are_left_alone() {
    let place = place();
    let data = place.path().join("data");
    fs::create_dir_all(data.join("b/folder")).unwrap();
    fs::create_dir(place.path().join("outside")).unwrap();
    fs::write(place.path().join("outside/secret"), "secret").unwrap();
    fs::write(data.join("b/not ours"), "1").unwrap();
    fs::write(data.join("b/mine"), "1").unwrap();
    fs::write(data.join("file"), "1").unwrap();
    symlink("../../outside/secret", data.join("b/out")).unwrap();
    symlink("mine", data.join("b/in")).unwrap();
    symlink("../outside", data.join("link")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(data.join("b/pipe"))
        .status();
    assert!(made.unwrap().success());
    let host = host(&Told::default());
    let check = async |args: &str, expected: &str| {
        let said = tried(&host, place.path(), &[], args).await;
        assert_eq!(said, expected, "{args}");
    };
    check("list b", "mine").await;
    for name in ["out", "in", "folder", "pipe"] {
        check(&format!("get b {name}"), "there is no such object").await;
        check(&format!("delete b {name}"), "done").await;
    }
    for container in ["link", "file"] {
        let args = format!("get {container} secret");
        check(&args, "there is no such container").await;
        check(&format!("exists {container}"), "false").await;
    }
    // A link is replaced, and what it led to is not written.
    check("put b out 2", "done").await;
    check("get b out", "2").await;
    check("clear b", "done").await;
    assert_eq!(names(&data.join("b")), ["folder", "in", "not ours", "pipe"]);
    let secret = fs::read_to_string(place.path().join("outside/secret"));
    assert_eq!(secret.unwrap(), "secret");
}

/// A host that was killed leaves what it was writing. The next one removes it, unless another is writing it at this moment.
#[tokio::test]
async fn what_a_killed_host_left_is_removed() {
    let place = place();
    let data = place.path().join("data");
    fs::write(data.join(".loop-blobstore-left"), "half").unwrap();
    fs::create_dir(data.join(".loop-blobstore-folder")).unwrap();
    fs::write(data.join(".loop-blobstore-folder/a"), "1").unwrap();
    fs::write(data.join(".other"), "1").unwrap();
    let used = fs::File::create(data.join(".loop-blobstore-used")).unwrap();
    used.lock().unwrap();
    let host = host(&Told::default());
    let said = tried(&host, place.path(), &[], "exists a").await;
    assert_eq!(said, "false");
    assert_eq!(names(&data), [".loop-blobstore-used", ".other"]);
}

#[tokio::test]
async fn a_full_disk_leaves_the_old_object() {
    match small_disk() {
        Some(disk) => on_small_disk(&disk).await,
        None => start_on_small_disk(
            "blobstore::a_full_disk_leaves_the_old_object",
            "512k",
            &["blobstore-try"],
        ),
    }
}

async fn on_small_disk(disk: &Path) {
    let host = host(&Told::default());
    let check = async |args: &str, expected: &str| {
        let said = tried(&host, disk, &[], args).await;
        assert_eq!(said, expected, "{args}");
    };
    check("create b", "done").await;
    check("fill b a 300000", "done").await;
    let full = "there is no room left on the store's disk";
    check("fill b a 400000", full).await;
    check("size b a", "300000").await;
    assert_eq!(names(&disk.join("data")), ["b"]);
    check("fill b a 200", "done").await;
    check("size b a", "200").await;
}
