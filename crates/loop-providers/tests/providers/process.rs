//! `loop:process`.

mod concurrent;
mod ends;
mod native;
mod suite;

use std::path::Path;

use loop_core::policy::Trust;
use loop_host::{AppSpec, ComponentSpec, Host, RouteSpec};

use crate::support::load;

/// An app of a guest that may start programs and is trusted to.
pub(crate) fn trusted(host: &Host, guest: &str, base: &Path, granted: &str) -> AppSpec {
    AppSpec::single(starter(host, &loop_test::guest(guest), base, granted))
}

/// An app of a guest to which nothing is granted, and of `process-guard`, which may start programs for it.
pub(crate) fn guarded(host: &Host, guest: &str, base: &Path, granted: &str) -> AppSpec {
    let guest = load(host, &loop_test::guest(guest), base, "");
    let guard = starter(host, &loop_test::provider("process-guard"), base, granted);
    let mut app = AppSpec::single(guest);
    app.components.insert("guard".to_owned(), guard);
    app.provide.insert(
        "loop:process/children".parse().unwrap(),
        RouteSpec::Component("guard".to_owned()),
    );
    app
}

fn starter(host: &Host, file: &Path, base: &Path, granted: &str) -> ComponentSpec {
    let mut spec = load(host, file, base, granted);
    spec.trust = Trust::Trusted;
    for (name, path) in [
        ("sh", "/bin/sh"),
        ("cat", "/bin/cat"),
        ("env", "/usr/bin/env"),
    ] {
        spec.programs.insert(name.to_owned(), path.into());
    }
    spec
}
