//! What the SDK makes of `wasi:keyvalue`, as cases over a store without entries.

use std::cell::Cell;
use std::fmt::Debug;
use std::process::ExitCode;

use loop_guest::keyvalue::{Bucket, Error, FromValue};
use suite::{fails, gives, is};

type Case = suite::Case<()>;

const CASES: &[(&str, Case)] = &[
    ("names", names),
    ("values are what was set", values),
    ("values are read as what they are", other_values),
    ("batches", batches),
    ("keys come page by page", keys),
    ("numbers are counted up", counted),
    ("a value is made of the one before", updated),
    ("it is made again if another was quicker", made_again),
    ("what cannot be read is not replaced", not_replaced),
];

fn main() -> ExitCode {
    suite::run(&(), &[("sdk", CASES)])
}

fn bucket(name: &str) -> Result<Bucket, String> {
    gives(name, Bucket::open(name))
}

fn names((): &()) -> Result<(), String> {
    fails("open", Bucket::open("a/b").map(drop), Error::NoBucket)?;
    bucket("a").map(drop)
}

/// Whether a key has this value.
fn has<V: FromValue + Debug + PartialEq>(
    bucket: &Bucket,
    key: &str,
    value: V,
) -> Result<(), String> {
    is(key, gives(key, bucket.get(key))?, Some(value))
}

fn values((): &()) -> Result<(), String> {
    let bucket = bucket("values")?;
    is("none", gives("get", bucket.get::<String>("text"))?, None)?;
    gives("set", bucket.set("text", "home"))?;
    gives("set", bucket.set("owned", "home".to_owned()))?;
    gives("set", bucket.set("bytes", [0xff, 0]))?;
    gives("set", bucket.set("vec", vec![1, 2]))?;
    gives("set", bucket.set("number", u64::MAX))?;
    gives("set", bucket.set("negative", -1_i32))?;
    has(&bucket, "text", "home".to_owned())?;
    has(&bucket, "owned", "home".to_owned())?;
    has(&bucket, "bytes", vec![0xff, 0])?;
    has(&bucket, "vec", vec![1, 2])?;
    has(&bucket, "number", u64::MAX)?;
    has(&bucket, "number", u64::MAX.to_string())?;
    has(&bucket, "negative", -1_i64)?;
    is("exists", gives("exists", bucket.exists("text"))?, true)?;
    gives("delete", bucket.delete("text"))?;
    is("exists", gives("exists", bucket.exists("text"))?, false)
}

fn other_values((): &()) -> Result<(), String> {
    let bucket = bucket("other")?;
    gives("set", bucket.set("a", [0xff]))?;
    let form = |expected| Error::Form {
        key: "a".to_owned(),
        expected,
    };
    fails("text", bucket.get::<String>("a"), form("text in UTF-8"))?;
    fails(
        "number",
        bucket.get::<i64>("a"),
        form("a whole number of 64 bits"),
    )?;
    gives("set", bucket.set("a", -1_i64))?;
    let number = "a whole number from 0 to 4294967295";
    fails("number", bucket.get::<u32>("a"), form(number))?;
    is(
        "said",
        form(number).to_string(),
        format!("the value of `a` is not {number}"),
    )
}

fn batches((): &()) -> Result<(), String> {
    let bucket = bucket("batches")?;
    let entry = |key: &str| (key.to_owned(), key.as_bytes().to_vec());
    let key = str::to_owned;
    gives(
        "set",
        bucket.set_many(&[entry("a"), entry("b"), entry("c")]),
    )?;
    gives("delete", bucket.delete_many(&[key("b"), key("x")]))?;
    let values = gives("get", bucket.get_many(&[key("c"), key("b"), key("a")]))?;
    is(
        "values",
        values,
        vec![Some(b"c".to_vec()), None, Some(b"a".to_vec())],
    )
}

fn keys((): &()) -> Result<(), String> {
    let bucket = bucket("keys")?;
    is("none", bucket.keys().count(), 0)?;
    let all: Vec<String> = (0..2500).map(|number| format!("{number:04}")).collect();
    let entries: Vec<_> = all.iter().map(|key| (key.clone(), Vec::new())).collect();
    gives("set", bucket.set_many(&entries))?;
    let found: Result<Vec<String>, Error> = bucket.keys().collect();
    is("all", gives("keys", found)? == all, true)
}

fn counted((): &()) -> Result<(), String> {
    let bucket = bucket("counted")?;
    is("sum", gives("increment", bucket.increment("n", 2))?, 2)?;
    is("sum", gives("increment", bucket.increment("n", -5))?, -3)?;
    has(&bucket, "n", -3_i32)?;
    gives("set", bucket.set("n", "many"))?;
    match bucket.increment("n", 1) {
        Err(Error::Store(text)) if text.contains("not a whole number") => Ok(()),
        got => Err(format!("increment: {got:?}")),
    }
}

fn updated((): &()) -> Result<(), String> {
    let bucket = bucket("updated")?;
    let longer = |old: Option<String>| old.unwrap_or_default() + "a";
    is(
        "first",
        gives("update", bucket.update("a", longer))?,
        "a".to_owned(),
    )?;
    is(
        "second",
        gives("update", bucket.update("a", longer))?,
        "aa".to_owned(),
    )?;
    has(&bucket, "a", "aa".to_owned())
}

fn made_again((): &()) -> Result<(), String> {
    let bucket = bucket("made-again")?;
    let seen = Cell::new(Vec::new());
    let made = bucket.update("n", |old: Option<u32>| {
        let mut all = seen.take();
        // Somebody else, before each of the first two.
        if all.len() < 2 {
            let _ = bucket.increment("n", 10);
        }
        all.push(old);
        seen.set(all);
        old.unwrap_or(0) + 1
    });
    is("made", gives("update", made)?, 21)?;
    is("seen", seen.take(), vec![None, Some(10), Some(20)])?;
    has(&bucket, "n", 21_u32)
}

fn not_replaced((): &()) -> Result<(), String> {
    let bucket = bucket("not-replaced")?;
    gives("set", bucket.set("n", "many"))?;
    let made = bucket.update("n", |old: Option<u32>| old.unwrap_or(0));
    let expected = Error::Form {
        key: "n".to_owned(),
        expected: "a whole number from 0 to 4294967295",
    };
    fails("update", made, expected)?;
    has(&bucket, "n", "many".to_owned())
}
