//! Temporary files.

use suite::{fails, gives, is};

use crate::loop_::fsx::files::{Error, ErrorCode, Root};
use crate::{Case, code, found};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("it is gone with its handle", gone),
    ("it takes its place", saved),
    ("it is still there after a failed save", failed_save),
    ("there are not too many", too_many),
];

fn gone(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("gone"))?;
    let temp = gives("create-temp", root.create_temp("gone"))?;
    gives("append", temp.append(b"some"))?;
    let names = found(root, "gone/*")?;
    let [name] = &names[..] else {
        return Err(format!("{names:?} in the folder"));
    };
    is("its name", name.starts_with("gone/.loop-fsx-"), true)?;
    is(
        "its content",
        gives("read", root.read(name))?,
        b"some".to_vec(),
    )?;
    drop(temp);
    is("after", found(root, "gone/*")?, Vec::new())
}

fn saved(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("saved"))?;
    gives("write", root.write("saved/file", b"old"))?;
    let temp = gives("create-temp", root.create_temp("saved"))?;
    is("empty", temp.size(), 0)?;
    gives("append", temp.append(b"new "))?;
    gives("append", temp.append(b"content"))?;
    is("size", temp.size(), 11)?;
    is(
        "a part",
        gives("read-range", temp.read_range(4, 99))?,
        b"content".to_vec(),
    )?;
    is(
        "before",
        gives("read", root.read("saved/file"))?,
        b"old".to_vec(),
    )?;
    gives("save", temp.save("saved/file"))?;
    is(
        "after",
        gives("read", root.read("saved/file"))?,
        b"new content".to_vec(),
    )?;
    let used = code(ErrorCode::BadDescriptor);
    fails("append", temp.append(b"x"), used.clone())?;
    fails("read-range", temp.read_range(0, 1), used.clone())?;
    fails("save", temp.save("saved/again"), used)?;
    drop(temp);
    is(
        "files",
        found(root, "saved/*")?,
        vec!["saved/file".to_owned()],
    )
}

fn failed_save(root: &Root) -> Result<(), String> {
    let temp = gives("create-temp", root.create_temp("."))?;
    gives("append", temp.append(b"kept"))?;
    fails("save", temp.save("nowhere/file"), code(ErrorCode::NoEntry))?;
    gives("save", temp.save("kept"))?;
    is("read", gives("read", root.read("kept"))?, b"kept".to_vec())
}

fn too_many(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("many"))?;
    let mut temps = Vec::new();
    for _ in 0..64 {
        temps.push(gives("create-temp", root.create_temp("many"))?);
    }
    let one_more = root.create_temp("many").map(drop);
    fails("one more", one_more, Error::TooMany(64))?;
    temps.pop();
    temps.push(gives("after one is gone", root.create_temp("many"))?);
    drop(temps);
    is("after", found(root, "many/*")?, Vec::new())
}
