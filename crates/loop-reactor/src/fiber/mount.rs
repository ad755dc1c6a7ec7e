//! Roots: where a tree begins.

use std::any::TypeId;
use std::convert::Infallible;
use std::rc::Rc;

use crate::fiber::record::{Child, Given, Key, Record};
use crate::fiber::region::bounds;
use crate::fiber::{Fiber, captures_nothing};
use crate::graph::Graph;
use crate::graph::node::{NONE, State};
use crate::handle::{Computed, Handle, Id};
use crate::stop::Stop;

/// How many fibers there may be, unless the program says [something else](Graph::limit_fibers).
///
/// A fiber takes some 400 bytes. So many fit well into the 4 GiB that a program for WebAssembly has, and a component that puts itself below itself
/// without end stops here.
pub const FIBERS_MAX: usize = 4_000_000;

/// The root of a tree of fibers. To end the tree, [dispose](Graph::dispose) of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    id: Id,
    whole: Computed<()>,
}

impl Root {
    /// Whether all of the tree is there: reading it stops where something in the tree has stopped that no
    /// [boundary](Fiber::boundary) keeps.
    pub fn whole(self) -> Computed<()> {
        self.whole
    }
}

impl Handle for Root {
    fn id(self) -> Id {
        self.id
    }
}

impl Graph {
    /// Begins a tree with a component, which runs at once, or at the end of the tick.
    ///
    /// The path of a root is its number: the least that no other root has.
    pub fn mount<F, P>(&mut self, component: F, props: P) -> Root
    where
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        struct Mounted;
        const { captures_nothing::<F>() }
        let Ok(root) = self.tick(|graph| {
            let nodes = &graph.cx.nodes;
            graph.tree.roots.retain(|root| nodes.keeps(*root));
            let taken = |place: &u32| {
                let mut roots = graph.tree.roots.iter();
                roots.any(|root| nodes[root.index].place() == *place)
            };
            // There are fewer roots than numbers.
            let place = (0..u32::MAX).find(|place| !taken(place));
            let place = place.unwrap_or_default();
            let kind = TypeId::of::<Mounted>();
            let (id, whole) = graph.make_region(kind, NONE, place, bounds);
            graph.tree.roots.push(id);
            let record = Record {
                parent: id.index,
                element: Some(Rc::new(Given { component, props })),
                env: graph.fiber(id.index).and_then(|record| record.env.clone()),
                ..graph.tree.blank.clone()
            };
            let child = Child {
                key: Key::Place(0),
                id: graph.make_fiber(record, 0, State::DIRTY),
            };
            graph.cx.renders.push(child.id.index);
            let children = Rc::new(vec![child]);
            graph.change(id.index, |record| record.children = children.clone());
            graph.splice(id.index, &[], &children);
            Ok::<_, Infallible>(Root { id, whole })
        });
        root
    }

    /// Runs what has changed in a [detached](Fiber::detach) fiber and below it.
    ///
    /// Does nothing if it is none, or is gone.
    pub fn catch_up(&mut self, fiber: Id) {
        let found = self.cx.nodes.find(fiber);
        if !found.is_some_and(|node| node.state.has(State::DETACHED)) {
            return;
        }
        let Ok(()) = self.tick(|graph| {
            graph.settle_tree();
            graph.tree.held.remove(&fiber);
            graph.tree.released = Some(fiber);
            graph.settle_below(fiber.index);
            graph.tree.released = None;
            Ok::<(), Infallible>(())
        });
    }

    /// How many fibers there may be. Those that are there stay; a run that would make it more comes to nothing, with
    /// [`Failure::TooMany`](crate::Failure::TooMany).
    pub fn limit_fibers(&mut self, most: usize) {
        self.tree.most = most;
    }

    /// How many fibers there are, and regions within them.
    pub fn fibers(&self) -> usize {
        self.cx.fibers
    }
}
