//! Folds: what many values come to, in order, at the cost of what changed.

use std::fmt;
use std::rc::Rc;

use crate::graph::Graph;
use crate::graph::cx::Cx;
use crate::graph::scope::Scope;
use crate::handle::{Computed, Handle, Signal};
use crate::stop::{Failure, Stop};

/// How many things lie in one node of a fold's tree. More make the tree flatter, and each change reduces more.
const CHUNK_MAX: usize = 8;

/// An ordered list of values of the graph, and what they come to when they are reduced two by two.
///
/// It lies in the graph as a tree whose nodes are a signal (what is in it) and a computed (what that comes to), so it is read, undone,
/// remembered and guessed like everything else. Among `n` values, a change of one costs a number of reductions that grows as the
/// logarithm of `n`, and so does putting a value in or taking one out.
///
/// ```
/// use loop_reactor::{Graph, Stop};
///
/// let mut graph = Graph::new();
/// let words = graph.fold(String::new(), |a, b| format!("{a} {b}"));
/// let greeting = graph.signal("hello".to_owned());
/// let name = graph.signal("world".to_owned());
/// words.insert(&mut graph, 0, name)?;
/// words.insert(&mut graph, 0, greeting)?;
/// assert_eq!(graph.read(words.total())?, "hello world");
///
/// graph.set(greeting, "goodbye".to_owned())?;
/// assert_eq!(graph.read(words.total())?, "goodbye world");
/// # Ok::<(), Stop>(())
/// ```
///
/// A fold that was made in a [scope](Graph::scope) ends with it. A value that stops makes the total stop, and so does one that was
/// disposed of and not taken out: first take it out.
pub struct Fold<T> {
    root: Chunk<T>,
    rule: Rc<Rule<T>>,
    scope: Option<Scope>,
}

/// What a fold reads: a [`Signal`] or a [`Computed`].
pub struct Item<T>(Kind<T>);

enum Kind<T> {
    Signal(Signal<T>),
    Computed(Computed<T>),
}

/// A node of the tree.
struct Chunk<T> {
    children: Signal<Children<T>>,
    total: Computed<T>,
}

/// What is in a node: either items or nodes, so that all items lie equally deep.
type Children<T> = Rc<Vec<Child<T>>>;

enum Child<T> {
    Item(Item<T>),
    /// A node, with the number of items below it.
    Chunk(Chunk<T>, usize),
}

type Reduce<T> = Box<dyn Fn(&T, &T) -> T>;

/// How two values are made one, and what none are.
struct Rule<T> {
    empty: T,
    reduce: Reduce<T>,
}

impl Graph {
    /// Makes a fold without values, which comes to `empty`.
    ///
    /// `reduce` must not care how values are grouped: `(a + b) + c` is `a + (b + c)`. Their order is kept. A total is one of the
    /// values where there is just one.
    pub fn fold<T>(&mut self, empty: T, reduce: impl Fn(&T, &T) -> T + 'static) -> Fold<T>
    where
        T: Clone + PartialEq + 'static,
    {
        let rule = Rc::new(Rule {
            empty,
            reduce: Box::new(reduce),
        });
        Fold {
            root: self.chunk(&rule, Vec::new()),
            rule,
            scope: self.scopes.current(),
        }
    }

    fn chunk<T>(&mut self, rule: &Rc<Rule<T>>, children: Vec<Child<T>>) -> Chunk<T>
    where
        T: Clone + PartialEq + 'static,
    {
        let children = self.signal(Rc::new(children));
        let rule = rule.clone();
        let total = self.computed(move |cx| {
            let children = cx.get(children)?;
            let mut total = None;
            for child in children.iter() {
                let value = child.value(cx)?;
                total = Some(match total {
                    Some(total) => (rule.reduce)(&total, &value),
                    None => value,
                });
            }
            Ok(total.unwrap_or_else(|| rule.empty.clone()))
        });
        Chunk { children, total }
    }
}

impl<T: Clone + PartialEq + 'static> Fold<T> {
    /// What the values come to.
    pub fn total(&self) -> Computed<T> {
        self.root.total
    }

    /// How many values there are.
    pub fn length(&self, graph: &mut Graph) -> Result<usize, Stop> {
        let children = graph.read(self.root.children)?;
        Ok(children.iter().map(Child::count).sum())
    }

    /// Puts a value in, so that it is at the place `at`.
    ///
    /// # Errors
    ///
    /// [`Failure::Place`] if there are fewer than `at` values; [`Failure::Gone`] if the fold was disposed of. Nothing has happened then.
    pub fn insert(
        &self,
        graph: &mut Graph,
        at: usize,
        item: impl Into<Item<T>>,
    ) -> Result<(), Stop> {
        let item = item.into();
        graph.tick(|graph| {
            let length = self.length(graph)?;
            if at > length {
                return Err(Failure::Place { at, length }.into());
            }
            graph.scopes.enter(self.scope);
            let inserted = self.insert_into(graph, self.root, at, item);
            let grown = inserted.and_then(|right| self.grow(graph, right));
            graph.scopes.close();
            grown
        })
    }

    /// Takes out the value at the place `at`, and gives it back, to be put in elsewhere.
    ///
    /// # Errors
    ///
    /// [`Failure::Place`] if there are no more than `at` values; [`Failure::Gone`] if the fold was disposed of. Nothing has happened
    /// then.
    pub fn remove(&self, graph: &mut Graph, at: usize) -> Result<Item<T>, Stop> {
        graph.tick(|graph| {
            let length = self.length(graph)?;
            if at >= length {
                return Err(Failure::Place { at, length }.into());
            }
            let item = self.root.remove(graph, at)?;
            self.shrink(graph)?;
            item.ok_or_else(|| Failure::Place { at, length }.into())
        })
    }

    /// Puts another value in the place of the one at `at`.
    pub(crate) fn replace(&self, graph: &mut Graph, at: usize, item: Item<T>) -> Result<(), Stop> {
        let (mut chunk, mut at) = (self.root, at);
        loop {
            let children = graph.get(chunk.children)?;
            let (place, within) = find(&children, at, Side::At);
            match children.get(place) {
                Some(Child::Chunk(below, _)) => (chunk, at) = (*below, within),
                Some(Child::Item(_)) => {
                    let mut children = children.to_vec();
                    if let Some(child) = children.get_mut(place) {
                        *child = Child::Item(item);
                    }
                    return Ok(graph.set(chunk.children, Rc::new(children))?);
                }
                None => {
                    let length = self.length(graph)?;
                    return Err(Failure::Place { at, length }.into());
                }
            }
        }
    }

    /// Puts these values in the place of all that are there: as many reductions as there are values.
    pub(crate) fn fill(&self, graph: &mut Graph, items: Vec<Item<T>>) -> Result<(), Stop> {
        let mut above = graph.get(self.root.children)?.to_vec();
        while let Some(child) = above.pop() {
            if let Child::Chunk(chunk, _) = child {
                above.extend(graph.get(chunk.children)?.iter().cloned());
                chunk.dispose(graph);
            }
        }
        graph.scopes.enter(self.scope);
        let mut level: Vec<Child<T>> = items.into_iter().map(Child::Item).collect();
        while level.len() > CHUNK_MAX {
            let chunks = level.chunks(CHUNK_MAX);
            level = chunks
                .map(|chunk| self.beside(graph, chunk.to_vec()))
                .collect();
        }
        graph.scopes.close();
        Ok(graph.set(self.root.children, Rc::new(level))?)
    }

    /// Puts the item somewhere below a node. If that is full then, a part of it comes back, to be put beside it.
    fn insert_into(
        &self,
        graph: &mut Graph,
        chunk: Chunk<T>,
        at: usize,
        item: Item<T>,
    ) -> Result<Option<Child<T>>, Stop> {
        let mut children = graph.read(chunk.children)?.to_vec();
        let (mut place, within) = find(&children, at, Side::Before);
        match children.get_mut(place) {
            Some(Child::Chunk(below, count)) => {
                *count += 1;
                let below = *below;
                if let Some(right) = self.insert_into(graph, below, within, item)? {
                    if let Some(Child::Chunk(_, count)) = children.get_mut(place) {
                        *count -= right.count();
                    }
                    place += 1;
                    children.insert(place, right);
                }
            }
            _ => children.insert(place, Child::Item(item)),
        }
        let mut right = None;
        if children.len() > CHUNK_MAX {
            // Who puts in at the end will do so again: what is before stays full.
            let last = children.len() - 1;
            let middle = if place == last {
                last
            } else {
                children.len() / 2
            };
            let rest = children.split_off(middle);
            right = Some(self.beside(graph, rest));
        }
        graph.set(chunk.children, Rc::new(children))?;
        Ok(right)
    }

    fn beside(&self, graph: &mut Graph, children: Vec<Child<T>>) -> Child<T> {
        let count = children.iter().map(Child::count).sum();
        Child::Chunk(graph.chunk(&self.rule, children), count)
    }

    /// The root was full: what is left in it goes one level down, beside what came back.
    fn grow(&self, graph: &mut Graph, right: Option<Child<T>>) -> Result<(), Stop> {
        let Some(right) = right else {
            return Ok(());
        };
        let children = graph.read(self.root.children)?.to_vec();
        let left = self.beside(graph, children);
        graph.set(self.root.children, Rc::new(vec![left, right]))?;
        Ok(())
    }

    /// While the root has only one node in it, what that has goes one level up.
    fn shrink(&self, graph: &mut Graph) -> Result<(), Stop> {
        while let [Child::Chunk(only, _)] = graph.read(self.root.children)?.as_slice() {
            let only = *only;
            let children = graph.get(only.children)?;
            graph.set(self.root.children, children)?;
            only.dispose(graph);
        }
        Ok(())
    }
}

/// On which side of a place something is looked for, where two nodes meet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Where something is put in: the end of the left one will do.
    Before,
    /// What is there now: the beginning of the right one.
    At,
}

/// In which child a place is, and where in it.
fn find<T>(children: &[Child<T>], at: usize, side: Side) -> (usize, usize) {
    let mut within = at;
    for (place, child) in children.iter().enumerate() {
        let inside = match (child, side) {
            (Child::Chunk(_, count), Side::Before) => within <= *count,
            (child, _) => within < child.count(),
        };
        if inside {
            return (place, within);
        }
        within -= child.count();
    }
    (children.len(), within)
}

impl<T: Clone + PartialEq + 'static> Chunk<T> {
    /// Takes the item at a place below a node out, and the nodes that are empty then.
    fn remove(self, graph: &mut Graph, at: usize) -> Result<Option<Item<T>>, Stop> {
        let mut children = graph.read(self.children)?.to_vec();
        let mut item = None;
        let (place, within) = find(&children, at, Side::At);
        match children.get_mut(place) {
            Some(Child::Chunk(below, count)) => {
                *count -= 1;
                let (below, empty) = (*below, *count == 0);
                item = below.remove(graph, within)?;
                if empty {
                    children.remove(place);
                    below.dispose(graph);
                }
            }
            Some(Child::Item(_)) => {
                if let Child::Item(taken) = children.remove(place) {
                    item = Some(taken);
                }
            }
            None => {}
        }
        graph.set(self.children, Rc::new(children))?;
        Ok(item)
    }

    fn dispose(self, graph: &mut Graph) {
        graph.dispose(self.total);
        graph.dispose(self.children);
    }
}

impl<T> Child<T> {
    fn count(&self) -> usize {
        match self {
            Self::Item(_) => 1,
            Self::Chunk(_, count) => *count,
        }
    }
}

impl<T: Clone + 'static> Child<T> {
    fn value(&self, cx: &mut Cx) -> Result<T, Stop> {
        match self {
            Self::Item(Item(Kind::Signal(signal))) => cx.get(*signal),
            Self::Item(Item(Kind::Computed(computed))) => cx.get(*computed),
            Self::Chunk(chunk, _) => cx.get(chunk.total),
        }
    }
}

impl<T> From<Signal<T>> for Item<T> {
    fn from(signal: Signal<T>) -> Self {
        Self(Kind::Signal(signal))
    }
}

impl<T> From<Computed<T>> for Item<T> {
    fn from(computed: Computed<T>) -> Self {
        Self(Kind::Computed(computed))
    }
}

// By hand, for a derive would ask the same of the values.

impl<T> Clone for Fold<T> {
    fn clone(&self) -> Self {
        Self {
            root: self.root,
            rule: self.rule.clone(),
            scope: self.scope,
        }
    }
}

impl<T> fmt::Debug for Fold<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fold({})", self.root.total.id())
    }
}

impl<T> Clone for Item<T> {
    fn clone(&self) -> Self {
        Self(match self.0 {
            Kind::Signal(signal) => Kind::Signal(signal),
            Kind::Computed(computed) => Kind::Computed(computed),
        })
    }
}

impl<T> fmt::Debug for Item<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Signal(signal) => signal.fmt(f),
            Kind::Computed(computed) => computed.fmt(f),
        }
    }
}

impl<T> PartialEq for Item<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kind::Signal(a), Kind::Signal(b)) => a == b,
            (Kind::Computed(a), Kind::Computed(b)) => a == b,
            _ => false,
        }
    }
}

impl<T> Clone for Chunk<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Chunk<T> {}

impl<T> Clone for Child<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Item(item) => Self::Item(item.clone()),
            Self::Chunk(chunk, count) => Self::Chunk(*chunk, *count),
        }
    }
}

/// A node is told by its total, whatever is in it now.
impl<T> PartialEq for Child<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Item(a), Self::Item(b)) => a == b,
            (Self::Chunk(a, first), Self::Chunk(b, second)) => {
                a.total == b.total && first == second
            }
            _ => false,
        }
    }
}
