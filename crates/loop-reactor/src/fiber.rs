//! Fibers: a tree of components over the graph, in which values go down, come up, and stay where they belong.
//!
//! A component is a function of a [`Fiber`] and of its props. [`Graph::mount`] begins a tree with one; each says with
//! [`Fiber::child`] and its kin what lies below it. A fiber is one component at one place of the tree, with what it keeps there.
//!
//! # What makes a fiber run
//!
//! Three things: it is new, its props are others by `==`, or something that it read has another value. Who is above or below it does
//! not count. It runs once in a tick, after those above it, and siblings run in their order: the tree is the schedule. What was
//! read and is read no more makes nothing run.
//!
//! A fiber that comes *after* a part of the tree runs after all of it. That is how a parent uses what its children yield: it opens a part
//! that gathers, and puts a fiber behind it that reads what came ([`Fiber::gather`]). If a fiber reads what comes up from below
//! itself, it runs again when the pass comes back to it. What goes round in this way may come to rest; if it does not within
//! [`AGAIN_MAX`] runs, it is [a cycle](crate::Failure::Cycle) that names the fibers on it.
//!
//! # Which fiber is which
//!
//! A child without a key is found again by how many such came before it, one with a [`Key`] wherever it comes among its siblings. It is
//! the same fiber if its component is the same as well; if not, the one that was there ends, with all below it ([`Fiber::morph`]
//! keeps what is below). A key that comes twice among siblings stops the run. The keys on the way from the root are the
//! [path](Graph::path) of a fiber, `0/0/list/#7`, and name what it saves; the places are its [order](Graph::order).
//!
//! # Hooks
//!
//! What a fiber keeps is found again by name, so a hook may come in one run and not in the next: then it ends. Two of one name and
//! kind in one run are refused.
//!
//! | hook | what it is |
//! |---|---|
//! | [`state`](Fiber::state) | a signal of the fiber's own, written by whoever has the handle |
//! | [`saved`](Fiber::saved) | the same as a slot, which is saved and loaded |
//! | [`memo`](Fiber::memo) | a computed of the fiber's own |
//! | [`effect`](Fiber::effect) | something that the host is to set up, and to clean up when it is another or is gone |
//! | [`resource`](Fiber::resource) | something that the host is asked for, with its progress; given up when it is not asked for any more |
//! | [`latest`](Fiber::latest) | the last good value of something that may be pending |
//! | [`keep`](Fiber::keep) | anything that nothing follows from |
//! | [`context`](Fiber::context) | what somebody above [provides](Fiber::provide) |
//!
//! # What comes up
//!
//! [`Fiber::yields`] passes a value up to the nearest part above that takes values of its type; parts that take other types let it
//! through. So a type of one's own is a way of its own: whoever is to know of certain fibers far below gathers a type
//! that only those yield, and has them in the order of the tree.
//!
//! | part | what comes of it |
//! |---|---|
//! | [`gather`](Fiber::gather) | a [`List`] of the values |
//! | [`gather_all`](Fiber::gather_all) | a list of each of several types |
//! | [`map_reduce`](Fiber::map_reduce) | what they come to, mapped and reduced two by two |
//! | [`fence`](Fiber::fence) | the same by the rule of who would have taken them, who gets what is yielded instead |
//! | [`boundary`](Fiber::boundary) | whether something stopped |
//!
//! # When something stops
//!
//! A run that ends with an `Err` says nothing: the children, effects and yields of the last good run stay. The nearest boundary above
//! knows why; all that gather are boundaries, and [`Root::whole`] is the outermost. A fiber that is [pending](Stop::Pending) goes on
//! yielding what it last did, but who gathers waits, unless it reads the [latest](Fiber::latest). What fails yields nothing beyond
//! its boundary. Nothing else is touched by it.
//!
//! # Several trees
//!
//! [`Fiber::reconcile`] opens a second tree, into which fibers of the first [quote](Fiber::quote): one component says what is drawn
//! and what is heard. Both have the same order. What is quoted may [unquote](Fiber::unquote) something, back to where it came from.
//!
//! # The host
//!
//! The host mounts, writes in ticks, and does what [`Graph::take_commands`] says. A command has the value that the component gave,
//! in which handles may be: so the host of a button knows what to write when it is pressed. A [detached](Fiber::detach) fiber
//! waits until the host lets it [catch up](Graph::catch_up): once a frame, or when it is seen.
//!
//! Time goes [back and forth](Graph::go_to) for fibers as for signals, and [lanes](crate::Lanes) are guesses about both. The host is
//! told what differs in the end.

pub(crate) mod hooks;
pub(crate) mod host;
mod list;
mod listing;
mod mount;
pub(crate) mod order;
mod quote;
mod record;
mod region;
mod render;
mod resource;
mod yields;

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use crate::fiber::hooks::Hooks;
use crate::fiber::host::Told;
use crate::fiber::listing::{Gift, Listing, Slot};
use crate::fiber::record::{Element, Given};
use crate::fiber::yields::AnyChannel;
use crate::graph::Graph;
use crate::graph::node::State;
use crate::handle::{Id, Signal, Source};
use crate::stop::{Failure, Stop};

pub use crate::fiber::host::{Act, Command};
pub use crate::fiber::list::List;
pub use crate::fiber::mount::{FIBERS_MAX, Root};
pub use crate::fiber::order::AGAIN_MAX;
pub use crate::fiber::record::Key;
pub use crate::fiber::resource::{Ask, Load, Resource};
pub use crate::fiber::yields::Several;

/// A run of a fiber: it reads, keeps what is its own, says what lies below it, and passes values up.
///
/// A component is a function of this and of its props. It captures nothing, so that its props are all that it is given, and it runs
/// when its props or something that it read has changed, and not otherwise.
///
/// What a run says counts when it has ended well. If it stops, nothing is said: what the fiber said before stays, what lies
/// below it as well, and the nearest [boundary](Fiber::boundary) tells why. The hooks by which it came stay too, for it may wait for one of
/// them.
pub struct Fiber<'a> {
    pub(crate) graph: &'a mut Graph,
    pub(crate) id: Id,
    pub(crate) hooks: Hooks,
    /// What is being listed: the children of the fiber, or of a region within it.
    owner: Id,
    list: Listing,
    /// What was listed in regions.
    done: Vec<(Id, Listing)>,
    yields: Vec<Yielded>,
    later: Vec<Later>,
    /// Regions that were made in this run.
    made: Vec<Id>,
    /// What takes back what was written in this run.
    back: Vec<Later>,
    refused: Option<Stop>,
}

/// A value, and who takes it.
type Yielded = (Rc<dyn AnyChannel>, Box<dyn Any>);

/// What is done when a run has ended.
pub(crate) enum Later {
    /// What a hook tells the host is another thing now.
    Tell(Signal<Option<Told>>, Told),
    Do(Write),
}

type Write = Box<dyn FnOnce(&mut Graph) -> Result<(), Failure>>;

/// What a run came to.
struct Ran {
    hooks: Option<Vec<hooks::Hook>>,
    ended: Vec<Id>,
    /// What it said, or why it stopped.
    said: Result<Said, Stopped>,
}

/// What a run said.
struct Said {
    listing: Listing,
    of_regions: Vec<(Id, Listing)>,
    yields: Vec<Yielded>,
    later: Vec<Later>,
}

/// Why a run stopped, and what is taken back of it.
struct Stopped {
    stop: Stop,
    made: Vec<Id>,
    back: Vec<Later>,
}

/// Refuses a component that captures something, when it is compiled.
const fn captures_nothing<F>() {
    assert!(
        size_of::<F>() == 0,
        "a component captures nothing: what it needs is in its props"
    );
}

impl fmt::Debug for Fiber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fiber({})", self.id)
    }
}

impl<'a> Fiber<'a> {
    fn new(graph: &'a mut Graph, id: Id) -> Self {
        let hooks = graph
            .fiber(id.index)
            .map_or_else(Rc::default, |record| record.hooks.clone());
        let listing = Listing::new(graph.children(id.index));
        let later = std::mem::take(&mut graph.tree.later);
        Self {
            graph,
            id,
            hooks: Hooks::new(hooks),
            owner: id,
            list: listing,
            done: Vec::new(),
            yields: Vec::new(),
            later,
            made: Vec::new(),
            back: Vec::new(),
            refused: None,
        }
    }

    /// Ends the run.
    fn finish(self, result: Result<(), Stop>) -> Ran {
        let most = self.graph.tree.most;
        let of_regions = self.done.iter().map(|(_, listing)| listing.fresh());
        let fresh = self.list.fresh() + of_regions.sum::<usize>();
        let too_many = self.graph.cx.fibers + fresh > most;
        let too_many = too_many.then(|| Failure::TooMany { most }.into());
        if let Some(stop) = self.refused.or(result.err()).or(too_many) {
            let (hooks, ended) = self.hooks.stop();
            let (made, back) = (self.made, self.back);
            let said = Err(Stopped { stop, made, back });
            return Ran { hooks, ended, said };
        }
        let (hooks, ended) = self.hooks.finish();
        let said = Ok(Said {
            listing: self.list,
            of_regions: self.done,
            yields: self.yields,
            later: self.later,
        });
        Ran { hooks, ended, said }
    }

    /// The fiber that runs.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The value, copied or cloned.
    pub fn get<S: Source>(&mut self, of: S) -> Result<S::Value, Stop>
    where
        S::Value: Clone,
    {
        self.graph.cx.get(of)
    }

    /// The value, to look at.
    pub fn read<S: Source>(&mut self, of: S) -> Result<&S::Value, Stop> {
        self.graph.cx.read(of)
    }

    /// Puts a fiber below this one, after those that were put there before it.
    ///
    /// It is the same fiber as in the run before if as many children without a key came before it, and the component is the same.
    /// It runs if the props are others. A component that captures something does not compile.
    pub fn child<F, P>(&mut self, component: F, props: P)
    where
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        let key = self.list.place();
        self.put(key.into(), component, props);
    }

    /// The same with a key, under which it is found again wherever it comes among its siblings.
    pub fn keyed<F, P>(&mut self, key: impl Into<Key>, component: F, props: P)
    where
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        self.put(key.into().into(), component, props);
    }

    /// The same, and if the component is another one than in the run before, what lies below it stays: those that the new one puts
    /// there too keep their state. The hooks of the fiber itself end.
    pub fn morph<F, P>(&mut self, key: impl Into<Key>, component: F, props: P)
    where
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        let put = Put {
            morphs: true,
            ..key.into().into()
        };
        self.put(put, component, props);
    }

    /// The same, but the fiber and what lies below it run only when the program [says so](Graph::catch_up), with all that has
    /// changed until then.
    pub fn detach<F, P>(&mut self, key: impl Into<Key>, component: F, props: P)
    where
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        let put = Put {
            state: State::DETACHED,
            ..key.into().into()
        };
        self.put(put, component, props);
    }

    fn put<F, P>(&mut self, put: Put, component: F, props: P)
    where
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        const { captures_nothing::<F>() }
        let Some(there) = self.there(&put) else {
            return;
        };
        let like = there.like(|there| {
            let there = there.as_any().downcast_ref::<Given<F, P>>()?;
            Some(there.props == props)
        });
        self.place(put, there, like, || Rc::new(Given { component, props }));
    }

    /// Puts an element that was made elsewhere.
    fn put_element(&mut self, put: Put, element: &Rc<dyn Element>) {
        let Some(there) = self.there(&put) else {
            return;
        };
        let like = there.like(|there| {
            let kind = |element: &Rc<dyn Element>| (**element).as_any().type_id();
            (kind(there) == kind(element)).then(|| Rc::ptr_eq(there, element))
        });
        self.place(put, there, like, || element.clone());
    }

    /// What is there where something is to be put. None if something was put there in this run already.
    fn there(&mut self, put: &Put) -> Option<There> {
        let child = self.find(&put.key)?;
        let element = child.as_ref().and_then(|child| {
            let detached = self.graph.cx.nodes[child.id.index].state & State::DETACHED;
            let record = self.graph.fiber(child.id.index)?;
            record.element.clone().filter(|_| detached == put.state)
        });
        Some(There { child, element })
    }

    fn place(
        &mut self,
        put: Put,
        there: There,
        like: Like,
        element: impl FnOnce() -> Rc<dyn Element>,
    ) {
        match there.child {
            Some(child) if like == Like::Same => self.list.keep(child),
            Some(child) if like == Like::Given || (like == Like::Unlike && put.morphs) => {
                let to = child.id;
                self.list.keep(child);
                self.list.given.push(Gift {
                    to,
                    element: element(),
                    morphs: like == Like::Unlike,
                });
            }
            found => {
                let slot = Slot::New(put.key, element(), put.state);
                self.list.replace(found.is_some(), slot);
            }
        }
    }

    /// The child that was there under a key. None if one came under it in this run already.
    #[expect(
        clippy::option_option,
        reason = "whether there may be one, and which it is"
    )]
    fn find(&mut self, key: &Key) -> Option<Option<record::Child>> {
        let found = self.list.find(key);
        if found.is_err() {
            self.refuse(Failure::Twice {
                name: key.to_string(),
            });
        }
        found.ok()
    }

    /// The run comes to nothing.
    pub(crate) fn refuse(&mut self, stop: impl Into<Stop>) {
        self.refused.get_or_insert(stop.into());
    }

    /// Does something when the run has ended well.
    fn later(&mut self, later: impl FnOnce(&mut Graph) -> Result<(), Failure> + 'static) {
        self.later.push(Later::Do(Box::new(later)));
    }
}

/// Where something is put, and how.
struct Put {
    key: Key,
    state: State,
    /// Whether what is there stays when it is of another type.
    morphs: bool,
}

impl From<Key> for Put {
    fn from(key: Key) -> Self {
        Self {
            key,
            state: State::NONE,
            morphs: false,
        }
    }
}

/// What is there where something is put.
struct There {
    child: Option<record::Child>,
    element: Option<Rc<dyn Element>>,
}

/// How what is put somewhere is like what is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Like {
    Same,
    /// The same component is given other props.
    Given,
    /// Another component.
    Unlike,
    /// There is no fiber with a component of its own, or not one that runs in the same way.
    Nothing,
}

impl There {
    fn like(&self, same: impl FnOnce(&Rc<dyn Element>) -> Option<bool>) -> Like {
        match &self.element {
            None => Like::Nothing,
            Some(there) => match same(there) {
                None => Like::Unlike,
                Some(true) => Like::Same,
                Some(false) => Like::Given,
            },
        }
    }
}
