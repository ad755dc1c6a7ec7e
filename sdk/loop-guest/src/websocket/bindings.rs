//! The generated functions and types.

#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    reason = "generated from wit/netx"
)]

#[cfg(not(feature = "async"))]
wit_bindgen::generate!({
    world: "loop:netx/websocket-server",
    path: ["../../wit/vendor/wasi-0.2.12", "../../wit/netx"],
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "loop_guest::websocket::exported::bindings",
    runtime_path: "wit_bindgen::rt",
    additional_derives: [PartialEq],
    additional_derives_ignore: ["connection"],
});

#[cfg(feature = "async")]
wit_bindgen::generate!({
    world: "loop:netx/websocket-server-async",
    path: ["../../wit/vendor/wasi-0.2.12", "../../wit/netx"],
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "loop_guest::websocket::exported::bindings",
    runtime_path: "wit_bindgen::rt",
    additional_derives: [PartialEq],
    additional_derives_ignore: ["connection"],
});
