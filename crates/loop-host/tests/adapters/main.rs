//! The adapters that `loop-codec` makes, run by the engine and held against the codec's own reader and writer.
//!
//! They are tested here because this crate may name the engine, and the codec may not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::format_collect,
    reason = "tests may panic, and are written for their reader"
)]

mod cases;
mod guest;
mod random;
mod run;
