//! Objects that are copied and moved.

use suite::{gives, is};

use crate::wasi::blobstore::blobstore::{copy_object, move_object};
use crate::wasi::blobstore::types::ObjectId;
use crate::{Case, container, got, put, refused};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("copied", copied),
    ("moved", moved),
    ("to itself", itself),
    ("from or to what is not there", missing),
];

fn id(container: &str, object: &str) -> ObjectId {
    ObjectId {
        container: container.to_owned(),
        object: object.to_owned(),
    }
}

fn copied((): &()) -> Result<(), String> {
    let (one, other) = (container("copy-one")?, container("copy-other")?);
    put(&one, "a", b"1")?;
    put(&other, "../a", b"2")?;
    for to in [("copy-one", "b"), ("copy-other", "../a")] {
        gives(to.1, copy_object(&id("copy-one", "a"), &id(to.0, to.1)))?;
    }
    is("a", got(&one, "a")?, b"1".to_vec())?;
    is("b", got(&one, "b")?, b"1".to_vec())?;
    is("../a", got(&other, "../a")?, b"1".to_vec())?;
    put(&one, "a", b"3")?;
    is("b", got(&one, "b")?, b"1".to_vec())
}

fn moved((): &()) -> Result<(), String> {
    let (one, other) = (container("move-one")?, container("move-other")?);
    put(&one, "a", b"1")?;
    put(&other, "b", b"2")?;
    gives(
        "move",
        move_object(&id("move-one", "a"), &id("move-one", "c/d")),
    )?;
    is("a", gives("has", one.has_object("a"))?, false)?;
    gives(
        "move",
        move_object(&id("move-one", "c/d"), &id("move-other", "b")),
    )?;
    is("c/d", gives("has", one.has_object("c/d"))?, false)?;
    is("b", got(&other, "b")?, b"1".to_vec())
}

fn itself((): &()) -> Result<(), String> {
    let container = container("itself")?;
    put(&container, "a", b"1")?;
    gives("copy", copy_object(&id("itself", "a"), &id("itself", "a")))?;
    gives("move", move_object(&id("itself", "a"), &id("itself", "a")))?;
    is("a", got(&container, "a")?, b"1".to_vec())
}

fn missing((): &()) -> Result<(), String> {
    let container = container("there")?;
    put(&container, "a", b"1")?;
    let check = |from: (&str, &str), to: (&str, &str), reason: &str| {
        let (from, to) = (id(from.0, from.1), id(to.0, to.1));
        refused("copy", copy_object(&from, &to), reason)?;
        refused("move", move_object(&from, &to), reason)
    };
    check(("there", "b"), ("there", "c"), "there is no such object")?;
    check(
        ("nowhere", "a"),
        ("there", "c"),
        "there is no such container",
    )?;
    check(
        ("there", "a"),
        ("nowhere", "c"),
        "there is no such container",
    )?;
    check(
        ("there", "a"),
        ("../a", "c"),
        "no container can be called so",
    )?;
    check(("there", ""), ("there", "c"), "the object's name is empty")?;
    check(("there", "a"), ("there", ""), "the object's name is empty")?;
    is("a", got(&container, "a")?, b"1".to_vec())
}
