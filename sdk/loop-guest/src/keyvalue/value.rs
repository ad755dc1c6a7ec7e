//! What can be kept.

use std::borrow::Cow;

/// Something that becomes a value.
pub trait ToValue {
    /// The bytes that are kept.
    fn to_value(&self) -> Cow<'_, [u8]>;
}

/// Something that a value is read as.
pub trait FromValue: Sized {
    /// What it is, for messages: "a number".
    const NAME: &'static str;

    /// What these bytes are; none if they are something else.
    fn from_value(value: Vec<u8>) -> Option<Self>;
}

impl<V: ToValue + ?Sized> ToValue for &V {
    fn to_value(&self) -> Cow<'_, [u8]> {
        (**self).to_value()
    }
}

macro_rules! bytes {
    ($($kind:ty),*) => {
        $(impl ToValue for $kind {
            fn to_value(&self) -> Cow<'_, [u8]> {
                Cow::Borrowed(self.as_ref())
            }
        })*
    };
}

bytes!([u8], Vec<u8>, str, String);

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }
}

impl FromValue for Vec<u8> {
    const NAME: &'static str = "bytes";

    fn from_value(value: Vec<u8>) -> Option<Self> {
        Some(value)
    }
}

impl FromValue for String {
    const NAME: &'static str = "text in UTF-8";

    fn from_value(value: Vec<u8>) -> Option<Self> {
        Self::from_utf8(value).ok()
    }
}

/// As decimal text: what `increment` counts.
macro_rules! numbers {
    ($($kind:ty: $name:literal),*) => {
        $(impl ToValue for $kind {
            fn to_value(&self) -> Cow<'_, [u8]> {
                Cow::Owned(self.to_string().into_bytes())
            }
        }

        impl FromValue for $kind {
            const NAME: &'static str = $name;

            fn from_value(value: Vec<u8>) -> Option<Self> {
                str::from_utf8(&value).ok()?.parse().ok()
            }
        })*
    };
}

numbers!(
    u32: "a whole number from 0 to 4294967295",
    i32: "a whole number of 32 bits",
    u64: "a whole number from 0 to 18446744073709551615",
    i64: "a whole number of 64 bits"
);
