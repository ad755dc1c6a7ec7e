//! A value of any WIT type.

/// A value of a type that a [`Plan`](crate::Plan) has: complete and simple, where speed does not matter.
///
/// Which type it has is not in the value: cases and flags are numbers, members stand in the order of their type.
/// Two floats are equal as IEEE 754 has it, so a value with a NaN in it differs from itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `bool`
    Bool(bool),
    /// `u8`
    U8(u8),
    /// `s8`
    S8(i8),
    /// `u16`
    U16(u16),
    /// `s16`
    S16(i16),
    /// `u32`
    U32(u32),
    /// `s32`
    S32(i32),
    /// `u64`
    U64(u64),
    /// `s64`
    S64(i64),
    /// `f32`
    F32(f32),
    /// `f64`
    F64(f64),
    /// `char`
    Char(char),
    /// `string`
    String(String),
    /// `list<u8>`, and nothing else is
    Bytes(Vec<u8>),
    /// Any other list
    List(Vec<Value>),
    /// A record's fields or a tuple's members
    Record(Vec<Value>),
    /// The number of a case, and what it holds: a variant, an enum, an option (0 none, 1 some), a result (0 ok, 1 err)
    Case(u32, Option<Box<Value>>),
    /// Flags, the first at the lowest bit
    Flags(u32),
    /// A handle of a resource, owned or borrowed, as its maker's opaque bytes
    Handle(Vec<u8>),
    /// A stream: all of its bytes, or nothing where they come by themselves, beside the message
    Stream(Option<Vec<u8>>),
}

impl Value {
    /// The word for what it is, for errors.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::U8(_) => "u8",
            Self::S8(_) => "s8",
            Self::U16(_) => "u16",
            Self::S16(_) => "s16",
            Self::U32(_) => "u32",
            Self::S32(_) => "s32",
            Self::U64(_) => "u64",
            Self::S64(_) => "s64",
            Self::F32(_) => "f32",
            Self::F64(_) => "f64",
            Self::Char(_) => "char",
            Self::String(_) => "string",
            Self::Bytes(_) => "list<u8>",
            Self::List(_) => "list",
            Self::Record(_) => "record or tuple",
            Self::Case(..) => "variant, enum, option or result",
            Self::Flags(_) => "flags",
            Self::Handle(_) => "handle",
            Self::Stream(_) => "stream",
        }
    }
}
