//! The providers: the conformance suite of each package over each of its providers, and what only the native one has.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, in its helpers too, and says what it comes to"
)]

#[cfg(feature = "blobstore")]
mod blobstore;
#[cfg(feature = "fsx")]
mod fsx;
#[cfg(feature = "keyvalue")]
mod keyvalue;
#[cfg(feature = "netx")]
mod netx;
#[cfg(feature = "process")]
mod process;
mod support;
