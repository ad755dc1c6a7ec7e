//! What only real folders have.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use loop_host::{AppSpec, Host};
use tempfile::TempDir;

use crate::support::{Told, host, load, run};

/// A folder `data`, which is granted, beside a folder `other`, which is not.
pub(super) struct Place {
    pub(super) folder: TempDir,
    pub(super) granted: String,
    told: Told,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["data", "other"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("other/secret"), "secret").unwrap();
        Self {
            folder,
            granted: r#"fs = [{ name = "data", path = "data", access = "read-write" }]"#.to_owned(),
            told: Told::default(),
        }
    }

    pub(super) fn data(&self, path: impl AsRef<Path>) -> std::path::PathBuf {
        self.folder.path().join("data").join(path)
    }

    /// The guest, as the root of an app.
    pub(super) fn app(&self, host: &Host) -> AppSpec {
        let guest = loop_test::guest("fsx-try");
        AppSpec::single(load(host, &guest, self.folder.path(), &self.granted))
    }

    async fn run(&self, args: &[&str]) -> String {
        let host = host(&self.told);
        let said = run(&host, self.app(&host), args).await;
        let said = said.strip_suffix("\nexit 0").unwrap_or(&said);
        said.strip_suffix("\nexit 1").unwrap_or(said).to_owned()
    }

    /// Runs it with the arguments in one text.
    pub(super) async fn check(&self, args: &str, expected: &str) {
        let args: Vec<&str> = args.split(' ').collect();
        assert_eq!(self.run(&args).await, expected, "{args:?}");
    }
}

#[tokio::test]
async fn nothing_is_seen_without_a_grant() {
    let mut place = Place::new();
    place.granted = String::new();
    place.check("open data", "access").await;
    place.granted = r#"fs = [{ name = "data", path = "data" }]"#.to_owned();
    place.check("open data", "writable: false").await;
    place.check("write data a x", "access").await;
    place.check("open other", "access").await;
    assert_eq!(
        place.told.lines(),
        [
            r#"open the folder `data` to read: grants = { fs = [{ name = "data", path = "./data", access = "read" }] }"#,
            r#"open the folder `data` to read and write: grants = { fs = [{ name = "data", path = "data", access = "read-write" }] }"#,
            r#"open the folder `other` to read: grants = { fs = [{ name = "other", path = "./other", access = "read" }] }"#,
        ]
    );
    assert!(!place.data("a").exists());
}

#[tokio::test]
async fn links_are_followed_while_they_stay_inside() {
    let place = Place::new();
    fs::create_dir(place.data("inner")).unwrap();
    fs::write(place.data("inner/file"), "inside").unwrap();
    for (target, link) in [
        ("inner", "in"),
        ("../other", "out"),
        ("../other/secret", "out-file"),
        ("/etc", "far"),
        ("loop", "loop"),
        ("nothing", "broken"),
    ] {
        symlink(target, place.data(link)).unwrap();
    }
    place.check("read data in/file", "inside").await;
    for function in ["read", "range", "digest"] {
        place
            .check(&format!("{function} data out/secret"), "not-permitted")
            .await;
        place
            .check(&format!("{function} data out-file"), "not-permitted")
            .await;
        place
            .check(&format!("{function} data far/passwd"), "not-permitted")
            .await;
        place.check(&format!("{function} data loop"), "loop").await;
        place
            .check(&format!("{function} data broken"), "no-entry")
            .await;
    }
    place.check("stat data out-file", "SymbolicLink 0").await;
    place.check("stat data out/secret", "not-permitted").await;
    place.check("write data out/new x", "not-permitted").await;
    place.check("save data . out/new", "not-permitted").await;
    place.check("temp data out", "not-permitted").await;
    place.check("folder data out/new", "not-permitted").await;
    place.check("tree data out", "not-permitted").await;
    place.check("watch data out end", "not-permitted").await;
    for function in ["copy data out/secret data x", "copy data out/ data x"] {
        place.check(function, "not-permitted").await;
    }
    place
        .check("copy data inner data out/x", "not-permitted")
        .await;
    place
        .check("move data inner data out/x", "not-permitted")
        .await;
    place
        .check("move data out/secret data x", "not-permitted")
        .await;
    place.check("remove data out/secret", "not-permitted").await;
    place.check("watch data loop end", "loop").await;
    // What a write replaces is the link.
    place.check("write data out-file x", "done").await;
    assert_eq!(
        fs::read(place.folder.path().join("other/secret")).unwrap(),
        b"secret"
    );
    place.check("stat data out-file", "RegularFile 1").await;
    place
        .check(
            "glob data **",
            "broken far in inner inner/file loop out out-file [0 left out]",
        )
        .await;
    place.check("glob data in/*", " [0 left out]").await;
    place.check("glob data out/*", " [0 left out]").await;
}

#[tokio::test]
async fn what_is_no_file_is_not_opened() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo")
        .arg(place.data("pipe"))
        .status();
    assert!(made.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(place.data("socket")).unwrap();
    for name in ["pipe", "socket"] {
        for function in ["read", "range", "digest"] {
            place
                .check(&format!("{function} data {name}"), "unsupported")
                .await;
        }
    }
    place.check("stat data pipe", "Fifo 0").await;
    place.check("tree data .", "unsupported").await;
    place.check("glob data *", "pipe socket [0 left out]").await;
}

#[tokio::test]
async fn names_that_are_not_utf_8_are_counted() {
    let place = Place::new();
    fs::write(place.data(std::ffi::OsStr::from_bytes(b"a\xff")), "").unwrap();
    fs::write(place.data("b"), "").unwrap();
    place.check("glob data *", "b [1 left out]").await;
    place.check("tree data .", "illegal-byte-sequence").await;
}

#[tokio::test]
async fn a_tree_knows_its_links() {
    let place = Place::new();
    symlink("to", place.data("link")).unwrap();
    // sha256sum of: the first line, `l`, 4, `link`, 2, `to`.
    place
        .check(
            "tree data .",
            "6f92948369d3645e90c976a0bc1bd46d61913e82dbea04af82a67a9378ff0e9a",
        )
        .await;
}

#[tokio::test]
async fn a_file_keeps_its_mode_when_it_is_replaced() {
    let place = Place::new();
    fs::write(place.data("file"), "old").unwrap();
    fs::set_permissions(place.data("file"), fs::Permissions::from_mode(0o640)).unwrap();
    place.check("write data file new", "done").await;
    assert_eq!(fs::read(place.data("file")).unwrap(), b"new");
    let mode = fs::metadata(place.data("file"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[tokio::test]
async fn a_temporary_file_ends_with_its_instance() {
    let place = Place::new();
    let said = place.run(&["abandon", "data", "."]).await;
    assert!(said.contains("gave up"), "{said}");
    let left = fs::read_dir(place.data(".")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_search_goes_through_many_files() {
    let place = Place::new();
    for folder in 0..20 {
        let folder = place.data(format!("{folder}"));
        fs::create_dir(&folder).unwrap();
        for file in 0..150 {
            fs::write(folder.join(format!("{file}.txt")), "").unwrap();
        }
    }
    place.check("count data */*.txt", "3000").await;
    place.check("count data **", "3020").await;
    place.check("count data 1*/14?.txt", "110").await;
}
