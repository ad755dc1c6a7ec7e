//! A tick: writes that count together, or not at all.

use crate::graph::Graph;
use crate::graph::arena::Nodes;
use crate::graph::journal::{Presence, Step, Way, Write};
use crate::graph::node::{NONE, State};
use crate::graph::scope::Scope;
use crate::handle::Id;

/// What a tick has done so far.
#[derive(Default)]
pub(crate) struct Tick {
    /// How many ticks lie within each other.
    pub(crate) depth: usize,
    pub(crate) steps: Vec<Step>,
    /// Where the steps of the innermost tick begin.
    start: usize,
    /// What is disposed of when the tick commits.
    pub(crate) doomed: Vec<Doomed>,
    /// Whether what was written is marked already, since something that follows from it was read.
    pub(crate) marked: bool,
}

/// What is disposed of.
#[derive(Clone, Copy)]
pub(crate) enum Doomed {
    Node(Id),
    Scope(Scope),
}

impl Tick {
    /// Whether the innermost tick has kept what the signal was before.
    ///
    /// A node says which step was its latest write, and that step says of which node it is: neither has to be cleared.
    #[inline]
    pub(crate) fn kept(&self, nodes: &Nodes, index: u32) -> bool {
        let place = nodes[index].written() as usize;
        place >= self.start
            && match self.steps.get(place) {
                Some(Step::Wrote(write)) => write.index == index,
                // What was made in it was nothing before.
                Some(Step::Node(id, Presence::Made)) => id.index == index,
                _ => false,
            }
    }

    /// Whether a node was made in this tick.
    pub(crate) fn made(&self, nodes: &Nodes, index: u32) -> bool {
        let step = self.steps.get(nodes[index].written() as usize);
        matches!(step, Some(Step::Node(id, Presence::Made)) if id.index == index)
    }

    /// The number of the step that is taken next.
    ///
    /// A tick of so many steps would keep what a signal was more than once, which only costs.
    pub(crate) fn next_step(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(NONE)
    }

    /// Keeps what a signal was.
    pub(crate) fn keep(&mut self, nodes: &mut Nodes, write: Write) {
        nodes[write.index].set_written(self.next_step());
        self.steps.push(Step::Wrote(write));
    }
}

impl Graph {
    /// Writes that count together: nothing runs until `writes` has ended, and if it ends with an error, nothing has happened.
    ///
    /// Within it, reads see what was written. A tick within a tick is a part of the outer one, but when it fails, only what it did
    /// itself has not happened.
    pub fn tick<R, E>(&mut self, writes: impl FnOnce(&mut Graph) -> Result<R, E>) -> Result<R, E> {
        let outer = std::mem::replace(&mut self.tick.start, self.tick.steps.len());
        let doomed = self.tick.doomed.len();
        self.tick.depth += 1;
        let result = writes(self);
        if result.is_err() {
            self.tick.doomed.truncate(doomed);
            self.undo();
        }
        if self.tick.depth == 1 {
            self.settle_tree();
        }
        self.tick.depth -= 1;
        self.tick.start = outer;
        if self.tick.depth == 0 {
            self.commit();
        }
        result
    }

    /// Takes the steps of the innermost tick back.
    fn undo(&mut self) {
        for mut step in self.tick.steps.split_off(self.tick.start).into_iter().rev() {
            self.take_back(&mut step);
            self.forget(&step, Way::Back);
        }
    }

    /// Takes a step of the tick back.
    pub(crate) fn take_back(&mut self, step: &mut Step) {
        self.take(step, Way::Back);
        if let Step::Wrote(write) = step
            && self.tick.marked
            && write.differs(&self.cx.nodes)
        {
            self.cx.mark(write.index);
        }
    }

    /// Ends the outermost tick.
    fn commit(&mut self) {
        self.mark_writes();
        self.tick.marked = false;
        self.end_doomed();
        let steps = std::mem::take(&mut self.tick.steps);
        self.tick.steps = self.remember(steps);
        self.flush();
    }

    /// Disposes of what is to be disposed of.
    pub(crate) fn end_doomed(&mut self) {
        for doomed in std::mem::take(&mut self.tick.doomed) {
            self.end(doomed);
        }
    }

    /// Marks what follows from what was written, where it is another value than before the tick.
    pub(crate) fn mark_writes(&mut self) {
        if self.tick.marked {
            return;
        }
        let nodes = &mut self.cx.nodes;
        // Ticks within the tick may have kept a signal more than once: the first tells what it was.
        for (place, step) in self.tick.steps.iter().enumerate().rev() {
            if let Step::Wrote(write) = step {
                nodes[write.index].set_written(u32::try_from(place).unwrap_or(NONE));
            }
        }
        for (place, step) in self.tick.steps.iter().enumerate() {
            if let Step::Wrote(write) = step {
                let first = self.cx.nodes[write.index].written() as usize == place;
                if (first || place >= NONE as usize) && write.differs(&self.cx.nodes) {
                    self.cx.mark(write.index);
                }
            }
        }
    }

    /// Disposes of something at once, within the commit of a tick.
    pub(crate) fn end(&mut self, doomed: Doomed) {
        match doomed {
            Doomed::Node(id) => self.end_node(id),
            Doomed::Scope(scope) => {
                for scope in self.scopes.within(scope) {
                    for id in self.scopes.nodes(scope) {
                        self.end_node(id);
                    }
                    let mut step = Step::Scope(scope, Presence::Ended);
                    self.take(&mut step, Way::Forth);
                    self.tick.steps.push(step);
                }
            }
        }
    }

    fn end_node(&mut self, id: Id) {
        let found = self.cx.nodes.find(id);
        if found.is_some_and(|node| node.state.has(State::FIBER)) {
            self.end_fiber(id);
        } else if found.is_some() {
            let mut step = Step::Node(id, Presence::Ended);
            self.take(&mut step, Way::Forth);
            self.tick.steps.push(step);
        }
    }
}
