//! One key at a time.

use suite::{gives, is};

use crate::{Case, KEY_BYTES_MAX, VALUE_BYTES_MAX, bucket, refused};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("what was set is there", set),
    ("what was deleted is not", deleted),
    ("keys and values of every kind", every_kind),
    ("the longest key and the largest value", largest),
    ("what is too long or too large", too_large),
];

fn set((): &()) -> Result<(), String> {
    let bucket = bucket("set")?;
    is("get", gives("get", bucket.get("a"))?, None)?;
    is("exists", gives("exists", bucket.exists("a"))?, false)?;
    gives("set", bucket.set("a", b"first"))?;
    is(
        "get",
        gives("get", bucket.get("a"))?,
        Some(b"first".to_vec()),
    )?;
    is("exists", gives("exists", bucket.exists("a"))?, true)?;
    gives("set", bucket.set("a", b"second"))?;
    is(
        "get",
        gives("get", bucket.get("a"))?,
        Some(b"second".to_vec()),
    )?;
    is("get", gives("get", bucket.get("A"))?, None)
}

fn deleted((): &()) -> Result<(), String> {
    let bucket = bucket("deleted")?;
    gives("delete", bucket.delete("never"))?;
    gives("set", bucket.set("a", b"1"))?;
    gives("delete", bucket.delete("a"))?;
    is("get", gives("get", bucket.get("a"))?, None)?;
    is("exists", gives("exists", bucket.exists("a"))?, false)?;
    gives("delete", bucket.delete("a"))?;
    gives("set", bucket.set("a", b"2"))?;
    is("get", gives("get", bucket.get("a"))?, Some(b"2".to_vec()))
}

fn every_kind((): &()) -> Result<(), String> {
    let bucket = bucket("kinds")?;
    let all: Vec<u8> = (0..=255).collect();
    for key in ["", " ", "a/../b", "\0", "a\r\n*1", "äöü", "\u{10ffff}", "*"] {
        for value in [&b""[..], b"\0", b"\r\n$-1\r\n", &all] {
            gives(key, bucket.set(key, value))?;
            is(key, gives(key, bucket.get(key))?, Some(value.to_vec()))?;
        }
    }
    Ok(())
}

fn largest((): &()) -> Result<(), String> {
    let bucket = bucket("largest")?;
    let key = "k".repeat(KEY_BYTES_MAX);
    gives("set", bucket.set(&key, b"1"))?;
    is("get", gives("get", bucket.get(&key))?, Some(b"1".to_vec()))?;
    let keys = gives("list-keys", bucket.list_keys(None))?.keys;
    is("keys", keys, vec![key.clone()])?;
    gives("delete", bucket.delete(&key))?;
    let value = vec![7; VALUE_BYTES_MAX];
    gives("set", bucket.set("v", &value))?;
    let got = gives("get", bucket.get("v"))?;
    is("get", got.is_some_and(|got| got == value), true)?;
    gives("delete", bucket.delete("v"))
}

fn too_large((): &()) -> Result<(), String> {
    let bucket = bucket("too-large")?;
    let key = "k".repeat(KEY_BYTES_MAX + 1);
    let reason = "a key has at most 1024 bytes, and this one has 1025";
    refused("get", bucket.get(&key), reason)?;
    refused("set", bucket.set(&key, b"1"), reason)?;
    refused("delete", bucket.delete(&key), reason)?;
    refused("exists", bucket.exists(&key), reason)?;
    refused("list-keys", bucket.list_keys(Some(&key)), reason)?;
    let value = vec![7; VALUE_BYTES_MAX + 1];
    refused(
        "set",
        bucket.set("v", &value),
        "a value has at most 1048576 bytes",
    )?;
    is("exists", gives("exists", bucket.exists("v"))?, false)
}
