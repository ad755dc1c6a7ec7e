//! Reading the bytes of a message, one thing after the other. The bytes may be anybody's: nothing is believed before it is
//! there.

use crate::fault::{Fault, FaultKind};
use crate::plan::flags_wire_bytes;
use crate::varint::{self, Broken};

/// Where a reader of a message is.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The number of elements of a list, each of which takes so many bytes at least.
    pub(crate) fn count(&mut self, least: u32) -> Result<u32, Fault> {
        let start = self.at;
        let count: u32 = self.unsigned(32)?;
        if u64::from(count) * u64::from(least) > self.left().len() as u64 {
            return Err(Fault::in_bytes(FaultKind::Count, start));
        }
        Ok(count)
    }

    /// The number of a variant's case, of which there are so many.
    pub(crate) fn tag(&mut self, cases: usize) -> Result<u32, Fault> {
        let start = self.at;
        let tag: u32 = self.unsigned(32)?;
        if tag as usize >= cases {
            return Err(Fault::in_bytes(FaultKind::Tag, start));
        }
        Ok(tag)
    }

    /// Says that nothing may follow.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        if self.at == self.bytes.len() {
            return Ok(());
        }
        Err(self.fault(FaultKind::Trailing))
    }

    pub(crate) fn flags(&mut self, count: usize) -> Result<u32, Fault> {
        let bytes = self.take(flags_wire_bytes(count) as usize)?;
        let bits = bytes
            .iter()
            .rev()
            .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        // Bits without a flag are dropped, as upstream and the canonical ABI do.
        Ok(bits & crate::plan::flags_mask(count))
    }

    pub(crate) fn char(&mut self) -> Result<char, Fault> {
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

    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        let bytes = self.counted(u32::MAX)?;
        let start = self.at - bytes.len();
        str::from_utf8(bytes)
            .map_err(|error| Fault::in_bytes(FaultKind::Utf8, start + error.valid_up_to()))
    }

    /// So many bytes as the number before them says.
    pub(crate) fn counted(&mut self, most: u32) -> Result<&'a [u8], Fault> {
        let start = self.at;
        let count: u32 = self.unsigned(32)?;
        if count > most {
            return Err(Fault::in_bytes(FaultKind::Handle, start));
        }
        self.take(count as usize)
            .map_err(|_| Fault::in_bytes(FaultKind::Count, start))
    }

    /// A number of this type, which has so many bits.
    pub(crate) fn unsigned<T: TryFrom<u64>>(&mut self, bits: u32) -> Result<T, Fault> {
        let read = varint::unsigned(self.left(), bits).map_err(|broken| self.broken(broken));
        let (value, used) = read?;
        let value = T::try_from(value).map_err(|_| self.fault(FaultKind::Overflow))?;
        self.at += used;
        Ok(value)
    }

    pub(crate) fn signed<T: TryFrom<i64>>(&mut self, bits: u32) -> Result<T, Fault> {
        let read = varint::signed(self.left(), bits).map_err(|broken| self.broken(broken));
        let (value, used) = read?;
        let value = T::try_from(value).map_err(|_| self.fault(FaultKind::Overflow))?;
        self.at += used;
        Ok(value)
    }

    pub(crate) fn bit(&mut self) -> Result<u8, Fault> {
        match self.left().first() {
            None => Err(self.fault(FaultKind::Truncated)),
            Some(0 | 1) => self.byte(),
            Some(_) => Err(self.fault(FaultKind::Bool)),
        }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let Some(bytes) = self.left().first_chunk() else {
            return Err(self.fault(FaultKind::Truncated));
        };
        self.at += N;
        Ok(*bytes)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let Some(bytes) = self.left().get(..count) else {
            return Err(self.fault(FaultKind::Truncated));
        };
        self.at += count;
        Ok(bytes)
    }

    pub(crate) fn left(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn broken(&self, broken: Broken) -> Fault {
        self.fault(match broken {
            Broken::Truncated => FaultKind::Truncated,
            Broken::Overflow => FaultKind::Overflow,
        })
    }

    pub(crate) fn fault(&self, kind: FaultKind) -> Fault {
        Fault::in_bytes(kind, self.at)
    }
}
