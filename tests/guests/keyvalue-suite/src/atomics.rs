//! Numbers that are counted up, and values that are replaced if they are still the same.

use suite::{gives, is};

use crate::wasi::keyvalue::atomics::{self, Cas, CasError};
use crate::wasi::keyvalue::store::{Bucket, Error};
use crate::{Case, KEY_BYTES_MAX, VALUE_BYTES_MAX, bucket, refused};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a number is counted up", counted),
    ("what is no number stays", no_number),
    ("a sum that is too large", too_large),
    ("a value is replaced if it is the same", swapped),
    ("a value that is new", swapped_new),
    ("a value that has changed meanwhile", changed),
    ("a key that went or came meanwhile", gone),
    ("a handle keeps what it saw", kept),
    ("handles do not hold too much", too_much),
];

fn counted((): &()) -> Result<(), String> {
    let bucket = bucket("counted")?;
    for (delta, sum) in [
        (0, 0),
        (5, 5),
        (-7, -2),
        (i64::MAX, i64::MAX - 2),
        (2, i64::MAX),
    ] {
        is(
            "sum",
            gives("increment", atomics::increment(&bucket, "n", delta))?,
            sum,
        )?;
        let text = gives("get", bucket.get("n"))?;
        is("text", text, Some(sum.to_string().into_bytes()))?;
    }
    gives("set", bucket.set("n", b"41"))?;
    is(
        "sum",
        gives("increment", atomics::increment(&bucket, "n", 1))?,
        42,
    )?;
    let keys = gives("list-keys", bucket.list_keys(None))?.keys;
    is("keys", keys, vec!["n".to_owned()])?;
    let long = "k".repeat(KEY_BYTES_MAX + 1);
    refused(
        "long",
        atomics::increment(&bucket, &long, 1),
        "a key has at most",
    )
}

fn no_number((): &()) -> Result<(), String> {
    let bucket = bucket("no-number")?;
    for text in [
        "",
        "x",
        "1.5",
        " 1",
        "1 ",
        "+1",
        "01",
        "-0",
        "0x1",
        "9223372036854775808",
        "\u{661}",
    ] {
        gives("set", bucket.set("n", text.as_bytes()))?;
        refused(
            text,
            atomics::increment(&bucket, "n", 1),
            "not a whole number",
        )?;
        let after = gives("get", bucket.get("n"))?;
        is("after", after, Some(text.as_bytes().to_vec()))?;
    }
    Ok(())
}

fn too_large((): &()) -> Result<(), String> {
    let bucket = bucket("sums")?;
    gives("increment", atomics::increment(&bucket, "n", i64::MAX))?;
    refused(
        "more",
        atomics::increment(&bucket, "n", 1),
        "beyond the whole numbers",
    )?;
    is(
        "less",
        gives("increment", atomics::increment(&bucket, "n", -1))?,
        i64::MAX - 1,
    )?;
    gives("increment", atomics::increment(&bucket, "m", i64::MIN))?;
    refused(
        "less",
        atomics::increment(&bucket, "m", -1),
        "beyond the whole numbers",
    )?;
    let after = gives("get", bucket.get("m"))?;
    is("after", after, Some(i64::MIN.to_string().into_bytes()))
}

/// A handle for a key, and what it saw.
fn cas(bucket: &Bucket, key: &str) -> Result<(Cas, Option<Vec<u8>>), String> {
    let cas = gives("new", Cas::new(bucket, key))?;
    let current = gives("current", cas.current())?;
    Ok((cas, current))
}

fn done(got: Result<(), CasError>) -> Result<(), String> {
    got.map_err(|error| format!("swap: {error:?}"))
}

/// The handle that a failed swap gives, and what it saw.
fn again(got: Result<(), CasError>) -> Result<(Cas, Option<Vec<u8>>), String> {
    match got {
        Err(CasError::CasFailed(cas)) => {
            let current = gives("current", cas.current())?;
            Ok((cas, current))
        }
        got => Err(format!("swap: got {got:?}, not a handle")),
    }
}

fn swapped((): &()) -> Result<(), String> {
    let bucket = bucket("swapped")?;
    gives("set", bucket.set("a", b"1"))?;
    let (cas, current) = cas(&bucket, "a")?;
    is("current", current, Some(b"1".to_vec()))?;
    done(atomics::swap(cas, b"2"))?;
    is("after", gives("get", bucket.get("a"))?, Some(b"2".to_vec()))
}

fn swapped_new((): &()) -> Result<(), String> {
    let bucket = bucket("swapped-new")?;
    let (cas, current) = cas(&bucket, "a")?;
    is("current", current, None)?;
    done(atomics::swap(cas, b""))?;
    is("after", gives("get", bucket.get("a"))?, Some(Vec::new()))?;
    let keys = gives("list-keys", bucket.list_keys(None))?.keys;
    is("keys", keys, vec!["a".to_owned()])
}

fn changed((): &()) -> Result<(), String> {
    let bucket = bucket("cas-changed")?;
    gives("set", bucket.set("a", b"1"))?;
    let (first, _) = cas(&bucket, "a")?;
    let (second, _) = cas(&bucket, "a")?;
    done(atomics::swap(first, b"2"))?;
    let (third, current) = again(atomics::swap(second, b"3"))?;
    is("current", current, Some(b"2".to_vec()))?;
    is(
        "between",
        gives("get", bucket.get("a"))?,
        Some(b"2".to_vec()),
    )?;
    done(atomics::swap(third, b"3"))?;
    is("after", gives("get", bucket.get("a"))?, Some(b"3".to_vec()))
}

fn gone((): &()) -> Result<(), String> {
    let bucket = bucket("cas-gone")?;
    gives("set", bucket.set("a", b"1"))?;
    let (handle, _) = cas(&bucket, "a")?;
    gives("delete", bucket.delete("a"))?;
    let (handle, current) = again(atomics::swap(handle, b"2"))?;
    is("current", current, None)?;
    gives("set", bucket.set("a", b""))?;
    let (handle, current) = again(atomics::swap(handle, b"2"))?;
    is("current", current, Some(Vec::new()))?;
    done(atomics::swap(handle, b"2"))
}

fn kept((): &()) -> Result<(), String> {
    let bucket = bucket("kept")?;
    gives("set", bucket.set("a", b"1"))?;
    let (cas, _) = cas(&bucket, "a")?;
    gives("set", bucket.set("a", b"2"))?;
    is(
        "current",
        gives("current", cas.current())?,
        Some(b"1".to_vec()),
    )?;
    drop(bucket);
    let (_, current) = again(atomics::swap(cas, b"3"))?;
    is("current", current, Some(b"2".to_vec()))
}

fn too_much((): &()) -> Result<(), String> {
    let bucket = bucket("too-much")?;
    gives("set", bucket.set("a", &vec![7; VALUE_BYTES_MAX]))?;
    let mut handles = Vec::new();
    for _ in 0..16 {
        handles.push(gives("new", Cas::new(&bucket, "a"))?);
    }
    let one_more = Cas::new(&bucket, "a").map(drop);
    refused("one more", one_more, "at most 16777216 bytes of values")?;
    // A swap gives its handle back at once. A handle that is dropped may be with somebody else, who hears of it soon.
    let last = handles.pop().ok_or("no handle")?;
    done(atomics::swap(last, &vec![7; VALUE_BYTES_MAX]))?;
    let one_more = gives("after one is gone", Cas::new(&bucket, "a"))?;
    match atomics::swap(one_more, &vec![8; VALUE_BYTES_MAX + 1]) {
        Err(CasError::StoreError(Error::Other(text))) if text.contains("at most 1048576") => {}
        got => return Err(format!("too large: {got:?}")),
    }
    drop(handles);
    gives("delete", bucket.delete("a"))
}
