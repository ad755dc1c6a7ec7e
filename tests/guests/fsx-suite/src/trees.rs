//! Copying, moving and removing trees.

use suite::{fails, gives, is};

use crate::loop_::fsx::files::{
    Algorithm, DescriptorType, Error, ErrorCode, Event, Operation, Progress, Reach, Root,
};
use crate::{Case, code, found, kind_of};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a tree is copied", copied),
    ("a file is copied", file_copied),
    ("a tree is moved", moved),
    ("a tree is removed", removed),
    ("nothing is done before it is asked for", not_begun),
    ("nothing is replaced", nothing_replaced),
    ("nothing is put into itself", into_itself),
    ("the root itself", root_itself),
    ("slashes at the end", slashes),
    ("from a root that is shown", from_shown),
    ("what ended in the middle", ended),
    ("it outlives its roots", outlives),
    ("there are not too many", too_many),
    ("a watch tells of it", watched),
];

/// Works to the end, a step at a time.
fn finish(operation: &Operation) -> Result<Progress, String> {
    let mut before = (0, 0);
    loop {
        let progress = gives("next", operation.next(Some(0)))?;
        let now = (progress.entries, progress.bytes);
        is("backwards", now < before, false)?;
        before = now;
        if progress.done {
            return Ok(progress);
        }
    }
}

/// Makes a tree of three folders and three files with nine bytes.
fn make(root: &Root, path: &str) -> Result<(), String> {
    gives("create-folder", root.create_folder(&format!("{path}/a/b")))?;
    for (name, content) in [("one", "one"), ("a/two", "two"), ("a/b/six", "six")] {
        let path = format!("{path}/{name}");
        gives("write", root.write(&path, content.as_bytes()))?;
    }
    Ok(())
}

fn digest(root: &Root, path: &str) -> Result<Vec<u8>, String> {
    gives(path, root.digest_tree(path, Algorithm::Blake3))
}

fn copy(root: &Root, path: &str, to: &str) -> Result<Operation, String> {
    gives("copy-tree", root.copy_tree(path, root, to))
}

fn copied(root: &Root) -> Result<(), String> {
    make(root, "copied/from")?;
    let progress = finish(&copy(root, "copied/from", "copied/to")?)?;
    is("entries", progress.entries, 6)?;
    is("bytes", progress.bytes, 9)?;
    is(
        "the copy",
        digest(root, "copied/to")?,
        digest(root, "copied/from")?,
    )?;
    gives("a change", root.write("copied/from/one", b"changed"))?;
    let other = gives("read", root.read("copied/to/one"))?;
    is("the copy is another", other, b"one".to_vec())
}

fn file_copied(root: &Root) -> Result<(), String> {
    gives("write", root.write("file-from", b"content"))?;
    let operation = copy(root, "file-from", "file-to")?;
    let progress = gives("next", operation.next(None))?;
    let end = (progress.entries, progress.bytes, progress.done);
    is("progress", end, (1, 7, true))?;
    let again = gives("next", operation.next(None))?;
    is("again", (again.entries, again.bytes, again.done), end)?;
    is(
        "read",
        gives("read", root.read("file-to"))?,
        b"content".to_vec(),
    )
}

fn moved(root: &Root) -> Result<(), String> {
    make(root, "moved/from")?;
    gives("create-folder", root.create_folder("moved/in"))?;
    let before = digest(root, "moved/from")?;
    let operation = root.move_tree("moved/from", root, "moved/in/to");
    let progress = finish(&gives("move-tree", operation)?)?;
    is("entries", progress.entries > 0, true)?;
    is("there", digest(root, "moved/in/to")?, before)?;
    is(
        "not here",
        found(root, "moved/*")?,
        vec!["moved/in".to_owned()],
    )
}

fn removed(root: &Root) -> Result<(), String> {
    make(root, "removed/tree")?;
    gives("write", root.write("removed/stays", b""))?;
    let operation = gives("remove-tree", root.remove_tree("removed/tree"))?;
    is("entries", finish(&operation)?.entries, 6)?;
    is(
        "what is left",
        found(root, "removed/**")?,
        vec!["removed/stays".to_owned()],
    )?;
    let operation = gives("a file", root.remove_tree("removed/stays"))?;
    is("entries", finish(&operation)?.entries, 1)?;
    let again = root.remove_tree("removed/stays").map(drop);
    fails("again", again, code(ErrorCode::NoEntry))
}

fn not_begun(root: &Root) -> Result<(), String> {
    make(root, "begun/from")?;
    drop(copy(root, "begun/from", "begun/to")?);
    drop(gives(
        "move",
        root.move_tree("begun/from", root, "begun/to"),
    )?);
    drop(gives("remove", root.remove_tree("begun/from"))?);
    is(
        "all",
        found(root, "begun/*")?,
        vec!["begun/from".to_owned()],
    )?;
    is("what is in it", found(root, "begun/from/**")?.len(), 5)?;
    // What is right when it begins can be wrong later.
    let operation = copy(root, "begun/from", "begun/to")?;
    gives("write", root.write("begun/to", b"here"))?;
    for _ in 0..2 {
        fails(
            "next",
            operation.next(None).map(drop),
            code(ErrorCode::Exist),
        )?;
    }
    let operation = gives("move", root.move_tree("begun/from", root, "begun/late"))?;
    gives("write", root.write("begun/late", b"here"))?;
    fails(
        "next",
        operation.next(None).map(drop),
        code(ErrorCode::Exist),
    )?;
    is("what is in it", found(root, "begun/from/**")?.len(), 5)
}

fn nothing_replaced(root: &Root) -> Result<(), String> {
    make(root, "there/from")?;
    gives("write", root.write("there/file", b"x"))?;
    gives("create-folder", root.create_folder("there/folder"))?;
    let exist = code(ErrorCode::Exist);
    for to in ["there/file", "there/folder", "there/from", "there/folder/"] {
        let copied = root.copy_tree("there/from", root, to).map(drop);
        fails(to, copied, exist.clone())?;
        let moved = root.move_tree("there/from", root, to).map(drop);
        fails(to, moved, exist.clone())?;
    }
    let nowhere = root
        .copy_tree("there/from", root, "there/no/where")
        .map(drop);
    fails("nowhere", nowhere, code(ErrorCode::NoEntry))
}

fn into_itself(root: &Root) -> Result<(), String> {
    make(root, "itself")?;
    let invalid = code(ErrorCode::Invalid);
    for to in ["itself/new", "itself/a/b/new", "itself/a/../a/new"] {
        let copied = root.copy_tree("itself", root, to).map(drop);
        fails(to, copied, invalid.clone())?;
        let moved = root.move_tree("itself", root, to).map(drop);
        fails(to, moved, invalid.clone())?;
    }
    let all = root.copy_tree(".", root, "itself-not").map(drop);
    fails("all", all, invalid)?;
    // A name that begins like it is another folder.
    finish(&copy(root, "itself", "itself-too")?).map(drop)
}

fn root_itself(root: &Root) -> Result<(), String> {
    make(root, "dotted")?;
    let invalid = code(ErrorCode::Invalid);
    for path in ["", ".", "./", "./.", "dotted/.", "dotted/a/.."] {
        fails(path, root.remove_tree(path).map(drop), invalid.clone())?;
        let moved = root.move_tree(path, root, "dot-to").map(drop);
        fails(path, moved, invalid.clone())?;
        let copied = root.copy_tree("dotted", root, path).map(drop);
        fails(path, copied, invalid.clone())?;
    }
    finish(&copy(root, "dotted/a/..", "dot-to")?)?;
    is("it", digest(root, "dot-to")?, digest(root, "dotted")?)
}

fn slashes(root: &Root) -> Result<(), String> {
    make(root, "slash/from")?;
    finish(&copy(root, "slash/from/", "slash/to/")?)?;
    is("it", digest(root, "slash/to")?, digest(root, "slash/from")?)?;
    let no_folder = code(ErrorCode::NotDirectory);
    let file = "slash/from/one/";
    let copied = root.copy_tree(file, root, "slash/x").map(drop);
    fails("copy", copied, no_folder.clone())?;
    fails("remove", root.remove_tree(file).map(drop), no_folder)?;
    let removing = gives("remove", root.remove_tree("slash/to/"))?;
    finish(&removing)?;
    is(
        "left",
        found(root, "slash/*")?,
        vec!["slash/from".to_owned()],
    )
}

fn from_shown(root: &Root) -> Result<(), String> {
    let shown = gives("open", Root::open("shown"))?;
    let denied = code(ErrorCode::Access);
    make(root, "to-show")?;
    let into = root.copy_tree("to-show", &shown, "x").map(drop);
    fails("copy into", into, denied.clone())?;
    let into = root.move_tree("to-show", &shown, "x").map(drop);
    fails("move into", into, denied.clone())?;
    let out = shown.move_tree("x", root, "x").map(drop);
    fails("move out of", out, denied.clone())?;
    fails("remove", shown.remove_tree("x").map(drop), denied)?;
    let operation = gives("copy", shown.copy_tree(".", root, "from-shown"))?;
    finish(&operation)?;
    is(
        "kind",
        kind_of(root, "from-shown")?,
        DescriptorType::Directory,
    )
}

fn ended(root: &Root) -> Result<(), String> {
    make(root, "ended/from")?;
    let before = digest(root, "ended/from")?;
    let operation = copy(root, "ended/from", "ended/to")?;
    gives("next", operation.next(Some(0)))?;
    drop(operation);
    is("what is copied", digest(root, "ended/from")?, before)?;
    let removing = gives("what was made is removed", root.remove_tree("ended/to"))?;
    finish(&removing).map(drop)
}

fn outlives(root: &Root) -> Result<(), String> {
    make(root, "lives/from")?;
    let other = gives("open", Root::open("data"))?;
    let operation = gives("copy", other.copy_tree("lives/from", root, "lives/to"))?;
    drop(other);
    finish(&operation)?;
    is("it", digest(root, "lives/to")?, digest(root, "lives/from")?)
}

fn too_many(root: &Root) -> Result<(), String> {
    make(root, "many-trees")?;
    let mut operations = Vec::new();
    for _ in 0..16 {
        operations.push(copy(root, "many-trees", "many-trees-to")?);
    }
    let one_more = root.remove_tree("many-trees").map(drop);
    fails("one more", one_more, Error::TooMany(16))?;
    operations.pop();
    operations.push(gives("after one is gone", root.remove_tree("many-trees"))?);
    drop(operations);
    gives(
        "after all are gone",
        root.remove_tree("many-trees").map(drop),
    )
}

fn watched(root: &Root) -> Result<(), String> {
    make(root, "seen/tree")?;
    let watch = gives("watch", root.watch("seen/tree", Reach::Tree))?;
    let next = || {
        let mut events = Vec::new();
        while events.is_empty() {
            events = gives("next", watch.next(9, Some(20_000_000_000)))?;
        }
        Ok::<Vec<Event>, String>(events)
    };
    let check = |expected: &str| {
        let events: Vec<String> = next()?.iter().map(|event| format!("{event:?}")).collect();
        let told = events
            .join(" ")
            .replace("Event::", "")
            .replace("seen/tree/", "");
        is("told", &*told, expected)
    };
    finish(&gives("remove", root.remove_tree("seen/tree/one"))?)?;
    check("Removed(\"one\")")?;
    finish(&gives(
        "move",
        root.move_tree("seen/tree/a/b", root, "seen/tree/c"),
    )?)?;
    check("Removed(\"a/b\") Changed(\"c\") Changed(\"c/six\")")?;
    finish(&copy(root, "seen/tree/c", "seen/tree/d")?)?;
    check("Changed(\"d\") Changed(\"d/six\")")?;
    finish(&gives("remove", root.remove_tree("seen"))?)?;
    // What went before it is told with it, or not.
    while !matches!(next()?[..], [.., Event::Gone]) {}
    make(root, "seen/tree")?;
    while !matches!(next()?[..], [Event::Back, ..]) {}
    Ok(())
}
