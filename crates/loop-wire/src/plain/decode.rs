//! Plain calls out of bytes that arrive in any pieces.

use bytes::{Buf, BytesMut};

use crate::call::{NAME_BYTES_MAX, NameTooLong, Target};
use crate::frame::{self, Frame, FrameError};
use crate::leb;
use crate::plain::VERSION;

/// Reads what one side of a plain call sends.
#[derive(Debug)]
pub struct Decoder {
    head_read: bool,
    frames: frame::Decoder,
}

/// What comes out of a [`Decoder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Which function is called. It comes first, and once.
    Target(Target),
    /// Bytes of the parameters, or of the results.
    Frame(Frame),
}

/// Why bytes are no plain call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlainError {
    /// The first byte is no known version.
    #[error("version {version} of wRPC is not known: only {VERSION} is")]
    Version {
        /// The byte that stood there.
        version: u8,
    },
    /// A name is too long.
    #[error(transparent)]
    Name(#[from] NameTooLong),
    /// A name is not UTF-8.
    #[error("a name is not UTF-8")]
    Text,
    /// The frames are wrong, or a length in the head is.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl Decoder {
    /// Reads what the caller sends: the target, then frames.
    pub fn of_caller() -> Self {
        Self {
            head_read: false,
            frames: frame::Decoder::default(),
        }
    }

    /// Reads what is answered: frames.
    pub fn of_callee() -> Self {
        Self {
            head_read: true,
            frames: frame::Decoder::default(),
        }
    }

    /// Takes what comes next from the front of `bytes`; `None` if more bytes are needed.
    ///
    /// # Errors
    ///
    /// If the bytes are no plain call. The stream is then of no further use.
    pub fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Item>, PlainError> {
        if self.head_read {
            return Ok(self.frames.decode(bytes)?.map(Item::Frame));
        }
        let Some((target, size)) = head(bytes)? else {
            return Ok(None);
        };
        bytes.advance(size);
        self.head_read = true;
        Ok(Some(Item::Target(target)))
    }

    /// Says whether the bytes may end here, where `rest` is what [`decode`](Self::decode) left of them.
    ///
    /// # Errors
    ///
    /// If they end before the head is whole, or within a frame.
    pub fn finish(&self, rest: &[u8]) -> Result<(), PlainError> {
        if !self.head_read {
            return Err(FrameError::Truncated.into());
        }
        Ok(self.frames.finish(rest)?)
    }
}

/// Reads the head of a call, and says how many bytes it took.
///
/// It is read from its start whenever more bytes came, which is at most 2 KiB.
fn head(bytes: &[u8]) -> Result<Option<(Target, usize)>, PlainError> {
    match bytes.first() {
        Some(&VERSION) => {}
        Some(&version) => return Err(PlainError::Version { version }),
        None => return Ok(None),
    }
    let Some((instance, instance_end)) = name(bytes, 1)? else {
        return Ok(None);
    };
    let Some((function, end)) = name(bytes, instance_end)? else {
        return Ok(None);
    };
    Ok(Some((Target::new(instance, function)?, end)))
}

/// Reads a name that begins at `start`, and says where it ends.
fn name(bytes: &[u8], start: usize) -> Result<Option<(&str, usize)>, PlainError> {
    let rest = bytes.get(start..).unwrap_or_default();
    let Some((length, size)) = leb::read_u32(rest).map_err(FrameError::from)? else {
        return Ok(None);
    };
    let length = length as usize;
    if length > NAME_BYTES_MAX {
        return Err(NameTooLong { length }.into());
    }
    let Some(text) = rest.get(size..size + length) else {
        return Ok(None);
    };
    let text = std::str::from_utf8(text).map_err(|_| PlainError::Text)?;
    Ok(Some((text, start + size + length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Path;
    use crate::plain::encode_head;

    fn call() -> (Vec<u8>, Vec<Item>) {
        let target = Target::new("acme:store/kv@1.0.0", "get").unwrap();
        let mut bytes = Vec::new();
        encode_head(&target, &mut bytes);
        frame::encode_head(&Path::root(), 3, &mut bytes);
        bytes.extend_from_slice(b"key");
        (
            bytes,
            vec![Item::Target(target), Item::Frame(Frame::root(&b"key"[..]))],
        )
    }

    fn decoded(bytes: &[u8]) -> Result<Vec<Item>, PlainError> {
        let mut buffer = BytesMut::from(bytes);
        let mut decoder = Decoder::of_caller();
        let mut items = Vec::new();
        while let Some(item) = decoder.decode(&mut buffer)? {
            items.push(item);
        }
        decoder.finish(&buffer)?;
        Ok(items)
    }

    #[test]
    fn a_call_is_these_bytes() {
        let (bytes, items) = call();
        assert_eq!(bytes, b"\x00\x13acme:store/kv@1.0.0\x03get\x00\x03key");
        assert_eq!(decoded(&bytes), Ok(items));
    }

    #[test]
    fn a_call_that_is_cut_is_refused_at_every_byte_but_between_frames() {
        let (bytes, _) = call();
        let head_end = bytes.len() - 5;
        for cut in 0..bytes.len() {
            let expected = if cut == head_end {
                Ok(1)
            } else {
                Err(FrameError::Truncated.into())
            };
            assert_eq!(
                decoded(&bytes[..cut]).map(|items| items.len()),
                expected,
                "cut at {cut}"
            );
        }
    }

    fn refused(bytes: &[u8]) -> String {
        decoded(bytes).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_call_is_refused() {
        assert_eq!(
            refused(b"\x01"),
            "version 1 of wRPC is not known: only 0 is"
        );
        assert_eq!(refused(b"\x00\x01\xff\x00"), "a name is not UTF-8");
        assert_eq!(
            refused(b"\x00\x81\x08"),
            "a name has 1025 bytes, and at most 1024 are allowed (NAME_BYTES_MAX)"
        );
        assert_eq!(
            refused(b"\x00\xff\xff\xff\xff\xff"),
            "a number has more bits than its type"
        );
    }
}
