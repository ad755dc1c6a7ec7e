//! Between the codec's values and the engine's.

use loop_codec::{Plan, Shape, Ty, Value};
use wasmtime::component::Val;

pub(crate) fn to_engine(plan: &Plan, ty: Ty, value: &Value) -> Val {
    let each = |ty: Ty, value: &Value| to_engine(plan, ty, value);
    let boxed = |ty: &Option<Ty>, value: &Option<Box<Value>>| {
        let value = value.as_ref()?;
        Some(Box::new(each(ty.unwrap(), value)))
    };
    match (plan.shape(ty), value) {
        (_, Value::Bool(value)) => Val::Bool(*value),
        (_, Value::U8(value)) => Val::U8(*value),
        (_, Value::S8(value)) => Val::S8(*value),
        (_, Value::U16(value)) => Val::U16(*value),
        (_, Value::S16(value)) => Val::S16(*value),
        (_, Value::U32(value)) => Val::U32(*value),
        (_, Value::S32(value)) => Val::S32(*value),
        (_, Value::U64(value)) => Val::U64(*value),
        (_, Value::S64(value)) => Val::S64(*value),
        (_, Value::F32(value)) => Val::Float32(*value),
        (_, Value::F64(value)) => Val::Float64(*value),
        (_, Value::Char(value)) => Val::Char(*value),
        (_, Value::String(value)) => Val::String(value.clone()),
        (_, Value::Bytes(values)) => Val::List(values.iter().map(|byte| Val::U8(*byte)).collect()),
        (Shape::List(element), Value::List(values)) => {
            Val::List(values.iter().map(|value| each(*element, value)).collect())
        }
        (Shape::Record(fields), Value::Record(values)) => Val::Record(
            fields
                .iter()
                .zip(values)
                .map(|((name, ty), value)| (name.clone(), each(*ty, value)))
                .collect(),
        ),
        (Shape::Tuple(types), Value::Record(values)) => Val::Tuple(
            types
                .iter()
                .zip(values)
                .map(|(ty, value)| each(*ty, value))
                .collect(),
        ),
        (Shape::Variant(cases), Value::Case(number, payload)) => {
            let (name, ty) = &cases[*number as usize];
            Val::Variant(name.clone(), boxed(ty, payload))
        }
        (Shape::Enum(names), Value::Case(number, _)) => Val::Enum(names[*number as usize].clone()),
        (Shape::Option(ty), Value::Case(_, payload)) => Val::Option(boxed(&Some(*ty), payload)),
        (Shape::Result(ok, _), Value::Case(0, payload)) => Val::Result(Ok(boxed(ok, payload))),
        (Shape::Result(_, err), Value::Case(_, payload)) => Val::Result(Err(boxed(err, payload))),
        (Shape::Flags(names), Value::Flags(bits)) => Val::Flags(
            names
                .iter()
                .enumerate()
                .filter(|(bit, _)| bits >> bit & 1 == 1)
                .map(|(_, name)| name.clone())
                .collect(),
        ),
        (shape, value) => panic!("{value:?} is no {shape:?}"),
    }
}

pub(crate) fn from_engine(plan: &Plan, ty: Ty, value: &Val) -> Value {
    let each = |ty: Ty, value: &Val| from_engine(plan, ty, value);
    let boxed = |ty: &Option<Ty>, value: &Option<Box<Val>>| {
        let value = value.as_ref()?;
        Some(Box::new(each(ty.unwrap(), value)))
    };
    let number = |mut names: &mut dyn Iterator<Item = &String>, name: &String| {
        let position = Iterator::position(&mut names, |known| known == name);
        u32::try_from(position.unwrap()).unwrap()
    };
    match (plan.shape(ty), value) {
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
            let byte = |value: &Val| match value {
                Val::U8(byte) => *byte,
                other => panic!("{other:?} is no byte"),
            };
            Value::Bytes(values.iter().map(byte).collect())
        }
        (Shape::List(element), Val::List(values)) => {
            Value::List(values.iter().map(|value| each(*element, value)).collect())
        }
        (Shape::Record(fields), Val::Record(values)) => Value::Record(
            fields
                .iter()
                .zip(values)
                .map(|((_, ty), (_, value))| each(*ty, value))
                .collect(),
        ),
        (Shape::Tuple(types), Val::Tuple(values)) => Value::Record(
            types
                .iter()
                .zip(values)
                .map(|(ty, value)| each(*ty, value))
                .collect(),
        ),
        (Shape::Variant(cases), Val::Variant(name, payload)) => {
            let number = number(&mut cases.iter().map(|(name, _)| name), name);
            Value::Case(number, boxed(&cases[number as usize].1, payload))
        }
        (Shape::Enum(names), Val::Enum(name)) => Value::Case(number(&mut names.iter(), name), None),
        (Shape::Option(ty), Val::Option(payload)) => {
            Value::Case(u32::from(payload.is_some()), boxed(&Some(*ty), payload))
        }
        (Shape::Result(ok, _), Val::Result(Ok(payload))) => Value::Case(0, boxed(ok, payload)),
        (Shape::Result(_, err), Val::Result(Err(payload))) => Value::Case(1, boxed(err, payload)),
        (Shape::Flags(names), Val::Flags(set)) => Value::Flags(
            set.iter()
                .fold(0, |bits, name| bits | 1 << number(&mut names.iter(), name)),
        ),
        (shape, value) => panic!("{value:?} is no {shape:?}"),
    }
}
