//! Messages to bytes.

use bytes::{BufMut, Bytes, BytesMut};

use crate::call::{CallError, Meta, Target};
use crate::envelope::message::{Hello, Resource, field, kind};
use crate::envelope::outbox::Outbox;
use crate::envelope::{CallId, MESSAGE_BYTES_MAX};
use crate::frame::Path;
use crate::leb;

/// Writes the head of a message: its kind with its marks, its call, and how many bytes follow.
fn head(kind: u8, call: CallId, length: usize, out: &mut BytesMut) {
    out.put_u8(kind);
    leb::write(call.0, out);
    leb::write_len(length, out);
}

/// A message about the connection.
const NO_CALL: CallId = CallId(0);

pub(crate) fn hello(hello: &Hello, outbox: &mut Outbox) {
    let mut body = BytesMut::new();
    leb::write(hello.window, &mut body);
    leb::write(hello.calls, &mut body);
    let idle = hello.idle.map_or(0, |idle| {
        u32::try_from(idle.as_millis()).unwrap_or(u32::MAX)
    });
    leb::write(idle, &mut body);
    small(kind::HELLO, NO_CALL, &body, outbox);
}

/// Writes a call's beginning; `data` are the first bytes of its values.
pub(crate) fn open(
    call: CallId,
    end: bool,
    target: &Target,
    meta: &Meta,
    data: Bytes,
    outbox: &mut Outbox,
) {
    let fields = fields(meta);
    let length = leb::size(fields.len() as u64)
        + fields.len()
        + text_size(target.instance())
        + text_size(target.function())
        + data.len();
    let out = outbox.tail();
    head(kind::OPEN | mark(end), call, length, out);
    leb::write_len(fields.len(), out);
    out.put_slice(&fields);
    text(target.instance(), out);
    text(target.function(), out);
    outbox.push(data);
}

/// Writes bytes of a call.
pub(crate) fn data(call: CallId, end: bool, path: &Path, data: Bytes, outbox: &mut Outbox) {
    let out = outbox.tail();
    head(
        kind::DATA | mark(end),
        call,
        path.encoded_size() + data.len(),
        out,
    );
    path.encode(out);
    outbox.push(data);
}

/// Writes the end of one direction of a call.
pub(crate) fn end(call: CallId, outbox: &mut Outbox) {
    head(kind::DATA | kind::END, call, 0, outbox.tail());
}

pub(crate) fn credit(call: CallId, bytes: u32, outbox: &mut Outbox) {
    let out = outbox.tail();
    head(kind::CREDIT, call, leb::size(bytes), out);
    leb::write(bytes, out);
}

pub(crate) fn stop(call: CallId, outbox: &mut Outbox) {
    head(kind::STOP, call, 0, outbox.tail());
}

pub(crate) fn cancel(call: CallId, outbox: &mut Outbox) {
    head(kind::CANCEL, call, 0, outbox.tail());
}

pub(crate) fn fail(call: CallId, error: &CallError, outbox: &mut Outbox) {
    let mut body = BytesMut::new();
    failure(error, &mut body);
    small(kind::FAIL, call, &body, outbox);
}

pub(crate) fn drop_resource(resource: &Resource, outbox: &mut Outbox) {
    let mut body = BytesMut::new();
    text(resource.target.instance(), &mut body);
    text(resource.target.function(), &mut body);
    leb::write_len(resource.handle.len(), &mut body);
    body.put_slice(&resource.handle);
    small(kind::DROP, NO_CALL, &body, outbox);
}

pub(crate) fn ping(token: [u8; 8], outbox: &mut Outbox) {
    small(kind::PING, NO_CALL, &token, outbox);
}

pub(crate) fn pong(token: [u8; 8], outbox: &mut Outbox) {
    small(kind::PONG, NO_CALL, &token, outbox);
}

pub(crate) fn go_away(last: CallId, error: &CallError, outbox: &mut Outbox) {
    let mut body = BytesMut::new();
    leb::write(last.0, &mut body);
    failure(error, &mut body);
    small(kind::GO_AWAY, NO_CALL, &body, outbox);
}

fn small(kind: u8, call: CallId, body: &[u8], outbox: &mut Outbox) {
    let out = outbox.tail();
    head(kind, call, body.len(), out);
    out.put_slice(body);
}

fn mark(end: bool) -> u8 {
    if end { kind::END } else { 0 }
}

fn text_size(text: &str) -> usize {
    leb::size(text.len() as u64) + text.len()
}

fn text(text: &str, out: &mut BytesMut) {
    leb::write_len(text.len(), out);
    out.put_slice(text.as_bytes());
}

fn failure(error: &CallError, out: &mut BytesMut) {
    leb::write(error.code.number(), out);
    let (retry, milliseconds) = error.retry.numbers();
    leb::write(retry, out);
    leb::write(milliseconds, out);
    let message: &str = &error.message;
    let mut end = message.len().min(MESSAGE_BYTES_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    text(message.get(..end).unwrap_or_default(), out);
}

/// What travels with a call: for each field its number, its length and its bytes.
fn fields(meta: &Meta) -> BytesMut {
    let mut out = BytesMut::new();
    let mut put = |number: u32, bytes: &[u8]| {
        leb::write(number, &mut out);
        leb::write_len(bytes.len(), &mut out);
        out.put_slice(bytes);
    };
    if let Some(deadline) = meta.deadline {
        let mut bytes = Vec::with_capacity(10);
        leb::write(
            u64::try_from(deadline.as_micros()).unwrap_or(u64::MAX),
            &mut bytes,
        );
        put(field::DEADLINE, &bytes);
    }
    if let Some(trace) = &meta.trace {
        let mut bytes = [0; 25];
        let parts = trace
            .trace_id
            .iter()
            .chain(&trace.parent_id)
            .chain([&trace.flags]);
        for (slot, byte) in bytes.iter_mut().zip(parts) {
            *slot = *byte;
        }
        put(field::TRACE_PARENT, &bytes);
        if !trace.state.is_empty() {
            put(field::TRACE_STATE, trace.state.as_bytes());
        }
    }
    if let Some(caller) = &meta.caller {
        put(field::CALLER, caller.as_bytes());
    }
    out
}
