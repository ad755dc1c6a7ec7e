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
    world: "wasi:keyvalue/imports",
    // Beside the crate in its repository, and where `loop` unpacks both into a workspace.
    path: "../../wit/vendor/wasi-keyvalue-0.2.0-draft2",
    generate_all,
});

pub(crate) use wasi::keyvalue::{atomics, batch, store};
