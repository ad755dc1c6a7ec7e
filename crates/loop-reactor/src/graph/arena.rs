//! The arenas of nodes and edges. Nothing but this file turns a number into a record.
//!
//! Invariant: a number that the engine holds (in a record, in the queue, on its stacks) is the place of a record, and no
//! record is ever taken out of its arena, only marked as free. What a program holds is an [`Id`], which is checked by
//! [`Nodes::find`] before its number goes in.

#![expect(
    clippy::indexing_slicing,
    reason = "the invariant above; an index out of bounds would be a bug of the engine, and panic"
)]

use std::ops::{Index, IndexMut};

use crate::graph::node::{Edge, GONE, NONE, Node, State};
use crate::handle::Id;

/// The nodes. The first is [`GONE`].
pub(crate) struct Nodes {
    all: Vec<Node>,
    free: u32,
    live: usize,
}

impl Nodes {
    pub(crate) fn new() -> Self {
        let gone = Node {
            generation: u32::MAX,
            first_sub: NONE,
            last_sub: NONE,
            first_dep: NONE,
            ..Node::default()
        };
        Self {
            all: vec![gone],
            free: NONE,
            live: 0,
        }
    }

    /// How many are in use.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// Takes a free place, or makes one.
    #[inline]
    pub(crate) fn add(&mut self, node: Node) -> Id {
        self.live += 1;
        let node = Node {
            state: node.state | State::LIVE,
            ..node
        };
        if self.free == NONE {
            let index = place(self.all.len());
            let generation = node.generation;
            self.all.push(node);
            return Id { index, generation };
        }
        let index = self.free;
        let slot = &mut self[index];
        let (next, generation) = (slot.first_sub, slot.generation);
        *slot = Node { generation, ..node };
        self.free = next;
        Id { index, generation }
    }

    /// Takes a node out without freeing its place: its generation moves on, so that no handle finds it.
    pub(crate) fn retire(&mut self, index: u32) {
        let node = &mut self[index];
        node.generation += 1;
        node.state = (node.state & State::KIND) | State::RETIRED;
        self.live -= 1;
    }

    /// Puts a retired node back, so that its handles find it again.
    pub(crate) fn revive(&mut self, index: u32) {
        let node = &mut self[index];
        node.generation -= 1;
        node.state = (node.state & !State::RETIRED) | State::LIVE;
        self.live += 1;
    }

    /// Frees the place of a retired node. One whose generations are used up is not used again.
    pub(crate) fn free(&mut self, index: u32) {
        let next = self.free;
        let slot = &mut self[index];
        let generation = slot.generation;
        *slot = Node {
            generation,
            first_sub: next,
            last_sub: NONE,
            first_dep: NONE,
            ..Node::default()
        };
        if generation != u32::MAX {
            self.free = index;
        }
    }

    /// Whether a handle's node is there, or may come back.
    pub(crate) fn keeps(&self, id: Id) -> bool {
        self.all.get(id.index as usize).is_some_and(|node| {
            let retired = node.state.has(State::RETIRED);
            node.generation == id.generation + u32::from(retired)
        })
    }

    /// The place of a handle's node, if it is still there.
    #[inline]
    pub(crate) fn find(&self, id: Id) -> Option<&Node> {
        self.all
            .get(id.index as usize)
            .filter(|node| node.generation == id.generation)
    }

    /// Those in use.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id, &Node)> {
        (GONE + 1..)
            .zip(self.all.iter().skip(1))
            .filter(|(_, node)| node.state.has(State::LIVE))
            .map(|(index, node)| {
                let generation = node.generation;
                (Id { index, generation }, node)
            })
    }

    pub(crate) fn id(&self, index: u32) -> Id {
        Id {
            index,
            generation: self[index].generation,
        }
    }
}

impl Index<u32> for Nodes {
    type Output = Node;

    #[inline]
    fn index(&self, index: u32) -> &Node {
        &self.all[index as usize]
    }
}

impl IndexMut<u32> for Nodes {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Node {
        &mut self.all[index as usize]
    }
}

/// The edges of all nodes, in one pool.
pub(crate) struct Edges {
    all: Vec<Edge>,
    /// The first free one; the next stands in its `next_dep`.
    free: u32,
    live: usize,
}

impl Edges {
    pub(crate) fn new() -> Self {
        Self {
            all: Vec::new(),
            free: NONE,
            live: 0,
        }
    }

    /// How many are in use.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// Adds an edge at the end of the list of who reads `edge.dep`.
    #[inline]
    pub(crate) fn add(&mut self, nodes: &mut Nodes, edge: Edge) -> u32 {
        self.live += 1;
        let last = nodes[edge.dep].last_sub;
        let edge = Edge {
            previous_sub: last,
            next_sub: NONE,
            ..edge
        };
        let index = if self.free == NONE {
            let index = place(self.all.len());
            self.all.push(edge);
            index
        } else {
            let index = self.free;
            self.free = self[index].next_dep;
            self[index] = edge;
            index
        };
        self.append(nodes, last, index);
        index
    }

    fn append(&mut self, nodes: &mut Nodes, last: u32, index: u32) {
        let dep = &mut nodes[self[index].dep];
        dep.last_sub = index;
        if last == NONE {
            dep.first_sub = index;
        } else {
            self[last].next_sub = index;
        }
    }

    /// Takes an edge out of the list of who reads its `dep`.
    fn detach(&mut self, nodes: &mut Nodes, index: u32) {
        let Edge {
            dep,
            previous_sub,
            next_sub,
            ..
        } = self[index];
        if next_sub == NONE {
            nodes[dep].last_sub = previous_sub;
        } else {
            self[next_sub].previous_sub = previous_sub;
        }
        if previous_sub == NONE {
            nodes[dep].first_sub = next_sub;
        } else {
            self[previous_sub].next_sub = next_sub;
        }
    }

    /// Removes an edge, and gives the next one of what its `sub` read.
    ///
    /// Invariant: whoever calls it has taken the edge out of the list of what `sub` read.
    #[inline]
    pub(crate) fn remove(&mut self, nodes: &mut Nodes, index: u32) -> u32 {
        self.detach(nodes, index);
        let next = self[index].next_dep;
        self[index].next_dep = self.free;
        self.free = index;
        self.live -= 1;
        next
    }

    /// Removes `index` and all that follow it in the list of what its `sub` read.
    pub(crate) fn remove_from(&mut self, nodes: &mut Nodes, mut index: u32) {
        while index != NONE {
            index = self.remove(nodes, index);
        }
    }

    /// Hands the edge over to [`GONE`], since its `dep` is being disposed of.
    pub(crate) fn orphan(&mut self, nodes: &mut Nodes, index: u32) {
        self.detach(nodes, index);
        let last = nodes[GONE].last_sub;
        let edge = &mut self[index];
        edge.dep = GONE;
        edge.previous_sub = last;
        edge.next_sub = NONE;
        self.append(nodes, last, index);
    }
}

impl Index<u32> for Edges {
    type Output = Edge;

    #[inline]
    fn index(&self, index: u32) -> &Edge {
        &self.all[index as usize]
    }
}

impl IndexMut<u32> for Edges {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Edge {
        &mut self.all[index as usize]
    }
}

/// The number of the next record of an arena.
#[expect(
    clippy::expect_used,
    reason = "an arena of so many records does not fit into the memory of any machine we run on: nodes would take 256 GiB"
)]
fn place(length: usize) -> u32 {
    u32::try_from(length)
        .ok()
        .filter(|place| *place != NONE)
        .expect("fewer than 2^32 - 1 records")
}
