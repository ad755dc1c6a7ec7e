//! The values that cross.

use anyhow::Context as _;
use bytes::Bytes;
use loop_codec::{Plan as Codec, Value};
use loop_host::values::{self, Handles};
use loop_host::wasmtime::component::{ResourceAny, StreamAny, Val};
use loop_host::wasmtime::{Error, Result};

use crate::plan::Payload;
use crate::program;

/// How many records a list of them has.
const RECORDS: u32 = 1000;

/// A payload in the two forms that are needed: as a message, and as what the caller's component makes it of.
#[derive(Debug)]
pub(crate) struct Values {
    /// The message: its size is that of the floor's bytes.
    pub(crate) message: Bytes,
    pub(crate) value: Val,
}

impl Values {
    pub(crate) fn new(codec: &Codec, payload: Payload) -> anyhow::Result<Self> {
        let number = codec
            .find(program::ECHO, payload.function())
            .context("the function is not in the plan")?;
        let value = match payload {
            Payload::Bytes(count) => Value::Bytes(vec![7; count]),
            Payload::Record => mixed(0),
            Payload::Records => Value::List((0..RECORDS).map(mixed).collect()),
        };
        let message = codec.encode_params(number, std::slice::from_ref(&value))?;
        let message = message.into();
        if let Payload::Bytes(count) = payload {
            let value = Val::U32(u32::try_from(count)?);
            return Ok(Self { message, value });
        }
        let function = codec.functions().get(number);
        let ty = function.and_then(|function| function.params.first());
        let ty = *ty.context("the function takes one value")?;
        let value = values::to_engine(codec, ty, value, &mut NoHandles)
            .map_err(|error| anyhow::anyhow!("{error:?}"))?;
        Ok(Self { message, value })
    }
}

/// The record, a little different for each number.
fn mixed(number: u32) -> Value {
    let wide = u64::from(number);
    let text = |name: &str| Value::String(format!("{name} of number {number}"));
    let some = |value| Value::Case(1, Some(Box::new(value)));
    Value::Record(vec![
        Value::Bool(number.is_multiple_of(2)),
        Value::U8(7),
        Value::S8(-7),
        Value::U16(7761),
        Value::S16(-300),
        Value::U32(number),
        Value::S32(-70_000),
        Value::U64(wide << 20),
        Value::S64(1_700_000_000_000),
        Value::F32(0.5),
        Value::F64(99.95),
        Value::Char('é'),
        text("name"),
        text("mail"),
        text("city"),
        some(Value::U32(number % 100)),
        some(text("a note")),
        Value::Record(vec![Value::U32(number), text("the second")]),
        Value::Bytes(vec![7; 16]),
        Value::Case(number % 3, None),
    ])
}

/// None of the values has a handle or a stream in it.
struct NoHandles;

impl Handles for NoHandles {
    fn to_bytes(&mut self, _: usize, _: ResourceAny, _: bool) -> Result<Vec<u8>> {
        Err(none())
    }

    fn to_handle(&mut self, _: usize, _: &[u8], _: bool) -> Result<ResourceAny> {
        Err(none())
    }

    fn take_stream(&mut self, _: StreamAny) -> Result<Option<Vec<u8>>> {
        Err(none())
    }

    fn give_stream(&mut self, _: Option<Vec<u8>>) -> Result<StreamAny> {
        Err(none())
    }
}

fn none() -> Error {
    Error::msg("there are no handles and no streams")
}
