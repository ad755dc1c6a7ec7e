//! Names of buckets.

use suite::{fails, gives, is};

use crate::wasi::keyvalue::store::{self, Error};
use crate::{Case, bucket};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("names that are none", no_names),
    ("a bucket is there when it is opened", there),
    ("two handles are of one bucket", twice),
    ("buckets are apart", apart),
];

fn no_names((): &()) -> Result<(), String> {
    let long = "b".repeat(65);
    for name in [
        "", " ", "a b", "a/b", "../a", "a:b", "a\0", "a\u{1}", "ä", "*", &long,
    ] {
        fails(name, store::open(name).map(drop), Error::NoSuchStore)?;
    }
    for name in ["a", "A-1_b.c", ".", &"b".repeat(64)] {
        bucket(name)?;
    }
    Ok(())
}

fn there((): &()) -> Result<(), String> {
    let new = bucket("new")?;
    is("exists", gives("exists", new.exists("a"))?, false)?;
    let page = gives("list-keys", new.list_keys(None))?;
    is("keys", page.keys, Vec::new())?;
    is("cursor", page.cursor, None)
}

fn twice((): &()) -> Result<(), String> {
    let (one, other) = (bucket("twice")?, bucket("twice")?);
    gives("set", one.set("a", b"1"))?;
    is("get", gives("get", other.get("a"))?, Some(b"1".to_vec()))?;
    drop(one);
    is("get", gives("get", other.get("a"))?, Some(b"1".to_vec()))
}

fn apart((): &()) -> Result<(), String> {
    // Names and keys that would be the same if they were put together.
    let (one, other) = (bucket("apart")?, bucket("apar")?);
    gives("set", one.set("a", b"1"))?;
    gives("set", other.set("ta", b"2"))?;
    gives("set", other.set("t\0a", b"3"))?;
    is(
        "keys",
        gives("list", one.list_keys(None))?.keys,
        vec!["a".to_owned()],
    )?;
    let keys = gives("list", other.list_keys(None))?.keys;
    is("keys", keys, vec!["t\0a".to_owned(), "ta".to_owned()])?;
    is("get", gives("get", other.get("a"))?, None)
}
