//! Yields: values that fibers pass up, and how they are made one on the way.
//!
//! Each fiber on the way from who yields to who takes has an outlet, made when the first value comes by: the value of its own, a
//! fold of what its children pass up, and what both come to. A fold has an item for each child, so the place of a child is the place
//! of its item.

use std::any::{Any, TypeId};
use std::rc::Rc;

use crate::fiber::list::List;
use crate::fiber::record::Child;
use crate::fiber::region::Opening;
use crate::fiber::{Fiber, Yielded};
use crate::graph::Graph;
use crate::graph::fold::{Fold, Item};
use crate::graph::tick::Doomed;
use crate::handle::{Computed, Handle as _, Signal};
use crate::stop::Stop;

/// Of how many values that came, went or moved a fold is rather filled anew, as a part of all.
const ANEW: usize = 4;

/// Why something in a region has stopped: what failed before what is pending, and the first of each.
#[derive(Clone)]
pub(crate) struct Fault(pub(crate) Stop);

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.0.same(&other.0)
    }
}

impl Fault {
    fn first(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Stop::Pending, Stop::Failed(_)) => other.clone(),
            _ => self.clone(),
        }
    }
}

/// What a region takes: values of the type `M`, made one as a `T`.
pub(crate) struct Channel<M, T> {
    region: u32,
    /// What a fiber that yields nothing passes up.
    nothing: Signal<Option<T>>,
    rule: Rc<Rule<M, T>>,
}

type Map<M, T> = Box<dyn Fn(M) -> T>;
type Reduce<T> = Box<dyn Fn(&T, &T) -> T>;

pub(crate) struct Rule<M, T> {
    map: Map<M, T>,
    reduce: Reduce<T>,
    pub(crate) empty: T,
}

/// A channel with its types forgotten.
pub(crate) trait AnyChannel {
    /// Of which type the values are.
    fn of(&self) -> TypeId;

    fn region(&self) -> u32;

    fn as_any(&self) -> &dyn Any;

    /// Adds a value to what a fiber has yielded so far in this run.
    fn add(&self, so_far: Option<Box<dyn Any>>, value: Box<dyn Any>) -> Option<Box<dyn Any>>;

    /// A fiber yields what came of [`AnyChannel::add`], or nothing.
    fn yields(
        self: Rc<Self>,
        graph: &mut Graph,
        fiber: u32,
        value: Option<Box<dyn Any>>,
    ) -> Result<(), Stop>;

    /// The children of a fiber are others than before.
    fn splice(
        &self,
        graph: &mut Graph,
        fiber: u32,
        before: &[Child],
        after: &[Child],
    ) -> Result<(), Stop>;
}

/// What a fiber passes up to one region.
#[derive(Clone)]
pub(crate) struct Outlet {
    channel: Rc<dyn AnyChannel>,
    pipe: Rc<dyn Any>,
}

struct Pipe<T> {
    own: Option<Signal<Option<T>>>,
    children: Option<Fold<Option<T>>>,
    /// Both in one, where there are both.
    joined: Option<Computed<Option<T>>>,
    total: Item<Option<T>>,
}

impl<M: 'static, T: Clone + PartialEq + 'static> Channel<M, T> {
    pub(crate) fn new(region: u32, nothing: Signal<Option<T>>, rule: Rc<Rule<M, T>>) -> Self {
        Self {
            region,
            nothing,
            rule,
        }
    }

    pub(crate) fn rule(&self) -> Rc<Rule<M, T>> {
        self.rule.clone()
    }

    /// Begins to take values; what they come to.
    pub(crate) fn open(self: &Rc<Self>, graph: &mut Graph) -> Computed<Option<T>> {
        let children = self.fold(graph, self.region);
        let total = children.total();
        let pipe = Pipe {
            own: None,
            children: Some(children),
            joined: None,
            total: total.into(),
        };
        self.put(graph, self.region, pipe);
        total
    }

    fn fold(&self, graph: &mut Graph, fiber: u32) -> Fold<Option<T>> {
        let rule = self.rule.clone();
        graph.within(fiber, |graph| {
            graph.fold(None, move |a, b| rule.join(a.as_ref(), b.as_ref()))
        })
    }

    fn pipe(&self, graph: &Graph, fiber: u32) -> Option<Rc<Pipe<T>>> {
        let outlets = &graph.fiber(fiber)?.outlets;
        let outlet = outlets.iter().find(|outlet| outlet.is(self))?;
        outlet.pipe.clone().downcast().ok()
    }

    fn put(self: &Rc<Self>, graph: &mut Graph, fiber: u32, pipe: Pipe<T>) {
        let channel: Rc<dyn AnyChannel> = self.clone();
        let outlet = Outlet {
            channel,
            pipe: Rc::new(pipe),
        };
        graph.change(fiber, |record| {
            let outlets = Rc::make_mut(&mut record.outlets);
            outlets.retain(|other| !other.is(&**self));
            outlets.push(outlet);
        });
    }

    /// What a fiber passes up.
    fn item(&self, graph: &Graph, fiber: u32) -> Item<Option<T>> {
        match self.pipe(graph, fiber) {
            Some(pipe) => pipe.total.clone(),
            None => self.nothing.into(),
        }
    }

    fn items(&self, graph: &Graph, children: &[Child]) -> Vec<Item<Option<T>>> {
        let items = children
            .iter()
            .map(|child| self.item(graph, child.id.index));
        items.collect()
    }

    /// Gives a fiber an outlet with these parts, in place of the one that it had.
    fn join(
        self: &Rc<Self>,
        graph: &mut Graph,
        fiber: u32,
        own: Option<Signal<Option<T>>>,
        children: Option<Fold<Option<T>>>,
    ) {
        if let Some(joined) = self.pipe(graph, fiber).and_then(|pipe| pipe.joined) {
            graph.end(Doomed::Node(joined.id()));
        }
        let region = graph.fiber(fiber).and_then(|record| record.region.as_ref());
        let fault = region.and_then(|region| region.fault);
        let below = children.as_ref().map(Fold::total);
        let joined = (fault.is_some() || (own.is_some() && below.is_some())).then(|| {
            let rule = self.rule.clone();
            graph.within(fiber, |graph| {
                graph.computed(move |cx| {
                    if let Some(fault) = fault
                        && let Some(Fault(Stop::Failed(_))) = cx.get(fault)?
                    {
                        return Ok(None);
                    }
                    let own = own.map_or(Ok(None), |own| cx.get(own))?;
                    let below = below.map_or(Ok(None), |below| cx.get(below))?;
                    Ok(rule.join(own.as_ref(), below.as_ref()))
                })
            })
        });
        let total = match (joined, own, below) {
            (Some(joined), ..) => joined.into(),
            (None, Some(own), _) => own.into(),
            (None, None, Some(below)) => below.into(),
            (None, None, None) => self.nothing.into(),
        };
        let pipe = Pipe {
            own,
            children,
            joined,
            total,
        };
        self.put(graph, fiber, pipe);
    }

    /// What a fiber passes up comes from elsewhere now: who is above takes it from there.
    fn rise(self: &Rc<Self>, graph: &mut Graph, fiber: u32) -> Result<(), Stop> {
        let mut at = fiber;
        while at != self.region {
            let above = graph.parent(at);
            let pipe = self.pipe(graph, above);
            let own = pipe.as_ref().and_then(|pipe| pipe.own);
            if let Some(children) = pipe.and_then(|pipe| pipe.children.clone()) {
                let (place, item) = (graph.cx.nodes[at].place(), self.item(graph, at));
                return children.replace(graph, place as usize, item);
            }
            let children = self.fold(graph, above);
            let items = self.items(graph, &graph.children(above));
            children.fill(graph, items)?;
            self.join(graph, above, own, Some(children));
            at = above;
        }
        Ok(())
    }
}

impl<M: 'static, T: Clone + PartialEq + 'static> AnyChannel for Channel<M, T> {
    fn of(&self) -> TypeId {
        TypeId::of::<M>()
    }

    fn region(&self) -> u32 {
        self.region
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn add(&self, so_far: Option<Box<dyn Any>>, value: Box<dyn Any>) -> Option<Box<dyn Any>> {
        let value = (self.rule.map)(*value.downcast().ok()?);
        Some(match so_far.and_then(|so_far| so_far.downcast().ok()) {
            Some(so_far) => Box::new((self.rule.reduce)(&so_far, &value)),
            None => Box::new(value),
        })
    }

    fn yields(
        self: Rc<Self>,
        graph: &mut Graph,
        fiber: u32,
        value: Option<Box<dyn Any>>,
    ) -> Result<(), Stop> {
        let value: Option<T> = match value {
            Some(value) => value.downcast().ok().map(|value| *value),
            None => None,
        };
        let pipe = self.pipe(graph, fiber);
        if let Some(own) = pipe.as_ref().and_then(|pipe| pipe.own) {
            return Ok(graph.set(own, value)?);
        }
        if value.is_none() {
            return Ok(());
        }
        let own = graph.within(fiber, |graph| graph.signal(value));
        graph.said_by(own.id(), fiber);
        let children = pipe.and_then(|pipe| pipe.children.clone());
        self.join(graph, fiber, Some(own), children);
        self.rise(graph, fiber)
    }

    fn splice(
        &self,
        graph: &mut Graph,
        fiber: u32,
        before: &[Child],
        after: &[Child],
    ) -> Result<(), Stop> {
        let Some(fold) = self
            .pipe(graph, fiber)
            .and_then(|pipe| pipe.children.clone())
        else {
            return Ok(());
        };
        let same = |(a, b): &(&Child, &Child)| a.id == b.id;
        let first = before.iter().zip(after).take_while(same).count();
        let (old, new) = (before.split_at(first).1, after.split_at(first).1);
        let last = old.iter().rev().zip(new.iter().rev());
        let last = last.take_while(same).count();
        let old = old.split_at(old.len() - last).0;
        let new = new.split_at(new.len() - last).0;
        if ANEW * (old.len() + new.len()) > before.len() {
            let items = self.items(graph, after);
            return fold.fill(graph, items);
        }
        for _ in old {
            fold.remove(graph, first)?;
        }
        for (at, item) in (first..).zip(self.items(graph, new)) {
            fold.insert(graph, at, item)?;
        }
        Ok(())
    }
}

impl Fault {
    /// How faults are made one.
    pub(crate) fn rule() -> Rc<Rule<Self, Self>> {
        Rc::new(Rule::new(|fault| fault, Self(Stop::Pending), Self::first))
    }
}

impl<M, T> Rule<M, T> {
    pub(crate) fn new(
        map: impl Fn(M) -> T + 'static,
        empty: T,
        reduce: impl Fn(&T, &T) -> T + 'static,
    ) -> Self {
        Self {
            map: Box::new(map),
            reduce: Box::new(reduce),
            empty,
        }
    }
}

impl<M, T: Clone> Rule<M, T> {
    fn join(&self, a: Option<&T>, b: Option<&T>) -> Option<T> {
        match (a, b) {
            (Some(a), Some(b)) => Some((self.reduce)(a, b)),
            (one, other) => one.or(other).cloned(),
        }
    }
}

impl Outlet {
    fn is(&self, channel: &dyn AnyChannel) -> bool {
        self.channel.region() == channel.region() && self.channel.of() == channel.of()
    }
}

impl Graph {
    /// A fiber yields these, and nothing else.
    pub(crate) fn yield_all(&mut self, fiber: u32, yields: Vec<Yielded>) {
        let outlets = self.fiber(fiber).map(|record| record.outlets.clone());
        for outlet in outlets.iter().flat_map(|outlets| outlets.iter()) {
            let again = yields.iter().any(|(channel, _)| outlet.is(&**channel));
            if !again && outlet.channel.of() != TypeId::of::<Fault>() {
                self.put_yield(outlet.channel.clone(), fiber, None);
            }
        }
        for (channel, value) in yields {
            self.put_yield(channel, fiber, Some(value));
        }
    }

    /// A fiber has stopped, or has not.
    pub(crate) fn yield_fault(&mut self, fiber: u32, fault: Option<Fault>) {
        if let Some(channel) = self.channel(fiber, TypeId::of::<Fault>()).cloned() {
            let fault = fault.map(|fault| Box::new(fault) as Box<dyn Any>);
            self.put_yield(channel, fiber, fault);
        }
    }

    fn put_yield(&mut self, channel: Rc<dyn AnyChannel>, fiber: u32, value: Option<Box<dyn Any>>) {
        let put = channel.yields(self, fiber, value);
        debug_assert!(put.is_ok(), "outlets are there as long as their fibers");
    }

    /// The children of a fiber are others than before: so are those whose values it passes up.
    pub(crate) fn splice(&mut self, fiber: u32, before: &[Child], after: &[Child]) {
        let outlets = self.fiber(fiber).map(|record| record.outlets.clone());
        for outlet in outlets.iter().flat_map(|outlets| outlets.iter()) {
            let spliced = outlet.channel.splice(self, fiber, before, after);
            debug_assert!(spliced.is_ok(), "outlets are there as long as their fibers");
        }
    }

    /// Makes nodes that end with a fiber.
    pub(crate) fn within<R>(&mut self, fiber: u32, make: impl FnOnce(&mut Self) -> R) -> R {
        let mut scope = self.fiber(fiber).and_then(|record| record.scope);
        if scope.is_none() {
            self.scopes.enter(None);
            scope = Some(self.scope(|_| ()).0);
            self.scopes.close();
            self.change(fiber, |record| record.scope = scope);
        }
        self.scopes.enter(scope);
        let made = make(self);
        self.scopes.close();
        made
    }
}

impl Fiber<'_> {
    /// Passes a value up, to the nearest region above that takes values of this type. Where there is none, nobody hears it.
    ///
    /// It is passed up as long as each run yields it. What a fiber yields comes before what those below it do; several values of one
    /// type, in the order in which they were yielded.
    pub fn yields<M: 'static>(&mut self, value: M) {
        let of = TypeId::of::<M>();
        let Some(channel) = self.graph.channel(self.id.index, of).cloned() else {
            return;
        };
        let value = Box::new(value);
        let earlier = self.yields.iter().position(|(other, _)| other.of() == of);
        let so_far = earlier.map(|earlier| self.yields.remove(earlier).1);
        if let Some(value) = channel.add(so_far, value) {
            self.yields.push((channel, value));
        }
    }
}

/// Several types whose values are [gathered](Fiber::gather_all) at once: a tuple of two, three or four.
pub trait Several: sealed::Open<Self::Lists> + 'static {
    /// What comes of them: a list of each.
    type Lists: Clone + 'static;
}

mod sealed {
    use crate::fiber::region::Opening;

    pub trait Open<H> {
        fn open(opening: &mut Opening<'_>) -> H;
    }
}

macro_rules! several {
    ($($type:ident)*) => {
        impl<$($type: Clone + PartialEq + 'static),*> Several for ($($type,)*) {
            type Lists = ($(Computed<List<$type>>,)*);
        }

        impl<$($type: Clone + PartialEq + 'static),*> sealed::Open<($(Computed<List<$type>>,)*)> for ($($type,)*) {
            fn open(opening: &mut Opening<'_>) -> ($(Computed<List<$type>>,)*) {
                let whole = opening.bound();
                ($(opening.total(whole, Rc::new(Rule::<$type, _>::new(List::one, List::default(), List::and))),)*)
            }
        }
    };
}

several!(A B);
several!(A B C);
several!(A B C D);
