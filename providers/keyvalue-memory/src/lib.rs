//! `wasi:keyvalue` in memory: buckets that last as long as this instance, for tests and for what no disk should keep.
//!
//! It has every bucket that is asked for, and all who call it share them: it does not know who they are. It keeps at most
//! [`BYTES_MAX`](entries::BYTES_MAX) bytes of keys and values. Its limits, and the order of keys, are those of the host's providers.

mod atomics;
mod batch;
mod bucket;
mod entries;
mod limits;

mod bindings {
    #![allow(
        clippy::all,
        clippy::pedantic,
        clippy::restriction,
        reason = "generated from wit/vendor"
    )]

    wit_bindgen::generate!({
        path: "../../wit/vendor/wasi-keyvalue-0.2.0-draft2",
        inline: "
            package loop:keyvalue-memory;
            world memory {
                export wasi:keyvalue/store@0.2.0-draft2;
                export wasi:keyvalue/atomics@0.2.0-draft2;
                export wasi:keyvalue/batch@0.2.0-draft2;
            }
        ",
        generate_all,
    });

    pub(crate) use exports::wasi::keyvalue::{atomics, batch, store};
}

use crate::bindings::store::Error;

struct Memory;

bindings::export!(Memory with_types_in bindings);

/// What a function gives.
type Result<T> = std::result::Result<T, Error>;

/// An error that the text tells.
fn other(text: impl Into<String>) -> Error {
    Error::Other(text.into())
}
