//! The interfaces of the host itself, from the WIT that it was built with.

use crate::shape::{Interface, WitPackage, interfaces_of_wit};
use crate::wasi::version;

/// The files of packages that stand in this repository.
macro_rules! packages {
    ($($name:literal: $($file:expr),+;)*) => {
        [$(WitPackage {
            name: $name,
            files: &[$(($file, include_str!(concat!("../../../../wit/", $file)))),+],
        }),*]
    };
}

/// A file of WASI in one of its versions.
macro_rules! wasi {
    ($version:ident, $file:literal) => {
        concat!("vendor/wasi-", version!($version), "/deps/", $file)
    };
}

/// WASI as wasmtime serves it, and `loop:core`; each package after those it uses.
pub(crate) const PACKAGES: [WitPackage<'static>; 15] = packages! {
    "wasi:io": wasi!(p2, "io.wit");
    "wasi:clocks": wasi!(p2, "clocks.wit");
    "wasi:random": wasi!(p2, "random.wit");
    "wasi:filesystem": wasi!(p2, "filesystem.wit");
    "wasi:sockets": wasi!(p2, "sockets.wit");
    "wasi:cli": wasi!(p2, "cli.wit");
    "wasi:http": wasi!(p2, "http.wit");
    "wasi:config": wasi!(p2, "config/store.wit"), wasi!(p2, "config/world.wit");
    "wasi:clocks": wasi!(p3, "clocks.wit");
    "wasi:random": wasi!(p3, "random.wit");
    "wasi:filesystem": wasi!(p3, "filesystem.wit");
    "wasi:sockets": wasi!(p3, "sockets.wit");
    "wasi:cli": wasi!(p3, "cli.wit");
    "wasi:http": wasi!(p3, "http.wit");
    "loop:core":
        "core/core.wit", "core/cancellation.wit", "core/clocks.wit", "core/logging.wit", "core/metrics.wit",
        "core/randomness.wit", "core/tracing.wit", "core/waiting.wit";
};

/// What components export to the host. A component that imports one of these wants another component.
const EXPORTED: [&str; 3] = ["run", "incoming-handler", "handler"];

/// What every component can import without the app naming a provider.
pub(crate) fn interfaces() -> Vec<Interface> {
    // The text stands in the program, and a test reads it, so there is no error to pass on.
    let mut interfaces = interfaces_of_wit(&PACKAGES).unwrap_or_default();
    interfaces.retain(|interface| {
        let id = interface.id.as_ref();
        id.is_some_and(|id| id.namespace != "wasi" || !EXPORTED.contains(&&*id.interface))
    });
    interfaces
}
