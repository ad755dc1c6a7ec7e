//! The records of the arena: nodes, and the edges between them.

use std::ops::{BitAnd, BitOr, Not};

use crate::graph::body::Body;
use crate::graph::value::Value;

/// No node, or no edge.
pub(crate) const NONE: u32 = u32::MAX;

/// The node that stands for those that were disposed of, in the edges of who had read them.
pub(crate) const GONE: u32 = 0;

/// One cache line: what propagation touches lies together.
#[repr(align(64))]
#[derive(Default)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) role: Role,
    pub(crate) generation: u32,
    pub(crate) state: State,
    /// The edges to who reads it: first and last. In a free node, `first` is the next free one.
    pub(crate) first_sub: u32,
    pub(crate) last_sub: u32,
    /// The edges to what it read, in the order of reading: the first.
    pub(crate) first_dep: u32,
    /// Of a fiber: the pass in which it ran last.
    pub(crate) pass: u32,
}

const _: () = assert!(size_of::<Node>() == 64, "a node fits its cache line");

/// What a node does.
pub(crate) enum Role {
    /// It follows from others, or is an effect. What runs is taken out while it does.
    Runs(Box<dyn Body>),
    /// It is a signal or a fiber.
    Holds {
        /// Which of the tick's writes was its latest, if it was one at all.
        written: u32,
        /// Of a fiber: its place among its siblings. Of what a fiber writes: which fiber.
        place: u32,
    },
}

impl Default for Role {
    fn default() -> Self {
        Self::Holds {
            written: NONE,
            place: 0,
        }
    }
}

impl Node {
    /// Whether it follows from others.
    pub(crate) fn follows(&self) -> bool {
        matches!(self.role, Role::Runs(_))
    }

    #[inline]
    pub(crate) fn written(&self) -> u32 {
        match self.role {
            Role::Holds { written, .. } => written,
            Role::Runs(_) => NONE,
        }
    }

    #[inline]
    pub(crate) fn set_written(&mut self, step: u32) {
        if let Role::Holds { written, .. } = &mut self.role {
            *written = step;
        }
    }

    #[inline]
    pub(crate) fn place(&self) -> u32 {
        match self.role {
            Role::Holds { place, .. } => place,
            Role::Runs(_) => 0,
        }
    }

    #[inline]
    pub(crate) fn set_place(&mut self, to: u32) {
        if let Role::Holds { place, .. } = &mut self.role {
            *place = to;
        }
    }
}

/// `sub` read `dep`. Each edge stands in two lists: of those who read `dep`, and of what `sub` read.
#[derive(Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) dep: u32,
    pub(crate) sub: u32,
    pub(crate) previous_sub: u32,
    pub(crate) next_sub: u32,
    pub(crate) next_dep: u32,
    /// The parity of the run in which `sub` last read it: see [`State::PARITY`].
    pub(crate) parity: State,
}

/// What is known of a node, as bits.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State(u32);

impl State {
    pub(crate) const NONE: Self = Self(0);
    /// What it read has changed: it must run before it is read.
    pub(crate) const DIRTY: Self = Self(1);
    /// Something above what it read has changed: whether it must run is not known yet.
    pub(crate) const PENDING: Self = Self(1 << 1);
    /// It is being found out whether it must run.
    pub(crate) const CHECKING: Self = Self(1 << 2);
    /// It runs now.
    pub(crate) const RUNNING: Self = Self(1 << 3);
    /// It is an effect: it runs at the end of a tick without being read.
    pub(crate) const EFFECT: Self = Self(1 << 4);
    /// Flips with each run. Edges hold the parity of the run that last used them, so that an edge tells whether it was used
    /// in this run already.
    pub(crate) const PARITY: Self = Self(1 << 5);
    /// It is in use.
    pub(crate) const LIVE: Self = Self(1 << 6);
    /// It was disposed of, and may come back.
    pub(crate) const RETIRED: Self = Self(1 << 7);
    /// It is a fiber: it runs before the end of a tick, in the order of the tree.
    pub(crate) const FIBER: Self = Self(1 << 8);
    /// Its value is something that the host is told to set up.
    pub(crate) const HOST: Self = Self(1 << 9);
    /// Of a fiber: it waits in the queue of the one above it.
    pub(crate) const QUEUED: Self = Self(1 << 10);
    /// Of a fiber: the pass through the tree is at it, or below it.
    pub(crate) const OPEN: Self = Self(1 << 11);
    /// Of a fiber: it runs only when the program says so.
    pub(crate) const DETACHED: Self = Self(1 << 12);
    /// Of a signal: a fiber writes it when it runs.
    pub(crate) const SAID: Self = Self(1 << 13);
    /// The host may have to be told of it at the end of the tick.
    pub(crate) const TOUCHED: Self = Self(1 << 14);

    /// What it stays when it is disposed of.
    pub(crate) const KIND: Self = Self(
        Self::EFFECT.0
            | Self::PARITY.0
            | Self::FIBER.0
            | Self::HOST.0
            | Self::DETACHED.0
            | Self::SAID.0,
    );
    /// It runs without being read.
    pub(crate) const SINK: Self = Self(Self::EFFECT.0 | Self::FIBER.0);

    /// Not known to be up to date.
    pub(crate) const STALE: Self = Self(Self::DIRTY.0 | Self::PENDING.0);
    /// Between the start and the end of being brought up to date.
    pub(crate) const BUSY: Self = Self(Self::CHECKING.0 | Self::RUNNING.0);

    #[inline]
    pub(crate) fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    #[inline]
    pub(crate) fn flip(self, bits: Self) -> Self {
        Self(self.0 ^ bits.0)
    }
}

impl BitOr for State {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for State {
    type Output = Self;

    #[inline]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for State {
    type Output = Self;

    #[inline]
    fn not(self) -> Self {
        Self(!self.0)
    }
}
