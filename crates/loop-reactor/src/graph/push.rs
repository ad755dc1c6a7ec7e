//! From a change down to the effects: what may be out of date is marked, and nothing runs.

use crate::graph::cx::Cx;
use crate::graph::node::{Edge, GONE, NONE, State};
use crate::handle::Id;

impl Cx {
    /// Marks those who read `changed` as dirty, and what follows from them as pending, and queues the effects among them.
    ///
    /// What is marked already is not entered again: everything below it is marked.
    pub(crate) fn mark(&mut self, changed: u32) {
        if self.nodes[changed].state.has(State::HOST) {
            self.touch(changed);
        }
        let base = self.stack.len();
        let mut direct = self.nodes[changed].first_sub;
        while direct != NONE {
            let Edge { sub, next_sub, .. } = self.edges[direct];
            self.blame(sub, changed);
            let mut next = self.visit(sub, State::DIRTY);
            loop {
                while next != NONE {
                    let Edge { sub, next_sub, .. } = self.edges[next];
                    let below = self.visit(sub, State::PENDING);
                    if below == NONE {
                        next = next_sub;
                    } else {
                        if next_sub != NONE {
                            self.stack.push(next_sub);
                        }
                        next = below;
                    }
                }
                if self.stack.len() == base {
                    break;
                }
                next = self.stack.pop().unwrap_or(NONE);
            }
            direct = next_sub;
        }
    }

    /// What a fiber said is not what it said last, since time went back or forth: it must say it again.
    ///
    /// It would not be enough to run it where what it read has changed: that may have changed and changed back meanwhile.
    #[cold]
    pub(crate) fn unsay(&mut self, index: u32) {
        let mut fiber = index;
        if self.nodes[index].state.has(State::SAID) {
            fiber = self.nodes[index].place();
        } else {
            // What it has below it may be other things now, or stand elsewhere.
            self.moved.push(index);
        }
        self.must_run(fiber);
    }

    /// A fiber must run, if it is there.
    pub(crate) fn must_run(&mut self, fiber: u32) {
        let node = &mut self.nodes[fiber];
        if node.state.has(State::LIVE) && node.state.has(State::FIBER) {
            node.state = node.state | State::DIRTY;
            self.renders.push(fiber);
        }
    }

    /// The host may have to be told of something.
    #[cold]
    pub(crate) fn touch(&mut self, index: u32) {
        let node = &mut self.nodes[index];
        if node.state.has(State::LIVE) && !node.state.has(State::TOUCHED) {
            node.state = node.state | State::TOUCHED;
            self.touched.push(self.nodes.id(index));
        }
    }

    /// The host was told of something, if it had to be.
    pub(crate) fn touched_no_more(&mut self, id: Id) {
        if self.nodes.find(id).is_some() {
            let node = &mut self.nodes[id.index];
            node.state = node.state & !State::TOUCHED;
        }
    }

    /// Records why a node will run.
    #[inline]
    pub(crate) fn blame(&mut self, index: u32, cause: u32) {
        if let Some(trace) = &mut self.trace
            && cause != GONE
        {
            trace.cause(index, self.nodes.id(cause));
        }
    }

    /// Marks one node, and gives the first edge to those below it if they are not marked yet.
    #[inline]
    fn visit(&mut self, index: u32, mark: State) -> u32 {
        let node = &mut self.nodes[index];
        let before = node.state;
        node.state = before | mark;
        if before.has(State::STALE) {
            NONE
        } else if before.has(State::SINK) {
            if before.has(State::FIBER) {
                self.renders.push(index);
            } else {
                self.queue.push(index);
            }
            NONE
        } else {
            node.first_sub
        }
    }
}
