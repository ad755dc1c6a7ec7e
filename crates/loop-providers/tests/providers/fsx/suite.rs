//! The conformance suite.

use loop_host::AppSpec;

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
    conforms(&host, AppSpec::single(suite)).await;
}
