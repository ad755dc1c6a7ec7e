//! Temporary files of which a stream is the content.

use std::pin::pin;

use suite::{begun, both, fails, gives, is};
use wit_bindgen::rt::async_support::StreamResult;

use crate::loop_::fsx::files::{ErrorCode, Root, Temp};
use crate::loop_::fsx::files_async::{append, read, save};
use crate::{Case, code, numbered, wit_stream};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("it takes its place", |root| Box::pin(saved(root))),
    ("a writer that goes away leaves the old file", |root| {
        Box::pin(left(root))
    }),
    ("one after the other", |root| Box::pin(in_order(root))),
    ("not two at once", |root| Box::pin(busy(root))),
    ("it is given up", |root| Box::pin(given_up(root))),
    ("a file is the content", |root| Box::pin(copied(root))),
    ("it was saved", |root| Box::pin(too_late(root))),
];

fn temp(root: &Root) -> Result<Temp, String> {
    gives("create-temp", root.create_temp(""))
}

fn content(root: &Root, path: &str) -> Result<Vec<u8>, String> {
    gives("read", root.read(path))
}

async fn saved(root: &Root) -> Result<(), String> {
    gives("write", root.write("target", b"old"))?;
    let (temp, bytes) = (temp(root)?, numbered(1_000_000));
    let (mut writer, reader) = wit_stream::new();
    let write = async {
        let left = writer.write_all(bytes.clone()).await;
        drop(writer);
        left.len()
    };
    let (added, left) = both(append(&temp, reader), write).await;
    is("left", left, 0)?;
    is("added", gives("append", added)?, 1_000_000)?;
    is("size", temp.size(), 1_000_000)?;
    is("before", content(root, "target")?, b"old".to_vec())?;
    gives("save", save(&temp, "target".into()).await)?;
    is("after", content(root, "target")? == bytes, true)
}

async fn left(root: &Root) -> Result<(), String> {
    gives("write", root.write("kept", b"old"))?;
    let temp = temp(root)?;
    let (mut writer, reader) = wit_stream::new();
    let write = async {
        writer.write_all(b"half".to_vec()).await;
        drop(writer);
    };
    let (added, ()) = both(append(&temp, reader), write).await;
    is("added", gives("append", added)?, 4)?;
    drop(temp);
    is("the file", content(root, "kept")?, b"old".to_vec())
}

async fn in_order(root: &Root) -> Result<(), String> {
    let temp = temp(root)?;
    gives("append", temp.append(b"a"))?;
    for part in ["b", "c"] {
        let (mut writer, reader) = wit_stream::new();
        let write = async {
            writer.write_all(part.as_bytes().to_vec()).await;
            drop(writer);
        };
        gives(part, both(append(&temp, reader), write).await.0)?;
    }
    gives("append", temp.append(b"d"))?;
    gives("save", save(&temp, "parts".into()).await)?;
    is("content", content(root, "parts")?, b"abcd".to_vec())
}

async fn busy(root: &Root) -> Result<(), String> {
    let temp = temp(root)?;
    let (mut writer, reader) = wit_stream::new();
    let mut adding = pin!(append(&temp, reader));
    is("begun", begun(adding.as_mut()).await.is_none(), true)?;
    let busy = code(ErrorCode::Busy);
    let (_other, reader) = wit_stream::new::<u8>();
    fails("append", append(&temp, reader).await, busy.clone())?;
    fails("append", temp.append(b"x"), busy.clone())?;
    let early = save(&temp, "early".into()).await;
    fails("save", early, busy.clone())?;
    fails("save", temp.save("early"), busy)?;
    writer.write_all(b"some".to_vec()).await;
    is(
        "what is there",
        gives("read-range", temp.read_range(0, 1))?.len() <= 1,
        true,
    )?;
    drop(writer);
    is("added", gives("append", adding.await)?, 4)?;
    gives("save", save(&temp, "late".into()).await)?;
    is("content", content(root, "late")?, b"some".to_vec())
}

async fn given_up(root: &Root) -> Result<(), String> {
    let temp = temp(root)?;
    let (mut writer, reader) = wit_stream::new();
    {
        let mut adding = pin!(append(&temp, reader));
        is("begun", begun(adding.as_mut()).await.is_none(), true)?;
        let write = pin!(writer.write(b"some".to_vec()));
        let (result, _) = write.await;
        is("written", result, StreamResult::Complete(4))?;
    }
    // Nobody reads any more, which it is told by and by.
    let left = writer.write_all(numbered(1_000_000)).await;
    is("left", left.is_empty(), false)?;
    drop(writer);
    let before = temp.size();
    is("a part", before <= 4, true)?;
    gives("append", temp.append(b"more"))?;
    is("size", temp.size() <= 8, true)?;
    gives("save", save(&temp, "part".into()).await)
}

/// Its bytes never enter the component.
async fn copied(root: &Root) -> Result<(), String> {
    let bytes = numbered(3_000_000);
    gives("write", root.write("from", &bytes))?;
    let (from, ended) = gives("read", read(root, "from".into(), 0).await)?;
    let temp = temp(root)?;
    is(
        "added",
        gives("append", append(&temp, from).await)?,
        3_000_000,
    )?;
    gives("the end", ended.await)?;
    gives("save", save(&temp, "to".into()).await)?;
    is("content", content(root, "to")? == bytes, true)
}

async fn too_late(root: &Root) -> Result<(), String> {
    let temp = temp(root)?;
    gives("save", save(&temp, "done".into()).await)?;
    let over = code(ErrorCode::BadDescriptor);
    let (_writer, reader) = wit_stream::new::<u8>();
    fails("append", append(&temp, reader).await, over.clone())?;
    fails("save", save(&temp, "again".into()).await, over)
}
