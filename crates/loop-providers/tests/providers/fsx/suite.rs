//! The conformance suite.

use loop_host::{AppSpec, RouteSpec};

use crate::support::{Told, conforms, host, load};

const GRANTS: &str = r#"fs = [
    { name = "data", path = "data", access = "read-write" },
    { name = "shown", path = "shown" },
]"#;

#[tokio::test]
async fn native() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    for name in ["data", "shown"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let suite = load(&host, &loop_test::guest("fsx-suite"), folder.path(), GRANTS);
    conforms(&host, AppSpec::single(suite), &[]).await;
}

#[tokio::test]
async fn in_memory() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let suite = load(&host, &loop_test::guest("fsx-suite"), folder.path(), "");
    let file = loop_test::provider("fsx-memory");
    let mut memory = load(&host, &file, folder.path(), "");
    memory
        .config
        .insert("roots".to_owned(), "data shown:read".to_owned());
    let mut app = AppSpec::single(suite);
    app.components.insert("memory".to_owned(), memory);
    app.provide.insert(
        "loop:fsx/files".parse().unwrap(),
        RouteSpec::Component("memory".to_owned()),
    );
    conforms(&host, app, &[]).await;
}
