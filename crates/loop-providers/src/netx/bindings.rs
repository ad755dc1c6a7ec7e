//! The generated traits, from wit/netx by the build script. `loop` is a keyword in Rust, so the module is `loop_`.

#![allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::pedantic,
    dead_code,
    unsafe_code,
    unused_doc_comments,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    elided_lifetimes_in_paths,
    reason = "generated from wit/netx"
)]

include!(concat!(env!("OUT_DIR"), "/netx_bindings.rs"));
