//! The generated traits, from wit/process by the build script. `loop` is a keyword in Rust, so the module is `loop_`.

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
    reason = "generated from wit/process"
)]

include!(concat!(env!("OUT_DIR"), "/process_bindings.rs"));
