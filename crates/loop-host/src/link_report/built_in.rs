//! The interfaces of the host itself, from the WIT that it was built with.

use crate::shape::{Interface, WitPackage, interfaces_of_wit};

/// The files of packages that stand in this repository.
macro_rules! packages {
    ($($name:literal: $($file:literal)+;)*) => {
        [$(WitPackage {
            name: $name,
            files: &[$(($file, include_str!(concat!("../../../../wit/", $file)))),+],
        }),*]
    };
}

/// WASI as wasmtime serves it, and `loop:core`; each package after those it uses.
const PACKAGES: [WitPackage<'static>; 15] = packages! {
    "wasi:io": "vendor/wasi-0.2.12/deps/io.wit";
    "wasi:clocks": "vendor/wasi-0.2.12/deps/clocks.wit";
    "wasi:random": "vendor/wasi-0.2.12/deps/random.wit";
    "wasi:filesystem": "vendor/wasi-0.2.12/deps/filesystem.wit";
    "wasi:sockets": "vendor/wasi-0.2.12/deps/sockets.wit";
    "wasi:cli": "vendor/wasi-0.2.12/deps/cli.wit";
    "wasi:http": "vendor/wasi-0.2.12/deps/http.wit";
    "wasi:config": "vendor/wasi-0.2.12/deps/config/store.wit" "vendor/wasi-0.2.12/deps/config/world.wit";
    "wasi:clocks": "vendor/wasi-0.3.0/deps/clocks.wit";
    "wasi:random": "vendor/wasi-0.3.0/deps/random.wit";
    "wasi:filesystem": "vendor/wasi-0.3.0/deps/filesystem.wit";
    "wasi:sockets": "vendor/wasi-0.3.0/deps/sockets.wit";
    "wasi:cli": "vendor/wasi-0.3.0/deps/cli.wit";
    "wasi:http": "vendor/wasi-0.3.0/deps/http.wit";
    "loop:core":
        "core/core.wit" "core/cancellation.wit" "core/clocks.wit" "core/logging.wit" "core/metrics.wit"
        "core/randomness.wit" "core/tracing.wit" "core/waiting.wit";
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
