//! Chunks: the bytes of a stream within the values of a call, as they stand at its path.
//!
//! A chunk is a number that is not 0, and so many bytes. Where one ends says nothing. The number 0 is the end of the stream.

use bytes::{Buf, Bytes, BytesMut};

use crate::leb;

/// Why bytes are no chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The number before a chunk has more bits than it may.
    #[error("a chunk's length does not fit 32 bits")]
    TooLong,
    /// Something follows the end.
    #[error("bytes follow the end of a stream")]
    Trailing,
}

/// A chunk of these bytes, of which there are less than 4 GiB; of none, the end of the stream.
pub fn chunk(bytes: &[u8]) -> Bytes {
    let mut chunk = BytesMut::with_capacity(leb::U32_BYTES_MAX + bytes.len());
    leb::write_len(bytes.len(), &mut chunk);
    chunk.extend_from_slice(bytes);
    chunk.freeze()
}

/// Reads chunks, in whatever pieces they come. It keeps no bytes.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    /// Bytes of this chunk that are still to come.
    left: u32,
    /// What was read of the number before a chunk, and how many bits that is.
    number: u64,
    bits: u32,
    ended: bool,
}

impl Chunks {
    /// Whether the end of the stream was read. One that stops before broke off.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Takes the next bytes of the stream out of `data`; `None` if more must come first, or after the end.
    ///
    /// # Errors
    ///
    /// If they are no chunks. Nothing more can be read then.
    pub fn next(&mut self, data: &mut Bytes) -> Result<Option<Bytes>, ChunkError> {
        loop {
            if data.is_empty() {
                return Ok(None);
            }
            if self.ended {
                return Err(ChunkError::Trailing);
            }
            if self.left > 0 {
                let count = data.len().min(self.left as usize);
                self.left -= u32::try_from(count).unwrap_or(self.left);
                return Ok(Some(data.split_to(count)));
            }
            let byte = data.get_u8();
            self.number |= u64::from(byte & 0x7f) << self.bits;
            self.bits += 7;
            if byte & 0x80 != 0 && self.bits < 35 {
                continue;
            }
            let number = u32::try_from(self.number).ok();
            let number = number.filter(|_| byte & 0x80 == 0);
            self.left = number.ok_or(ChunkError::TooLong)?;
            self.ended = self.left == 0;
            (self.number, self.bits) = (0, 0);
        }
    }
}
