//! The generated functions and types.

#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "generated from wit/vendor"
)]

wit_bindgen::generate!({
    world: "wasi:blobstore/imports",
    // Beside the crate in its repository, and where `loop` unpacks both into a workspace.
    path: "../../wit/vendor/wasi-blobstore-0.2.0-draft",
    generate_all,
});

pub(crate) use wasi::blobstore::{blobstore, container, types};
pub(crate) use wasi::io::streams;
