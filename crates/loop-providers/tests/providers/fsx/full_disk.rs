//! A disk that fills in the middle of a write.

use std::fs;
use std::path::Path;
use std::process::Command;

use loop_host::AppSpec;

use crate::support::{Told, host, load, run};

/// Where the small disk is. The test starts itself again where it can mount one, which it learns from this variable.
const DISK: &str = "LOOP_TEST_SMALL_DISK";

const GRANTS: &str = r#"fs = [{ name = "data", path = "data", access = "read-write" }]"#;

#[tokio::test]
async fn a_full_disk_leaves_the_old_file() {
    if let Some(disk) = std::env::var_os(DISK) {
        return on_small_disk(Path::new(&disk)).await;
    }
    // Built here, since there is no other disk to build on there.
    loop_test::guest("fsx-try");
    let folder = tempfile::tempdir().unwrap();
    // A mount that only this command and what it starts can see.
    let script = r#"mount -t tmpfs -o size=512k small "$0" && mkdir "$0/data" && exec "$@""#;
    let started = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "fsx::full_disk::a_full_disk_leaves_the_old_file",
            "--nocapture",
        ])
        .env(DISK, folder.path())
        .output();
    let said = match started {
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            String::from_utf8_lossy(&said).into_owned()
        }
        Err(error) => error.to_string(),
    };
    if said.contains("small disk: ") {
        assert!(said.contains("small disk: done"), "{said}");
    } else {
        println!("SKIPPED: no small disk can be mounted here: {said}");
    }
}

async fn on_small_disk(disk: &Path) {
    println!("small disk: begun");
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
    let left = fs::read_dir(disk.join("data")).unwrap().count();
    assert_eq!(left, 1, "something is left beside the old file");
    // With the rest of the disk, it goes on.
    check(&["fill", "data", "file", "200"], "done\nexit 0").await;
    println!("small disk: done");
}
