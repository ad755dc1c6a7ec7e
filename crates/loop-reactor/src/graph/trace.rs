//! The graph as data: what there is, what ran, and why.

use std::collections::{HashMap, VecDeque};

use crate::graph::body::Outcome;
use crate::graph::cx::Cx;
use crate::graph::node::{GONE, NONE, Node, Role, State};
use crate::graph::value::Value;
use crate::handle::Id;
use crate::stop::Stop;

/// How many events are kept until somebody takes them; the oldest go first.
///
/// A tick of a large program runs some ten thousand computations. A million events take about 40 MB, so a host that forgot to
/// take them notices nothing worse.
pub const EVENTS_MAX: usize = 1_000_000;

/// Something that happened to a node while the graph was recording: see [`Graph::record`](crate::Graph::record).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// To which node.
    pub node: Id,
    /// What.
    pub what: What,
    /// Which of the things that it read made it run: the first that was known to have changed. None for a first run.
    pub why: Option<Id>,
    /// How many things it has read in its last run: what a check costs, and a part of what a run does.
    pub reads: usize,
}

/// What happened to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// It ran, and its value is another one; of a fiber, what it says is.
    Changed,
    /// It ran, and its value is the same. An effect always ends so.
    Same,
    /// It was checked and did not run, since nothing that it read has changed.
    Kept,
    /// Its run was given up, since it nested too deep: it runs again when what it was about to read is up to date.
    Deferred,
}

/// What kind of node it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is written from outside.
    Signal,
    /// It follows from others.
    Computed,
    /// It runs when others have changed.
    Effect,
    /// It runs when others have changed, and says what lies below it.
    Fiber,
}

/// A node, as data.
#[derive(Clone, Debug)]
pub struct Description {
    /// Which.
    pub node: Id,
    /// Of what kind.
    pub kind: Kind,
    /// The name that [`Graph::name`](crate::Graph::name) gave it, or nothing.
    pub name: String,
    /// Whether it must be checked before it is read the next time.
    pub stale: bool,
    /// Why it has no value, if its last run stopped.
    pub stopped: Option<Stop>,
    /// What its last run read, in that order. What is gone is left out.
    pub reads: Vec<Id>,
}

/// What is being recorded.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) events: VecDeque<Event>,
    /// Of nodes that are dirty: who made them so first.
    causes: HashMap<u32, Id>,
}

impl Trace {
    /// `index` will run, for `cause` changed.
    #[cold]
    pub(crate) fn cause(&mut self, index: u32, cause: Id) {
        self.causes.entry(index).or_insert(cause);
    }

    pub(crate) fn forget(&mut self, index: u32) {
        self.causes.remove(&index);
    }
}

impl Cx {
    /// Records what happened to a node.
    #[cold]
    pub(crate) fn event(&mut self, index: u32, what: What) {
        let reads = self.reads(index).count();
        let node = self.nodes.id(index);
        let Some(trace) = &mut self.trace else {
            return;
        };
        let why = match what {
            What::Kept => None,
            // It will run once more for the same reason.
            What::Deferred => trace.causes.get(&index).copied(),
            What::Changed | What::Same => trace.causes.remove(&index),
        };
        if trace.events.len() >= EVENTS_MAX {
            trace.events.pop_front();
        }
        trace.events.push_back(Event {
            node,
            what,
            why,
            reads,
        });
    }

    /// What the last run of a node read, in that order.
    pub(crate) fn reads(&self, index: u32) -> impl Iterator<Item = Id> {
        let mut edge = self.nodes[index].first_dep;
        std::iter::from_fn(move || {
            if edge == NONE {
                return None;
            }
            let read = &self.edges[edge];
            edge = read.next_dep;
            Some(read.dep)
        })
        .filter(|dep| *dep != GONE)
        .map(|dep| self.nodes.id(dep))
    }

    /// A node, as data.
    pub(crate) fn describe(&self, node: Id, found: &Node) -> Description {
        let kind = match &found.role {
            Role::Holds { .. } if found.state.has(State::FIBER) => Kind::Fiber,
            Role::Holds { .. } => Kind::Signal,
            Role::Runs(_) if found.state.has(State::EFFECT) => Kind::Effect,
            Role::Runs(_) => Kind::Computed,
        };
        let stopped = match &found.value {
            Value::Stopped(stop) => Some(stop.clone()),
            _ => None,
        };
        Description {
            node,
            kind,
            name: self.names.get(&node.index).cloned().unwrap_or_default(),
            stale: found.state.has(State::STALE),
            stopped,
            reads: self.reads(node.index).collect(),
        }
    }
}

impl From<Outcome> for What {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Changed => Self::Changed,
            Outcome::Same => Self::Same,
            Outcome::Deferred => Self::Deferred,
        }
    }
}
