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
        let found = self.known(function)?;
        self.check(&found.params, bytes).map(drop)
    }

    /// Reads what a call gave and forgets it, as [`Plan::check_params`] does.
    ///
    /// # Errors
    /// As [`Plan::decode_result`], but for the limit on the number of values.
    pub fn check_result(&self, function: usize, bytes: &[u8]) -> Result<(), Fault> {
        let found = self.known(function)?;
        self.check(found.result.as_slice(), bytes).map(drop)
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
        let found = self.known(function)?;
        self.check(&found.params, bytes)
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
        let found = self.known(function)?;
        self.check(found.result.as_slice(), bytes)
    }

    /// The path of the stream whose bytes come beside the message, if there is one.
    fn check(&self, types: &[Ty], bytes: &[u8]) -> Result<Option<Vec<u32>>, Fault> {
        if bytes.len() > MESSAGE_BYTES_MAX as usize {
            return Err(Fault::in_bytes(FaultKind::TooLarge, 0));
        }
        let mut checker = Checker {
            plan: self,
            cursor: Cursor::new(bytes),
            path: Vec::new(),
            stream: None,
        };
        checker.members(types.iter().copied())?;
        checker.cursor.end()?;
        Ok(checker.stream)
    }
}

struct Checker<'a> {
    plan: &'a Plan,
    cursor: Cursor<'a>,
    /// Where it reads, as far as that leads to a stream.
    path: Vec<u32>,
    /// The path of the stream that was met, if its bytes come beside the message.
    stream: Option<Vec<u32>>,
}

impl Checker<'_> {
    fn members(&mut self, types: impl Iterator<Item = Ty>) -> Result<(), Fault> {
        for (index, ty) in (0..).zip(types) {
            if !self.plan.has_stream(&[ty]) {
                self.value(ty)?;
                continue;
            }
            self.path.push(index);
            self.value(ty)?;
            self.path.pop();
        }
        Ok(())
    }

    fn value(&mut self, ty: Ty) -> Result<(), Fault> {
        let plan = self.plan;
        let cursor = &mut self.cursor;
        match plan.shape(ty) {
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
            Shape::List(element) if plan.is_byte(*element) => cursor.counted(u32::MAX).map(drop),
            Shape::List(element) => {
                for _ in 0..cursor.count(plan.node(*element).wire.least)? {
                    self.value(*element)?;
                }
                Ok(())
            }
            Shape::Record(fields) => self.members(fields.iter().map(|(_, ty)| *ty)),
            Shape::Tuple(types) => self.members(types.iter().copied()),
            Shape::Option(ty) => match cursor.bit()? {
                0 => Ok(()),
                _ => self.value(*ty),
            },
            Shape::Result(ok, err) => {
                let case = if cursor.bit()? == 0 { ok } else { err };
                case.map_or(Ok(()), |ty| self.value(ty))
            }
            Shape::Variant(cases) => {
                let tag = cursor.tag(cases.len())?;
                let case = cases.get(tag as usize).and_then(|(_, ty)| *ty);
                case.map_or(Ok(()), |ty| self.value(ty))
            }
            Shape::Enum(names) => cursor.tag(names.len()).map(drop),
            Shape::Flags(names) => cursor.flags(names.len()).map(drop),
            Shape::Own(_) | Shape::Borrow(_) => cursor.counted(HANDLE_BYTES_MAX).map(drop),
            Shape::Stream if cursor.bit()? == 0 => {
                self.stream = Some(self.path.clone());
                Ok(())
            }
            Shape::Stream => cursor.counted(u32::MAX).map(drop),
        }
    }
}
