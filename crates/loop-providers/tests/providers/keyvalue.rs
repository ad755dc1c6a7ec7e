//! `wasi:keyvalue`.

mod damage;
mod file;
mod memory;
#[cfg(feature = "keyvalue-redis")]
mod server;
mod suite;

use std::path::Path;

use loop_core::Grants;
use loop_host::{AppSpec, Host, NativeSpec, RouteSpec};

use crate::support::{load, run};

/// What a provider is granted that keeps its file in the folder `data`.
const DATA: &str = r#"fs = [{ name = "data", path = "data", access = "read-write" }]"#;

/// A provider of the host, with these grants and settings.
fn native(provider: &str, base: &Path, granted: &str, config: &[(&str, &str)]) -> RouteSpec {
    let config = config.iter().copied();
    RouteSpec::Native(NativeSpec {
        provider: Some(provider.to_owned()),
        grants: Grants::parse_fragment(granted).unwrap(),
        base: base.to_owned(),
        config: config
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        ..NativeSpec::default()
    })
}

/// A guest, whose entries this provides.
fn app(host: &Host, guest: &str, route: RouteSpec) -> AppSpec {
    let guest = load(host, &loop_test::guest(guest), Path::new("."), "");
    let mut app = AppSpec::single(guest);
    app.provide.insert("wasi:keyvalue".parse().unwrap(), route);
    app
}

/// A guest, whose entries are in the memory of a component.
fn app_in_memory(host: &Host, guest: &str) -> AppSpec {
    let mut app = app(host, guest, RouteSpec::Component("memory".to_owned()));
    let file = loop_test::provider("keyvalue-memory");
    let memory = load(host, &file, Path::new("."), "");
    app.components.insert("memory".to_owned(), memory);
    app
}

/// Does one thing with a store, and gives what was said.
async fn tried(host: &Host, route: RouteSpec, args: &str) -> String {
    let args: Vec<&str> = args.split(' ').collect();
    let said = run(host, app(host, "keyvalue-try", route), &args).await;
    let said = said.strip_suffix("\nexit 0").unwrap_or(&said);
    said.strip_suffix("\nexit 1").unwrap_or(said).to_owned()
}
