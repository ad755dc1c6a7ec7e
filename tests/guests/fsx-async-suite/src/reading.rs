//! Files as streams.

use suite::{both, fails, gives, is};

use crate::loop_::fsx::files::{Error, ErrorCode, Root};
use crate::loop_::fsx::files_async::read;
use crate::{Case, Reading, code, numbered};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a whole file", |root| Box::pin(whole(root))),
    ("a file from some byte on", |root| Box::pin(offsets(root))),
    ("what is no file", |root| Box::pin(no_files(root))),
    ("two at once", |root| Box::pin(two(root))),
    ("one that is dropped", |root| Box::pin(dropped(root))),
    ("one that nobody wants to know the end of", |root| {
        Box::pin(forgotten(root))
    }),
    ("one that is replaced", |root| Box::pin(replaced(root))),
    ("there are not too many", |root| Box::pin(too_many(root))),
];

const SIZE: usize = 1_000_000;

/// All that comes, and how it ended.
async fn all(reading: Reading) -> Result<Vec<u8>, String> {
    let (bytes, ended) = reading;
    let bytes = bytes.collect().await;
    gives("the end", ended.await)?;
    Ok(bytes)
}

async fn whole(root: &Root) -> Result<(), String> {
    let content = numbered(SIZE);
    gives("write", root.write("whole", &content))?;
    let reading = gives("read", read(root, "whole".into(), 0).await)?;
    is("content", all(reading).await? == content, true)?;
    gives("write", root.write("empty", b""))?;
    let reading = gives("read", read(root, "empty".into(), 0).await)?;
    is("of an empty one", all(reading).await?, Vec::new())
}

async fn offsets(root: &Root) -> Result<(), String> {
    gives("write", root.write("some", b"0123456789"))?;
    for (offset, expected) in [(4, "456789"), (10, ""), (u64::MAX, "")] {
        let reading = gives("read", read(root, "some".into(), offset).await)?;
        is("content", all(reading).await?, expected.as_bytes().to_vec())?;
    }
    Ok(())
}

async fn no_files(root: &Root) -> Result<(), String> {
    for (path, why) in [
        ("absent", ErrorCode::NoEntry),
        (".", ErrorCode::IsDirectory),
        ("../x", ErrorCode::NotPermitted),
        ("/etc/passwd", ErrorCode::NotPermitted),
        ("a\0b", ErrorCode::Invalid),
        (&*"x".repeat(4_097), ErrorCode::NameTooLong),
    ] {
        fails(path, read(root, path.into(), 0).await, code(why))?;
    }
    Ok(())
}

/// One piece of each in turn.
async fn two(root: &Root) -> Result<(), String> {
    let one: Vec<u8> = numbered(SIZE);
    let other: Vec<u8> = one.iter().map(|byte| !byte).collect();
    gives("write", root.write("one", &one))?;
    gives("write", root.write("other", &other))?;
    let (a, b) = both(read(root, "one".into(), 0), read(root, "other".into(), 0)).await;
    let ((mut a, a_ended), (mut b, b_ended)) = (gives("one", a)?, gives("other", b)?);
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    while of_a.len() < SIZE || of_b.len() < SIZE {
        let room = || Vec::with_capacity(10_000);
        let ((_, piece_a), (_, piece_b)) = both(a.read(room()), b.read(room())).await;
        is("progress", piece_a.is_empty() && piece_b.is_empty(), false)?;
        of_a.extend(piece_a);
        of_b.extend(piece_b);
    }
    is("one", of_a == one, true)?;
    is("other", of_b == other, true)?;
    drop((a, b));
    gives("the end", a_ended.await)?;
    gives("the end", b_ended.await)
}

async fn dropped(root: &Root) -> Result<(), String> {
    gives("write", root.write("long", &numbered(SIZE)))?;
    let (mut bytes, ended) = gives("read", read(root, "long".into(), 0).await)?;
    is("a byte", bytes.next().await, Some(0))?;
    drop(bytes);
    gives("the end", ended.await)
}

async fn forgotten(root: &Root) -> Result<(), String> {
    gives("write", root.write("short", b"short"))?;
    let (bytes, ended) = gives("read", read(root, "short".into(), 0).await)?;
    drop(ended);
    is("content", bytes.collect().await, b"short".to_vec())
}

async fn replaced(root: &Root) -> Result<(), String> {
    let content = numbered(SIZE);
    gives("write", root.write("old", &content))?;
    let reading = gives("read", read(root, "old".into(), 0).await)?;
    gives("write", root.write("old", b"new"))?;
    is("content", all(reading).await? == content, true)
}

async fn too_many(root: &Root) -> Result<(), String> {
    gives("write", root.write("many", &numbered(SIZE)))?;
    // Twice, since those of the first time do not count any more.
    for _ in 0..2 {
        let mut readings = Vec::new();
        for _ in 0..64 {
            readings.push(gives("read", read(root, "many".into(), 0).await)?);
        }
        let more = read(root, "many".into(), 0).await;
        fails("one more", more, Error::TooMany(64))?;
        // What is open still works.
        let last = readings.pop().ok_or("none is open")?;
        is("content", all(last).await? == numbered(SIZE), true)?;
        readings.push(gives("read", read(root, "many".into(), 0).await)?);
    }
    Ok(())
}
