//! The position of a stream within the values of a call.

use std::fmt;
use std::sync::Arc;

use bytes::BufMut;

use crate::leb::{self, Overlong};

/// The elements of a path at most. Each is a level of nesting in a WIT type, and generated types stay below ten; the head
/// of a frame is then below 400 bytes, so it can be read again from its start whenever more bytes came.
pub const PATH_DEPTH_MAX: usize = 64;

/// The position of a stream within the values of a call: the index at each level of nesting.
///
/// The root, which is empty, is the stream of the values themselves. Clones share their elements.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Option<Arc<[u32]>>);

/// A path of more than [`PATH_DEPTH_MAX`] elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path has {depth} elements, and at most {PATH_DEPTH_MAX} are allowed (PATH_DEPTH_MAX)")]
pub struct TooDeep {
    /// How many it has, or says to have.
    pub depth: usize,
}

impl Path {
    /// The path of the values themselves.
    pub fn root() -> Self {
        Self(None)
    }

    /// The path of these elements, from the outermost.
    pub fn new(elements: &[u32]) -> Result<Self, TooDeep> {
        let depth = elements.len();
        if depth > PATH_DEPTH_MAX {
            return Err(TooDeep { depth });
        }
        Ok(Self((depth > 0).then(|| elements.into())))
    }

    /// The indices, from the outermost.
    pub fn elements(&self) -> &[u32] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether this is the path of the values themselves.
    pub fn is_root(&self) -> bool {
        self.0.is_none()
    }

    /// How many bytes [`encode`](Self::encode) appends.
    pub(crate) fn encoded_size(&self) -> usize {
        let elements = self.elements();
        let size: usize = elements.iter().map(|element| leb::size(*element)).sum();
        leb::size(elements.len() as u64) + size
    }

    /// Appends the number of elements, and the elements.
    pub(crate) fn encode(&self, out: &mut impl BufMut) {
        let elements = self.elements();
        leb::write_len(elements.len(), out);
        for element in elements {
            leb::write(*element, out);
        }
    }

    /// Reads what [`encode`](Self::encode) wrote at the front of `bytes`, and says how many bytes it took; `None` if more
    /// bytes are needed.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, PathError> {
        if let Some(0) = bytes.first() {
            return Ok(Some((Self::root(), 1)));
        }
        let Some((depth, mut used)) = leb::read_u32(bytes)? else {
            return Ok(None);
        };
        let depth = depth as usize;
        if depth > PATH_DEPTH_MAX {
            return Err(TooDeep { depth }.into());
        }
        let mut elements = [0; PATH_DEPTH_MAX];
        for element in elements.iter_mut().take(depth) {
            let Some((value, size)) = leb::read_u32(bytes.get(used..).unwrap_or_default())? else {
                return Ok(None);
            };
            *element = value;
            used += size;
        }
        let path = Self::new(elements.get(..depth).unwrap_or_default())?;
        Ok(Some((path, used)))
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.elements()).finish()
    }
}

/// Why bytes are no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
    #[error(transparent)]
    Number(#[from] Overlong),
}
