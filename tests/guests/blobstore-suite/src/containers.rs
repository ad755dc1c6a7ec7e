//! Containers, and their names.

use suite::{gives, is};

use crate::wasi::blobstore::blobstore;
use crate::{Case, container, got, put, refused};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("names that are none", no_names),
    ("one is made once", once),
    ("what is gone", gone),
    ("a handle of what is gone", handle),
    ("they are apart", apart),
    ("cleared", cleared),
];

const NONE: &str = "there is no such container";

fn no_names((): &()) -> Result<(), String> {
    let long = "b".repeat(65);
    for name in [
        "", " ", "a b", "a/b", "../a", "a:b", "a\0", "a\u{1}", "ä", "*", &long,
    ] {
        let reason = "no container can be called so";
        refused(name, blobstore::create_container(name).map(drop), reason)?;
        refused(name, blobstore::get_container(name).map(drop), reason)?;
        refused(name, blobstore::delete_container(name), reason)?;
        refused(name, blobstore::container_exists(name), reason)?;
    }
    // One that begins with a dot is a name like others, and leads nowhere.
    for name in [".", "..", "A-1_b.c", &"b".repeat(64)] {
        put(&container(name)?, "a", name.as_bytes())?;
    }
    for name in [".", "..", "A-1_b.c", &"b".repeat(64)] {
        let container = gives(name, blobstore::get_container(name))?;
        is(name, got(&container, "a")?, name.as_bytes().to_vec())?;
        gives(name, blobstore::delete_container(name))?;
    }
    Ok(())
}

fn once((): &()) -> Result<(), String> {
    let exists = || gives("exists", blobstore::container_exists("once"));
    is("exists", exists()?, false)?;
    let made = container("once")?;
    is("exists", exists()?, true)?;
    let again = blobstore::create_container("once").map(drop);
    refused("again", again, "there is a container of that name")?;
    is("name", gives("name", made.name())?, "once".to_owned())?;
    let info = gives("info", made.info())?;
    is("info", info.name, "once".to_owned())?;
    // Of this millennium, in seconds.
    is(
        "made",
        (946_684_800..32_503_680_000).contains(&info.created_at),
        true,
    )
}

fn gone((): &()) -> Result<(), String> {
    let get = || blobstore::get_container("gone").map(drop);
    refused("get", get(), NONE)?;
    refused("delete", blobstore::delete_container("gone"), NONE)?;
    put(&container("gone")?, "a", b"1")?;
    gives("delete", blobstore::delete_container("gone"))?;
    refused("get", get(), NONE)?;
    let again = container("gone")?;
    is("has", gives("has", again.has_object("a"))?, false)
}

fn handle((): &()) -> Result<(), String> {
    let handle = container("handle")?;
    put(&handle, "a", b"1")?;
    gives("delete", blobstore::delete_container("handle"))?;
    is("name", gives("name", handle.name())?, "handle".to_owned())?;
    refused("info", handle.info(), NONE)?;
    refused("get", handle.get_data("a", 0, 1).map(drop), NONE)?;
    refused("has", handle.has_object("a"), NONE)?;
    refused("object", handle.object_info("a"), NONE)?;
    refused("list", handle.list_objects().map(drop), NONE)?;
    refused("delete", handle.delete_object("a"), NONE)?;
    refused("clear", handle.clear(), NONE)?;
    // It is a name: another container of that name is the one that is meant.
    put(&container("handle")?, "b", b"2")?;
    is("get", got(&handle, "b")?, b"2".to_vec())
}

fn apart((): &()) -> Result<(), String> {
    let (one, other) = (container("apart")?, container("Apart")?);
    put(&one, "a", b"1")?;
    is("has", gives("has", other.has_object("a"))?, false)?;
    put(&other, "a", b"2")?;
    gives("clear", other.clear())?;
    is("get", got(&one, "a")?, b"1".to_vec())
}

fn cleared((): &()) -> Result<(), String> {
    let container = container("cleared")?;
    for name in ["a", "b/c", ".."] {
        put(&container, name, b"1")?;
    }
    gives("clear", container.clear())?;
    for name in ["a", "b/c", ".."] {
        is(name, gives(name, container.has_object(name))?, false)?;
    }
    gives("clear", container.clear())?;
    put(&container, "a", b"2")?;
    is("get", got(&container, "a")?, b"2".to_vec())
}
