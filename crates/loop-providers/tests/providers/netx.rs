//! `loop:netx`.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod calls;
mod concurrent;
mod connecting;
mod faults;
mod names;
mod pages;
mod peer;
mod replay;
mod services;
mod serving;
mod suite;
