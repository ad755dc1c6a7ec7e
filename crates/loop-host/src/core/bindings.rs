//! The generated traits, from wit/core by the build script. `loop` is a keyword in Rust, so the module is `loop_`.

#![allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::pedantic,
    dead_code,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    elided_lifetimes_in_paths,
    reason = "generated from wit/core"
)]

include!(concat!(env!("OUT_DIR"), "/core_bindings.rs"));
