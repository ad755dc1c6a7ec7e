//! From bytes to values, by following a plan. The bytes may be anybody's.
//!
//! Nothing is believed before it is there: a list's length is compared with the bytes that follow before an element is
//! read, texts are checked, and the number of values is limited.

use crate::cursor::Cursor;
use crate::fault::{Fault, FaultKind};
use crate::plan::{Function, HANDLE_BYTES_MAX, Plan, Shape, Ty};
use crate::value::Value;
use crate::{MESSAGE_BYTES_MAX, VALUES_MAX};

impl Plan {
    /// Reads the arguments of a call.
    ///
    /// # Errors
    /// When the bytes are not exactly such arguments, there is no such function, or a limit is exceeded.
    pub fn decode_params(&self, function: usize, bytes: &[u8]) -> Result<Vec<Value>, Fault> {
        let found = self.known(function)?;
        self.read(&found.params, bytes)
    }

    /// Reads what a call gave: nothing for a function without a result.
    ///
    /// # Errors
    /// When the bytes are not exactly such a result, there is no such function, or a limit is exceeded.
    pub fn decode_result(&self, function: usize, bytes: &[u8]) -> Result<Option<Value>, Fault> {
        let found = self.known(function)?;
        Ok(self.read(found.result.as_slice(), bytes)?.pop())
    }

    fn read(&self, types: &[Ty], bytes: &[u8]) -> Result<Vec<Value>, Fault> {
        if bytes.len() > MESSAGE_BYTES_MAX as usize {
            return Err(Fault::in_bytes(FaultKind::TooLarge, 0));
        }
        let mut reader = Reader {
            plan: self,
            cursor: Cursor::new(bytes),
            values: 0,
        };
        let values = reader.members(types)?;
        reader.cursor.end()?;
        Ok(values)
    }

    /// The function that bytes are read for.
    pub(crate) fn known(&self, number: usize) -> Result<&Function, Fault> {
        let found = self.functions().get(number);
        found.ok_or(Fault::in_bytes(FaultKind::Function, 0))
    }

    pub(crate) fn is_byte(&self, ty: Ty) -> bool {
        matches!(self.shape(ty), Shape::U8)
    }
}

struct Reader<'a> {
    plan: &'a Plan,
    cursor: Cursor<'a>,
    /// How many values were built.
    values: usize,
}

impl Reader<'_> {
    fn members(&mut self, types: &[Ty]) -> Result<Vec<Value>, Fault> {
        types.iter().map(|ty| self.value(*ty)).collect()
    }

    fn value(&mut self, ty: Ty) -> Result<Value, Fault> {
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(self.cursor.fault(FaultKind::TooManyValues));
        }
        let plan = self.plan;
        let shape = plan.shape(ty);
        let cursor = &mut self.cursor;
        Ok(match shape {
            Shape::Bool => Value::Bool(cursor.bit()? == 1),
            Shape::U8 => Value::U8(cursor.byte()?),
            Shape::S8 => Value::S8(cursor.byte()?.cast_signed()),
            Shape::U16 => Value::U16(cursor.unsigned(16)?),
            Shape::U32 => Value::U32(cursor.unsigned(32)?),
            Shape::U64 => Value::U64(cursor.unsigned(64)?),
            Shape::S16 => Value::S16(cursor.signed(16)?),
            Shape::S32 => Value::S32(cursor.signed(32)?),
            Shape::S64 => Value::S64(cursor.signed(64)?),
            Shape::F32 => Value::F32(f32::from_le_bytes(cursor.array()?)),
            Shape::F64 => Value::F64(f64::from_le_bytes(cursor.array()?)),
            Shape::Char => Value::Char(cursor.char()?),
            Shape::String => Value::String(cursor.text()?.to_owned()),
            Shape::List(element) if plan.is_byte(*element) => {
                Value::Bytes(cursor.counted(u32::MAX)?.to_vec())
            }
            Shape::List(element) => {
                let count = cursor.count(plan.node(*element).wire.least)?;
                let mut values = Vec::new();
                for _ in 0..count {
                    values.push(self.value(*element)?);
                }
                Value::List(values)
            }
            Shape::Record(_) | Shape::Tuple(_) => Value::Record(self.members(&shape.members())?),
            Shape::Option(_) | Shape::Result(..) => {
                let tag = u32::from(cursor.bit()?);
                self.case(&shape.cases(), tag)?
            }
            Shape::Variant(_) | Shape::Enum(_) => {
                let cases = shape.cases();
                let tag = cursor.tag(cases.len())?;
                self.case(&cases, tag)?
            }
            Shape::Flags(names) => Value::Flags(cursor.flags(names.len())?),
            Shape::Own(_) | Shape::Borrow(_) => {
                Value::Handle(cursor.counted(HANDLE_BYTES_MAX)?.to_vec())
            }
            // Its bytes come beside the message, or stand in it.
            Shape::Stream => Value::Stream(match cursor.bit()? {
                0 => None,
                _ => Some(cursor.counted(u32::MAX)?.to_vec()),
            }),
        })
    }

    fn case(&mut self, cases: &[Option<Ty>], tag: u32) -> Result<Value, Fault> {
        let payload = match cases.get(tag as usize).copied().flatten() {
            Some(ty) => Some(Box::new(self.value(ty)?)),
            None => None,
        };
        Ok(Value::Case(tag, payload))
    }
}
