//! Frames out of bytes that arrive in any pieces.

use bytes::{Buf, Bytes, BytesMut};

use crate::frame::path::{Path, PathError, TooDeep};
use crate::frame::{Frame, PATH_DEPTH_MAX};
use crate::leb::{self, Overlong};

/// Bytes up to which a piece is copied into memory of its own. A small piece that kept the block that it was received in
/// alive would let a peer hold 64 KiB of ours with one byte.
pub(crate) const COPY_BYTES_MAX: usize = 4096;

/// Reads frames as their bytes arrive.
///
/// The bytes of a frame are given out as they come, in as many pieces as they come in: a length that a peer claims
/// reserves nothing. The memory that a decoder holds is that of one path.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The frame whose bytes are being read, and how many are still to come.
    within: Option<(Path, u32)>,
}

/// Why bytes are no frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A path has too many elements.
    #[error(
        "a path has {depth} elements, and at most {PATH_DEPTH_MAX} are allowed (PATH_DEPTH_MAX)"
    )]
    PathTooDeep {
        /// How many it claims to have.
        depth: usize,
    },
    /// A number has more bits than its type.
    #[error("a number has more bits than its type")]
    Number,
    /// The bytes ended within a frame.
    #[error("the bytes end within a frame")]
    Truncated,
}

impl Decoder {
    /// Takes the next frame, or a further piece of one, from the front of `bytes`; `None` if more bytes are needed.
    ///
    /// # Errors
    ///
    /// If the bytes are no frame. The decoder and what is left of `bytes` are then of no further use.
    pub fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let (path, left) = match self.within.take() {
            Some(within) => within,
            None => match head(bytes)? {
                Some((path, 0)) => {
                    return Ok(Some(Frame {
                        path,
                        data: Bytes::new(),
                    }));
                }
                Some(head) => head,
                None => return Ok(None),
            },
        };
        let here = bytes.len().min(left as usize);
        if here == 0 {
            self.within = Some((path, left));
            return Ok(None);
        }
        let data = take(bytes, here);
        let left = left.saturating_sub(u32::try_from(here).unwrap_or(u32::MAX));
        if left > 0 {
            self.within = Some((path.clone(), left));
        }
        Ok(Some(Frame { path, data }))
    }

    /// Says whether the bytes may end here, where `rest` is what [`decode`](Self::decode) left of them.
    ///
    /// # Errors
    ///
    /// If they end within a frame.
    pub fn finish(&self, rest: &[u8]) -> Result<(), FrameError> {
        if self.within.is_some() || !rest.is_empty() {
            return Err(FrameError::Truncated);
        }
        Ok(())
    }
}

/// Takes the head of a frame: its path, and how many bytes follow.
fn head(bytes: &mut BytesMut) -> Result<Option<(Path, u32)>, FrameError> {
    let Some((path, path_size)) = Path::decode(bytes)? else {
        return Ok(None);
    };
    let Some((length, size)) = leb::read_u32(bytes.get(path_size..).unwrap_or_default())? else {
        return Ok(None);
    };
    bytes.advance(path_size + size);
    Ok(Some((path, length)))
}

/// Takes bytes from the front: a few are copied, many are shared.
pub(crate) fn take(bytes: &mut BytesMut, count: usize) -> Bytes {
    if count <= COPY_BYTES_MAX {
        let data = Bytes::copy_from_slice(bytes.get(..count).unwrap_or_default());
        bytes.advance(count);
        return data;
    }
    bytes.split_to(count).freeze()
}

impl From<PathError> for FrameError {
    fn from(error: PathError) -> Self {
        match error {
            PathError::TooDeep(TooDeep { depth }) => Self::PathTooDeep { depth },
            PathError::Number(Overlong) => Self::Number,
        }
    }
}

impl From<Overlong> for FrameError {
    fn from(_: Overlong) -> Self {
        Self::Number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::encode_head;

    fn encoded(path: &[u32], data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let length = u32::try_from(data.len()).unwrap();
        encode_head(&Path::new(path).unwrap(), length, &mut out);
        out.extend_from_slice(data);
        out
    }

    type Decoded = Vec<(Vec<u32>, Vec<u8>)>;

    /// Decodes bytes that arrive in pieces of one size; neighbours at one path are put together again.
    fn decoded(bytes: &[u8], piece: usize) -> Result<Decoded, FrameError> {
        let mut decoder = Decoder::default();
        let mut buffer = BytesMut::new();
        let mut frames = Decoded::new();
        for chunk in bytes.chunks(piece) {
            buffer.extend_from_slice(chunk);
            while let Some(frame) = decoder.decode(&mut buffer)? {
                match frames.last_mut() {
                    Some((path, data)) if path == frame.path.elements() => {
                        data.extend_from_slice(&frame.data);
                    }
                    _ => frames.push((frame.path.elements().to_vec(), frame.data.to_vec())),
                }
            }
        }
        decoder.finish(&buffer)?;
        Ok(frames)
    }

    #[test]
    fn frames_come_out_however_their_bytes_arrive() {
        let big = vec![7; 3 * COPY_BYTES_MAX];
        let frames: [(&[u32], &[u8]); 4] = [
            (&[], b"values"),
            (&[0, 300], &big),
            (&[1], b""),
            (&[], b"x"),
        ];
        let bytes: Vec<u8> = frames
            .iter()
            .flat_map(|(path, data)| encoded(path, data))
            .collect();
        let expected: Vec<_> = frames
            .iter()
            .map(|(path, data)| (path.to_vec(), data.to_vec()))
            .collect();
        for piece in [1, 2, 3, 7, 100, bytes.len()] {
            assert_eq!(
                decoded(&bytes, piece).as_ref(),
                Ok(&expected),
                "in pieces of {piece}"
            );
        }
    }

    #[test]
    fn bytes_that_end_within_a_frame_are_refused_at_every_byte() {
        let bytes = encoded(&[1, 200], b"four");
        assert_eq!(decoded(&bytes, 3).map(|frames| frames.len()), Ok(1));
        for cut in 1..bytes.len() {
            assert_eq!(
                decoded(&bytes[..cut], 3),
                Err(FrameError::Truncated),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_claimed_length_reserves_nothing() {
        let mut buffer = BytesMut::from(&[0x00, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x42][..]);
        let before = buffer.capacity();
        let mut decoder = Decoder::default();
        let frame = decoder.decode(&mut buffer).unwrap().unwrap();
        assert_eq!(frame, Frame::root(&b"\x42"[..]));
        assert_eq!(decoder.decode(&mut buffer), Ok(None));
        assert!(buffer.capacity() <= before);
    }

    #[test]
    fn a_path_that_claims_to_be_deep_is_refused_before_its_bytes_come() {
        let depth = PATH_DEPTH_MAX + 1;
        let mut buffer = BytesMut::from(&[u8::try_from(depth).unwrap()][..]);
        let refused = Decoder::default().decode(&mut buffer);
        assert_eq!(refused, Err(FrameError::PathTooDeep { depth }));
    }
}
