//! Values that are written: entirely or not at all.

use suite::{gives, is};

use crate::wasi::blobstore::types::OutgoingValue;
use crate::{Case, container, got, put, refused, write};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("nothing is seen before the end", whole),
    ("one that is given up", given_up),
    ("without a body", bodiless),
    ("in the order that suits", order),
    ("what is done twice", twice),
    ("the container goes meanwhile", gone),
];

fn whole((): &()) -> Result<(), String> {
    let container = container("whole")?;
    put(&container, "a", b"old")?;
    for name in ["a", "new"] {
        let value = OutgoingValue::new_outgoing_value();
        let body = gives("the body", value.outgoing_value_write_body())?;
        gives("write", container.write_data(name, &value))?;
        write(&body, &[7; 100_000])?;
        let before = if name == "a" {
            Some(b"old".to_vec())
        } else {
            None
        };
        is(name, got(&container, name).ok(), before)?;
        drop(body);
        gives("finish", OutgoingValue::finish(value))?;
        is(name, got(&container, name)? == [7; 100_000], true)?;
    }
    Ok(())
}

fn given_up((): &()) -> Result<(), String> {
    let container = container("given-up")?;
    put(&container, "a", b"old")?;
    for name in ["a", "new"] {
        let value = OutgoingValue::new_outgoing_value();
        let body = gives("the body", value.outgoing_value_write_body())?;
        gives("write", container.write_data(name, &value))?;
        write(&body, b"never")?;
        drop(body);
        drop(value);
    }
    is("a", got(&container, "a")?, b"old".to_vec())?;
    is("new", gives("has", container.has_object("new"))?, false)
}

fn bodiless((): &()) -> Result<(), String> {
    let container = container("bodiless")?;
    let value = OutgoingValue::new_outgoing_value();
    gives("write", container.write_data("a", &value))?;
    gives("finish", OutgoingValue::finish(value))?;
    is("a", got(&container, "a")?, Vec::new())
}

fn order((): &()) -> Result<(), String> {
    let container = container("order")?;
    let value = OutgoingValue::new_outgoing_value();
    let body = gives("the body", value.outgoing_value_write_body())?;
    // As a program does it that has everything already.
    gives("write", body.blocking_write_and_flush(b"1"))?;
    drop(body);
    gives("write", container.write_data("a", &value))?;
    gives("finish", OutgoingValue::finish(value))?;
    is("a", got(&container, "a")?, b"1".to_vec())
}

fn twice((): &()) -> Result<(), String> {
    let container = container("twice")?;
    let value = OutgoingValue::new_outgoing_value();
    let body = gives("the body", value.outgoing_value_write_body())?;
    is("again", value.outgoing_value_write_body().is_err(), true)?;
    drop(body);
    is("again", value.outgoing_value_write_body().is_err(), true)?;
    gives("write", container.write_data("a", &value))?;
    let again = container.write_data("b", &value);
    refused("again", again, "the value is for one object, and has one")?;
    gives("finish", OutgoingValue::finish(value))?;
    is("b", gives("has", container.has_object("b"))?, false)?;
    let nowhere = OutgoingValue::finish(OutgoingValue::new_outgoing_value());
    refused("nowhere", nowhere, "the value was written to no container")
}

fn gone((): &()) -> Result<(), String> {
    let reason = "there is no such container";
    let container = container("goes")?;
    let value = OutgoingValue::new_outgoing_value();
    gives("write", container.write_data("a", &value))?;
    let delete = || crate::wasi::blobstore::blobstore::delete_container("goes");
    gives("delete", delete())?;
    refused("finish", OutgoingValue::finish(value), reason)?;
    let value = OutgoingValue::new_outgoing_value();
    refused("write", container.write_data("a", &value), reason)
}
