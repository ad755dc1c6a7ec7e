//! Handles: what a program holds of a node.

use std::fmt;
use std::marker::PhantomData;

/// Which node of a graph. A node that is disposed of never shares its id with a later one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl Id {
    /// Where no node ever is.
    pub(crate) const NOWHERE: Self = Self {
        index: 0,
        generation: 0,
    };
}

/// `n7`, and `n7.2` where two nodes had the place before.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.generation {
            0 => write!(f, "n{}", self.index),
            generation => write!(f, "n{}.{generation}", self.index),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value that is written from outside. The handle is as small as two numbers, and is copied freely.
pub struct Signal<T> {
    id: Id,
    value: PhantomData<fn() -> T>,
}

/// A value that follows from others. The handle is as small as two numbers, and is copied freely.
pub struct Computed<T> {
    id: Id,
    value: PhantomData<fn() -> T>,
}

/// Something that runs when what it read has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Effect {
    id: Id,
}

/// What can be read: a [`Signal`] or a [`Computed`].
pub trait Source: Copy + sealed::Sealed {
    /// What reading gives.
    type Value: 'static;
}

/// Any handle: of a signal, a computed or an effect.
pub trait Handle: Copy {
    /// The node that it stands for.
    fn id(self) -> Id;
}

mod sealed {
    pub trait Sealed {
        fn source(self) -> super::Id;
    }
}

/// The node of something that can be read.
#[inline]
pub(crate) fn source(of: impl Source) -> Id {
    of.source()
}

macro_rules! readable {
    ($($name:ident)*) => { $(
        impl<T> $name<T> {
            pub(crate) const fn new(id: Id) -> Self {
                Self { id, value: PhantomData }
            }
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T> PartialEq for $name<T> {
            fn eq(&self, other: &Self) -> bool {
                self.id == other.id
            }
        }

        impl<T> Eq for $name<T> {}

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.id)
            }
        }

        impl<T: 'static> Source for $name<T> {
            type Value = T;
        }

        impl<T> sealed::Sealed for $name<T> {
            #[inline]
            fn source(self) -> Id {
                self.id
            }
        }

        impl<T> Handle for $name<T> {
            fn id(self) -> Id {
                self.id
            }
        }
    )* };
}

readable!(Signal Computed);

impl Effect {
    pub(crate) fn new(id: Id) -> Self {
        Self { id }
    }
}

impl Handle for Effect {
    fn id(self) -> Id {
        self.id
    }
}

impl Handle for Id {
    fn id(self) -> Id {
        self
    }
}
