//! What is known of a fiber: a record in the value of its node, so that the journal keeps it like any other value.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use crate::fiber::Fiber;
use crate::fiber::hooks::Hook;
use crate::fiber::region::{Env, Region};
use crate::fiber::yields::Outlet;
use crate::graph::Graph;
use crate::graph::journal::Write;
use crate::graph::node::{NONE, State};
use crate::graph::scope::Scope;
use crate::graph::value::Value;
use crate::handle::Id;
use crate::stop::Stop;

/// A fiber's record. Cloning it costs a few counters: a tick keeps a clone of what the record was.
#[derive(Clone, Default)]
pub(crate) struct Record {
    /// The fiber above it; [`NONE`] above a root.
    pub(crate) parent: u32,
    /// What runs. A region has none: the fiber in which it is open says what lies below it.
    pub(crate) element: Option<Rc<dyn Element>>,
    pub(crate) region: Option<Rc<Region>>,
    /// What reaches those below it.
    pub(crate) env: Option<Rc<Env>>,
    pub(crate) children: Rc<Vec<Child>>,
    pub(crate) hooks: Rc<Vec<Hook>>,
    pub(crate) outlets: Rc<Vec<Outlet>>,
    /// Has the nodes of its outlets.
    pub(crate) scope: Option<Scope>,
    /// Why its last run came to nothing.
    pub(crate) stopped: Option<Stop>,
}

/// A component with its props.
pub(crate) trait Element {
    fn render(&self, fiber: &mut Fiber<'_>) -> Result<(), Stop>;

    fn as_any(&self) -> &dyn Any;
}

pub(crate) struct Given<F, P> {
    pub(crate) component: F,
    pub(crate) props: P,
}

impl<F, P> Element for Given<F, P>
where
    F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
    P: 'static,
{
    fn render(&self, fiber: &mut Fiber<'_>) -> Result<(), Stop> {
        (self.component)(fiber, &self.props)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A fiber below another one, and the key under which it is found again.
#[derive(Clone)]
pub(crate) struct Child {
    pub(crate) key: Key,
    pub(crate) id: Id,
}

/// What tells a fiber from its siblings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// How many siblings without a key stand before it.
    Place(u32),
    /// A key that is a number.
    Number(u64),
    /// A key that is a text.
    Text(Rc<str>),
    /// Of a fiber that was [quoted](Fiber::quote): by which one, and under which name.
    Quote(Rc<str>),
}

macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl From<$type> for Key {
            fn from(number: $type) -> Self {
                Self::Number(number.into())
            }
        }
    )* };
}

numbers!(u8, u16, u32, u64);

impl From<usize> for Key {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Rc<str>> for Key {
    fn from(text: Rc<str>) -> Self {
        Self::Text(text)
    }
}

/// `3` for a place, `#3` for a number, a path in parentheses for a quote, and a text as it is, with what could be taken for something
/// else as `%` and two digits.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => write!(f, "{place}"),
            Self::Number(number) => write!(f, "#{number}"),
            Self::Quote(by) => write!(f, "({by})"),
            Self::Text(text) => {
                for (at, character) in text.char_indices() {
                    let escaped = matches!(character, '/' | '%' | '#' | ':' | '(' | ')')
                        || (at == 0 && character.is_ascii_digit());
                    if escaped {
                        write!(f, "%{:02X}", u32::from(character))?;
                    } else {
                        write!(f, "{character}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl Graph {
    /// The record of a fiber.
    pub(crate) fn fiber(&self, index: u32) -> Option<&Record> {
        if index == NONE {
            return None;
        }
        self.cx.nodes[index].value.get::<Record>()
    }

    /// The fiber above another one.
    pub(crate) fn parent(&self, index: u32) -> u32 {
        self.fiber(index).map_or(NONE, |record| record.parent)
    }

    /// What lies below a fiber, in order.
    pub(crate) fn children(&self, index: u32) -> Rc<Vec<Child>> {
        self.fiber(index)
            .map_or_else(Rc::default, |record| record.children.clone())
    }

    /// Changes a fiber's record, as a step of the tick.
    pub(crate) fn change(&mut self, index: u32, change: impl FnOnce(&mut Record)) {
        let Some(record) = self.cx.nodes[index].value.get::<Record>() else {
            return;
        };
        if !self.tick.kept(&self.cx.nodes, index) {
            let write = Write {
                index,
                other: Value::new(record.clone()),
                // Nobody reads a record through an edge.
                same: |_, _| true,
            };
            self.tick.keep(&mut self.cx.nodes, write);
        }
        if let Some(record) = self.cx.nodes[index].value.get_mut::<Record>() {
            change(record);
        }
    }

    /// A fiber writes this when it runs.
    pub(crate) fn said_by(&mut self, signal: Id, fiber: u32) {
        let node = &mut self.cx.nodes[signal.index];
        node.state = node.state | State::SAID;
        node.set_place(fiber);
    }

    /// Makes a fiber, to be run when its turn comes.
    pub(crate) fn make_fiber(&mut self, record: Record, place: u32, state: State) -> Id {
        let id = self.add(Value::new(record), None, State::FIBER | state);
        self.cx.nodes[id.index].set_place(place);
        self.cx.fibers += 1;
        id
    }

    /// Where a fiber stands: its place among its siblings, and those of all that it lies below, the root's first. The fiber whose
    /// places come first, number by number, runs first.
    ///
    /// None if it is no fiber, or is gone.
    pub fn order(&self, fiber: Id) -> Option<Vec<u32>> {
        let node = self.cx.nodes.find(fiber)?;
        node.value.get::<Record>()?;
        let mut places = Vec::new();
        let mut at = fiber.index;
        while at != NONE {
            places.push(self.cx.nodes[at].place());
            at = self.parent(at);
        }
        places.reverse();
        Some(places)
    }

    /// The name of a fiber: the keys on the way from its root to it.
    ///
    /// None if it is no fiber, or is gone. It costs as much as the fiber lies deep.
    pub fn path(&self, fiber: Id) -> Option<String> {
        let mut keys = Vec::new();
        let node = self.cx.nodes.find(fiber)?;
        node.value.get::<Record>()?;
        let mut at = fiber.index;
        while at != NONE {
            let place = self.cx.nodes[at].place();
            let above = self.parent(at);
            keys.push(match self.fiber(above) {
                Some(above) => above.children.get(place as usize)?.key.clone(),
                None => Key::Place(place),
            });
            at = above;
        }
        let mut path = String::new();
        for key in keys.iter().rev() {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&key.to_string());
        }
        Some(path)
    }
}
