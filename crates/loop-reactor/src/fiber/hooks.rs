//! Hooks: what a fiber keeps from one run to the next, found again by name.

use std::any::{Any, TypeId};
use std::rc::Rc;

use crate::fiber::{Fiber, Later};
use crate::graph::{Cx, Graph};
use crate::handle::{Computed, Handle as _, Id, Signal, Source, source};
use crate::portable::Portable;
use crate::stop::{Failure, Stop};

/// A hook of a fiber, with its type forgotten.
#[derive(Clone)]
pub(crate) struct Hook {
    name: &'static str,
    /// Of which type it is what the program holds of it.
    kind: TypeId,
    /// What that is, unless it is a handle of the first node.
    kept: Option<Rc<dyn Any>>,
    /// What ends with it.
    pub(crate) nodes: [Id; 2],
    /// Whether it came in the last run that ended well. What that run said may use it, whatever comes after.
    good: bool,
}

impl Hook {
    fn is(&self, other: &Self) -> bool {
        self.nodes == other.nodes
            && match (&self.kept, &other.kept) {
                (Some(a), Some(b)) => Rc::ptr_eq(a, b),
                (None, None) => true,
                _ => false,
            }
    }
}

/// The hooks of a run. As long as they come in the order of the run before, nothing is copied.
pub(crate) struct Hooks {
    old: Rc<Vec<Hook>>,
    /// How many of the old ones came, in order.
    at: usize,
    /// Those that came, once they are others.
    new: Option<Vec<Hook>>,
}

impl Hooks {
    pub(crate) fn new(old: Rc<Vec<Hook>>) -> Self {
        Self {
            old,
            at: 0,
            new: None,
        }
    }

    /// The hooks that came.
    fn came(&self) -> &[Hook] {
        match &self.new {
            Some(new) => new,
            None => self.old.get(..self.at).unwrap_or_default(),
        }
    }

    /// The next hook that came is an old one.
    fn keep(&mut self, place: usize) {
        match self.old.get(place) {
            Some(hook) if self.new.is_none() && place == self.at && hook.good => self.at += 1,
            Some(hook) => {
                let hook = hook.clone();
                self.add(hook);
            }
            None => {}
        }
    }

    /// The next hook that came is another one.
    fn add(&mut self, hook: Hook) {
        let (old, at) = (&self.old, self.at);
        let new = self
            .new
            .get_or_insert_with(|| old.get(..at).unwrap_or_default().to_vec());
        new.push(hook);
    }

    /// Of a run that ended well: the hooks from now on if they are others than before, and what ends.
    pub(crate) fn finish(self) -> (Option<Vec<Hook>>, Vec<Id>) {
        if self.new.is_none() && self.at == self.old.len() {
            return (None, Vec::new());
        }
        let (good, mut ended) = self.others();
        ended.extend(good);
        let mut came = self.came().to_vec();
        for hook in &mut came {
            hook.good = true;
        }
        (self.unless_same(came), nodes(&ended))
    }

    /// The same of a run that stopped: what came stays, for it may wait for it, and so does what the last good run had.
    pub(crate) fn stop(self) -> (Option<Vec<Hook>>, Vec<Id>) {
        let (good, ended) = self.others();
        if self.new.is_none() && ended.is_empty() {
            return (None, Vec::new());
        }
        let mut hooks = self.came().to_vec();
        hooks.extend(good);
        (self.unless_same(hooks), nodes(&ended))
    }

    fn unless_same(&self, hooks: Vec<Hook>) -> Option<Vec<Hook>> {
        let same = |(a, b): (&Hook, &Hook)| a.is(b) && a.good == b.good;
        let all = hooks.len() == self.old.len() && hooks.iter().zip(&*self.old).all(same);
        (!all).then_some(hooks)
    }

    /// The old ones that did not come: those of the last good run, and the others.
    fn others(&self) -> (Vec<Hook>, Vec<Hook>) {
        let came = self.came();
        let others = self
            .old
            .iter()
            .skip(if self.new.is_none() { self.at } else { 0 });
        let others = others.filter(|old| !came.iter().any(|hook| hook.is(old)));
        others.cloned().partition(|hook| hook.good)
    }
}

fn nodes(hooks: &[Hook]) -> Vec<Id> {
    let nodes = hooks.iter().flat_map(|hook| hook.nodes);
    nodes.filter(|id| *id != Id::NOWHERE).collect()
}

/// The nodes of a hook that has just one.
pub(crate) fn only(id: Id) -> [Id; 2] {
    [id, Id::NOWHERE]
}

/// What a memo holds.
struct Memo<D, T> {
    from: Signal<D>,
    value: Computed<T>,
}

impl Fiber<'_> {
    /// A value of the fiber's own: a signal that is made in the first run, and is there as long as the hook comes in each run.
    ///
    /// It is written from outside, as every signal. Two hooks of one kind and type must have two names.
    pub fn state<T: PartialEq + 'static>(
        &mut self,
        name: &'static str,
        first: impl FnOnce() -> T,
    ) -> Signal<T> {
        let hook = self.hook(name, |graph| {
            let signal = graph.signal(first());
            Ok((signal, only(signal.id())))
        });
        hook.unwrap_or(Signal::new(Id::NOWHERE))
    }

    /// A value of the fiber's own that is [saved](crate::Graph::save), under the fiber's [path](Graph::path), a colon and the name.
    ///
    /// When a saved state is loaded and the fiber comes only with it, the value is the saved one from its first run on.
    pub fn saved<T: Portable>(
        &mut self,
        name: &'static str,
        first: impl FnOnce() -> T,
    ) -> Signal<T> {
        let id = self.id;
        let hook = self.hook(name, |graph| {
            let path = graph.path(id).unwrap_or_default();
            let slot = graph.slot(format!("{path}:{name}"), first());
            let signal = slot.map_err(Stop::failed)?;
            Ok((signal, only(signal.id())))
        });
        hook.unwrap_or(Signal::new(Id::NOWHERE))
    }

    /// A value that follows from `from` and from what the computation reads, and that runs again only when one of them has changed.
    ///
    /// The computation captures nothing: what it needs is in `from`.
    pub fn memo<D, T, F>(&mut self, name: &'static str, from: D, compute: F) -> Computed<T>
    where
        D: PartialEq + 'static,
        T: PartialEq + 'static,
        F: Fn(&mut Cx, &D) -> Result<T, Stop> + 'static,
    {
        const {
            assert!(
                size_of::<F>() == 0,
                "a memo captures nothing: what it needs is in `from`"
            );
        }
        let id = self.id;
        let mut first = Some(from);
        let hook = self.hook(name, |graph| {
            let from = first.take().ok_or(Stop::Pending)?;
            let from = graph.signal(Rc::new(from));
            graph.said_by(from.id(), id.index);
            let value = graph.computed(move |cx| {
                let from = cx.get(from)?;
                compute(cx, &from)
            });
            let nodes = [from.id(), value.id()];
            Ok((Rc::new(Memo { from, value }), nodes))
        });
        let Some(memo) = hook else {
            return Computed::new(Id::NOWHERE);
        };
        if let Some(from) = first
            && let Some(before) = self.graph.peek(memo.from).filter(|before| **before != from)
        {
            // At once, for the fiber may read it next.
            let _: Result<(), Failure> = self.graph.set(memo.from, Rc::new(from));
            let from = memo.from;
            let back = move |graph: &mut Graph| graph.set(from, before);
            self.back.push(Later::Do(Box::new(back)));
        }
        memo.value
    }

    /// Something of the fiber's own that nothing follows from: a buffer, a handle of the host's.
    ///
    /// It is neither a part of the history nor saved, and changing what is in it makes nothing run.
    pub fn keep<T: 'static>(&mut self, name: &'static str, first: impl Fn() -> T) -> Rc<T> {
        let kept = self.hook(name, |_| Ok((Rc::new(first()), only(Id::NOWHERE))));
        kept.unwrap_or_else(|| Rc::new(first()))
    }

    /// Reads what has a value now or had one before: the last good one, while there is [none](Stop::Pending).
    ///
    /// # Errors
    ///
    /// [`Stop::Pending`] if it never had one; [`Stop::Failed`] if reading fails.
    pub fn latest<S: Source>(&mut self, name: &'static str, of: S) -> Result<S::Value, Stop>
    where
        S::Value: Clone + PartialEq,
    {
        let id = self.id;
        let read = self.graph.cx.get(of);
        let known: Option<Signal<Option<S::Value>>> = self.hook(name, |graph| {
            let signal = graph.signal(None);
            graph.said_by(signal.id(), id.index);
            Ok((signal, only(signal.id())))
        });
        let Some(known) = known else {
            return read;
        };
        match read {
            Ok(value) => {
                if self.graph.peek(known).flatten().as_ref() != Some(&value) {
                    let value = Some(value.clone());
                    self.later(move |graph| graph.set(known, value));
                }
                Ok(value)
            }
            Err(Stop::Pending) => self.graph.peek(known).flatten().ok_or(Stop::Pending),
            Err(failed) => Err(failed),
        }
    }

    /// The handle of a hook, which is made if the run before had none of that name and type.
    ///
    /// None if it cannot be: the run comes to nothing then.
    pub(crate) fn hook<H: Hooked>(
        &mut self,
        name: &'static str,
        make: impl FnOnce(&mut Graph) -> Result<(H, [Id; 2]), Stop>,
    ) -> Option<H> {
        self.hook_like(name, |_| true, make)
    }

    /// The same, and if the one of the run before does not fit, it ends.
    pub(crate) fn hook_like<H: Hooked>(
        &mut self,
        name: &'static str,
        fits: impl Fn(&H) -> bool,
        make: impl FnOnce(&mut Graph) -> Result<(H, [Id; 2]), Stop>,
    ) -> Option<H> {
        let of_kind = |hook: &Hook| (hook.name == name).then(|| H::find(hook)).flatten();
        if self.hooks.came().iter().any(|hook| of_kind(hook).is_some()) {
            self.refuse(Failure::Twice {
                name: name.to_owned(),
            });
            return None;
        }
        let mut old = self.hooks.old.iter().enumerate().skip(self.hooks.at);
        let next = old
            .next()
            .into_iter()
            .chain(self.hooks.old.iter().enumerate());
        let mut found = next.filter_map(|(place, hook)| Some((place, of_kind(hook)?)));
        let found = found.find(|(_, handle)| fits(handle));
        if let Some((place, handle)) = found {
            self.hooks.keep(place);
            return Some(handle);
        }
        match make(self.graph) {
            Ok((handle, nodes)) => {
                let hook = Hook {
                    name,
                    kind: TypeId::of::<H>(),
                    kept: handle.clone().keep(),
                    nodes,
                    good: false,
                };
                self.hooks.add(hook);
                Some(handle)
            }
            Err(stop) => {
                self.refuse(stop);
                None
            }
        }
    }
}

/// The handle of a hook, as it is kept.
pub(crate) trait Hooked: Clone + 'static {
    fn find(hook: &Hook) -> Option<Self>;

    fn keep(self) -> Option<Rc<dyn Any>>;
}

impl<T: 'static> Hooked for Signal<T> {
    fn find(hook: &Hook) -> Option<Self> {
        let [node, _] = hook.nodes;
        (hook.kind == TypeId::of::<Self>()).then(|| Self::new(node))
    }

    fn keep(self) -> Option<Rc<dyn Any>> {
        None
    }
}

impl<T: 'static> Hooked for Rc<T> {
    fn find(hook: &Hook) -> Option<Self> {
        hook.kept.clone()?.downcast().ok()
    }

    fn keep(self) -> Option<Rc<dyn Any>> {
        Some(self)
    }
}

impl Graph {
    /// The value of a signal, without being a reader of it.
    pub(crate) fn peek<T: Clone + 'static>(&self, signal: Signal<T>) -> Option<T> {
        self.look(signal).cloned()
    }

    pub(crate) fn look<T: 'static>(&self, signal: Signal<T>) -> Option<&T> {
        self.cx.nodes.find(source(signal))?.value.get()
    }
}
