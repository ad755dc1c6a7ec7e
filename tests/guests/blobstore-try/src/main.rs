//! Does one thing with `wasi:blobstore` and prints what came of it: `blobstore-try FUNCTION CONTAINER [ARGUMENT]...`.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-blobstore-0.2.0-draft",
    world: "wasi:blobstore/imports",
    generate_all,
});

use std::process::ExitCode;

use crate::wasi::blobstore::blobstore;
use crate::wasi::blobstore::container::Container;
use crate::wasi::blobstore::types::{IncomingValue, OutgoingValue};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["create", container] => blobstore::create_container(container).map(|_| done()),
        ["remove", container] => blobstore::delete_container(container).map(|()| done()),
        ["exists", container] => {
            blobstore::container_exists(container).map(|exists| exists.to_string())
        }
        [function, container, ref rest @ ..] => {
            blobstore::get_container(container).and_then(|found| run(&found, function, rest))
        }
        _ => return ExitCode::from(2),
    };
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(container: &Container, function: &str, args: &[&str]) -> Result<String, String> {
    match (function, args) {
        ("get", [object]) => {
            let value = container.get_data(object, 0, u64::MAX)?;
            let bytes = IncomingValue::incoming_value_consume_sync(value)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        ("size", [object]) => Ok(container.object_info(object)?.size.to_string()),
        ("put", [object, text]) => put(container, object, text.as_bytes()),
        // As large an object as is asked for.
        ("fill", [object, bytes]) => {
            let bytes = bytes.parse().unwrap_or_default();
            put(container, object, &vec![b'x'; bytes])
        }
        ("delete", [object]) => container.delete_object(object).map(|()| done()),
        ("clear", []) => container.clear().map(|()| done()),
        ("list", []) => {
            let (mut names, _) = container.list_objects()?.read_stream_object_names(1000)?;
            names.sort();
            Ok(names.join(" "))
        }
        _ => Ok("no such function".to_owned()),
    }
}

fn put(container: &Container, object: &str, bytes: &[u8]) -> Result<String, String> {
    let value = OutgoingValue::new_outgoing_value();
    let body = value.outgoing_value_write_body();
    let body = body.map_err(|()| "there is no body".to_owned())?;
    container.write_data(object, &value)?;
    for piece in bytes.chunks(4096) {
        // Why it failed is what `finish` says.
        if body.blocking_write_and_flush(piece).is_err() {
            break;
        }
    }
    drop(body);
    OutgoingValue::finish(value).map(|()| done())
}

fn done() -> String {
    "done".to_owned()
}
