//! The order of the tree is the schedule: a pass runs what must run, parents before what lies below them, siblings in order.
//!
//! A fiber that must run waits in a queue of the one above it, which waits in the queue of the one above that. So a pass goes only
//! where something waits, a move costs no queue anything, and depth takes no stack. What is made to wait at a place that the pass has gone by runs
//! when the pass comes back up to the fiber that has both below it: after all that lies below, and once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::fiber::host::Told;
use crate::fiber::record::Record;
use crate::fiber::{Command, Later};
use crate::graph::Graph;
use crate::graph::node::{NONE, State};
use crate::graph::numbered::Numbered;
use crate::handle::Id;
use crate::stop::Failure;

/// How often a fiber may run again in one pass, because of what happened after it had run.
///
/// A fiber that reads what is passed up from below it runs twice. Each further time means that what came up depended on what went
/// down. Something that comes to rest does so in a few rounds; what does not is a cycle.
pub const AGAIN_MAX: u32 = 30;

/// What waits below a fiber, by place.
#[derive(Default)]
struct Queue {
    /// What was there when the pass came to it: the last first, once it is sorted.
    there: Vec<(u32, Id)>,
    sorted: bool,
    /// What came since.
    late: BinaryHeap<Reverse<(u32, Id)>>,
}

impl Queue {
    fn push(&mut self, place: u32, id: Id) {
        if self.sorted {
            self.late.push(Reverse((place, id)));
        } else {
            self.there.push((place, id));
        }
    }

    fn pop(&mut self) -> Option<Id> {
        if !self.sorted {
            self.there.sort_unstable_by_key(|waits| Reverse(*waits));
            self.sorted = true;
        }
        match (self.there.last(), self.late.peek()) {
            (Some(there), Some(Reverse(late))) if late < there => self.pop_late(),
            (None, _) => self.pop_late(),
            _ => self.there.pop().map(|(_, id)| id),
        }
    }

    fn pop_late(&mut self) -> Option<Id> {
        self.late.pop().map(|Reverse((_, id))| id)
    }

    fn all(self) -> impl Iterator<Item = Id> {
        let late = self.late.into_iter().map(|Reverse((_, id))| id);
        self.there.into_iter().map(|(_, id)| id).chain(late)
    }

    fn clear(&mut self) {
        self.there.clear();
        self.sorted = false;
        self.late.clear();
    }
}

/// How many empty queues are kept for later.
const IDLE_MAX: usize = 64;

/// The tree of a graph, beside what the nodes hold.
pub(crate) struct Tree {
    /// Of fibers below which something waits: what, by place. [`NONE`] stands above the roots.
    waiting: Numbered<u32, Queue>,
    /// Queues that nothing is in.
    idle: Vec<Queue>,
    /// Which pass this is.
    pass: u32,
    /// Fibers that ran more than once in this pass, in the order in which they did, with how often.
    again: Vec<(Id, u32)>,
    /// Detached fibers that wait for the program, and the one whose turn it is.
    pub(crate) held: HashSet<Id>,
    pub(crate) released: Option<Id>,
    /// Whether any fiber was ever detached.
    pub(crate) detaches: bool,
    /// The roots, in order; some may be gone.
    pub(crate) roots: Vec<Id>,
    /// How many fibers there may be.
    pub(crate) most: usize,
    /// What the host was told to set up, and was not told to clean up.
    pub(crate) told: Numbered<Id, Told>,
    pub(crate) commands: Vec<Command>,
    /// An empty list, to be filled by the next run.
    pub(crate) later: Vec<Later>,
    /// The record of a fiber about which nothing is known: what all such share.
    pub(crate) blank: Record,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            waiting: HashMap::default(),
            idle: Vec::new(),
            pass: 0,
            again: Vec::new(),
            held: HashSet::new(),
            released: None,
            detaches: false,
            roots: Vec::new(),
            most: crate::fiber::FIBERS_MAX,
            told: HashMap::default(),
            later: Vec::new(),
            commands: Vec::new(),
            blank: Record {
                parent: NONE,
                ..Record::default()
            },
        }
    }
}

impl Graph {
    /// Brings the tree up to date with what the tick wrote.
    pub(crate) fn settle_tree(&mut self) {
        if self.cx.fibers == 0 && self.cx.renders.is_empty() {
            return;
        }
        self.mark_writes();
        self.tick.marked = true;
        self.scopes.enter(None);
        self.end_doomed();
        while !self.cx.renders.is_empty() {
            self.pass();
            self.end_doomed();
        }
        self.scopes.close();
    }

    /// Brings a fiber that is held, and what is below it, up to date.
    pub(crate) fn settle_below(&mut self, fiber: u32) {
        self.tick.marked = true;
        self.scopes.enter(None);
        self.wait(fiber);
        self.pass();
        self.scopes.close();
    }

    /// Goes through the tree once.
    fn pass(&mut self) {
        self.tree.pass = self.tree.pass.wrapping_add(1);
        self.tree.again.clear();
        self.enqueue();
        let mut at = NONE;
        loop {
            if let Some(next) = self.next_below(at) {
                let node = &mut self.cx.nodes[next];
                node.state = (node.state & !State::QUEUED) | State::OPEN;
                at = next;
                self.visit(at);
            } else if at == NONE {
                return;
            } else if self.cx.nodes[at].state.has(State::STALE) {
                // Something below it has changed what it read.
                self.visit(at);
            } else {
                let node = &mut self.cx.nodes[at];
                node.state = node.state & !State::OPEN;
                at = self.parent(at);
            }
        }
    }

    /// Runs a fiber if it must, now that the pass is at it.
    fn visit(&mut self, at: u32) {
        if self.cx.nodes[at].state.has(State::PENDING) {
            self.cx.validate(at);
        }
        if !self.cx.nodes[at].state.has(State::DIRTY) {
            return;
        }
        let (id, pass) = (self.cx.nodes.id(at), self.tree.pass);
        let ran = std::mem::replace(&mut self.cx.nodes[at].pass, pass) == pass;
        if ran && !self.runs_again(id) {
            let node = &mut self.cx.nodes[at];
            node.state = node.state & !State::STALE;
        } else {
            self.render(at);
        }
        self.enqueue();
    }

    /// Counts that a fiber runs again, and stops it if it does so for ever.
    fn runs_again(&mut self, id: Id) -> bool {
        let again = &mut self.tree.again;
        let Some((_, times)) = again.iter_mut().find(|(other, _)| *other == id) else {
            again.push((id, 1));
            return true;
        };
        *times += 1;
        if *times < AGAIN_MAX {
            return true;
        }
        if *times == AGAIN_MAX {
            let often = again.iter().filter(|(_, times)| *times >= AGAIN_MAX - 1);
            let mut path: Vec<Id> = often.map(|(id, _)| *id).collect();
            path.extend(path.first().copied());
            self.stopped(id.index, Some(Failure::Cycle { path }.into()));
        }
        false
    }

    /// The first of what waits below a fiber.
    fn next_below(&mut self, at: u32) -> Option<u32> {
        let waiting = self.tree.waiting.get_mut(&at)?;
        while let Some(id) = waiting.pop() {
            let found = self.cx.nodes.find(id).map(|node| node.state);
            let Some(state) = found.filter(|state| state.has(State::QUEUED)) else {
                continue;
            };
            if state.has(State::DETACHED) && self.tree.released != Some(id) {
                let node = &mut self.cx.nodes[id.index];
                node.state = node.state & !State::QUEUED;
                self.tree.held.insert(id);
                continue;
            }
            return Some(id.index);
        }
        self.forget_waiting(at);
        None
    }

    /// Puts what may have to run into the queues.
    pub(crate) fn enqueue(&mut self) {
        self.place_moved();
        for index in std::mem::take(&mut self.cx.renders) {
            let state = self.cx.nodes[index].state;
            if state.has(State::FIBER) && state.has(State::LIVE) && state.has(State::STALE) {
                self.wait(index);
            }
        }
    }

    /// Puts the children of fibers in their places, where they may have others since time went back or forth.
    pub(crate) fn place_moved(&mut self) {
        while let Some(index) = self.cx.moved.pop() {
            for (place, child) in (0..).zip(self.children(index).iter()) {
                self.cx.nodes[child.id.index].set_place(place);
            }
            self.requeue(index);
        }
    }

    /// Lets a fiber wait in the queue of the one above it, and that one in the next, up to where somebody waits already.
    pub(crate) fn wait(&mut self, index: u32) {
        let mut at = index;
        while at != NONE && !self.cx.nodes[at].state.has(State::QUEUED | State::OPEN) {
            let above = self.parent(at);
            let id = self.cx.nodes.id(at);
            let node = &mut self.cx.nodes[at];
            node.state = node.state | State::QUEUED;
            let idle = &mut self.tree.idle;
            let waiting = self.tree.waiting.entry(above);
            let waiting = waiting.or_insert_with(|| idle.pop().unwrap_or_default());
            waiting.push(node.place(), id);
            at = above;
        }
    }

    /// Nothing waits below a fiber any more.
    pub(crate) fn forget_waiting(&mut self, fiber: u32) {
        if let Some(mut queue) = self.tree.waiting.remove(&fiber)
            && self.tree.idle.len() < IDLE_MAX
        {
            queue.clear();
            self.tree.idle.push(queue);
        }
    }

    /// The children of a fiber have other places: those that wait do so in the new order.
    pub(crate) fn requeue(&mut self, owner: u32) {
        let Some(waiting) = self.tree.waiting.remove(&owner) else {
            return;
        };
        let mut again = Queue::default();
        for id in waiting.all() {
            if let Some(node) = self.cx.nodes.find(id) {
                again.push(node.place(), id);
            }
        }
        self.tree.waiting.insert(owner, again);
    }
}
