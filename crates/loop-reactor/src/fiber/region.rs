//! Regions: parts of the tree that a fiber opens within itself, for what reaches into them and for what comes out.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::rc::Rc;

use crate::fiber::Fiber;
use crate::fiber::list::List;
use crate::fiber::listing::{Listing, Slot};
use crate::fiber::record::{Child, Record};
use crate::fiber::yields::{AnyChannel, Channel, Fault, Rule, Several};
use crate::graph::Graph;
use crate::graph::node::State;
use crate::handle::{Computed, Handle as _, Id, Signal};
use crate::stop::{Failure, Stop};

/// What a region is for.
pub(crate) struct Region {
    /// Which kind of region, and of which types.
    kind: TypeId,
    /// What the program holds of it.
    handle: Rc<dyn Any>,
    /// Whether something in it has stopped, if it is a boundary.
    pub(crate) fault: Option<Computed<Option<Fault>>>,
}

/// What reaches the fibers below a region, and what it takes of theirs: a list, the innermost first.
pub(crate) struct Env {
    outer: Option<Rc<Env>>,
    entry: Entry,
}

enum Entry {
    /// A context, by its type: a signal of it.
    Context(TypeId, Rc<dyn Any>),
    /// What is yielded, by its type.
    Channel(Rc<dyn AnyChannel>),
}

/// By a loop, however many regions lie within each other.
impl Drop for Env {
    fn drop(&mut self) {
        let mut next = self.outer.take();
        while let Some(mut env) = next.and_then(Rc::into_inner) {
            next = env.outer.take();
        }
    }
}

impl Env {
    /// From the innermost outwards.
    fn all(mut env: Option<&Rc<Env>>) -> impl Iterator<Item = &Entry> {
        std::iter::from_fn(move || {
            let next = env?;
            env = next.outer.as_ref();
            Some(&next.entry)
        })
    }
}

impl Graph {
    /// What hears a fiber's values of a type.
    pub(crate) fn channel(&self, fiber: u32, of: TypeId) -> Option<&Rc<dyn AnyChannel>> {
        Env::all(self.fiber(fiber)?.env.as_ref()).find_map(|entry| match entry {
            Entry::Channel(channel) if channel.of() == of => Some(channel),
            _ => None,
        })
    }

    fn provided<T: 'static>(&self, fiber: u32) -> Option<Signal<T>> {
        let of = TypeId::of::<T>();
        Env::all(self.fiber(fiber)?.env.as_ref()).find_map(|entry| match entry {
            Entry::Context(context, signal) if *context == of => signal.downcast_ref().copied(),
            _ => None,
        })
    }

    /// Makes a region, with what it takes.
    pub(crate) fn make_region<H: Clone + 'static>(
        &mut self,
        kind: TypeId,
        parent: u32,
        place: u32,
        open: impl FnOnce(&mut Opening<'_>) -> H,
    ) -> (Id, H) {
        let record = Record {
            parent,
            env: self.fiber(parent).and_then(|record| record.env.clone()),
            ..self.tree.blank.clone()
        };
        let id = self.make_fiber(record, place, State::NONE);
        let mut opening = Opening {
            graph: self,
            region: id.index,
            fault: None,
        };
        let handle = open(&mut opening);
        let region = Rc::new(Region {
            kind,
            handle: Rc::new(handle.clone()),
            fault: opening.fault,
        });
        self.change(id.index, |record| record.region = Some(region));
        (id, handle)
    }
}

/// Opens a region that is nothing but a boundary.
pub(crate) fn bounds(opening: &mut Opening<'_>) -> Computed<()> {
    opening.bound()
}

/// A region that is being made.
pub struct Opening<'a> {
    graph: &'a mut Graph,
    region: u32,
    fault: Option<Computed<Option<Fault>>>,
}

impl fmt::Debug for Opening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}

impl Opening<'_> {
    fn enter(&mut self, entry: Entry) {
        self.graph.change(self.region, |record| {
            let outer = record.env.take();
            record.env = Some(Rc::new(Env { outer, entry }));
        });
    }

    /// Provides what a fiber writes.
    fn provide<T: PartialEq + 'static>(&mut self, value: T, by: Id) -> Signal<T> {
        let signal = self.graph.within(self.region, |graph| graph.signal(value));
        self.graph.said_by(signal.id(), by.index);
        self.enter(Entry::Context(TypeId::of::<T>(), Rc::new(signal)));
        signal
    }

    /// Takes values of the type `M`; what they come to.
    fn take<M, T>(&mut self, rule: Rc<Rule<M, T>>) -> Computed<Option<T>>
    where
        M: 'static,
        T: Clone + PartialEq + 'static,
    {
        let nothing = self.graph.within(self.region, |graph| graph.signal(None));
        let channel = Rc::new(Channel::new(self.region, nothing, rule));
        let total = channel.open(self.graph);
        self.enter(Entry::Channel(channel));
        total
    }

    /// Takes what stops, so that it goes no further up: whether nothing does.
    pub(crate) fn bound(&mut self) -> Computed<()> {
        let fault = self.take(Fault::rule());
        self.fault = Some(fault);
        self.graph.within(self.region, |graph| {
            graph.computed(move |cx| match cx.get(fault)? {
                None => Ok(()),
                Some(Fault(stop)) => Err(stop),
            })
        })
    }

    /// Takes values: what they come to, once the `whole` is there.
    pub(crate) fn total<M, T>(&mut self, whole: Computed<()>, rule: Rc<Rule<M, T>>) -> Computed<T>
    where
        M: 'static,
        T: Clone + PartialEq + 'static,
    {
        let total = self.take(rule.clone());
        self.graph.within(self.region, |graph| {
            graph.computed(move |cx| {
                cx.get(whole)?;
                Ok(cx.get(total)?.unwrap_or_else(|| rule.empty.clone()))
            })
        })
    }

    fn reduce<M, T>(&mut self, rule: Rc<Rule<M, T>>) -> Computed<T>
    where
        M: 'static,
        T: Clone + PartialEq + 'static,
    {
        let whole = self.bound();
        self.total(whole, rule)
    }
}

impl Fiber<'_> {
    /// Gives those below a value of this type, until one in between gives them another.
    ///
    /// When the value changes, those run that [read](Fiber::context) it, and nothing between here and there.
    ///
    /// # Errors
    ///
    /// What `below` gives.
    pub fn provide<T: PartialEq + 'static>(
        &mut self,
        value: T,
        below: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        struct Provides<T>(std::marker::PhantomData<T>);
        let kind = TypeId::of::<Provides<T>>();
        let id = self.id;
        let mut first = Some(value);
        let context = self.region(
            kind,
            |opening| first.take().map(|value| opening.provide(value, id)),
            below,
        )?;
        if let (Some(context), Some(value)) = (context, first) {
            self.later(move |graph| graph.set(context, value));
        }
        Ok(())
    }

    /// The value of this type that is given from above.
    ///
    /// # Errors
    ///
    /// [`Failure::Unprovided`] if there is none.
    pub fn context<T: Clone + 'static>(&mut self) -> Result<T, Stop> {
        let what = type_name::<T>();
        let signal = self.graph.provided(self.id.index);
        self.get(signal.ok_or(Failure::Unprovided { what })?)
    }

    /// A part in which something may stop, and that is as far as it gets: whether it is [pending](Stop::Pending), failed, or all there.
    ///
    /// Whoever reads that says what is there instead. A fiber that comes after this part does so with no run too many:
    ///
    /// ```
    /// use loop_reactor::{Computed, Fiber, Graph, Stop};
    ///
    /// fn page(f: &mut Fiber<'_>, (): &()) -> Result<(), Stop> {
    ///     let whole = f.boundary(|f| {
    ///         f.child(|f, text: &&str| text.parse().map(|n: i32| f.yields(n)).map_err(Stop::failed), "12x");
    ///         Ok(())
    ///     })?;
    ///     f.child(instead, whole);
    ///     Ok(())
    /// }
    ///
    /// fn instead(f: &mut Fiber<'_>, whole: &Computed<()>) -> Result<(), Stop> {
    ///     if let Err(stop) = f.get(*whole) {
    ///         f.effect("notice", stop.to_string());
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let mut graph = Graph::new();
    /// graph.mount(page, ());
    /// assert_eq!(graph.take_commands()[0].value::<String>().unwrap(), "the computation failed");
    /// ```
    ///
    /// While something in it has failed, what it yields goes no further either. What is pending goes on yielding what it last did.
    ///
    /// # Errors
    ///
    /// What `below` gives.
    pub fn boundary(
        &mut self,
        below: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<Computed<()>, Stop> {
        struct Bounds;
        self.region(TypeId::of::<Bounds>(), bounds, below)
    }

    /// All values of this type that come up from below, in the order of the tree.
    ///
    /// What is read stops as long as something below does, for then some are missing. It is a [boundary](Fiber::boundary).
    ///
    /// # Errors
    ///
    /// What `below` gives.
    pub fn gather<M: Clone + PartialEq + 'static>(
        &mut self,
        below: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<Computed<List<M>>, Stop> {
        self.map_reduce(below, List::one, List::default(), List::and)
    }

    /// The same without being a boundary: none while nothing was yielded.
    pub(crate) fn hear<M: Clone + PartialEq + 'static>(
        &mut self,
        below: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<Computed<Option<List<M>>>, Stop> {
        struct Hears<M>(std::marker::PhantomData<M>);
        let rule = || Rc::new(Rule::<M, _>::new(List::one, List::default(), List::and));
        self.region(
            TypeId::of::<Hears<M>>(),
            |opening| opening.take(rule()),
            below,
        )
    }

    /// The same of several types at once: `f.gather_all::<(Size, Colour)>(..)`.
    pub fn gather_all<M: Several>(
        &mut self,
        below: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<M::Lists, Stop> {
        struct Gathers<M>(std::marker::PhantomData<M>);
        self.region(
            TypeId::of::<Gathers<M>>(),
            |opening| M::open(opening),
            below,
        )
    }

    /// What the values of a type that come up from below come to: each is mapped, and then they are reduced two by two, in the order
    /// of the tree; `empty` if there are none.
    ///
    /// `reduce` must not care how values are grouped, as in a [fold](crate::Fold). When one of `n` siblings changes, a number of
    /// reductions that grows as the logarithm of `n` brings each level of the tree up to date.
    ///
    /// It stops as [gathered](Fiber::gather) values do.
    ///
    /// # Errors
    ///
    /// What `below` gives.
    pub fn map_reduce<M, T, A, B>(
        &mut self,
        below: impl FnOnce(&mut Self) -> Result<(), Stop>,
        map: A,
        empty: T,
        reduce: B,
    ) -> Result<Computed<T>, Stop>
    where
        M: 'static,
        T: Clone + PartialEq + 'static,
        A: Fn(M) -> T + 'static,
        B: Fn(&T, &T) -> T + 'static,
    {
        struct Reduces<M, A, B>(std::marker::PhantomData<(M, A, B)>);
        const {
            assert!(
                size_of::<A>() == 0 && size_of::<B>() == 0,
                "a rule captures nothing: it is the same in each run"
            );
        }
        self.region(
            TypeId::of::<Reduces<M, A, B>>(),
            |opening| opening.reduce(Rc::new(Rule::new(map, empty, reduce))),
            below,
        )
    }

    /// What comes up from below on its way to whoever takes values of this type further up, reduced by that one's rule. What is to
    /// arrive there instead is yielded by a fiber that comes after this part and reads it.
    ///
    /// # Errors
    ///
    /// What `below` gives, and [`Failure::Unprovided`] if nobody above takes values of the type `M` and reduces them to a `T`.
    pub fn fence<M: 'static, T: Clone + PartialEq + 'static>(
        &mut self,
        below: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<Computed<T>, Stop> {
        struct Fences<M, T>(std::marker::PhantomData<(M, T)>);
        let outer = self.graph.channel(self.owner.index, TypeId::of::<M>());
        let rule = outer.and_then(|outer| outer.as_any().downcast_ref::<Channel<M, T>>());
        let Some(rule) = rule.map(Channel::rule) else {
            let what = type_name::<(M, T)>();
            return Err(Failure::Unprovided { what }.into());
        };
        self.region(
            TypeId::of::<Fences<M, T>>(),
            |opening| opening.reduce(rule),
            below,
        )
    }

    /// Opens a region, lists what is below it, and closes it.
    fn region<H: Clone + 'static>(
        &mut self,
        kind: TypeId,
        open: impl FnOnce(&mut Opening<'_>) -> H,
        below: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<H, Stop> {
        let key = self.list.place();
        let Some(found) = self.find(&key) else {
            return Err(Stop::Pending);
        };
        let there = found.as_ref().and_then(|child| {
            let region = self.graph.fiber(child.id.index)?.region.as_ref()?;
            let handle = region.handle.downcast_ref::<H>();
            let handle = handle.filter(|_| region.kind == kind)?;
            Some((child.clone(), handle.clone()))
        });
        let (id, handle) = if let Some((child, handle)) = there {
            let id = child.id;
            self.list.keep(child);
            (id, handle)
        } else {
            let most = self.graph.tree.most;
            if self.graph.cx.fibers >= most {
                return Err(Failure::TooMany { most }.into());
            }
            let (id, handle) = self.graph.make_region(kind, self.owner.index, 0, open);
            self.made.push(id);
            let child = Child { key, id };
            self.list.replace(found.is_some(), Slot::There(child));
            (id, handle)
        };
        let inner = Listing::new(self.graph.children(id.index));
        let outer = (
            std::mem::replace(&mut self.owner, id),
            std::mem::replace(&mut self.list, inner),
        );
        let result = below(self);
        let (owner, list) = outer;
        self.done.push((
            std::mem::replace(&mut self.owner, owner),
            std::mem::replace(&mut self.list, list),
        ));
        result.map(|()| handle)
    }
}
