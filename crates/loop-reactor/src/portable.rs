//! Values as bytes: what can be saved, and how it is read back.

use std::collections::BTreeMap;
use std::string::FromUtf8Error;

/// How deep values may lie within each other. A recursive type is read by recursion, and this many levels fit into any stack. A value
/// that is deeper can be written, and is refused when it is read: keep such in a list, with numbers for what lies in what.
pub const DEPTH_MAX: usize = 128;

/// What can be saved.
///
/// The bytes of a value are the same on every machine, and equal values have equal bytes. A value takes at least one byte.
///
/// A type that changes raises its version, and reads what earlier versions wrote:
///
/// ```
/// use loop_reactor::portable::{Damaged, Decoder, Encoder, Portable};
///
/// #[derive(Clone, PartialEq)]
/// struct Pen {
///     width: u32,
///     colour: String,
/// }
///
/// impl Portable for Pen {
///     // Version 0 had no colour.
///     const VERSION: u32 = 1;
///
///     fn encode(&self, to: &mut Encoder) {
///         self.width.encode(to);
///         self.colour.encode(to);
///     }
///
///     fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged> {
///         let width = u32::decode(from, 0)?;
///         let colour = match version {
///             0 => "black".to_owned(),
///             _ => String::decode(from, 0)?,
///         };
///         Ok(Self { width, colour })
///     }
/// }
/// ```
pub trait Portable: PartialEq + Sized + 'static {
    /// The form of what [`Portable::encode`] writes. It is stored once for each slot: a type that holds others raises its own when
    /// one of theirs is raised.
    const VERSION: u32 = 0;

    /// Writes the value.
    fn encode(&self, to: &mut Encoder);

    /// Reads a value in the form of `version`, which is not above [`Portable::VERSION`].
    fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged>;
}

/// Why bytes are no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damaged {
    /// They end too early.
    #[error("the bytes end too early")]
    Short,
    /// Something follows that belongs to nothing.
    #[error("{0} bytes too many")]
    Long(usize),
    /// A length is greater than what is left could hold.
    #[error("a length of {0}, for which there are not enough bytes")]
    Length(u64),
    /// Values lie deeper than [`DEPTH_MAX`] within each other.
    #[error("values within values, more than {DEPTH_MAX} deep")]
    Depth,
    /// A value that its type does not have.
    #[error("no {0}")]
    Value(&'static str),
    /// Keys that do not rise, so that the same map would have several forms.
    #[error("keys out of order")]
    Order,
}

/// Collects bytes.
#[derive(Debug, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// Appends bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends how many of something follow.
    pub fn length(&mut self, length: usize) {
        self.bytes(&(length as u64).to_le_bytes());
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Hands out bytes, and never more than there are.
#[derive(Debug)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    depth: usize,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, depth: 0 }
    }

    /// The next so many bytes.
    ///
    /// # Errors
    ///
    /// [`Damaged::Short`] if there are fewer.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(Damaged::Short)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// How many of something follow, each of at least one byte.
    ///
    /// # Errors
    ///
    /// [`Damaged::Length`] if there are fewer bytes: so no length makes a reader wait or ask for memory that the input does not
    /// account for.
    pub fn length(&mut self) -> Result<usize, Damaged> {
        let length = u64::decode(self, 0)?;
        usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.bytes.len())
            .ok_or(Damaged::Length(length))
    }

    /// Reads something that may hold more of its own kind.
    ///
    /// # Errors
    ///
    /// [`Damaged::Depth`] if this is within too many others, and those of `read`.
    pub fn within<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Damaged>,
    ) -> Result<T, Damaged> {
        if self.depth == DEPTH_MAX {
            return Err(Damaged::Depth);
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        self.bytes(N)?.try_into().map_err(|_| Damaged::Short)
    }

    /// Nothing is left.
    pub(crate) fn end(&self) -> Result<(), Damaged> {
        match self.bytes.len() {
            0 => Ok(()),
            more => Err(Damaged::Long(more)),
        }
    }
}

macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl Portable for $type {
            fn encode(&self, to: &mut Encoder) {
                to.bytes(&self.to_le_bytes());
            }

            fn decode(from: &mut Decoder<'_>, _: u32) -> Result<Self, Damaged> {
                Ok(Self::from_le_bytes(from.array()?))
            }
        }
    )* };
}

numbers!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

/// As 64 bits everywhere.
impl Portable for usize {
    fn encode(&self, to: &mut Encoder) {
        to.length(*self);
    }

    fn decode(from: &mut Decoder<'_>, _: u32) -> Result<Self, Damaged> {
        Self::try_from(u64::decode(from, 0)?).map_err(|_| Damaged::Value("number of this machine"))
    }
}

macro_rules! floats {
    ($($type:ty),*) => { $(
        /// All that are not a number are written as one, since machines differ in their bits.
        impl Portable for $type {
            fn encode(&self, to: &mut Encoder) {
                let value = if self.is_nan() { Self::NAN } else { *self };
                to.bytes(&value.to_bits().to_le_bytes());
            }

            fn decode(from: &mut Decoder<'_>, _: u32) -> Result<Self, Damaged> {
                Ok(Self::from_le_bytes(from.array()?))
            }
        }
    )* };
}

floats!(f32, f64);

impl Portable for bool {
    fn encode(&self, to: &mut Encoder) {
        u8::from(*self).encode(to);
    }

    fn decode(from: &mut Decoder<'_>, _: u32) -> Result<Self, Damaged> {
        match u8::decode(from, 0)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damaged::Value("truth value")),
        }
    }
}

impl Portable for char {
    fn encode(&self, to: &mut Encoder) {
        u32::from(*self).encode(to);
    }

    fn decode(from: &mut Decoder<'_>, _: u32) -> Result<Self, Damaged> {
        Self::from_u32(u32::decode(from, 0)?).ok_or(Damaged::Value("character"))
    }
}

impl Portable for String {
    fn encode(&self, to: &mut Encoder) {
        to.length(self.len());
        to.bytes(self.as_bytes());
    }

    fn decode(from: &mut Decoder<'_>, _: u32) -> Result<Self, Damaged> {
        let length = from.length()?;
        let text = Self::from_utf8(from.bytes(length)?.to_vec());
        text.map_err(|_: FromUtf8Error| Damaged::Value("text in UTF-8"))
    }
}

impl<T: Portable> Portable for Option<T> {
    const VERSION: u32 = T::VERSION;

    fn encode(&self, to: &mut Encoder) {
        self.is_some().encode(to);
        if let Some(value) = self {
            value.encode(to);
        }
    }

    fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged> {
        let some = bool::decode(from, 0)?;
        some.then(|| from.within(|from| T::decode(from, version)))
            .transpose()
    }
}

impl<T: Portable> Portable for Box<T> {
    const VERSION: u32 = T::VERSION;

    fn encode(&self, to: &mut Encoder) {
        T::encode(self, to);
    }

    fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged> {
        from.within(|from| T::decode(from, version)).map(Self::new)
    }
}

impl<T: Portable> Portable for Vec<T> {
    const VERSION: u32 = T::VERSION;

    fn encode(&self, to: &mut Encoder) {
        to.length(self.len());
        for value in self {
            value.encode(to);
        }
    }

    fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged> {
        let length = from.length()?;
        from.within(|from| (0..length).map(|_| T::decode(from, version)).collect())
    }
}

/// In the order of the keys, which have no versions.
impl<K: Portable + Ord, V: Portable> Portable for BTreeMap<K, V> {
    const VERSION: u32 = V::VERSION;

    fn encode(&self, to: &mut Encoder) {
        to.length(self.len());
        for (key, value) in self {
            key.encode(to);
            value.encode(to);
        }
    }

    fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged> {
        let length = from.length()?;
        from.within(|from| {
            let mut map = Self::new();
            for _ in 0..length {
                let key = K::decode(from, K::VERSION)?;
                if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
                    return Err(Damaged::Order);
                }
                map.insert(key, V::decode(from, version)?);
            }
            Ok(map)
        })
    }
}
