//! Frames: the pieces of a call's bytes, each with the path that it belongs to.
//!
//! The parameters of a call, and its results, are a set of byte streams. The one at the root path holds the values
//! themselves; a `stream` or `future` within them has a stream of its own, at the path of its position. A frame is a
//! piece of one of them. Where a frame ends says nothing: the bytes at one path are one stream, in order.
//!
//! The bytes of a stream within the values stand there in [`Chunks`].
//!
//! On the wire a frame is the number of its path's elements, the elements, the number of its bytes, and the bytes; all
//! numbers are LEB128.

mod chunk;
mod decode;
mod path;

use bytes::{BufMut, Bytes};

pub use chunk::{ChunkError, Chunks, chunk};
pub(crate) use decode::take;
pub use decode::{Decoder, FrameError};
pub use path::{PATH_DEPTH_MAX, Path};

use crate::leb;

/// A piece of the bytes at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Which stream of the call.
    pub path: Path,
    /// The bytes.
    pub data: Bytes,
}

impl Frame {
    /// A piece of the values themselves.
    pub fn root(data: impl Into<Bytes>) -> Self {
        Self {
            path: Path::root(),
            data: data.into(),
        }
    }
}

/// Appends the head of a frame, which `length` bytes of data follow.
pub fn encode_head(path: &Path, length: u32, out: &mut impl BufMut) {
    path.encode(out);
    leb::write(length, out);
}
