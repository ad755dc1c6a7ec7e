//! The conformance suite.

use crate::keyvalue::{DATA, app, app_in_memory, native};
use crate::support::{Told, conforms, host};

#[tokio::test]
async fn in_a_file() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let route = native("keyvalue", folder.path(), DATA, &[]);
    conforms(&host, app(&host, "keyvalue-suite", route), &[]).await;
}

/// What the SDK makes of it.
#[tokio::test]
async fn by_the_sdk() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let route = native("keyvalue", folder.path(), DATA, &[]);
    conforms(&host, app(&host, "keyvalue-sdk", route), &[]).await;
}

#[cfg(feature = "keyvalue-redis")]
#[tokio::test]
async fn on_a_server() {
    let server = loop_test::RedisServer::start(&[]);
    let host = host(&Told::default());
    let route = crate::keyvalue::server::redis(&server, &[]);
    conforms(&host, app(&host, "keyvalue-suite", route), &[]).await;
}

#[tokio::test]
async fn in_memory() {
    let host = host(&Told::default());
    conforms(&host, app_in_memory(&host, "keyvalue-suite"), &[]).await;
}
