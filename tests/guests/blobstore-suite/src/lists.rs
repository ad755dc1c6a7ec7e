//! Names of objects, read piece by piece.

use std::collections::BTreeSet;

use suite::{gives, is};

use crate::{Case, container, put};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("none", none),
    ("piece by piece", pieces),
    ("some are skipped", skipped),
    ("as much as is asked for", most),
];

fn none((): &()) -> Result<(), String> {
    let list = gives("list", container("list-none")?.list_objects())?;
    let nothing = (Vec::<String>::new(), true);
    is(
        "read",
        gives("read", list.read_stream_object_names(1))?,
        nothing.clone(),
    )?;
    is(
        "read",
        gives("read", list.read_stream_object_names(9))?,
        nothing,
    )?;
    is(
        "skip",
        gives("skip", list.skip_stream_object_names(9))?,
        (0, true),
    )
}

fn pieces((): &()) -> Result<(), String> {
    let container = container("list-pieces")?;
    for number in 0..25 {
        put(&container, &format!("a/{number}"), b"")?;
    }
    let list = gives("list", container.list_objects())?;
    let mut all = BTreeSet::new();
    for (count, last) in [(10, false), (0, false), (10, false), (5, true)] {
        let (names, ended) = gives("read", list.read_stream_object_names(count))?;
        is("count", names.len() as u64, count)?;
        is("ended", ended, last)?;
        all.extend(names);
    }
    is("all", all.len(), 25)?;
    is("names", all.iter().all(|name| name.starts_with("a/")), true)
}

fn skipped((): &()) -> Result<(), String> {
    let container = container("list-skipped")?;
    for number in 0..10 {
        put(&container, &number.to_string(), b"")?;
    }
    let list = gives("list", container.list_objects())?;
    is(
        "skip",
        gives("skip", list.skip_stream_object_names(7))?,
        (7, false),
    )?;
    let (names, ended) = gives("read", list.read_stream_object_names(100))?;
    is("rest", (names.len(), ended), (3, true))?;
    let list = gives("list", container.list_objects())?;
    let skipped = gives("skip", list.skip_stream_object_names(u64::MAX))?;
    is("skip", skipped, (10, true))
}

fn most((): &()) -> Result<(), String> {
    let container = container("list-most")?;
    put(&container, "a", b"")?;
    let list = gives("list", container.list_objects())?;
    let all = (vec!["a".to_owned()], true);
    is(
        "read",
        gives("read", list.read_stream_object_names(u64::MAX))?,
        all,
    )
}
