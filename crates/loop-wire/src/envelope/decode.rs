//! Messages out of bytes that arrive in any pieces.

use std::time::Duration;

use bytes::{Buf, BytesMut};

use crate::call::{
    CallError, Code, Meta, NAME_BYTES_MAX, Retry, TEXT_BYTES_MAX, Target, TraceContext,
};
use crate::envelope::message::{HANDLE_BYTES_MAX, Hello, Message, Open, Resource, field, kind};
use crate::envelope::{
    BODY_BYTES_MAX, CallId, DATA_BYTES_MAX, MESSAGE_BYTES_MAX, META_BYTES_MAX, ProtocolError,
};
use crate::frame::{Frame, Path, take};
use crate::leb;

/// A message, or how many bytes are needed to tell more.
#[derive(Debug)]
pub(crate) enum Decoded {
    Message(Message),
    /// So many bytes in all are needed at least.
    Needs(usize),
}

/// Takes the next message from the front of `bytes`.
pub(crate) fn message(bytes: &mut BytesMut) -> Result<Decoded, ProtocolError> {
    let Some(head) = Head::read(bytes)? else {
        return Ok(Decoded::Needs(bytes.len() + 1));
    };
    let length = head.length;
    if length > BODY_BYTES_MAX {
        return Err(ProtocolError::TooLong { length });
    }
    if bytes.len() < head.size + length {
        return Ok(Decoded::Needs(head.size + length));
    }
    bytes.advance(head.size);
    let before = bytes.len();
    let message = body(&head, bytes)?;
    // What a later version adds to a message stands at its end.
    let used = before - bytes.len();
    bytes.advance(length.saturating_sub(used));
    Ok(Decoded::Message(message))
}

/// What stands before the body of a message.
struct Head {
    kind: u8,
    end: bool,
    ignorable: bool,
    call: CallId,
    /// Bytes of the body.
    length: usize,
    /// Bytes of the head.
    size: usize,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Option<Self>, ProtocolError> {
        let Some((first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let Some((call, call_size)) = leb::read_u32(rest)? else {
            return Ok(None);
        };
        let Some((length, length_size)) = leb::read_u32(rest.get(call_size..).unwrap_or_default())?
        else {
            return Ok(None);
        };
        Ok(Some(Self {
            kind: first & kind::MASK,
            end: first & kind::END != 0,
            ignorable: first & kind::IGNORABLE != 0,
            call: CallId(call),
            length: length as usize,
            size: 1 + call_size + length_size,
        }))
    }
}

/// Reads the body, which is at the front of `bytes` and whole. It may leave some of it.
fn body(head: &Head, bytes: &mut BytesMut) -> Result<Message, ProtocolError> {
    let Head {
        kind,
        call,
        end,
        length,
        ..
    } = *head;
    let of_call = || {
        if call.0 == 0 {
            Err(wrong(kind, "it has no call"))
        } else {
            Ok(call)
        }
    };
    let mut reader = Reader {
        kind,
        bytes: bytes.get(..length).unwrap_or_default(),
    };
    Ok(match kind {
        kind::OPEN => {
            let (meta, target) = (reader.meta()?, reader.target()?);
            let count = reader.bytes.len();
            let data = data(kind, length - count, count, bytes)?;
            Message::Open(Open {
                call: of_call()?,
                end,
                target,
                meta,
                data,
            })
        }
        kind::DATA if length == 0 => Message::Data {
            call: of_call()?,
            end,
            frame: None,
        },
        kind::DATA => {
            let path =
                Path::decode(reader.bytes).map_err(|error| ProtocolError::Frame(error.into()))?;
            let (path, size) = path.ok_or_else(|| wrong(kind, "its path is not whole"))?;
            let data = data(kind, size, length - size, bytes)?;
            Message::Data {
                call: of_call()?,
                end,
                frame: Some(Frame { path, data }),
            }
        }
        kind::CREDIT => Message::Credit {
            call: of_call()?,
            bytes: reader.number()?,
        },
        kind::STOP => Message::Stop { call: of_call()? },
        kind::CANCEL => Message::Cancel { call: of_call()? },
        kind::FAIL => Message::Fail {
            call: of_call()?,
            error: reader.failure()?,
        },
        kind::HELLO => {
            let (window, calls, idle) = (reader.number()?, reader.number()?, reader.number()?);
            let idle = (idle > 0).then(|| Duration::from_millis(idle.into()));
            Message::Hello(Hello {
                window,
                calls,
                idle,
            })
        }
        kind::DROP => {
            let target = reader.target()?;
            let handle = reader.counted(HANDLE_BYTES_MAX, "its handle is too long")?;
            Message::Drop(Resource {
                target,
                handle: handle.to_vec().into(),
            })
        }
        kind::PING => Message::Ping(reader.token()?),
        kind::PONG => Message::Pong(reader.token()?),
        kind::GO_AWAY => {
            let last = CallId(reader.number()?);
            Message::GoAway {
                last,
                error: reader.failure()?,
            }
        }
        _ if head.ignorable => Message::Ignored,
        _ => return Err(ProtocolError::Kind { kind }),
    })
}

/// Takes the data of a message, which stands behind `before` bytes.
fn data(
    kind: u8,
    before: usize,
    count: usize,
    bytes: &mut BytesMut,
) -> Result<bytes::Bytes, ProtocolError> {
    if count > DATA_BYTES_MAX {
        return Err(wrong(kind, "it has too much data"));
    }
    bytes.advance(before);
    Ok(take(bytes, count))
}

fn wrong(kind: u8, what: &'static str) -> ProtocolError {
    ProtocolError::Body { kind, what }
}

/// Reads a body from its front.
struct Reader<'a> {
    kind: u8,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<u32, ProtocolError> {
        let (value, size) = leb::read_u32(self.bytes)?.ok_or_else(|| self.short())?;
        self.bytes = self.bytes.get(size..).unwrap_or_default();
        Ok(value)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ProtocolError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or_else(|| self.short())?;
        self.bytes = rest;
        Ok(taken)
    }

    /// Bytes behind their number.
    fn counted(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], ProtocolError> {
        let count = self.number()? as usize;
        if count > max {
            return Err(wrong(self.kind, what));
        }
        self.take(count)
    }

    fn text(&mut self, max: usize) -> Result<&'a str, ProtocolError> {
        let bytes = self.counted(max, "a text is too long")?;
        std::str::from_utf8(bytes).map_err(|_| wrong(self.kind, "a text is not UTF-8"))
    }

    fn target(&mut self) -> Result<Target, ProtocolError> {
        let (instance, function) = (self.text(NAME_BYTES_MAX)?, self.text(NAME_BYTES_MAX)?);
        Target::new(instance, function).map_err(|_| wrong(self.kind, "a name is too long"))
    }

    fn token(&mut self) -> Result<[u8; 8], ProtocolError> {
        let token = self.take(8)?;
        token.try_into().map_err(|_| self.short())
    }

    fn failure(&mut self) -> Result<CallError, ProtocolError> {
        let code = Code::from_number(self.number()?);
        let retry = Retry::from_numbers(self.number()?, self.number()?);
        let message = self.text(MESSAGE_BYTES_MAX)?.to_owned();
        Ok(CallError {
            code,
            retry,
            message: message.into(),
        })
    }

    fn meta(&mut self) -> Result<Meta, ProtocolError> {
        let bytes = self.counted(META_BYTES_MAX, "what travels with it is too long")?;
        let mut meta = Meta::default();
        let mut fields = Reader {
            kind: self.kind,
            bytes,
        };
        let mut state = "";
        while !fields.bytes.is_empty() {
            let number = fields.number()?;
            let bytes = fields.counted(META_BYTES_MAX, "a field is too long")?;
            let mut value = Reader {
                kind: self.kind,
                bytes,
            };
            match number {
                field::DEADLINE => {
                    let read = leb::read_u64(bytes)?.ok_or_else(|| self.short())?;
                    meta.deadline = Some(Duration::from_micros(read.0));
                }
                field::TRACE_PARENT => meta.trace = Some(value.trace()?),
                field::TRACE_STATE => state = value.whole_text()?,
                field::CALLER => meta.caller = Some(value.whole_text()?.into()),
                // A later version's, which a callee may do without.
                _ => {}
            }
        }
        if let Some(trace) = &mut meta.trace {
            trace.state = state.into();
        }
        Ok(meta)
    }

    fn trace(&mut self) -> Result<TraceContext, ProtocolError> {
        let (trace, parent, flags) = (self.take(16)?, self.take(8)?, self.take(1)?);
        Ok(TraceContext {
            trace_id: trace.try_into().map_err(|_| self.short())?,
            parent_id: parent.try_into().map_err(|_| self.short())?,
            flags: flags.first().copied().unwrap_or_default(),
            state: std::sync::Arc::default(),
        })
    }

    fn whole_text(&mut self) -> Result<&'a str, ProtocolError> {
        if self.bytes.len() > TEXT_BYTES_MAX {
            return Err(wrong(self.kind, "a text is too long"));
        }
        std::str::from_utf8(self.bytes).map_err(|_| wrong(self.kind, "a text is not UTF-8"))
    }

    fn short(&self) -> ProtocolError {
        wrong(self.kind, "it is not whole")
    }
}
