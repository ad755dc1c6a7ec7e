//! Names of objects: any text, and never a path.

use suite::{gives, is};

use crate::wasi::blobstore::container::Container;
use crate::wasi::blobstore::types::OutgoingValue;
use crate::{Case, container, got, put, refused};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("any text", any),
    ("names that are none", none),
    ("what is not there", missing),
];

fn any((): &()) -> Result<(), String> {
    let container = container("any")?;
    let (long, far) = ("n".repeat(255), "../".repeat(40));
    let names = [
        "a",
        "A",
        ".",
        "..",
        "...",
        "../a",
        "../../etc/passwd",
        "/",
        "/etc/passwd",
        "//",
        "a/b",
        "a/",
        "a%2Fb",
        "%2E%2E",
        "%",
        "%zz",
        "a\\b",
        "a\0b",
        "\0",
        "a\nb",
        " ",
        "a ",
        "-rf",
        "*",
        "ä",
        "a\u{308}",
        "ä/ö",
        "\u{202e}txt",
        ".loop-blobstore-0000000000000000",
        "C:\\a",
        "con",
        &long,
        &far,
    ];
    for name in names {
        put(&container, name, name.as_bytes())?;
    }
    for name in names {
        is(name, got(&container, name)?, name.as_bytes().to_vec())?;
        let info = gives(name, container.object_info(name))?;
        is(name, info.name, name.to_owned())?;
        is(name, info.container, "any".to_owned())?;
        is(name, info.size, name.len() as u64)?;
        is(name, info.created_at > 0, true)?;
    }
    let listed = gives("list", container.list_objects())?;
    let (mut listed, ended) = gives("read", listed.read_stream_object_names(100))?;
    is("ended", ended, true)?;
    let mut expected: Vec<String> = names.iter().map(ToString::to_string).collect();
    listed.sort();
    expected.sort();
    is("listed", listed, expected)?;
    for name in names {
        gives(name, container.delete_object(name))?;
        is(name, gives(name, container.has_object(name))?, false)?;
    }
    Ok(())
}

fn none((): &()) -> Result<(), String> {
    let container = container("none")?;
    for name in ["", &"n".repeat(256), &"/".repeat(86), &"x".repeat(1 << 20)] {
        refuses(&container, name)?;
    }
    Ok(())
}

fn refuses(container: &Container, name: &str) -> Result<(), String> {
    let reason = "the object's name is empty, or too long";
    refused("get", container.get_data(name, 0, 1).map(drop), reason)?;
    refused("has", container.has_object(name), reason)?;
    refused("info", container.object_info(name), reason)?;
    refused("delete", container.delete_object(name), reason)?;
    let value = OutgoingValue::new_outgoing_value();
    refused("write", container.write_data(name, &value), reason)?;
    // Nothing is deleted if one name is none.
    put(container, "stays", b"1")?;
    let both = ["stays".to_owned(), name.to_owned()];
    refused("both", container.delete_objects(&both), reason)?;
    is("stays", gives("has", container.has_object("stays"))?, true)
}

fn missing((): &()) -> Result<(), String> {
    let container = container("missing")?;
    let reason = "there is no such object";
    refused("get", container.get_data("a", 0, 1).map(drop), reason)?;
    refused("info", container.object_info("a"), reason)?;
    is("has", gives("has", container.has_object("a"))?, false)?;
    gives("delete", container.delete_object("a"))?;
    put(&container, "b", b"1")?;
    let both = ["a".to_owned(), "b".to_owned()];
    gives("delete", container.delete_objects(&both))?;
    is("has", gives("has", container.has_object("b"))?, false)?;
    let many: Vec<String> = (0..10_001).map(|number| number.to_string()).collect();
    refused(
        "many",
        container.delete_objects(&many),
        "at most 10000 objects",
    )
}
