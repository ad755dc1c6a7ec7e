//! Many keys at once.

use suite::{gives, is};

use crate::wasi::keyvalue::batch;
use crate::{Case, KEY_BYTES_MAX, VALUE_BYTES_MAX, bucket, refused};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("nothing at all", nothing),
    ("values come in the order of the keys", ordered),
    ("new ones and old ones", set),
    ("some that are there and some that are not", deleted),
    ("a batch happens entirely or not at all", entirely),
    ("too many keys", too_many),
    ("too many bytes", too_large),
];

fn entry(key: &str, value: &[u8]) -> (String, Vec<u8>) {
    (key.to_owned(), value.to_vec())
}

fn texts(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn nothing((): &()) -> Result<(), String> {
    let bucket = bucket("nothing")?;
    is(
        "get-many",
        gives("get-many", batch::get_many(&bucket, &[]))?,
        Vec::new(),
    )?;
    gives("set-many", batch::set_many(&bucket, &[]))?;
    gives("delete-many", batch::delete_many(&bucket, &[]))
}

fn ordered((): &()) -> Result<(), String> {
    let bucket = bucket("batch-ordered")?;
    gives("set", bucket.set("a", b"1"))?;
    gives("set", bucket.set("b", b""))?;
    let got = gives(
        "get-many",
        batch::get_many(&bucket, &texts(&["b", "x", "a", "b"])),
    )?;
    let expected = vec![
        Some(entry("b", b"")),
        None,
        Some(entry("a", b"1")),
        Some(entry("b", b"")),
    ];
    is("get-many", got, expected)
}

fn set((): &()) -> Result<(), String> {
    let bucket = bucket("batch-set")?;
    gives("set", bucket.set("a", b"old"))?;
    let entries = [entry("a", b"new"), entry("b", b"1"), entry("", b"\0\r\n")];
    gives("set-many", batch::set_many(&bucket, &entries))?;
    for (key, value) in entries {
        is(&key, gives("get", bucket.get(&key))?, Some(value))?;
    }
    let keys = gives("list-keys", bucket.list_keys(None))?.keys;
    is("keys", keys, texts(&["", "a", "b"]))
}

fn deleted((): &()) -> Result<(), String> {
    let bucket = bucket("batch-deleted")?;
    for key in ["a", "b", "c"] {
        gives("set", bucket.set(key, b"1"))?;
    }
    gives(
        "delete-many",
        batch::delete_many(&bucket, &texts(&["c", "x", "a", "a"])),
    )?;
    let keys = gives("list-keys", bucket.list_keys(None))?.keys;
    is("keys", keys, texts(&["b"]))
}

fn entirely((): &()) -> Result<(), String> {
    let bucket = bucket("entirely")?;
    gives("set", bucket.set("a", b"1"))?;
    let long = "k".repeat(KEY_BYTES_MAX + 1);
    let reason = "a key has at most";
    let entries = [entry("a", b"2"), entry(&long, b"1")];
    refused("set-many", batch::set_many(&bucket, &entries), reason)?;
    refused(
        "delete-many",
        batch::delete_many(&bucket, &texts(&["a", &long])),
        reason,
    )?;
    refused(
        "get-many",
        batch::get_many(&bucket, &texts(&["a", &long])),
        reason,
    )?;
    let large = vec![7; VALUE_BYTES_MAX + 1];
    let entries = [entry("a", b"2"), entry("b", &large)];
    refused(
        "set-many",
        batch::set_many(&bucket, &entries),
        "a value has at most",
    )?;
    is("after", gives("get", bucket.get("a"))?, Some(b"1".to_vec()))
}

fn too_many((): &()) -> Result<(), String> {
    let bucket = bucket("batch-too-many")?;
    let keys: Vec<String> = (0..=10_000).map(|number| number.to_string()).collect();
    let entries: Vec<_> = keys.iter().map(|key| (key.clone(), Vec::new())).collect();
    let reason = "a batch has at most 10000 keys, and this one has 10001";
    refused("set-many", batch::set_many(&bucket, &entries), reason)?;
    refused("get-many", batch::get_many(&bucket, &keys), reason)?;
    refused("delete-many", batch::delete_many(&bucket, &keys), reason)?;
    gives("set-many", batch::set_many(&bucket, &entries[1..]))?;
    let got = gives("get-many", batch::get_many(&bucket, &keys[1..]))?;
    is("there", got.iter().flatten().count(), 10_000)?;
    gives("delete-many", batch::delete_many(&bucket, &keys[1..]))?;
    is(
        "left",
        gives("list-keys", bucket.list_keys(None))?.keys,
        Vec::new(),
    )
}

fn too_large((): &()) -> Result<(), String> {
    let bucket = bucket("batch-too-large")?;
    gives("set", bucket.set("a", &vec![7; VALUE_BYTES_MAX]))?;
    gives("set", bucket.set("b", b"1"))?;
    // The same value counts as often as it is asked for.
    let keys = vec!["a".to_owned(); 16];
    let keys = [&keys[..], &texts(&["b"])].concat();
    let reason = "a batch has at most 16777216 bytes of values";
    refused("get-many", batch::get_many(&bucket, &keys), reason)?;
    let got = gives("get-many", batch::get_many(&bucket, &keys[15..]))?;
    is("some", got.len(), 2)?;
    gives("delete-many", batch::delete_many(&bucket, &keys[15..]))
}
