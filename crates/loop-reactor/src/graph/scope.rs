//! Scopes: nodes that go together.

use crate::graph::arena::Nodes;
use crate::handle::Id;

/// Nodes that are disposed of together: see [`Graph::scope`](crate::Graph::scope).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    index: usize,
    generation: u32,
}

/// The scopes of a graph.
#[derive(Default)]
pub(crate) struct Scopes {
    all: Vec<Contents>,
    free: Vec<usize>,
    /// Those within which nodes are being made now, the innermost last; none stands for the graph itself.
    open: Vec<Option<Scope>>,
}

#[derive(Default)]
struct Contents {
    generation: u32,
    /// Whether it has ended and may come back.
    retired: bool,
    nodes: Vec<Id>,
    scopes: Vec<Scope>,
}

impl Scopes {
    /// Opens a scope within the one that is open.
    pub(crate) fn open(&mut self) -> Scope {
        let index = self.free.pop().unwrap_or_else(|| {
            self.all.push(Contents::default());
            self.all.len() - 1
        });
        let generation = self.all.get(index).map_or(0, |found| found.generation);
        let scope = Scope { index, generation };
        self.made_within(scope);
        self.open.push(Some(scope));
        scope
    }

    /// The scope within which nodes are being made now.
    pub(crate) fn current(&self) -> Option<Scope> {
        self.open.last().copied().flatten()
    }

    /// Makes nodes within another scope, until it is closed.
    pub(crate) fn enter(&mut self, scope: Option<Scope>) {
        self.open.push(scope);
    }

    pub(crate) fn close(&mut self) {
        self.open.pop();
    }

    /// The open scope has another one.
    fn made_within(&mut self, scope: Scope) {
        let Some(outer) = self.current() else {
            return;
        };
        // What is gone for good is forgotten before the list would grow.
        let mut scopes = Vec::new();
        if let Some(outer) = self.find(outer) {
            scopes = std::mem::take(&mut outer.scopes);
        }
        if scopes.len() == scopes.capacity() {
            scopes.retain(|scope| self.keeps(*scope));
        }
        scopes.push(scope);
        if let Some(outer) = self.find(outer) {
            outer.scopes = scopes;
        }
    }

    /// The open scope has this node.
    #[inline]
    pub(crate) fn made(&mut self, node: Id, nodes: &Nodes) {
        if let Some(scope) = self.current()
            && let Some(scope) = self.find(scope)
        {
            // What is gone for good is forgotten before the list would grow.
            if scope.nodes.len() == scope.nodes.capacity() {
                scope.nodes.retain(|node| nodes.keeps(*node));
            }
            scope.nodes.push(node);
        }
    }

    /// A scope and all within it.
    pub(crate) fn within(&mut self, scope: Scope) -> Vec<Scope> {
        let mut all = Vec::new();
        let mut next = vec![scope];
        while let Some(scope) = next.pop() {
            if let Some(found) = self.find(scope) {
                next.extend(&found.scopes);
                all.push(scope);
            }
        }
        all
    }

    /// A scope's nodes, the newest first.
    pub(crate) fn nodes(&mut self, scope: Scope) -> Vec<Id> {
        let nodes = self.find(scope).map(|found| found.nodes.iter().rev());
        nodes.into_iter().flatten().copied().collect()
    }

    /// Ends a scope, so that no handle finds it. What it has stays known.
    pub(crate) fn retire(&mut self, scope: Scope) {
        if let Some(found) = self.find(scope) {
            found.generation += 1;
            found.retired = true;
        }
    }

    /// Puts a retired scope back.
    pub(crate) fn revive(&mut self, scope: Scope) {
        if let Some(found) = self.all.get_mut(scope.index) {
            found.generation = scope.generation;
            found.retired = false;
        }
    }

    /// Frees the place of a retired scope. One whose generations are used up is not used again.
    pub(crate) fn free(&mut self, scope: Scope) {
        if let Some(found) = self.all.get_mut(scope.index) {
            let generation = found.generation;
            *found = Contents {
                generation,
                ..Contents::default()
            };
            if generation != u32::MAX {
                self.free.push(scope.index);
            }
        }
    }

    /// Whether a scope is there, or may come back.
    fn keeps(&self, scope: Scope) -> bool {
        self.all
            .get(scope.index)
            .is_some_and(|found| found.generation == scope.generation + u32::from(found.retired))
    }

    fn find(&mut self, scope: Scope) -> Option<&mut Contents> {
        self.all
            .get_mut(scope.index)
            .filter(|found| found.generation == scope.generation)
    }
}
