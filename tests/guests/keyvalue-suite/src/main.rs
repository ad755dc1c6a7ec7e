//! The conformance suite of `wasi:keyvalue`: what every provider of it does alike, written against the WIT, and where the WIT leaves
//! a choice, against docs/guides/storage.md.
//!
//! It needs a store without entries, which has every bucket that it asks for. It prints a line for each case that failed, and how
//! many went well.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-keyvalue-0.2.0-draft2",
    world: "wasi:keyvalue/imports",
    generate_all,
});

mod atomics;
mod batches;
mod buckets;
mod keys;
mod values;

use std::process::ExitCode;

use suite::gives;

use crate::wasi::keyvalue::store::{self, Bucket, Error};

/// A case opens the buckets that it needs.
pub(crate) type Case = suite::Case<()>;

fn main() -> ExitCode {
    suite::run(
        &(),
        &[
            ("buckets", buckets::CASES),
            ("values", values::CASES),
            ("keys", keys::CASES),
            ("atomics", atomics::CASES),
            ("batches", batches::CASES),
        ],
    )
}

/// A bucket, which has what the case puts into it if no other case opens it.
pub(crate) fn bucket(name: &str) -> Result<Bucket, String> {
    gives(name, store::open(name))
}

/// Whether it failed for a reason of its own, which the text says.
pub(crate) fn refused<T: std::fmt::Debug>(
    what: &str,
    got: Result<T, Error>,
    reason: &str,
) -> Result<(), String> {
    match got {
        Err(Error::Other(text)) if text.contains(reason) => Ok(()),
        got => Err(format!("{what}: got {got:?}, not {reason:?}")),
    }
}

/// The longest key.
pub(crate) const KEY_BYTES_MAX: usize = 1024;

/// The largest value.
pub(crate) const VALUE_BYTES_MAX: usize = 1 << 20;
