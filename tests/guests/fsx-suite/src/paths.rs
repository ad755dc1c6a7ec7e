//! Roots, and paths of every shape for each function that takes one.

use suite::{fails, gives, is};

use crate::loop_::fsx::files::{Algorithm, DescriptorType, Error, ErrorCode, Reach, Root};
use crate::{Case, code, kind_of};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("what is not granted is denied", not_granted),
    ("a root that is shown is not changed", shown),
    ("the root itself", root_itself),
    ("no path leaves its root", leaving),
    ("bad text", bad_text),
    ("what is not there", nothing_there),
    ("a folder in the place of a file", folder_for_file),
    ("a file in the place of a folder", file_for_folder),
    ("dots inside of the root", dots),
    ("folders are made with those above them", create_folder),
];

/// A path goes to each function that takes one.
fn every(root: &Root, path: &str, expected: &Error) -> Result<(), String> {
    reading(root, path, expected)?;
    changing(root, path, expected)
}

fn reading(root: &Root, path: &str, expected: &Error) -> Result<(), String> {
    fails("stat", root.stat(path), expected.clone())?;
    fails("read", root.read(path), expected.clone())?;
    fails("read-range", root.read_range(path, 0, 1), expected.clone())?;
    fails(
        "digest",
        root.digest(path, Algorithm::Blake3),
        expected.clone(),
    )?;
    fails(
        "digest-tree",
        root.digest_tree(path, Algorithm::Blake3),
        expected.clone(),
    )?;
    let watch = root.watch(path, Reach::Tree).map(drop);
    fails("watch", watch, expected.clone())?;
    let copy = root.copy_tree(path, root, "copy").map(drop);
    fails("copy-tree", copy, expected.clone())
}

fn changing(root: &Root, path: &str, expected: &Error) -> Result<(), String> {
    fails("write", root.write(path, b"x"), expected.clone())?;
    let temp = root.create_temp(path).map(drop);
    fails("create-temp", temp, expected.clone())?;
    let copy = root.copy_tree(".", root, path).map(drop);
    fails("copy-tree to it", copy, expected.clone())?;
    let moved = root.move_tree(path, root, "moved").map(drop);
    fails("move-tree", moved, expected.clone())?;
    gives("create-folder", root.create_folder("from"))?;
    let moved = root.move_tree("from", root, path).map(drop);
    fails("move-tree to it", moved, expected.clone())?;
    let removed = root.remove_tree(path).map(drop);
    fails("remove-tree", removed, expected.clone())?;
    let temp = gives("a temporary file", root.create_temp("."))?;
    fails("save", temp.save(path), expected.clone())
}

fn not_granted(_: &Root) -> Result<(), String> {
    for name in [
        "",
        ".",
        "/",
        "other",
        "data/",
        "../data",
        "data/../data",
        "a\0b",
    ] {
        fails(name, Root::open(name).map(drop), code(ErrorCode::Access))?;
    }
    let long = "x".repeat(4_097);
    fails(
        "long",
        Root::open(&long).map(drop),
        code(ErrorCode::NameTooLong),
    )
}

fn shown(_: &Root) -> Result<(), String> {
    let shown = gives("open", Root::open("shown"))?;
    is("writable", shown.writable(), false)?;
    let denied = code(ErrorCode::Access);
    fails("write", shown.write("a", b"x"), denied.clone())?;
    fails("create-folder", shown.create_folder("a"), denied.clone())?;
    fails("create-temp", shown.create_temp(".").map(drop), denied)?;
    gives("watch", shown.watch(".", Reach::Tree))?;
    fails("read", shown.read("a"), code(ErrorCode::NoEntry))
}

fn root_itself(root: &Root) -> Result<(), String> {
    is("writable", root.writable(), true)?;
    for path in ["", ".", "./", "./."] {
        is(path, kind_of(root, path)?, DescriptorType::Directory)?;
        gives("create-folder", root.create_folder(path))?;
        fails("read", root.read(path), code(ErrorCode::IsDirectory))?;
        fails("write", root.write(path, b""), code(ErrorCode::IsDirectory))?;
    }
    Ok(())
}

fn leaving(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("leaving/inner"))?;
    let refused = code(ErrorCode::NotPermitted);
    for path in [
        "..",
        "../x",
        "/",
        "/etc/passwd",
        "//x",
        "leaving/../../x",
        "leaving/inner/../../../data/x",
        "./../x",
    ] {
        every(root, path, &refused).map_err(|why| format!("{path}: {why}"))?;
        fails(path, root.create_folder(path), refused.clone())?;
    }
    Ok(())
}

fn bad_text(root: &Root) -> Result<(), String> {
    every(root, "a\0b", &code(ErrorCode::Invalid))?;
    fails(
        "create-folder",
        root.create_folder("a\0b"),
        code(ErrorCode::Invalid),
    )?;
    for path in ["x".repeat(256), "x/".repeat(2_100)] {
        let long = code(ErrorCode::NameTooLong);
        if path.len() < 4_096 {
            // One part is too long: that is for the file system, which looks it up.
            reading(root, &path, &long)?;
            fails("write", root.write(&path, b""), long.clone())?;
        } else {
            every(root, &path, &long)?;
        }
        fails("create-folder", root.create_folder(&path), long)?;
    }
    Ok(())
}

fn nothing_there(root: &Root) -> Result<(), String> {
    let none = code(ErrorCode::NoEntry);
    reading(root, "none", &none)?;
    every(root, "none/below", &none)
}

fn folder_for_file(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("folder"))?;
    let folder = code(ErrorCode::IsDirectory);
    for path in ["folder", "folder/", "folder/."] {
        fails("read", root.read(path), folder.clone())?;
        fails("read-range", root.read_range(path, 0, 1), folder.clone())?;
        fails(
            "digest",
            root.digest(path, Algorithm::Sha256),
            folder.clone(),
        )?;
        fails("write", root.write(path, b"x"), folder.clone())?;
        let temp = gives("a temporary file", root.create_temp("folder"))?;
        fails("save", temp.save(path), folder.clone())?;
    }
    Ok(())
}

fn file_for_folder(root: &Root) -> Result<(), String> {
    gives("write", root.write("file", b"x"))?;
    let no_folder = code(ErrorCode::NotDirectory);
    every(root, "file/below", &no_folder)?;
    fails(
        "create-folder",
        root.create_folder("file"),
        no_folder.clone(),
    )?;
    fails(
        "create-folder",
        root.create_folder("file/below"),
        no_folder.clone(),
    )?;
    fails(
        "digest-tree",
        root.digest_tree("file", Algorithm::Blake3),
        no_folder.clone(),
    )?;
    let watch = root.watch("file", Reach::Folder).map(drop);
    fails("watch", watch, no_folder.clone())?;
    fails("create-temp", root.create_temp("file").map(drop), no_folder)
}

fn dots(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("dots/deep"))?;
    gives("write", root.write("dots/deep/../a", b"here"))?;
    is(
        "read",
        gives("read", root.read("./dots/./a"))?,
        b"here".to_vec(),
    )
}

fn create_folder(root: &Root) -> Result<(), String> {
    gives("once", root.create_folder("made/of/several"))?;
    gives("again", root.create_folder("made/of/several/"))?;
    let info = gives("stat", root.stat("made/of/several"))?;
    is("kind", info.kind, DescriptorType::Directory)?;
    is("size", info.size, 0)
}
