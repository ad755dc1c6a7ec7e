//! Whether bytes are what a plan says, without a value made of them.
//!
//! Every message of a stranger goes through here before a component sees it, so nothing is allocated and nothing is copied. What
//! is found wrong is what `decode.rs` finds, which the tests hold.

use crate::MESSAGE_BYTES_MAX;
use crate::cursor::Cursor;
use crate::fault::{Fault, FaultKind};
use crate::plan::{HANDLE_BYTES_MAX, Plan, Shape, Ty};

impl Plan {
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
        self.check(&found.params, bytes)
    }

    /// Reads what a call gave and forgets it, as [`Plan::check_params`] does.
    ///
    /// # Errors
    /// As [`Plan::decode_result`], but for the limit on the number of values.
    pub fn check_result(&self, function: usize, bytes: &[u8]) -> Result<(), Fault> {
        let Some(found) = self.functions().get(function) else {
            return Err(Fault::in_bytes(FaultKind::Function, 0));
        };
        self.check(found.result.as_slice(), bytes)
    }

    fn check(&self, types: &[Ty], bytes: &[u8]) -> Result<(), Fault> {
        if bytes.len() > MESSAGE_BYTES_MAX as usize {
            return Err(Fault::in_bytes(FaultKind::TooLarge, 0));
        }
        let mut cursor = Cursor::new(bytes);
        for ty in types {
            self.check_value(&mut cursor, *ty)?;
        }
        cursor.end()
    }

    fn check_value(&self, cursor: &mut Cursor<'_>, ty: Ty) -> Result<(), Fault> {
        match self.shape(ty) {
            Shape::Bool => cursor.bit().map(drop),
            Shape::U8 | Shape::S8 => cursor.take(1).map(drop),
            Shape::U16 => cursor.unsigned::<u16>(16).map(drop),
            Shape::U32 => cursor.unsigned::<u32>(32).map(drop),
            Shape::U64 => cursor.unsigned::<u64>(64).map(drop),
            Shape::S16 => cursor.signed::<i16>(16).map(drop),
            Shape::S32 => cursor.signed::<i32>(32).map(drop),
            Shape::S64 => cursor.signed::<i64>(64).map(drop),
            Shape::F32 => cursor.take(4).map(drop),
            Shape::F64 => cursor.take(8).map(drop),
            Shape::Char => cursor.char().map(drop),
            Shape::String => cursor.text().map(drop),
            Shape::List(element) if self.is_byte(*element) => cursor.counted(u32::MAX).map(drop),
            Shape::List(element) => {
                for _ in 0..cursor.count(self.node(*element).wire.least)? {
                    self.check_value(cursor, *element)?;
                }
                Ok(())
            }
            Shape::Record(fields) => {
                let mut fields = fields.iter();
                fields.try_for_each(|(_, ty)| self.check_value(cursor, *ty))
            }
            Shape::Tuple(types) => {
                let mut types = types.iter();
                types.try_for_each(|ty| self.check_value(cursor, *ty))
            }
            Shape::Option(ty) => match cursor.bit()? {
                0 => Ok(()),
                _ => self.check_value(cursor, *ty),
            },
            Shape::Result(ok, err) => {
                let case = if cursor.bit()? == 0 { ok } else { err };
                case.map_or(Ok(()), |ty| self.check_value(cursor, ty))
            }
            Shape::Variant(cases) => {
                let tag = cursor.tag(cases.len())?;
                let case = cases.get(tag as usize).and_then(|(_, ty)| *ty);
                case.map_or(Ok(()), |ty| self.check_value(cursor, ty))
            }
            Shape::Enum(names) => cursor.tag(names.len()).map(drop),
            Shape::Flags(names) => cursor.flags(names.len()).map(drop),
            Shape::Own(_) | Shape::Borrow(_) => cursor.counted(HANDLE_BYTES_MAX).map(drop),
        }
    }
}
