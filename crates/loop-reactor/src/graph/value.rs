//! What a node holds.

use std::any::Any;

use crate::fiber::host::Told;
use crate::stop::Stop;

/// A value of any type. Those of the numbers' size lie in the node itself; the others are boxed.
///
/// This is how a read of a number costs no more than a comparison: with the type known, all arms but one fold away.
#[derive(Default)]
pub(crate) enum Value {
    /// A computed that never ran, or an effect.
    #[default]
    Empty,
    /// A computed that stopped, or an effect that failed.
    Stopped(Stop),
    Bool(bool),
    Char(char),
    U8(u8),
    I32(i32),
    U32(u32),
    I64(i64),
    U64(u64),
    Usize(usize),
    F32(f32),
    F64(f64),
    Told(Option<Told>),
    Boxed(Box<dyn Any>),
}

macro_rules! inline {
    ($($variant:ident $type:ty),*) => {
        impl Value {
            #[inline]
            pub(crate) fn new<T: 'static>(value: T) -> Self {
                let mut value = Some(value);
                let any = &mut value as &mut dyn Any;
                $(if let Some(value) = any.downcast_mut::<Option<$type>>() {
                    return value.take().map_or(Self::Empty, Self::$variant);
                })*
                value.map_or(Self::Empty, |value| Self::Boxed(Box::new(value)))
            }

            #[inline]
            pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
                match self {
                    Self::Empty | Self::Stopped(_) => None,
                    $(Self::$variant(value) => (value as &dyn Any).downcast_ref(),)*
                    Self::Boxed(value) => value.downcast_ref(),
                }
            }

            #[inline]
            pub(crate) fn get_mut<T: 'static>(&mut self) -> Option<&mut T> {
                match self {
                    Self::Empty | Self::Stopped(_) => None,
                    $(Self::$variant(value) => (value as &mut dyn Any).downcast_mut(),)*
                    Self::Boxed(value) => value.downcast_mut(),
                }
            }
        }
    };
}

inline!(
    Bool bool, Char char, U8 u8, I32 i32, U32 u32, I64 i64, U64 u64, Usize usize, F32 f32, F64 f64, Told Option<Told>
);
