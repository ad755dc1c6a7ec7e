//! The generated functions and types of `loop:process`, apart from those of `loop:core`.

#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "generated from wit/process"
)]

#[cfg(not(feature = "async"))]
wit_bindgen::generate!({
    world: "loop:process/imports",
    // As those of `loop:core`, with the types of WASI that are used.
    path: ["../../wit/vendor/wasi-0.2.12", "../../wit/process"],
    additional_derives: [PartialEq],
    // It has a handle, which cannot be compared.
    additional_derives_ignore: ["stream-error"],
    generate_all,
});

#[cfg(feature = "async")]
wit_bindgen::generate!({
    world: "loop:process/imports-async",
    path: ["../../wit/vendor/wasi-0.2.12", "../../wit/process"],
    additional_derives: [PartialEq],
    additional_derives_ignore: ["stream-error"],
    generate_all,
});

pub(crate) use loop_::process::children;
#[cfg(feature = "async")]
pub(crate) use loop_::process::children_async;
