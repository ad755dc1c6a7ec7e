//! What can be wrong with the bytes of a call, or with the values of a component that makes one.

use std::fmt;

/// What is wrong, and where.
///
/// The plan's own reader and the generated adapters find the same faults. An adapter tells its host with two numbers,
/// which [`Fault::from_codes`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}", At(self.place))]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Where it is.
    pub place: Place,
}

/// Where a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In bytes that came in, at this offset.
    Bytes(u32),
    /// In what the component itself passed, or did.
    Component,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal $text:literal,)*) => {
        /// What is wrong with the bytes or the values of a call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum FaultKind {
            $($(#[$doc])* $name = $code,)*
        }

        impl FaultKind {
            const ALL: &[Self] = &[$(Self::$name),*];

            fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// The bytes end inside a value.
    Truncated = 1 "the bytes end inside a value",
    /// A number has more bits than its type.
    Overflow = 2 "a number does not fit its type",
    /// A bool, or the tag of an option or result, is neither 0 nor 1.
    Bool = 3 "a byte that must be 0 or 1 is something else",
    /// A string or char is not UTF-8.
    Utf8 = 4 "a text is not UTF-8",
    /// A char is no Unicode scalar value.
    Char = 5 "a char is no Unicode scalar value",
    /// A variant or enum has no such case.
    Tag = 6 "a case has a number that its type does not have",
    /// A list claims more elements than there can be in the bytes that follow.
    Count = 7 "a list claims more elements than bytes follow",
    /// A handle is longer than [`HANDLE_BYTES_MAX`](crate::HANDLE_BYTES_MAX).
    Handle = 8 "a handle is too long",
    /// Bytes follow the last value.
    Trailing = 9 "bytes follow the last value",
    /// A message is longer than [`MESSAGE_BYTES_MAX`](crate::MESSAGE_BYTES_MAX), or what it says does not fit in memory.
    TooLarge = 10 "a message is too large",
    /// There are more values than [`VALUES_MAX`](crate::VALUES_MAX).
    TooManyValues = 11 "a message holds too many values",
    /// There is no such function.
    Function = 12 "there is no function with that number",
    /// An adapter is entered while a call through it is under way.
    Busy = 13 "a call was made while another is being passed on",
}

/// Set in the code of a fault that is the component's own.
pub(crate) const OWN: u32 = 0x100;

impl Fault {
    pub(crate) fn in_bytes(kind: FaultKind, at: usize) -> Self {
        Self {
            kind,
            place: Place::Bytes(u32::try_from(at).unwrap_or(u32::MAX)),
        }
    }

    /// Reads what an adapter tells. `None` if no adapter tells that.
    pub fn from_codes(code: u32, at: u32) -> Option<Self> {
        let kinds = FaultKind::ALL.iter();
        let kind = *kinds.clone().find(|kind| **kind as u32 == code & !OWN)?;
        let place = if code & OWN == 0 {
            Place::Bytes(at)
        } else {
            Place::Component
        };
        Some(Self { kind, place })
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

struct At(Place);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Bytes(at) => write!(f, ", at byte {at}"),
            Place::Component => Ok(()),
        }
    }
}
