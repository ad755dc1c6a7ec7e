//! The generated functions and types. `loop` is a keyword in Rust, so the generator calls the module `loop_`: nobody
//! outside sees that.

#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "generated from wit/core"
)]

wit_bindgen::generate!({
    world: "imports",
    // Beside the crate in its repository, and where `loop` unpacks both into a workspace.
    path: "../../wit/core",
    // Records that go to the host borrow their texts: a log call copies nothing.
    ownership: Borrowing { duplicate_if_necessary: true },
    additional_derives: [PartialEq],
    additional_derives_ignore: ["source"],
});

pub(crate) use loop_::core::{
    cancellation, clocks, logging, metrics, randomness, tracing, waiting,
};
