//! From values to bytes, by following a plan.

use crate::plan::{HANDLE_BYTES_MAX, Plan, Shape, Ty};
use crate::value::Value;
use crate::{MESSAGE_BYTES_MAX, varint};

/// The one NaN that is sent for every NaN: which bits a NaN has is no part of a value.
pub(crate) const NAN32: u32 = 0x7fc0_0000;
pub(crate) const NAN64: u64 = 0x7ff8_0000_0000_0000;

/// Values that are not of the type that they are to be written as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The plan has no function with that number.
    #[error("there is no function {function}")]
    NoFunction {
        /// The number.
        function: usize,
    },
    /// A value is of another kind than its type.
    #[error("a {found} stands where the type has {expected}")]
    Mismatch {
        /// What the type is.
        expected: &'static str,
        /// What the value is.
        found: &'static str,
    },
    /// More or fewer values than the type has members, or the function parameters.
    #[error("{found} values stand where the type has {expected}")]
    Count {
        /// What the type has.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// A variant or enum has no such case, or flags no such bit.
    #[error("there is no case or flag with the number {number}")]
    Case {
        /// The number.
        number: u32,
    },
    /// A handle is longer than [`HANDLE_BYTES_MAX`].
    #[error("a handle has {bytes} bytes, and {HANDLE_BYTES_MAX} are allowed")]
    Handle {
        /// Its length.
        bytes: usize,
    },
    /// The message is longer than [`MESSAGE_BYTES_MAX`].
    #[error("the message has more than {MESSAGE_BYTES_MAX} bytes")]
    TooLarge,
}

impl Plan {
    /// Writes the arguments of a call.
    ///
    /// # Errors
    /// When there is no such function, the values are not of its parameters' types, or a limit is exceeded.
    pub fn encode_params(&self, function: usize, params: &[Value]) -> Result<Vec<u8>, EncodeError> {
        let found = self.function(function)?;
        self.encode(&found.params, params)
    }

    /// Writes what a call gave: nothing for a function without a result.
    ///
    /// # Errors
    /// When there is no such function, the value is not of its result's type, or a limit is exceeded.
    pub fn encode_result(
        &self,
        function: usize,
        result: Option<&Value>,
    ) -> Result<Vec<u8>, EncodeError> {
        let types: Vec<Ty> = self.function(function)?.result.into_iter().collect();
        self.encode(&types, result.map_or(&[], std::slice::from_ref))
    }

    fn function(&self, function: usize) -> Result<&crate::Function, EncodeError> {
        let found = self.functions().get(function);
        found.ok_or(EncodeError::NoFunction { function })
    }

    fn encode(&self, types: &[Ty], values: &[Value]) -> Result<Vec<u8>, EncodeError> {
        let mut writer = Writer {
            plan: self,
            bytes: Vec::new(),
        };
        writer.members(types, values)?;
        Ok(writer.bytes)
    }
}

struct Writer<'a> {
    plan: &'a Plan,
    bytes: Vec<u8>,
}

impl Writer<'_> {
    fn members(&mut self, types: &[Ty], values: &[Value]) -> Result<(), EncodeError> {
        if types.len() != values.len() {
            return Err(EncodeError::Count {
                expected: types.len(),
                found: values.len(),
            });
        }
        for (ty, value) in types.iter().zip(values) {
            self.value(*ty, value)?;
        }
        Ok(())
    }

    fn value(&mut self, ty: Ty, value: &Value) -> Result<(), EncodeError> {
        let shape = self.plan.shape(ty);
        match (shape, value) {
            (Shape::Bool, Value::Bool(value)) => self.bytes.push(u8::from(*value)),
            (Shape::U8, Value::U8(value)) => self.bytes.push(*value),
            (Shape::S8, Value::S8(value)) => self.bytes.push(value.cast_unsigned()),
            (Shape::U16, Value::U16(value)) => self.unsigned(u64::from(*value)),
            (Shape::U32, Value::U32(value)) => self.unsigned(u64::from(*value)),
            (Shape::U64, Value::U64(value)) => self.unsigned(*value),
            (Shape::S16, Value::S16(value)) => self.signed(i64::from(*value)),
            (Shape::S32, Value::S32(value)) => self.signed(i64::from(*value)),
            (Shape::S64, Value::S64(value)) => self.signed(*value),
            (Shape::F32, Value::F32(value)) => {
                let bits = if value.is_nan() {
                    NAN32
                } else {
                    value.to_bits()
                };
                self.bytes.extend(bits.to_le_bytes());
            }
            (Shape::F64, Value::F64(value)) => {
                let bits = if value.is_nan() {
                    NAN64
                } else {
                    value.to_bits()
                };
                self.bytes.extend(bits.to_le_bytes());
            }
            (Shape::Char, Value::Char(value)) => {
                self.bytes.extend(value.encode_utf8(&mut [0; 4]).bytes());
            }
            (Shape::String, Value::String(value)) => self.counted(value.as_bytes()),
            (Shape::List(element), Value::Bytes(value)) if self.plan.is_byte(*element) => {
                self.counted(value);
            }
            (Shape::List(element), Value::List(values)) if !self.plan.is_byte(*element) => {
                self.unsigned(values.len() as u64);
                for value in values {
                    self.value(*element, value)?;
                }
            }
            (Shape::Record(_) | Shape::Tuple(_), Value::Record(values)) => {
                self.members(&shape.members(), values)?;
            }
            (
                Shape::Variant(_) | Shape::Enum(_) | Shape::Option(_) | Shape::Result(..),
                Value::Case(number, payload),
            ) => self.case(&shape.cases(), *number, payload.as_deref())?,
            (Shape::Flags(names), Value::Flags(bits)) => self.flags(names.len(), *bits)?,
            (Shape::Own(_) | Shape::Borrow(_), Value::Handle(bytes)) => {
                if bytes.len() > HANDLE_BYTES_MAX as usize {
                    return Err(EncodeError::Handle { bytes: bytes.len() });
                }
                self.counted(bytes);
            }
            (Shape::Stream, Value::Stream(None)) => self.bytes.push(0),
            (Shape::Stream, Value::Stream(Some(bytes))) => {
                self.bytes.push(1);
                self.counted(bytes);
            }
            _ => {
                return Err(EncodeError::Mismatch {
                    expected: shape.kind(),
                    found: value.kind(),
                });
            }
        }
        if self.bytes.len() > MESSAGE_BYTES_MAX as usize {
            return Err(EncodeError::TooLarge);
        }
        Ok(())
    }

    fn case(
        &mut self,
        cases: &[Option<Ty>],
        number: u32,
        payload: Option<&Value>,
    ) -> Result<(), EncodeError> {
        let Some(ty) = cases.get(number as usize) else {
            return Err(EncodeError::Case { number });
        };
        self.unsigned(u64::from(number));
        let types: Vec<Ty> = ty.iter().copied().collect();
        self.members(&types, payload.map_or(&[], std::slice::from_ref))
    }

    fn flags(&mut self, count: usize, bits: u32) -> Result<(), EncodeError> {
        let unknown = u64::from(bits) >> count;
        if unknown != 0 {
            let number = u32::BITS - bits.leading_zeros() - 1;
            return Err(EncodeError::Case { number });
        }
        let bytes = crate::plan::flags_wire_bytes(count) as usize;
        self.bytes
            .extend(bits.to_le_bytes().into_iter().take(bytes));
        Ok(())
    }

    fn counted(&mut self, bytes: &[u8]) {
        self.unsigned(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn unsigned(&mut self, value: u64) {
        varint::put_unsigned(&mut self.bytes, value);
    }

    fn signed(&mut self, value: i64) {
        varint::put_signed(&mut self.bytes, value);
    }
}
