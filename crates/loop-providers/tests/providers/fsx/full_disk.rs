//! A disk that fills in the middle of a write.

use std::fs;
use std::path::Path;

use loop_host::AppSpec;

use crate::support::{Told, host, load, run, small_disk, start_on_small_disk};

const GRANTS: &str = r#"fs = [{ name = "data", path = "data", access = "read-write" }]"#;

#[tokio::test]
async fn a_full_disk_leaves_the_old_file() {
    match small_disk() {
        Some(disk) => on_small_disk(&disk).await,
        None => start_on_small_disk(
            "fsx::full_disk::a_full_disk_leaves_the_old_file",
            "512k",
            &["fsx-try"],
        ),
    }
}

async fn on_small_disk(disk: &Path) {
    let host = host(&Told::default());
    let guest = loop_test::guest("fsx-try");
    let check = async |args: &[&str], expected: &str| {
        let spec = load(&host, &guest, disk, GRANTS);
        let said = run(&host, AppSpec::single(spec), args).await;
        assert_eq!(said, expected, "{args:?}");
    };
    check(&["fill", "data", "file", "300000"], "done\nexit 0").await;
    check(
        &["fill", "data", "file", "400000"],
        "insufficient-space\nexit 1",
    )
    .await;
    assert_eq!(fs::metadata(disk.join("data/file")).unwrap().len(), 300_000);
    check(
        &["copy", "data", "file", "data", "twin"],
        "insufficient-space\nexit 1",
    )
    .await;
    let left = fs::read_dir(disk.join("data")).unwrap().count();
    assert_eq!(left, 1, "something is left beside the old file");
    // With the rest of the disk, it goes on.
    check(&["fill", "data", "file", "200"], "done\nexit 0").await;
}
