//! From bytes to values, by following a plan. The bytes may be anybody's.
//!
//! Nothing is believed before it is there: a list's length is compared with the bytes that follow before an element is
//! read, texts are checked, and the number of values is limited.

use crate::fault::{Fault, FaultKind};
use crate::plan::{HANDLE_BYTES_MAX, Plan, Shape, Ty, flags_wire_bytes};
use crate::value::Value;
use crate::varint::{self, Broken};
use crate::{MESSAGE_BYTES_MAX, VALUES_MAX};

impl Plan {
    /// Reads the arguments of a call.
    ///
    /// # Errors
    /// When the bytes are not exactly such arguments, there is no such function, or a limit is exceeded.
    pub fn decode_params(&self, function: usize, bytes: &[u8]) -> Result<Vec<Value>, Fault> {
        let Some(found) = self.functions().get(function) else {
            return Err(Fault::in_bytes(FaultKind::Function, 0));
        };
        self.read::<true>(&found.params, bytes)
    }

    /// Reads what a call gave: nothing for a function without a result.
    ///
    /// # Errors
    /// When the bytes are not exactly such a result, there is no such function, or a limit is exceeded.
    pub fn decode_result(&self, function: usize, bytes: &[u8]) -> Result<Option<Value>, Fault> {
        let Some(found) = self.functions().get(function) else {
            return Err(Fault::in_bytes(FaultKind::Function, 0));
        };
        Ok(self.read::<true>(found.result.as_slice(), bytes)?.pop())
    }

    /// Reads the arguments of a call and forgets them: what a decoder would find wrong is found, and no memory is used.
    ///
    /// An adapter that meets a fault ends the component that it is in, so bytes from outside are checked before.
    ///
    /// # Errors
    /// As [`Plan::decode_params`], but for the limit on the number of values.
    pub fn check_params(&self, function: usize, bytes: &[u8]) -> Result<(), Fault> {
        let Some(found) = self.functions().get(function) else {
            return Err(Fault::in_bytes(FaultKind::Function, 0));
        };
        self.read::<false>(&found.params, bytes).map(drop)
    }

    /// Reads what a call gave and forgets it, as [`Plan::check_params`] does.
    ///
    /// # Errors
    /// As [`Plan::decode_result`], but for the limit on the number of values.
    pub fn check_result(&self, function: usize, bytes: &[u8]) -> Result<(), Fault> {
        let Some(found) = self.functions().get(function) else {
            return Err(Fault::in_bytes(FaultKind::Function, 0));
        };
        self.read::<false>(found.result.as_slice(), bytes).map(drop)
    }

    /// Reads the arguments of a call as [`Plan::check_params`] does, for the stream whose bytes come beside them: its path in wRPC, which
    /// is the index at each level of nesting, where an option, a result or another choice is no level.
    ///
    /// # Errors
    /// As [`Plan::check_params`].
    pub fn stream_in_params(
        &self,
        function: usize,
        bytes: &[u8],
    ) -> Result<Option<Vec<u32>>, Fault> {
        let Some(found) = self.functions().get(function) else {
            return Err(Fault::in_bytes(FaultKind::Function, 0));
        };
        self.read_whole::<false>(&found.params, bytes)
            .map(|(_, stream)| stream)
    }

    /// As [`Plan::stream_in_params`], for what a call gave.
    ///
    /// # Errors
    /// As [`Plan::check_result`].
    pub fn stream_in_result(
        &self,
        function: usize,
        bytes: &[u8],
    ) -> Result<Option<Vec<u32>>, Fault> {
        let Some(found) = self.functions().get(function) else {
            return Err(Fault::in_bytes(FaultKind::Function, 0));
        };
        self.read_whole::<false>(found.result.as_slice(), bytes)
            .map(|(_, stream)| stream)
    }

    fn read<const BUILD: bool>(&self, types: &[Ty], bytes: &[u8]) -> Result<Vec<Value>, Fault> {
        self.read_whole::<BUILD>(types, bytes)
            .map(|(values, _)| values)
    }

    fn read_whole<const BUILD: bool>(
        &self,
        types: &[Ty],
        bytes: &[u8],
    ) -> Result<(Vec<Value>, Option<Vec<u32>>), Fault> {
        if bytes.len() > MESSAGE_BYTES_MAX as usize {
            return Err(Fault::in_bytes(FaultKind::TooLarge, 0));
        }
        let mut reader = Reader::<BUILD> {
            plan: self,
            bytes,
            at: 0,
            values: 0,
            path: Vec::new(),
            stream: None,
        };
        let values = reader.members(types)?;
        if reader.at != bytes.len() {
            return Err(reader.fault(FaultKind::Trailing));
        }
        Ok((values, reader.stream))
    }

    pub(crate) fn is_byte(&self, ty: Ty) -> bool {
        matches!(self.shape(ty), Shape::U8)
    }
}

/// What a reader that builds nothing gives.
const NOTHING: Value = Value::Bool(false);

struct Reader<'a, const BUILD: bool> {
    plan: &'a Plan,
    bytes: &'a [u8],
    at: usize,
    /// How many values were built.
    values: usize,
    /// Where it reads, as far as that leads to a stream.
    path: Vec<u32>,
    /// The path of the stream that was met, if its bytes come beside the message.
    stream: Option<Vec<u32>>,
}

impl<'a, const BUILD: bool> Reader<'a, BUILD> {
    fn members(&mut self, types: &[Ty]) -> Result<Vec<Value>, Fault> {
        let mut values = Vec::new();
        for (index, ty) in (0..).zip(types) {
            let leads_to_stream = self.plan.has_stream(&[*ty]);
            if leads_to_stream {
                self.path.push(index);
            }
            let value = self.value(*ty)?;
            if leads_to_stream {
                self.path.pop();
            }
            if BUILD {
                values.push(value);
            }
        }
        Ok(values)
    }

    fn value(&mut self, ty: Ty) -> Result<Value, Fault> {
        if BUILD {
            self.values += 1;
            if self.values > VALUES_MAX {
                return Err(self.fault(FaultKind::TooManyValues));
            }
        }
        let plan = self.plan;
        let shape = plan.shape(ty);
        Ok(match shape {
            Shape::Bool => Value::Bool(self.bit()? == 1),
            Shape::U8 => Value::U8(self.byte()?),
            Shape::S8 => Value::S8(self.byte()?.cast_signed()),
            Shape::U16 => Value::U16(self.unsigned(16)?),
            Shape::U32 => Value::U32(self.unsigned(32)?),
            Shape::U64 => Value::U64(self.unsigned(64)?),
            Shape::S16 => Value::S16(self.signed(16)?),
            Shape::S32 => Value::S32(self.signed(32)?),
            Shape::S64 => Value::S64(self.signed(64)?),
            Shape::F32 => Value::F32(f32::from_le_bytes(self.array()?)),
            Shape::F64 => Value::F64(f64::from_le_bytes(self.array()?)),
            Shape::Char => Value::Char(self.char()?),
            Shape::String => {
                let text = self.text()?;
                Self::built(|| Value::String(text.to_owned()))
            }
            Shape::List(element) if plan.is_byte(*element) => {
                let bytes = self.counted(FaultKind::Count, u32::MAX)?;
                Self::built(|| Value::Bytes(bytes.to_vec()))
            }
            Shape::List(element) => Value::List(self.elements(*element)?),
            Shape::Record(_) | Shape::Tuple(_) => Value::Record(self.members(&shape.members())?),
            Shape::Option(_) | Shape::Result(..) => {
                let tag = u32::from(self.bit()?);
                self.case(&shape.cases(), tag)?
            }
            Shape::Variant(_) | Shape::Enum(_) => {
                let start = self.at;
                let tag = self.unsigned(32)?;
                let cases = shape.cases();
                if tag as usize >= cases.len() {
                    return Err(Fault::in_bytes(FaultKind::Tag, start));
                }
                self.case(&cases, tag)?
            }
            Shape::Flags(names) => Value::Flags(self.flags(names.len())?),
            Shape::Own(_) | Shape::Borrow(_) => {
                let bytes = self.counted(FaultKind::Count, HANDLE_BYTES_MAX)?;
                Self::built(|| Value::Handle(bytes.to_vec()))
            }
            Shape::Stream if self.bit()? == 0 => {
                self.stream = Some(self.path.clone());
                Value::Stream(None)
            }
            Shape::Stream => {
                let bytes = self.counted(FaultKind::Count, u32::MAX)?;
                Self::built(|| Value::Stream(Some(bytes.to_vec())))
            }
        })
    }

    fn elements(&mut self, element: Ty) -> Result<Vec<Value>, Fault> {
        let start = self.at;
        let count: u32 = self.unsigned(32)?;
        let least = u64::from(self.plan.node(element).wire.least);
        if u64::from(count) * least > self.left().len() as u64 {
            return Err(Fault::in_bytes(FaultKind::Count, start));
        }
        let mut values = Vec::new();
        for _ in 0..count {
            let value = self.value(element)?;
            if BUILD {
                values.push(value);
            }
        }
        Ok(values)
    }

    fn case(&mut self, cases: &[Option<Ty>], tag: u32) -> Result<Value, Fault> {
        let payload = match cases.get(tag as usize).copied().flatten() {
            Some(ty) => Some(self.value(ty)?),
            None => None,
        };
        Ok(Self::built(|| Value::Case(tag, payload.map(Box::new))))
    }

    fn flags(&mut self, count: usize) -> Result<u32, Fault> {
        let bytes = self.take(flags_wire_bytes(count) as usize)?;
        let bits = bytes
            .iter()
            .rev()
            .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        // Bits without a flag are dropped, as upstream and the canonical ABI do.
        Ok(bits & crate::plan::flags_mask(count))
    }

    fn char(&mut self) -> Result<char, Fault> {
        let start = self.at;
        let fail = |kind| Fault::in_bytes(kind, start);
        let length = match self.left().first() {
            None => return Err(fail(FaultKind::Truncated)),
            Some(0..0x80) => 1,
            Some(0xc2..0xe0) => 2,
            Some(0xe0..0xf0) => 3,
            Some(0xf0..0xf5) => 4,
            Some(_) => return Err(fail(FaultKind::Utf8)),
        };
        let bytes = self.take(length)?;
        let text = str::from_utf8(bytes).map_err(|_| fail(FaultKind::Utf8))?;
        text.chars().next().ok_or(fail(FaultKind::Utf8))
    }

    fn text(&mut self) -> Result<&'a str, Fault> {
        let bytes = self.counted(FaultKind::Count, u32::MAX)?;
        let start = self.at - bytes.len();
        str::from_utf8(bytes)
            .map_err(|error| Fault::in_bytes(FaultKind::Utf8, start + error.valid_up_to()))
    }

    /// So many bytes as the number before them says.
    fn counted(&mut self, kind: FaultKind, most: u32) -> Result<&'a [u8], Fault> {
        let start = self.at;
        let count: u32 = self.unsigned(32)?;
        if count > most {
            return Err(Fault::in_bytes(FaultKind::Handle, start));
        }
        self.take(count as usize)
            .map_err(|_| Fault::in_bytes(kind, start))
    }

    /// A number of this type, which has so many bits.
    fn unsigned<T: TryFrom<u64>>(&mut self, bits: u32) -> Result<T, Fault> {
        let read = varint::unsigned(self.left(), bits).map_err(|broken| self.broken(broken));
        let (value, used) = read?;
        let value = T::try_from(value).map_err(|_| self.fault(FaultKind::Overflow))?;
        self.at += used;
        Ok(value)
    }

    fn signed<T: TryFrom<i64>>(&mut self, bits: u32) -> Result<T, Fault> {
        let read = varint::signed(self.left(), bits).map_err(|broken| self.broken(broken));
        let (value, used) = read?;
        let value = T::try_from(value).map_err(|_| self.fault(FaultKind::Overflow))?;
        self.at += used;
        Ok(value)
    }

    fn bit(&mut self) -> Result<u8, Fault> {
        match self.left().first() {
            None => Err(self.fault(FaultKind::Truncated)),
            Some(0 | 1) => self.byte(),
            Some(_) => Err(self.fault(FaultKind::Bool)),
        }
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let Some(bytes) = self.left().first_chunk() else {
            return Err(self.fault(FaultKind::Truncated));
        };
        self.at += N;
        Ok(*bytes)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let Some(bytes) = self.left().get(..count) else {
            return Err(self.fault(FaultKind::Truncated));
        };
        self.at += count;
        Ok(bytes)
    }

    fn left(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn built(value: impl FnOnce() -> Value) -> Value {
        if BUILD { value() } else { NOTHING }
    }

    fn broken(&self, broken: Broken) -> Fault {
        self.fault(match broken {
            Broken::Truncated => FaultKind::Truncated,
            Broken::Overflow => FaultKind::Overflow,
        })
    }

    fn fault(&self, kind: FaultKind) -> Fault {
        Fault::in_bytes(kind, self.at)
    }
}
