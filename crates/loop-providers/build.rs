//! Generates the traits of the packages.
//!
//! As in `loop-host`, the generator behind `bindgen!` is called here, because it uses a package's namespace as the name of a
//! module as it is, and `loop` is a keyword of Rust.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use wasmtime_internal_wit_bindgen::{FunctionConfig, FunctionFilter, FunctionFlags, Opts};
use wit_parser::Resolve;

/// A package whose traits are generated.
struct Package {
    /// The feature that turns it on, and the name of what is written.
    feature: &'static str,
    /// The folder of its WIT.
    wit: &'static str,
    /// The world of it that has all that is imported, and what the provider calls.
    world: &'static str,
    /// Functions that do not wait. All others do.
    at_once: &'static [&'static str],
    /// Resources, and the types that stand for them; and interfaces that are the host's own.
    resources: &'static [(&'static str, &'static str)],
}

/// All packages. Their WIT may use WASI's.
const PACKAGES: [Package; 5] = [
    Package {
        feature: "blobstore",
        wit: "../../wit/vendor/wasi-blobstore-0.2.0-draft",
        world: "imports",
        at_once: &[],
        resources: &[
            (
                "wasi:blobstore/container.container",
                "crate::blobstore::container::Container",
            ),
            (
                "wasi:blobstore/container.stream-object-names",
                "crate::blobstore::container::ObjectNames",
            ),
            (
                "wasi:blobstore/types.incoming-value",
                "crate::blobstore::incoming::IncomingValue",
            ),
            (
                "wasi:blobstore/types.outgoing-value",
                "crate::blobstore::outgoing::OutgoingValue",
            ),
            ("wasi:io/error", "wasmtime_wasi::p2::bindings::io::error"),
            ("wasi:io/poll", "wasmtime_wasi::p2::bindings::io::poll"),
            (
                "wasi:io/streams",
                "wasmtime_wasi::p2::bindings::io::streams",
            ),
        ],
    },
    Package {
        feature: "fsx",
        wit: "../../wit/fsx",
        world: "imports-async",
        at_once: &["loop:fsx/files.[method]root.writable"],
        resources: &[
            ("loop:fsx/files.root", "crate::fsx::root::Root"),
            ("loop:fsx/files.temp", "crate::fsx::temp::Temp"),
            ("loop:fsx/files.matches", "crate::fsx::glob::Matches"),
            ("loop:fsx/files.operation", "crate::fsx::tree::Operation"),
            ("loop:fsx/files.watch", "crate::fsx::watch::Watch"),
        ],
    },
    Package {
        feature: "keyvalue",
        wit: "../../wit/vendor/wasi-keyvalue-0.2.0-draft2",
        world: "imports",
        at_once: &[],
        resources: &[
            (
                "wasi:keyvalue/store.bucket",
                "crate::keyvalue::bucket::Bucket",
            ),
            ("wasi:keyvalue/atomics.cas", "crate::keyvalue::atomics::Cas"),
        ],
    },
    Package {
        feature: "netx",
        wit: "../../wit/netx",
        world: "websocket-server-async",
        at_once: &[
            "loop:netx/grpc.[method]call.send",
            "loop:netx/grpc.[method]call.finish",
            "loop:netx/websocket.[method]connection.id",
            "loop:netx/websocket.[method]connection.protocol",
            "loop:netx/websocket.[method]connection.send",
            "loop:netx/websocket.[method]connection.queued",
            "loop:netx/websocket.[method]connection.close",
            "loop:netx/websocket.wake",
        ],
        resources: &[
            ("loop:netx/grpc.call", "crate::netx::grpc::Call"),
            (
                "loop:netx/websocket.connection",
                "crate::netx::websocket::Connection",
            ),
        ],
    },
    Package {
        feature: "process",
        wit: "../../wit/process",
        world: "imports-async",
        at_once: &[
            "loop:process/children.[method]child.write",
            "loop:process/children.[method]child.close-stdin",
            "loop:process/children.[method]child.signal",
            "loop:process/children.[method]child.kill",
        ],
        resources: &[(
            "loop:process/children.child",
            "crate::process::child::Child",
        )],
    },
];

const WASI: &str = "../../wit/vendor/wasi-0.2.12";

fn main() -> anyhow::Result<()> {
    for package in &PACKAGES {
        let variable = format!("CARGO_FEATURE_{}", package.feature.to_uppercase());
        if std::env::var_os(variable).is_some() {
            generate(package)?;
        }
    }
    Ok(())
}

fn generate(package: &Package) -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed={}", package.wit);
    let mut resolve = Resolve::default();
    resolve.push_dir(WASI)?;
    let (id, _) = resolve.push_dir(package.wit)?;
    let world = resolve.select_world(&[id], Some(package.world))?;

    let mut imports = FunctionConfig::new();
    for name in package.at_once {
        imports.push(
            FunctionFilter::Name((*name).to_owned()),
            FunctionFlags::TRAPPABLE,
        );
    }
    let flags = FunctionFlags::ASYNC | FunctionFlags::TRAPPABLE;
    imports.push(FunctionFilter::Default, flags);
    let mut exports = FunctionConfig::new();
    exports.push(FunctionFilter::Default, FunctionFlags::ASYNC);
    let own = |&(wit, rust): &(&str, &str)| (wit.to_owned(), rust.to_owned());
    let options = Opts {
        imports,
        exports,
        with: package.resources.iter().map(own).collect::<HashMap<_, _>>(),
        ..Opts::default()
    };
    let code = options.generate(&mut resolve, world)?;

    let code = code
        .replace("pub mod loop {", "pub mod loop_ {")
        .replace("::loop::", "::loop_::")
        .replace(" loop::", " loop_::");
    let file = format!("{}_bindings.rs", package.feature);
    let out = std::env::var_os("OUT_DIR").context("cargo tells where to write")?;
    std::fs::write(Path::new(&out).join(file), code)?;
    Ok(())
}
