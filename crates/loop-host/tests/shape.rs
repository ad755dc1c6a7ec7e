//! What `loop_host::shape` says of files, and `loop_host::link_report` of imports.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod shape {
    pub(crate) mod make;

    mod decoding;
    mod guests;
    mod hostile;
    mod links;
    mod needs;
}
