//! Lists of keys.

use suite::{gives, is};

use crate::wasi::keyvalue::batch;
use crate::wasi::keyvalue::store::Bucket;
use crate::{Case, bucket};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("they come in the order of their bytes", ordered),
    ("they come in pages", pages),
    ("a cursor outlives what happens between two pages", changed),
    ("a cursor outlives its handle", again),
];

/// The most keys of a page.
const PAGE_KEYS_MAX: usize = 1000;

fn fill(bucket: &Bucket, count: usize) -> Result<Vec<String>, String> {
    let keys: Vec<String> = (0..count)
        .map(|number| format!("key-{number:05}"))
        .collect();
    let entries: Vec<_> = keys
        .iter()
        .map(|key| (key.clone(), b"1".to_vec()))
        .collect();
    gives("set-many", batch::set_many(bucket, &entries))?;
    Ok(keys)
}

fn ordered((): &()) -> Result<(), String> {
    let bucket = bucket("ordered")?;
    for key in ["b", "ä", "", "a b", "a", "B", "ab", "\u{10ffff}", "z"] {
        gives("set", bucket.set(key, b""))?;
    }
    let page = gives("list-keys", bucket.list_keys(None))?;
    let expected = ["", "B", "a", "a b", "ab", "b", "z", "ä", "\u{10ffff}"];
    is("keys", page.keys, expected.map(str::to_owned).to_vec())?;
    is("cursor", page.cursor, None)
}

fn pages((): &()) -> Result<(), String> {
    let bucket = bucket("pages")?;
    let keys = fill(&bucket, PAGE_KEYS_MAX)?;
    let page = gives("list-keys", bucket.list_keys(None))?;
    is("a full page", page.keys == keys, true)?;
    is("cursor", page.cursor, None)?;
    let keys = fill(&bucket, 2 * PAGE_KEYS_MAX + 500)?;
    let (mut found, mut sizes, mut cursor) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let page = gives("list-keys", bucket.list_keys(cursor.as_deref()))?;
        sizes.push(page.keys.len());
        found.extend(page.keys);
        match page.cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    is("sizes", sizes, vec![PAGE_KEYS_MAX, PAGE_KEYS_MAX, 500])?;
    is("all", found == keys, true)
}

fn changed((): &()) -> Result<(), String> {
    let bucket = bucket("changed")?;
    let keys = fill(&bucket, PAGE_KEYS_MAX + 2)?;
    let page = gives("list-keys", bucket.list_keys(None))?;
    // The last one of the page, one of the next, and a new one beyond.
    gives("delete", bucket.delete("key-00999"))?;
    gives("delete", bucket.delete("key-01000"))?;
    gives("set", bucket.set("key-01000a", b"1"))?;
    let next = gives("list-keys", bucket.list_keys(page.cursor.as_deref()))?;
    let expected = vec!["key-01000a".to_owned(), keys[PAGE_KEYS_MAX + 1].clone()];
    is("next", next.keys, expected)?;
    is("cursor", next.cursor, None)
}

fn again((): &()) -> Result<(), String> {
    let keys = fill(&bucket("again")?, PAGE_KEYS_MAX + 1)?;
    let page = gives("list-keys", bucket("again")?.list_keys(None))?;
    let next = gives(
        "list-keys",
        bucket("again")?.list_keys(page.cursor.as_deref()),
    )?;
    is("next", next.keys, keys[PAGE_KEYS_MAX..].to_vec())
}
