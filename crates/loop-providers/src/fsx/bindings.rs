//! The generated traits, from wit/fsx by the build script. `loop` is a keyword in Rust, so the module is `loop_`.

#![allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::pedantic,
    dead_code,
    unused_doc_comments,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    elided_lifetimes_in_paths,
    reason = "generated from wit/fsx"
)]

include!(concat!(env!("OUT_DIR"), "/fsx_bindings.rs"));
