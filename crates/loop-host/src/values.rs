//! Between the engine's dynamic values and the codec's.
//!
//! Some 64 ns for each byte of a list: for components that no adapter fits, and for embedders who call functions of interfaces that
//! they do not know with bytes of the wire.

use loop_codec::{Plan, Shape, Ty, Value};
use wasmtime::component::{ResourceAny, StreamAny, Val};
use wasmtime::{Result, format_err};

/// Turns what belongs to an instance, handles of resources and ends of streams, into what stands for it in a message, and back.
/// Resources are numbered as in the plan.
pub trait Handles {
    /// What stands for a handle: one that is given away (`owned`), or one that is lent for the call.
    ///
    /// # Errors
    /// If the handle cannot be passed on.
    fn to_bytes(&mut self, resource: usize, handle: ResourceAny, owned: bool) -> Result<Vec<u8>>;

    /// The handle that these bytes stand for.
    ///
    /// # Errors
    /// If they stand for none.
    fn to_handle(&mut self, resource: usize, bytes: &[u8], owned: bool) -> Result<ResourceAny>;

    /// Takes the stream that an instance gives away: its bytes, or nothing where they come beside the message.
    ///
    /// # Errors
    /// If the stream cannot be passed on.
    fn take_stream(&mut self, stream: StreamAny) -> Result<Option<Vec<u8>>>;

    /// The stream that an instance gets: of these bytes, or of those that come beside the message.
    ///
    /// # Errors
    /// If there are none beside it.
    fn give_stream(&mut self, bytes: Option<Vec<u8>>) -> Result<StreamAny>;
}

/// Makes a value of the codec one of the engine.
///
/// # Errors
/// If the value is not of the type, which the codec does not give; or a handle or stream is not known.
pub fn to_engine(plan: &Plan, ty: Ty, value: Value, handles: &mut dyn Handles) -> Result<Val> {
    Ok(match (plan.shape(ty), value) {
        (_, Value::Bool(value)) => Val::Bool(value),
        (_, Value::U8(value)) => Val::U8(value),
        (_, Value::S8(value)) => Val::S8(value),
        (_, Value::U16(value)) => Val::U16(value),
        (_, Value::S16(value)) => Val::S16(value),
        (_, Value::U32(value)) => Val::U32(value),
        (_, Value::S32(value)) => Val::S32(value),
        (_, Value::U64(value)) => Val::U64(value),
        (_, Value::S64(value)) => Val::S64(value),
        (_, Value::F32(value)) => Val::Float32(value),
        (_, Value::F64(value)) => Val::Float64(value),
        (_, Value::Char(value)) => Val::Char(value),
        (_, Value::String(value)) => Val::String(value),
        (_, Value::Bytes(values)) => Val::List(values.into_iter().map(Val::U8).collect()),
        (Shape::List(element), Value::List(values)) => {
            let values = values.into_iter();
            let values = values.map(|value| to_engine(plan, *element, value, handles));
            Val::List(values.collect::<Result<_>>()?)
        }
        (Shape::Record(fields), Value::Record(values)) => {
            let pairs = fields.iter().zip(values);
            let pairs = pairs.map(|((name, ty), value)| {
                Ok((name.clone(), to_engine(plan, *ty, value, handles)?))
            });
            Val::Record(pairs.collect::<Result<_>>()?)
        }
        (Shape::Tuple(types), Value::Record(values)) => {
            let pairs = types.iter().zip(values);
            let values = pairs.map(|(ty, value)| to_engine(plan, *ty, value, handles));
            Val::Tuple(values.collect::<Result<_>>()?)
        }
        (Shape::Variant(cases), Value::Case(number, payload)) => {
            let case = cases.get(number as usize);
            let (name, ty) = case.ok_or_else(|| format_err!("there is no case {number}"))?;
            Val::Variant(name.clone(), boxed(plan, *ty, payload, handles)?)
        }
        (Shape::Enum(names), Value::Case(number, _)) => {
            let name = names.get(number as usize);
            Val::Enum(
                name.ok_or_else(|| format_err!("there is no case {number}"))?
                    .clone(),
            )
        }
        (Shape::Option(ty), Value::Case(_, payload)) => {
            Val::Option(boxed(plan, Some(*ty), payload, handles)?)
        }
        (Shape::Result(ok, _), Value::Case(0, payload)) => {
            Val::Result(Ok(boxed(plan, *ok, payload, handles)?))
        }
        (Shape::Result(_, err), Value::Case(_, payload)) => {
            Val::Result(Err(boxed(plan, *err, payload, handles)?))
        }
        (Shape::Flags(names), Value::Flags(bits)) => {
            let set = names.iter().enumerate();
            let set = set.filter(|(bit, _)| bits >> bit & 1 == 1);
            Val::Flags(set.map(|(_, name)| name.clone()).collect())
        }
        (Shape::Own(resource), Value::Handle(bytes)) => {
            Val::Resource(handles.to_handle(*resource, &bytes, true)?)
        }
        (Shape::Borrow(resource), Value::Handle(bytes)) => {
            Val::Resource(handles.to_handle(*resource, &bytes, false)?)
        }
        (Shape::Stream, Value::Stream(bytes)) => Val::Stream(handles.give_stream(bytes)?),
        (shape, _) => return Err(format_err!("a value is no {shape:?}")),
    })
}

fn boxed(
    plan: &Plan,
    ty: Option<Ty>,
    value: Option<Box<Value>>,
    handles: &mut dyn Handles,
) -> Result<Option<Box<Val>>> {
    let (Some(ty), Some(value)) = (ty, value) else {
        return Ok(None);
    };
    Ok(Some(Box::new(to_engine(plan, ty, *value, handles)?)))
}

/// Makes a value of the engine one of the codec.
///
/// # Errors
/// If the value is not of the type, which the engine does not give; or a handle or stream cannot be passed on.
pub fn from_engine(plan: &Plan, ty: Ty, value: &Val, handles: &mut dyn Handles) -> Result<Value> {
    Ok(match (plan.shape(ty), value) {
        (_, Val::Bool(value)) => Value::Bool(*value),
        (_, Val::U8(value)) => Value::U8(*value),
        (_, Val::S8(value)) => Value::S8(*value),
        (_, Val::U16(value)) => Value::U16(*value),
        (_, Val::S16(value)) => Value::S16(*value),
        (_, Val::U32(value)) => Value::U32(*value),
        (_, Val::S32(value)) => Value::S32(*value),
        (_, Val::U64(value)) => Value::U64(*value),
        (_, Val::S64(value)) => Value::S64(*value),
        (_, Val::Float32(value)) => Value::F32(*value),
        (_, Val::Float64(value)) => Value::F64(*value),
        (_, Val::Char(value)) => Value::Char(*value),
        (_, Val::String(value)) => Value::String(value.clone()),
        (Shape::List(element), Val::List(values)) if *plan.shape(*element) == Shape::U8 => {
            let bytes = values.iter().map(|value| match value {
                Val::U8(byte) => Ok(*byte),
                _ => Err(format_err!("a value is no byte")),
            });
            Value::Bytes(bytes.collect::<Result<_>>()?)
        }
        (Shape::List(element), Val::List(values)) => {
            let values = values.iter();
            let values = values.map(|value| from_engine(plan, *element, value, handles));
            Value::List(values.collect::<Result<_>>()?)
        }
        (Shape::Record(fields), Val::Record(values)) => {
            let pairs = fields.iter().zip(values);
            let values = pairs.map(|((_, ty), (_, value))| from_engine(plan, *ty, value, handles));
            Value::Record(values.collect::<Result<_>>()?)
        }
        (Shape::Tuple(types), Val::Tuple(values)) => {
            let pairs = types.iter().zip(values);
            let values = pairs.map(|(ty, value)| from_engine(plan, *ty, value, handles));
            Value::Record(values.collect::<Result<_>>()?)
        }
        (Shape::Variant(cases), Val::Variant(name, payload)) => {
            let number = number(cases.iter().map(|(name, _)| name), name)?;
            let ty = cases.get(number as usize).and_then(|(_, ty)| *ty);
            Value::Case(number, unboxed(plan, ty, payload.as_deref(), handles)?)
        }
        (Shape::Enum(names), Val::Enum(name)) => Value::Case(number(names.iter(), name)?, None),
        (Shape::Option(ty), Val::Option(payload)) => Value::Case(
            u32::from(payload.is_some()),
            unboxed(plan, Some(*ty), payload.as_deref(), handles)?,
        ),
        (Shape::Result(ok, _), Val::Result(Ok(payload))) => {
            Value::Case(0, unboxed(plan, *ok, payload.as_deref(), handles)?)
        }
        (Shape::Result(_, err), Val::Result(Err(payload))) => {
            Value::Case(1, unboxed(plan, *err, payload.as_deref(), handles)?)
        }
        (Shape::Flags(names), Val::Flags(set)) => {
            let mut bits = 0;
            for name in set {
                let bit = number(names.iter(), name)?;
                bits |= 1u32.checked_shl(bit).unwrap_or(0);
            }
            Value::Flags(bits)
        }
        (Shape::Own(resource), Val::Resource(handle)) => {
            Value::Handle(handles.to_bytes(*resource, *handle, true)?)
        }
        (Shape::Borrow(resource), Val::Resource(handle)) => {
            Value::Handle(handles.to_bytes(*resource, *handle, false)?)
        }
        (Shape::Stream, Val::Stream(stream)) => Value::Stream(handles.take_stream(stream.clone())?),
        (shape, _) => return Err(format_err!("a value is no {shape:?}")),
    })
}

fn unboxed(
    plan: &Plan,
    ty: Option<Ty>,
    value: Option<&Val>,
    handles: &mut dyn Handles,
) -> Result<Option<Box<Value>>> {
    let (Some(ty), Some(value)) = (ty, value) else {
        return Ok(None);
    };
    Ok(Some(Box::new(from_engine(plan, ty, value, handles)?)))
}

/// The number of a case or flag.
fn number<'a>(mut names: impl Iterator<Item = &'a String>, name: &str) -> Result<u32> {
    let position = names.position(|known| known == name);
    let number = position.and_then(|position| u32::try_from(position).ok());
    number.ok_or_else(|| format_err!("there is no case `{name}`"))
}
