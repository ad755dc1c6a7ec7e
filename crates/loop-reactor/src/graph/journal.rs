//! The journal: what was done, each step as its own inverse.
//!
//! A tick that fails, an undo, a redo and a jump between branches are all the same: steps taken again, backwards or forwards.

use crate::graph::Graph;
use crate::graph::arena::Nodes;
use crate::graph::cx::Cx;
use crate::graph::node::{GONE, NONE, State};
use crate::graph::scope::Scope;
use crate::graph::value::Value;
use crate::handle::Id;

/// Something that was done. Taking it again undoes it, and once more does it again.
pub(crate) enum Step {
    /// A signal was written for the first time in a tick.
    Wrote(Write),
    /// A node came or went.
    Node(Id, Presence),
    /// A scope came or went.
    Scope(Scope, Presence),
    /// A fiber read other things than in its run before.
    Reread(Id),
}

/// Whether a step brought something or ended it, when it was taken forwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Made,
    Ended,
}

/// Which way a step is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Back,
    Forth,
}

/// A write: the value that is not in the signal now.
pub(crate) struct Write {
    pub(crate) index: u32,
    pub(crate) other: Value,
    /// Whether two values of the signal's type are equal.
    pub(crate) same: fn(&Value, &Value) -> bool,
}

/// Whether two values are equal, for [`Write::same`].
pub(crate) fn same<T: PartialEq + 'static>(a: &Value, b: &Value) -> bool {
    a.get::<T>() == b.get::<T>()
}

impl Step {
    /// The step that leads back, once this one was taken.
    pub(crate) fn inverse(self) -> Self {
        match self {
            Self::Wrote(write) => Self::Wrote(write),
            Self::Node(id, presence) => Self::Node(id, presence.inverse()),
            Self::Scope(scope, presence) => Self::Scope(scope, presence.inverse()),
            Self::Reread(fiber) => Self::Reread(fiber),
        }
    }
}

impl Presence {
    fn inverse(self) -> Self {
        match self {
            Self::Made => Self::Ended,
            Self::Ended => Self::Made,
        }
    }

    /// Whether the thing is there after the step was taken that way.
    fn after(self, way: Way) -> bool {
        (self == Self::Made) == (way == Way::Forth)
    }
}

impl Write {
    /// Whether the signal has another value than the one kept.
    pub(crate) fn differs(&self, nodes: &Nodes) -> bool {
        !(self.same)(&self.other, &nodes[self.index].value)
    }

    pub(crate) fn swap(&mut self, nodes: &mut Nodes) {
        std::mem::swap(&mut self.other, &mut nodes[self.index].value);
    }
}

impl Graph {
    /// Takes a step of the journal, backwards or forwards. What follows from a write is marked by the caller, who may have further
    /// writes to the same signal in store.
    pub(crate) fn take(&mut self, step: &mut Step, way: Way) {
        match step {
            Step::Wrote(write) => {
                write.swap(&mut self.cx.nodes);
                let state = self.cx.nodes[write.index].state;
                if state.has(State::FIBER | State::SAID) {
                    self.cx.unsay(write.index);
                }
            }
            Step::Node(id, presence) if presence.after(way) => self.cx.revive(*id),
            Step::Node(id, _) => self.cx.retire(*id),
            Step::Scope(scope, presence) if presence.after(way) => self.scopes.revive(*scope),
            Step::Scope(scope, _) => self.scopes.retire(*scope),
            // What it reads is in no journal: it must read again.
            Step::Reread(fiber) if self.cx.nodes.find(*fiber).is_some() => {
                self.cx.must_run(fiber.index);
            }
            Step::Reread(_) => {}
        }
    }

    /// The same for all steps between two moments.
    ///
    /// What a fiber said is back then together with what it had read, so it need not say it again.
    pub(crate) fn take_whole(&mut self, step: &mut Step, way: Way) {
        match step {
            Step::Wrote(write) if !self.tree.detaches => {
                write.swap(&mut self.cx.nodes);
                if self.cx.nodes[write.index].state.has(State::FIBER) {
                    self.cx.moved.push(write.index);
                }
            }
            step => self.take(step, way),
        }
    }

    /// Frees what a step keeps, since it will not be taken again.
    pub(crate) fn forget(&mut self, step: &Step, last: Way) {
        match step {
            Step::Node(id, presence) if !presence.after(last) => self.cx.free(id.index),
            Step::Scope(scope, presence) if !presence.after(last) => self.scopes.free(*scope),
            _ => {}
        }
    }
}

impl Cx {
    /// Takes a node out of the graph: no handle finds it, and who read it finds it gone. Its value and closure stay.
    pub(crate) fn retire(&mut self, id: Id) {
        if self.nodes.find(id).is_none() {
            return;
        }
        let index = id.index;
        if self.nodes[index].first_sub != NONE {
            self.mark(index);
        }
        let mut edge = self.nodes[index].first_sub;
        while edge != NONE {
            let next = self.edges[edge].next_sub;
            self.edges.orphan(&mut self.nodes, edge);
            edge = next;
        }
        let first = std::mem::replace(&mut self.nodes[index].first_dep, NONE);
        self.edges.remove_from(&mut self.nodes, first);
        if self.nodes[index].state.has(State::HOST) && !self.nodes[index].state.has(State::TOUCHED)
        {
            self.touched.push(id);
        }
        if self.nodes[index].state.has(State::FIBER) {
            self.fibers -= 1;
        }
        self.nodes.retire(index);
        if let Some(trace) = &mut self.trace {
            trace.forget(index);
        }
    }

    /// Puts a retired node back. Who found something gone is asked again.
    fn revive(&mut self, id: Id) {
        self.nodes.revive(id.index);
        let node = &mut self.nodes[id.index];
        if node.follows() {
            node.state = node.state | State::DIRTY;
        }
        if node.state.has(State::EFFECT) {
            self.queue.push(id.index);
        }
        if node.state.has(State::FIBER) {
            self.fibers += 1;
            self.unsay(id.index);
        }
        if self.nodes[id.index].state.has(State::HOST) {
            self.touch(id.index);
        }
        self.mark(GONE);
    }

    /// Frees the place of a retired node.
    pub(crate) fn free(&mut self, index: u32) {
        self.nodes.free(index);
        self.names.remove(&index);
        self.hosts.remove(&index);
    }
}
