//! Files are written as a whole, and read as a whole or in parts.

use suite::{fails, gives, is};

use crate::loop_::fsx::files::{DescriptorType, Error, Root};
use crate::{Case, found};

/// The most that is read at once.
const READ_BYTES_MAX: u64 = 16_777_216;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("what was written is read", written_is_read),
    ("a file is replaced", replaced),
    ("parts", parts),
    ("a file that is too large to be read at once", too_large),
    ("nothing else is left", nothing_left),
];

fn written_is_read(root: &Root) -> Result<(), String> {
    for content in [&b""[..], b"a", &[0, 255, 10, 13, 0], &[7; 70_000]] {
        gives("write", root.write("written", content))?;
        is(
            "read",
            gives("read", root.read("written"))?,
            content.to_vec(),
        )?;
        let info = gives("stat", root.stat("written"))?;
        is("kind", info.kind, DescriptorType::RegularFile)?;
        is("size", info.size, content.len() as u64)?;
        if info
            .modified
            .is_some_and(|time| time < 1_600_000_000_000_000_000)
        {
            return Err(format!("it was changed at {:?}", info.modified));
        }
    }
    Ok(())
}

fn replaced(root: &Root) -> Result<(), String> {
    gives("first", root.write("replaced", b"a long content"))?;
    gives("second", root.write("replaced", b"short"))?;
    is(
        "read",
        gives("read", root.read("replaced"))?,
        b"short".to_vec(),
    )
}

fn parts(root: &Root) -> Result<(), String> {
    gives("write", root.write("parts", b"0123456789"))?;
    let part = |offset, length| gives("read-range", root.read_range("parts", offset, length));
    is("all", part(0, 10)?, b"0123456789".to_vec())?;
    is("inner", part(3, 4)?, b"3456".to_vec())?;
    is("at the end", part(8, 10)?, b"89".to_vec())?;
    is("beyond", part(10, 1)?, Vec::new())?;
    is("far beyond", part(u64::MAX, 1)?, Vec::new())?;
    is("none", part(0, 0)?, Vec::new())?;
    let huge = root.read_range("parts", 0, u32::MAX);
    fails("huge", huge, Error::TooLarge(READ_BYTES_MAX))
}

fn too_large(root: &Root) -> Result<(), String> {
    let temp = gives("create-temp", root.create_temp("."))?;
    let chunk = vec![1; 1 << 18];
    for _ in 0..64 {
        gives("append", temp.append(&chunk))?;
    }
    gives("append", temp.append(&[2]))?;
    gives("save", temp.save("large"))?;
    fails("read", root.read("large"), Error::TooLarge(READ_BYTES_MAX))?;
    let last = root.read_range("large", READ_BYTES_MAX, 9);
    is("the last byte", gives("read-range", last)?, vec![2])?;
    // So that digests of the whole root need not read it.
    gives("write", root.write("large", b""))
}

fn nothing_left(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("alone"))?;
    gives("write", root.write("alone/file", b"x"))?;
    gives("write", root.write("alone/file", b"y"))?;
    is(
        "files",
        found(root, "alone/*")?,
        vec!["alone/file".to_owned()],
    )
}
