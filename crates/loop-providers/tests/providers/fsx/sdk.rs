//! `loop_guest::fsx`.

use loop_host::AppSpec;

use crate::support::{Told, host, load, run};

const GRANTS: &str = r#"fs = [{ name = "data", path = "data", access = "read-write" }]"#;

const EXPECTED: &str = "\
nothing: []
found: pages/a.md pages/old/c.md
read: pages/a.md
no text: true
changed: pages/a.md
changed: pages/b.txt
changed: pages/old/c.md
changed: pages/z
copied: 6 entries, 36 bytes
the same: true
left: 1
exit 0";

#[tokio::test]
async fn the_sdk_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let host = host(&Told::default());
    let guest = load(&host, &loop_test::guest("fsx-sdk"), folder.path(), GRANTS);
    let said = run(&host, AppSpec::single(guest), &[]).await;
    assert_eq!(said, EXPECTED);
}
