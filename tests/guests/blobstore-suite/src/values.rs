//! Values that are read.

use suite::{gives, is};

use crate::wasi::blobstore::types::IncomingValue;
use crate::wasi::io::streams::StreamError;
use crate::{Case, container, got, put, refused};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("parts", parts),
    ("as a stream", stream),
    ("too large to be given at once", large),
    ("one stays as it was", stays),
    ("too many at once", many),
];

fn parts((): &()) -> Result<(), String> {
    let container = container("parts")?;
    put(&container, "a", b"0123456789")?;
    put(&container, "empty", b"")?;
    let check = |name: &str, start: u64, end: u64, expected: &[u8]| {
        let what = format!("{name} {start}..={end}");
        let value = gives(&what, container.get_data(name, start, end))?;
        is(&what, value.size(), expected.len() as u64)?;
        let bytes = gives(&what, IncomingValue::incoming_value_consume_sync(value))?;
        is(&what, bytes, expected.to_vec())
    };
    check("a", 0, u64::MAX, b"0123456789")?;
    check("a", 0, 9, b"0123456789")?;
    check("a", 0, 0, b"0")?;
    check("a", 2, 4, b"234")?;
    check("a", 9, 100, b"9")?;
    check("a", 10, 11, b"")?;
    check("a", u64::MAX, u64::MAX, b"")?;
    check("empty", 0, u64::MAX, b"")?;
    let reason = "the range ends before it begins";
    refused("5..=4", container.get_data("a", 5, 4).map(drop), reason)
}

fn stream((): &()) -> Result<(), String> {
    let container = container("stream")?;
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    put(&container, "a", &bytes)?;
    is("at once", got(&container, "a")? == bytes, true)?;
    let value = gives("get", container.get_data("a", 3, 1_000_002))?;
    let stream = gives(
        "consume",
        IncomingValue::incoming_value_consume_async(value),
    )?;
    let skipped = gives("skip", stream.blocking_skip(7))?;
    let mut read = Vec::new();
    loop {
        match stream.blocking_read(100_000) {
            Ok(piece) => read.extend(piece),
            Err(StreamError::Closed) => break,
            Err(error) => return Err(format!("read: {error:?}")),
        }
    }
    is("read", read == bytes[3 + skipped as usize..1_000_003], true)?;
    // It stays at its end.
    is(
        "end",
        matches!(stream.read(1), Err(StreamError::Closed)),
        true,
    )
}

fn large((): &()) -> Result<(), String> {
    let container = container("large")?;
    let bytes = vec![7; (16 << 20) + 1];
    put(&container, "a", &bytes)?;
    let value = gives("get", container.get_data("a", 0, u64::MAX))?;
    is("size", value.size(), bytes.len() as u64)?;
    let all = IncomingValue::incoming_value_consume_sync(value);
    refused("at once", all, "read it as a stream")?;
    let part = gives("get", container.get_data("a", 1, u64::MAX))?;
    let part = gives("a part", IncomingValue::incoming_value_consume_sync(part))?;
    is("a part", part.len(), 16 << 20)?;
    gives("delete", container.delete_object("a"))
}

fn stays((): &()) -> Result<(), String> {
    let container = container("stays")?;
    put(&container, "a", b"old")?;
    let get = || gives("get", container.get_data("a", 0, u64::MAX));
    let (first, second) = (get()?, get()?);
    put(&container, "a", b"newer")?;
    let third = get()?;
    gives("delete", container.delete_object("a"))?;
    for (value, expected) in [(first, "old"), (second, "old"), (third, "newer")] {
        let bytes = gives("consume", IncomingValue::incoming_value_consume_sync(value))?;
        is("bytes", bytes, expected.as_bytes().to_vec())?;
    }
    Ok(())
}

fn many((): &()) -> Result<(), String> {
    let container = container("many")?;
    put(&container, "a", b"1")?;
    let get = || container.get_data("a", 0, 1);
    let mut held = Vec::new();
    while let Ok(value) = get() {
        held.push(value);
        is("an end", held.len() <= 128, true)?;
    }
    refused("too many", get().map(drop), "too many values at once")?;
    is("how many", held.len(), 128)?;
    held.pop();
    gives("one more", get().map(drop))
}
