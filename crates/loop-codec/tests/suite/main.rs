//! The codec from outside: plans, values and their bytes, and bytes that are wrong.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::format_collect,
    clippy::unnecessary_wraps,
    reason = "tests may panic, and are written for their reader"
)]

mod bytes;
mod hostile;
mod plans;
mod support;
