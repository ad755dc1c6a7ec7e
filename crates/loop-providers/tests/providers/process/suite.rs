//! The conformance suite.

use crate::process::{guarded, trusted};
use crate::support::{Told, conforms, host};

const GRANTS: &str = r#"
    process = [{ program = "sh", env = ["GREETING", "OTHER"] }, "cat", "env", "missing"]
    fs = [{ name = "data", path = "data" }]
"#;

#[tokio::test]
async fn native() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    conforms(
        &host,
        trusted(&host, "process-suite", folder.path(), GRANTS),
        &[],
    )
    .await;
}

#[tokio::test]
async fn concurrent() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let grants = r#"process = ["sh", "cat"]"#;
    conforms(
        &host,
        trusted(&host, "process-async-suite", folder.path(), grants),
        &[],
    )
    .await;
}

/// On more threads than one, what happens in the background happens at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_on_several_threads() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    conforms(
        &host,
        trusted(&host, "process-suite", folder.path(), GRANTS),
        &[],
    )
    .await;
}

/// Behind a component that hands it on, as components that are not trusted have it.
#[tokio::test]
async fn behind_a_guard() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    conforms(
        &host,
        guarded(&host, "process-suite", folder.path(), GRANTS),
        &[],
    )
    .await;
}
