//! The generated traits, from wit/vendor by the build script.

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
    reason = "generated from wit/vendor"
)]

include!(concat!(env!("OUT_DIR"), "/blobstore_bindings.rs"));
