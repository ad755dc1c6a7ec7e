//! The graph: signals, what follows from them, and the ticks in which they change.
//!
//! Module `push` marks what may be out of date, `pull` runs what must run, `tick` and `journal` keep what undoes a tick, `history`
//! keeps journals, `lanes` does guesses over, `slots` saves, `fold` reduces, `trace` tells what happened. The records stand in `arena`.

pub(crate) mod arena;
mod body;
mod cx;
pub(crate) mod fold;
mod history;
pub(crate) mod journal;
mod lanes;
pub(crate) mod node;
pub(crate) mod numbered;
mod pull;
mod push;
pub(crate) mod scope;
mod slots;
pub(crate) mod tick;
mod trace;
pub(crate) mod value;

use std::convert::Infallible;
use std::fmt;

use crate::fiber::order::Tree;
use crate::graph::body::{Body, Compared, Ran};
use crate::graph::history::History;
use crate::graph::journal::{Presence, Step, Write};
use crate::graph::node::{NONE, Node, Role, State};
use crate::graph::tick::{Doomed, Tick};
use crate::graph::value::Value;
use crate::handle::{Computed, Effect, Handle, Id, Signal, Source, source};
use crate::stop::{Failure, Stop};

pub use crate::graph::cx::{Cx, NESTED_MAX};
pub use crate::graph::fold::{Fold, Item};
pub use crate::graph::history::{Moment, Unreachable};
pub use crate::graph::lanes::{LANES_MAX, Lane, Lanes, Settled, Unguessed};
pub use crate::graph::scope::Scope;
pub use crate::graph::slots::{Loaded, NAME_MAX, SAVED_MAX, Unloaded, Unnamed};
pub use crate::graph::trace::{Description, EVENTS_MAX, Event, Kind, What};

/// Whether a graph records what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// It does: each run and each check costs a little more.
    Events,
    /// It does not.
    Nothing,
}

/// Signals, computeds and effects, and the edges between them.
///
/// See the [crate's page](crate) for what it promises.
pub struct Graph {
    pub(crate) cx: Cx,
    pub(crate) tick: Tick,
    pub(crate) scopes: scope::Scopes,
    slots: slots::Slots,
    pub(crate) tree: Tree,
    history: Option<Box<History>>,
    /// How often [`Graph::silently`] is open.
    silent: usize,
}

impl Default for Graph {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("nodes", &self.nodes())
            .field("edges", &self.edges())
            .finish_non_exhaustive()
    }
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self {
            cx: Cx::new(),
            tick: Tick::default(),
            scopes: scope::Scopes::default(),
            slots: slots::Slots::default(),
            tree: Tree::default(),
            history: None,
            silent: 0,
        }
    }

    /// Makes a signal.
    pub fn signal<T: PartialEq + 'static>(&mut self, value: T) -> Signal<T> {
        Signal::new(self.add(Value::new(value), None, State::NONE))
    }

    /// Makes a computed. It runs when it is read for the first time.
    pub fn computed<T, F>(&mut self, computation: F) -> Computed<T>
    where
        T: PartialEq + 'static,
        F: Fn(&mut Cx) -> Result<T, Stop> + 'static,
    {
        let body = Box::new(Compared(computation));
        Computed::new(self.add(Value::Empty, Some(body), State::DIRTY))
    }

    /// Makes an effect. It runs at once, or at the end of the tick in which it is made.
    pub fn effect<F>(&mut self, run: F) -> Effect
    where
        F: FnMut(&mut Cx) -> Result<(), Stop> + 'static,
    {
        let body = Box::new(Ran(run));
        let id = self.add(Value::Empty, Some(body), State::DIRTY | State::EFFECT);
        self.cx.queue.push(id.index);
        self.flush();
        Effect::new(id)
    }

    #[inline]
    pub(crate) fn add(&mut self, value: Value, body: Option<Box<dyn Body>>, state: State) -> Id {
        let role = body.map_or(
            Role::Holds {
                written: self.tick.next_step(),
                place: 0,
            },
            Role::Runs,
        );
        let id = self.cx.nodes.add(Node {
            value,
            role,
            generation: 0,
            state,
            first_sub: NONE,
            last_sub: NONE,
            first_dep: NONE,
            pass: 0,
        });
        self.scopes.made(id, &self.cx.nodes);
        if self.tick.depth > 0 {
            self.tick.steps.push(Step::Node(id, Presence::Made));
        }
        id
    }

    /// The value, copied or cloned.
    #[inline]
    pub fn get<S: Source>(&mut self, of: S) -> Result<S::Value, Stop>
    where
        S::Value: Clone,
    {
        self.read(of).cloned()
    }

    /// The value, to look at.
    #[inline]
    pub fn read<S: Source>(&mut self, of: S) -> Result<&S::Value, Stop> {
        if self.tick.depth > 0 {
            self.mark_before(source(of));
        }
        self.cx.read(of)
    }

    /// What follows from what the tick wrote is read: from now on, writes are marked as they come.
    #[cold]
    fn mark_before(&mut self, read: Id) {
        if self.cx.nodes.find(read).is_some_and(Node::follows) {
            self.mark_writes();
            self.tick.marked = true;
        }
    }

    /// Writes a signal: a tick of its own, or a part of the one that is open.
    #[inline]
    pub fn set<T: PartialEq + 'static>(
        &mut self,
        signal: Signal<T>,
        value: T,
    ) -> Result<(), Failure> {
        let id = signal.id();
        let index = id.index;
        let slot = match self.cx.nodes.find(id) {
            Some(_) => self.cx.nodes[index].value.get_mut::<T>(),
            None => return Err(Failure::Gone { node: id }),
        };
        let Some(slot) = slot else {
            return Err(Failure::Foreign { node: id });
        };
        if *slot == value {
            return Ok(());
        }
        if self.tick.depth == 0 && (self.history.is_some() || self.cx.fibers > 0) {
            return self.tick(|graph| graph.set(signal, value));
        }
        let before = std::mem::replace(slot, value);
        if self.tick.depth == 0 {
            self.cx.mark(index);
            self.flush();
            return Ok(());
        }
        if !self.tick.kept(&self.cx.nodes, index) {
            let write = Write {
                index,
                other: Value::new(before),
                same: journal::same::<T>,
            };
            self.tick.keep(&mut self.cx.nodes, write);
        }
        if self.tick.marked {
            self.cx.mark(index);
        }
        Ok(())
    }

    /// Changes a signal's value: what [`Graph::get`], a change and [`Graph::set`] would do.
    pub fn update<T>(
        &mut self,
        signal: Signal<T>,
        change: impl FnOnce(&mut T),
    ) -> Result<(), Failure>
    where
        T: Clone + PartialEq + 'static,
    {
        let id = signal.id();
        let node = self.cx.nodes.find(id);
        let value = node.ok_or(Failure::Gone { node: id })?.value.get::<T>();
        let mut value = value.ok_or(Failure::Foreign { node: id })?.clone();
        change(&mut value);
        self.set(signal, value)
    }

    pub(crate) fn flush(&mut self) {
        if self.tick.depth == 0 && self.silent == 0 {
            self.cx.flush();
            self.tell();
        }
    }

    /// Makes a scope, which has the nodes that `make` makes.
    pub fn scope<R>(&mut self, make: impl FnOnce(&mut Graph) -> R) -> (Scope, R) {
        let scope = self.scopes.open();
        if self.tick.depth > 0 {
            self.tick.steps.push(Step::Scope(scope, Presence::Made));
        }
        let made = make(self);
        self.scopes.close();
        (scope, made)
    }

    /// Disposes of a node, at the end of the tick. Whoever reads it from then on finds it gone.
    pub fn dispose(&mut self, node: impl Handle) {
        self.doom(Doomed::Node(node.id()));
    }

    /// Disposes of a scope's nodes, and of the scopes within it, at the end of the tick.
    pub fn dispose_scope(&mut self, scope: Scope) {
        self.doom(Doomed::Scope(scope));
    }

    fn doom(&mut self, doomed: Doomed) {
        let Ok(()) = self.tick(|graph| {
            graph.tick.doomed.push(doomed);
            Ok::<(), Infallible>(())
        });
    }

    /// The effects that stopped since this was last asked, with the reasons. Each will run again when what it read changes.
    pub fn take_stopped(&mut self) -> Vec<(Effect, Stop)> {
        let stopped = std::mem::take(&mut self.cx.stopped);
        let nodes = &self.cx.nodes;
        let reason = |id: &Id| match &nodes.find(*id)?.value {
            Value::Stopped(stop) => Some((Effect::new(*id), stop.clone())),
            _ => None,
        };
        stopped.iter().filter_map(reason).collect()
    }

    /// Gives a node a name, for [`Graph::describe`].
    pub fn name(&mut self, node: impl Handle, name: impl Into<String>) {
        let id = node.id();
        if self.cx.nodes.find(id).is_some() {
            self.cx.names.insert(id.index, name.into());
        }
    }

    /// Begins to record what happens, or ends it. What was recorded before is dropped.
    pub fn record(&mut self, record: Record) {
        self.cx.trace = match record {
            Record::Events => Some(Box::default()),
            Record::Nothing => None,
        };
    }

    /// What happened since recording began or this was last asked, the oldest first; the last [`EVENTS_MAX`] of it.
    pub fn take_events(&mut self) -> Vec<Event> {
        match &mut self.cx.trace {
            Some(trace) => std::mem::take(&mut trace.events).into(),
            None => Vec::new(),
        }
    }

    /// Every node, and what it read. Costs as much as there is.
    pub fn describe(&self) -> Vec<Description> {
        let nodes = self.cx.nodes.iter();
        nodes.map(|(id, node)| self.cx.describe(id, node)).collect()
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.cx.nodes.live()
    }

    /// How many edges there are: of what is read, and who reads it.
    pub fn edges(&self) -> usize {
        self.cx.edges.live()
    }
}
