//! What a computation sees of the graph: it can read, and nothing else.

use std::collections::HashMap;
use std::fmt;

use crate::fiber::host::Hosted;
use crate::graph::arena::{Edges, Nodes};
use crate::graph::node::{Edge, GONE, NONE, State};
use crate::graph::numbered::Numbered;
use crate::graph::trace::Trace;
use crate::graph::value::Value;
use crate::handle::{Id, Source, source};
use crate::stop::{Failure, Stop};

/// How many computations may stand on the native stack within each other.
///
/// Known dependencies take no stack: they are brought up to date before who reads them runs. Only a computation that meets
/// another for the first time runs it from within. Deeper than this, the computeds on the stack are given up, what was met is run
/// first, and they run again. A level takes less than a KiB of optimised code, so that 128 fit well into a stack of 1 MiB, which
/// is what WebAssembly's tools give a program.
pub const NESTED_MAX: usize = 128;

/// What a computation sees of the graph: it reads, and what it reads is remembered.
///
/// A computation runs again when something that it read in its last run has changed, and not otherwise. So it reads whatever it
/// depends on through this, each time it runs, and touches nothing else that changes.
pub struct Cx {
    pub(crate) nodes: Nodes,
    pub(crate) edges: Edges,
    /// The computation that runs now; its number is [`NONE`] outside of any.
    pub(crate) frame: Frame,
    /// Those within which it runs, the outermost first.
    pub(crate) frames: Vec<Frame>,
    /// The edges above which dependencies are being checked, the outermost first. Also the stack for marking.
    pub(crate) stack: Vec<u32>,
    /// What has to be brought up to date before the computations on the native stack can go on.
    pub(crate) deferred: u32,
    /// Nodes that wait for what was deferred, each for the next.
    pub(crate) goals: Vec<u32>,
    /// Effects that may have to run.
    pub(crate) queue: Vec<u32>,
    /// Fibers that may have to run.
    pub(crate) renders: Vec<u32>,
    /// Fibers whose children may have other places, since time went back or forth.
    pub(crate) moved: Vec<u32>,
    /// Whether a fiber read other things than in its run before.
    pub(crate) reread: bool,
    /// How many fibers there are.
    pub(crate) fibers: usize,
    /// What the host may have to be told of.
    pub(crate) touched: Vec<Id>,
    /// Of what the host is told: how to see what that is.
    pub(crate) hosts: Numbered<u32, Hosted>,
    /// Effects that stopped since they were last asked for.
    pub(crate) stopped: Vec<Id>,
    /// What happens, while somebody wants to know.
    pub(crate) trace: Option<Box<Trace>>,
    pub(crate) names: HashMap<u32, String>,
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx").finish_non_exhaustive()
    }
}

/// A run: how far the list of what is read has been gone through.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) sub: u32,
    /// Who was being checked and wanted to know of it.
    pub(crate) wanted_by: u32,
    pub(crate) parity: State,
    /// What was read last.
    pub(crate) last_dep: u32,
    /// The edge used last.
    pub(crate) last: u32,
    /// The edge that is used next if everything is read as in the run before.
    pub(crate) next: u32,
    /// How many edges lay on the stack when the run began.
    pub(crate) base: usize,
}

impl Frame {
    /// Outside of any run nothing is remembered.
    pub(crate) const OUTSIDE: Self = Self {
        sub: NONE,
        wanted_by: NONE,
        parity: State::NONE,
        last_dep: NONE,
        last: NONE,
        next: NONE,
        base: 0,
    };
}

impl Cx {
    pub(crate) fn new() -> Self {
        Self {
            nodes: Nodes::new(),
            edges: Edges::new(),
            frame: Frame::OUTSIDE,
            frames: Vec::new(),
            stack: Vec::new(),
            deferred: NONE,
            goals: Vec::new(),
            queue: Vec::new(),
            renders: Vec::new(),
            moved: Vec::new(),
            reread: false,
            fibers: 0,
            touched: Vec::new(),
            hosts: Numbered::default(),
            stopped: Vec::new(),
            trace: None,
            names: HashMap::new(),
        }
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
        let id = source(of);
        let Some(node) = self.nodes.find(id) else {
            return Err(self.missing(id));
        };
        let mut settled = Ok(());
        if node.state.has(State::STALE | State::BUSY) {
            settled = self.settle(id.index);
        }
        // Also where it has no value: the computation waits for one.
        self.track(id.index);
        settled?;
        let value = &self.nodes[id.index].value;
        value.get().ok_or_else(|| refusal(id, value))
    }

    /// There is no such node. Should it come back, the computation is asked again.
    #[cold]
    fn missing(&mut self, node: Id) -> Stop {
        self.track(GONE);
        Failure::Gone { node }.into()
    }

    /// Remembers that the computation that runs now read `dep`.
    #[inline]
    pub(crate) fn track(&mut self, dep: u32) {
        if self.frame.sub == NONE || self.frame.last_dep == dep {
            return;
        }
        if self.frame.next != NONE {
            let edge = &mut self.edges[self.frame.next];
            if edge.dep == dep {
                edge.parity = self.frame.parity;
                self.frame.last_dep = dep;
                self.frame.last = self.frame.next;
                self.frame.next = edge.next_dep;
                return;
            }
        }
        self.track_another(dep);
    }

    /// Remembers a dependency that the run before did not have in this place.
    #[inline(never)]
    fn track_another(&mut self, dep: u32) {
        let Frame {
            sub, parity, next, ..
        } = self.frame;
        // It was read already, some reads ago.
        let latest = self.nodes[dep].last_sub;
        if latest != NONE {
            let edge = &self.edges[latest];
            if edge.sub == sub && edge.parity == parity {
                return;
            }
        }
        // The run before read one more in between: that edge goes, and the one after it fits.
        if next != NONE {
            let after = self.edges[next].next_dep;
            if after != NONE && self.edges[after].dep == dep {
                self.reread |= self.nodes[sub].state.has(State::FIBER);
                self.edges.remove(&mut self.nodes, next);
                self.follow(after);
                self.edges[after].parity = parity;
                self.frame.last_dep = dep;
                self.frame.last = after;
                self.frame.next = self.edges[after].next_dep;
                return;
            }
        }
        self.reread |= self.nodes[sub].state.has(State::FIBER);
        let edge = Edge {
            dep,
            sub,
            previous_sub: NONE,
            next_sub: NONE,
            next_dep: next,
            parity,
        };
        let edge = self.edges.add(&mut self.nodes, edge);
        self.follow(edge);
        self.frame.last_dep = dep;
        self.frame.last = edge;
    }

    /// Puts `edge` behind the one that was used last.
    #[inline]
    fn follow(&mut self, edge: u32) {
        match self.frame.last {
            NONE => self.nodes[self.frame.sub].first_dep = edge,
            last => self.edges[last].next_dep = edge,
        }
    }
}

/// Why a node's value is not what its handle says.
#[cold]
pub(crate) fn refusal(node: Id, value: &Value) -> Stop {
    match value {
        Value::Stopped(stop) => stop.clone(),
        _ => Failure::Foreign { node }.into(),
    }
}
