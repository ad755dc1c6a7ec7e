//! From a read up to what changed: whatever must run runs, in the order of reading, and nothing else does.

use std::collections::{HashMap, VecDeque};

use crate::graph::body::Outcome;
use crate::graph::cx::{Cx, Frame, NESTED_MAX};
use crate::graph::node::{NONE, Role, State};
use crate::graph::trace::What;
use crate::stop::{Failure, Stop};

impl Cx {
    /// Brings a node up to date before it is read.
    #[inline(never)]
    pub(crate) fn settle(&mut self, index: u32) -> Result<(), Stop> {
        if self.nodes[index].state.has(State::BUSY) {
            return Err(self.cycle(index));
        }
        if self.frames.len() >= NESTED_MAX {
            self.deferred = index;
        } else {
            self.validate(index);
            if self.frames.len() <= 1 {
                self.settle_deferred(index);
            }
        }
        if self.deferred == NONE {
            Ok(())
        } else {
            Err(Stop::Pending)
        }
    }

    /// Brings up to date what was deferred while a node was, and then the node.
    ///
    /// This happens on behalf of the outermost computation, which is therefore never given up. A goal that waits for a later one
    /// is checking: whoever reads it from there has found a cycle.
    fn settle_deferred(&mut self, mut goal: u32) {
        loop {
            if self.deferred == NONE {
                let Some(waiting) = self.goals.pop() else {
                    return;
                };
                let node = &mut self.nodes[waiting];
                node.state = node.state & !State::CHECKING;
                goal = waiting;
            } else {
                let node = &mut self.nodes[goal];
                node.state = node.state | State::CHECKING;
                self.goals.push(goal);
                goal = std::mem::replace(&mut self.deferred, NONE);
            }
            if self.nodes[goal].state.has(State::STALE) {
                self.validate(goal);
            }
        }
    }

    /// Brings a stale node up to date: goes up through what is stale, in the order of reading, and runs what must run.
    ///
    /// Takes no native stack for what is known. If a run is deferred, everything that it was for is left as stale as it was.
    pub(crate) fn validate(&mut self, index: u32) {
        if self.nodes[index].state.has(State::DIRTY) {
            self.run(index, NONE);
            return;
        }
        let base = self.stack.len();
        let mut node = index;
        let mut edge = self.check(node);
        loop {
            let mut up = NONE;
            let mut kept = false;
            if self.nodes[node].state.has(State::DIRTY) {
                self.run(node, NONE);
            } else {
                while edge != NONE {
                    let dep = self.edges[edge].dep;
                    let state = self.nodes[dep].state;
                    if state.has(State::BUSY) {
                        // A cycle: running the node finds it, and names it.
                        self.run(node, NONE);
                        break;
                    }
                    if state.has(State::DIRTY) {
                        self.run(dep, node);
                        if self.deferred != NONE || self.nodes[node].state.has(State::DIRTY) {
                            break;
                        }
                    } else if state.has(State::PENDING) {
                        up = dep;
                        break;
                    }
                    edge = self.edges[edge].next_dep;
                }
                if up != NONE {
                    self.stack.push(edge);
                    node = up;
                    edge = self.check(node);
                    continue;
                }
                if self.deferred == NONE && self.nodes[node].state.has(State::DIRTY) {
                    self.run(node, NONE);
                } else if self.deferred == NONE {
                    let node = &mut self.nodes[node];
                    node.state = node.state & !(State::PENDING | State::CHECKING);
                    kept = true;
                }
            }
            if kept && self.trace.is_some() {
                self.event(node, What::Kept);
            }
            if self.deferred != NONE {
                self.give_up(node, base);
                return;
            }
            if self.stack.len() == base {
                return;
            }
            // `node` is up to date: go on with who was asking for it.
            let Some(asked) = self.stack.pop() else {
                return;
            };
            node = self.edges[asked].sub;
            edge = self.edges[asked].next_dep;
        }
    }

    /// A fiber has said already what follows from what it read: what that is is brought up to date, and the fiber does not run.
    pub(crate) fn refresh(&mut self, fiber: u32) {
        let mut edge = self.nodes[fiber].first_dep;
        while edge != NONE {
            let dep = self.edges[edge].dep;
            if self.nodes[dep].state.has(State::STALE) {
                // A cycle tells whoever reads it.
                let _: Result<(), Stop> = self.settle(dep);
            }
            edge = self.edges[edge].next_dep;
        }
        let node = &mut self.nodes[fiber];
        node.state = node.state & !State::STALE;
        if let Some(trace) = &mut self.trace {
            trace.forget(fiber);
        }
    }

    /// Begins to check what a node read.
    #[inline]
    fn check(&mut self, index: u32) -> u32 {
        let node = &mut self.nodes[index];
        node.state = node.state | State::CHECKING;
        node.first_dep
    }

    /// Ends a check without a result.
    fn give_up(&mut self, mut index: u32, base: usize) {
        loop {
            let node = &mut self.nodes[index];
            node.state = node.state & !State::CHECKING;
            if self.stack.len() == base {
                return;
            }
            let Some(asked) = self.stack.pop() else {
                return;
            };
            index = self.edges[asked].sub;
        }
    }

    /// Runs a node, for itself or for one that is being checked. If its value changes, those who read it are dirty.
    fn run(&mut self, index: u32, wanted_by: u32) {
        if !self.nodes[index].follows() {
            // A fiber: it is run by who walks the tree.
            let node = &mut self.nodes[index];
            node.state = node.state & !State::CHECKING;
            return;
        }
        let Role::Runs(mut body) = std::mem::take(&mut self.nodes[index].role) else {
            return;
        };
        self.begin(index, wanted_by);
        let outcome = body.run(self, index);
        self.finish(index);
        self.nodes[index].role = Role::Runs(body);
        if self.trace.is_some() {
            self.event(index, outcome.into());
        }
        match outcome {
            Outcome::Same => {}
            Outcome::Changed => self.spread(index),
            Outcome::Deferred => {
                let node = &mut self.nodes[index];
                node.state = node.state | State::DIRTY;
            }
        }
    }

    /// Begins a run: what is read from now on is what this node reads.
    #[inline]
    pub(crate) fn begin(&mut self, index: u32, wanted_by: u32) {
        let node = &mut self.nodes[index];
        let state = (node.state & !(State::STALE | State::CHECKING)).flip(State::PARITY);
        node.state = state | State::RUNNING;
        let frame = Frame {
            sub: index,
            wanted_by,
            parity: state & State::PARITY,
            last_dep: NONE,
            last: NONE,
            next: node.first_dep,
            base: self.stack.len(),
        };
        self.frames.push(std::mem::replace(&mut self.frame, frame));
    }

    /// Ends a run.
    #[inline]
    pub(crate) fn finish(&mut self, index: u32) {
        let frame = std::mem::replace(&mut self.frame, self.frames.pop().unwrap_or(Frame::OUTSIDE));
        // What was read in the run before and not in this one.
        if frame.next != NONE {
            match frame.last {
                NONE => self.nodes[index].first_dep = NONE,
                last => self.edges[last].next_dep = NONE,
            }
            self.edges.remove_from(&mut self.nodes, frame.next);
            self.reread |= self.nodes[index].state.has(State::FIBER);
        }
        let node = &mut self.nodes[index];
        node.state = node.state & !State::RUNNING;
    }

    /// Those who wait to know whether this one changed are dirty, for it has.
    #[inline]
    fn spread(&mut self, changed: u32) {
        let mut edge = self.nodes[changed].first_sub;
        while edge != NONE {
            let sub = self.edges[edge].sub;
            let node = &mut self.nodes[sub];
            if node.state.has(State::PENDING) {
                node.state = node.state | State::DIRTY;
                self.blame(sub, changed);
            }
            edge = self.edges[edge].next_sub;
        }
    }

    /// Runs the effects that were reached, in the order in which they were.
    pub(crate) fn flush(&mut self) {
        let mut next = 0;
        while let Some(index) = self.queue.get(next).copied() {
            next += 1;
            if self.nodes[index].state.has(State::STALE) {
                self.validate(index);
            }
        }
        self.queue.clear();
    }

    /// The way from a busy node to itself.
    #[cold]
    fn cycle(&mut self, index: u32) -> Stop {
        // Runs and checks, the outermost first, as they lie within each other.
        let frames = self.frames.iter().chain([&self.frame]);
        let mut busy: Vec<u32> = Vec::new();
        let mut outermost = None;
        let mut edges = self.stack.iter().enumerate().peekable();
        for frame in frames.filter(|frame| frame.sub != NONE) {
            while let Some((_, edge)) = edges.next_if(|(place, _)| *place < frame.base) {
                busy.push(self.edges[*edge].sub);
            }
            let wanted_by = Some(frame.wanted_by).filter(|node| *node != NONE);
            busy.extend(wanted_by.into_iter().chain([frame.sub]));
            outermost.get_or_insert(busy.len());
        }
        // Between the outermost and the next lies what was given up on the way from each goal to the one after it.
        let rest = busy.split_off(outermost.unwrap_or(0));
        let mut path = busy;
        let goals: Vec<u32> = self.goals.iter().chain(rest.first()).copied().collect();
        for (goal, next) in goals.iter().zip(goals.iter().skip(1)) {
            path.extend(self.way(*goal, *next));
        }
        path.extend(rest);
        path.dedup();
        let start = path.iter().position(|node| *node == index).unwrap_or(0);
        path.drain(..start);
        path.push(index);
        let path = path.iter().map(|node| self.nodes.id(*node)).collect();
        Failure::Cycle { path }.into()
    }

    /// A shortest way from a node to another that it reads, without the latter.
    fn way(&self, from: u32, to: u32) -> Vec<u32> {
        let mut readers = HashMap::from([(from, NONE)]);
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            if node == to {
                break;
            }
            for dep in self.reads(node) {
                readers.entry(dep.index).or_insert_with(|| {
                    queue.push_back(dep.index);
                    node
                });
            }
        }
        let mut way = Vec::new();
        let mut node = readers.get(&to).copied().unwrap_or(from);
        while node != NONE {
            way.push(node);
            node = readers.get(&node).copied().unwrap_or(NONE);
        }
        way.reverse();
        way
    }
}
