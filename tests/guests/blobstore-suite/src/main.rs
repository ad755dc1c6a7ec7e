//! The conformance suite of `wasi:blobstore`: what every provider of it does alike, written against the WIT, and where the WIT leaves
//! a choice, against docs/guides/storage.md.
//!
//! It needs a store without containers, which has every container that it asks for. It prints a line for each case that failed, and how
//! many went well.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-blobstore-0.2.0-draft",
    world: "wasi:blobstore/imports",
    generate_all,
});

mod containers;
mod copies;
mod lists;
mod names;
mod values;
mod writes;

use std::fmt::Debug;
use std::process::ExitCode;

use suite::gives;

use crate::wasi::blobstore::blobstore;
use crate::wasi::blobstore::container::Container;
use crate::wasi::blobstore::types::{IncomingValue, OutgoingValue};
use crate::wasi::io::streams::OutputStream;

/// A case makes the containers that it needs.
pub(crate) type Case = suite::Case<()>;

fn main() -> ExitCode {
    suite::run(
        &(),
        &[
            ("containers", containers::CASES),
            ("names", names::CASES),
            ("values", values::CASES),
            ("writes", writes::CASES),
            ("lists", lists::CASES),
            ("copies", copies::CASES),
        ],
    )
}

/// A new container.
pub(crate) fn container(name: &str) -> Result<Container, String> {
    gives(name, blobstore::create_container(name))
}

/// Whether it failed for this reason.
pub(crate) fn refused<T: Debug>(
    what: &str,
    got: Result<T, String>,
    reason: &str,
) -> Result<(), String> {
    match got {
        Err(text) if text.contains(reason) => Ok(()),
        got => Err(format!("{what}: got {got:?}, not {reason:?}")),
    }
}

/// Makes an object.
pub(crate) fn put(container: &Container, name: &str, bytes: &[u8]) -> Result<(), String> {
    let value = OutgoingValue::new_outgoing_value();
    let body = gives("the body", value.outgoing_value_write_body())?;
    gives(name, container.write_data(name, &value))?;
    write(&body, bytes)?;
    drop(body);
    gives(name, OutgoingValue::finish(value))
}

/// Writes to a body as fast as it takes it.
pub(crate) fn write(body: &OutputStream, mut bytes: &[u8]) -> Result<(), String> {
    let ready = body.subscribe();
    while !bytes.is_empty() {
        ready.block();
        let most = gives("check-write", body.check_write())?;
        let (piece, rest) = bytes.split_at(bytes.len().min(most as usize));
        gives("write", body.write(piece))?;
        bytes = rest;
    }
    drop(ready);
    gives("blocking-flush", body.blocking_flush())
}

/// All of an object, if it is there.
pub(crate) fn got(container: &Container, name: &str) -> Result<Vec<u8>, String> {
    let value = gives(name, container.get_data(name, 0, u64::MAX))?;
    gives(name, IncomingValue::incoming_value_consume_sync(value))
}
