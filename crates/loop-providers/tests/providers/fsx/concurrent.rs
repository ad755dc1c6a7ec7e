//! `loop:fsx/files-async`.

use std::fs;
use std::path::Path;

use loop_host::{AppSpec, RouteSpec};

use crate::support::{Told, conforms, host, load, run, small_disk, start_on_small_disk};

const GRANTS: &str = r#"fs = [{ name = "data", path = "data", access = "read-write" }]"#;

#[tokio::test]
async fn the_suite() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let guest = loop_test::guest("fsx-async-suite");
    let suite = load(&host, &guest, folder.path(), GRANTS);
    conforms(&host, AppSpec::single(suite), &[]).await;
    let left = fs::read_dir(folder.path().join("data")).unwrap();
    let names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let temps: Vec<String> = names.filter(|name| name.starts_with(".loop")).collect();
    assert!(temps.is_empty(), "{temps:?}");
}

const SHOWN: &str = "\
written: 2000000
changed: big/file
sum: 14500000, and then None
given up: Err(Error::TooLarge(4))
still there: 2000000
copied: Progress { entries: 2, bytes: 2000000, done: true }
the same: true
found: big/file
found: copy/file
exit 0";

#[tokio::test]
async fn the_sdk_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let host = host(&Told::default());
    let guest = loop_test::guest("fsx-async-sdk");
    let guest = load(&host, &guest, folder.path(), GRANTS);
    let said = run(&host, AppSpec::single(guest), &[]).await;
    assert_eq!(said, SHOWN);
}

#[tokio::test]
async fn a_full_disk_leaves_the_old_file() {
    match small_disk() {
        Some(disk) => on_small_disk(&disk).await,
        None => start_on_small_disk(
            "fsx::concurrent::a_full_disk_leaves_the_old_file",
            "1m",
            &["fsx-async-sdk"],
        ),
    }
}

async fn on_small_disk(disk: &Path) {
    let host = host(&Told::default());
    let guest = loop_test::guest("fsx-async-sdk");
    let check = async |count: &str, expected: &str| {
        let spec = load(&host, &guest, disk, GRANTS);
        let said = run(&host, AppSpec::single(spec), &["fill", count]).await;
        assert_eq!(said, expected, "{count}");
    };
    check("500000", "500000 bytes\nexit 0").await;
    check("5000000", "insufficient-space\nexit 1").await;
    assert_eq!(fs::metadata(disk.join("data/file")).unwrap().len(), 500_000);
    let left = fs::read_dir(disk.join("data")).unwrap().count();
    assert_eq!(left, 1, "something is left beside the old file");
}

/// Its resources are those of `files`, so who serves that serves this.
#[tokio::test]
async fn another_provider_of_files_is_told() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let guest = loop_test::guest("fsx-async-suite");
    let mut app = AppSpec::single(load(&host, &guest, folder.path(), ""));
    let file = loop_test::provider("fsx-memory");
    app.components
        .insert("memory".to_owned(), load(&host, &file, folder.path(), ""));
    app.provide.insert(
        "loop:fsx/files".parse().unwrap(),
        RouteSpec::Component("memory".to_owned()),
    );
    let said = run(&host, app, &[]).await;
    let expected = "not linked: `fsx-async-suite` takes `loop:fsx/files-async@0.1.0` from the provider `fsx` and `loop:fsx/files@0.1.0` from \
                    somebody else, and the two do not fit together: ";
    assert!(said.starts_with(expected), "{said}");
}

/// A component that uses none of it stays on the quick engine.
#[test]
fn only_who_uses_it_needs_an_engine_for_it() {
    let check = |guest: &str, needs: bool| {
        let bytes = fs::read(loop_test::guest(guest)).unwrap();
        let shape = loop_host::shape::Shape::decode(&bytes).unwrap();
        assert_eq!(shape.needs_concurrency(), needs, "{guest}");
    };
    check("fsx-sdk", false);
    check("fsx-async-sdk", true);
}
