//! The command line as a user sees it: what was typed, what came out, the exit code.
//!
//! Each test runs the real binary in folders of its own ([`Sandbox`]). What differs between machines and runs is
//! replaced by filters named by what they hide.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, in its helpers too, and says why it is skipped"
)]

mod apps;
mod bad_input;
mod bench;
mod builds;
mod denials;
mod disks;
mod help;
mod inspect;
mod limits;
mod manifest;
mod processes;
mod records;
mod sandbox;
mod scaffolds;
mod serving;
mod signals;
mod storage;
mod upstream;
mod websockets;
mod wire;

pub(crate) use sandbox::{Sandbox, guest};
