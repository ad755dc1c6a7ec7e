//! Hooks: what a fiber keeps from one run to the next, found again by name.

use std::any::Any;
use std::rc::Rc;

use crate::fiber::Fiber;
use crate::graph::{Cx, Graph};
use crate::handle::{Computed, Handle as _, Id, Signal, Source, source};
use crate::portable::Portable;
use crate::stop::{Failure, Stop};

/// A hook of a fiber, with its type forgotten.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) name: &'static str,
    /// What the program holds of it.
    pub(crate) handle: Rc<dyn Any>,
    /// What ends with it.
    pub(crate) nodes: [Id; 2],
}

/// The hooks of a run. As long as they come in the order of the run before, nothing is copied.
pub(crate) struct Hooks {
    old: Rc<Vec<Hook>>,
    /// How many of the old ones came, in order.
    at: usize,
    /// Those of this run, once they are others.
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

    /// Whether this run had a hook of that name already.
    fn came(&self, name: &str) -> bool {
        let came = match &self.new {
            Some(new) => new.as_slice(),
            None => self.old.get(..self.at).unwrap_or_default(),
        };
        came.iter().any(|hook| hook.name == name)
    }

    /// The hook that the run before had under that name.
    fn find(&self, name: &str) -> Option<&Hook> {
        let next = self.old.get(self.at);
        next.filter(|hook| hook.name == name)
            .or_else(|| self.old.iter().find(|hook| hook.name == name))
    }

    /// The next hook of this run is one that the run before had.
    fn keep(&mut self, name: &str) {
        let found = self.old.iter().position(|hook| hook.name == name);
        match &mut self.new {
            None if found == Some(self.at) => self.at += 1,
            _ => {
                if let Some(hook) = found.and_then(|found| self.old.get(found)).cloned() {
                    self.add(hook);
                }
            }
        }
    }

    /// The next hook of this run is another one.
    fn add(&mut self, hook: Hook) {
        let (old, at) = (&self.old, self.at);
        let new = self
            .new
            .get_or_insert_with(|| old.get(..at).unwrap_or_default().to_vec());
        new.push(hook);
    }

    /// The hooks of this run if they are others than before, and what ends with those that did not come.
    pub(crate) fn finish(mut self) -> (Option<Vec<Hook>>, Vec<Id>) {
        if self.new.is_none() && self.at < self.old.len() {
            self.new = Some(self.old.get(..self.at).unwrap_or_default().to_vec());
        }
        let Some(new) = self.new else {
            return (None, Vec::new());
        };
        let stays = |old: &Hook| new.iter().any(|hook| Rc::ptr_eq(&hook.handle, &old.handle));
        let gone = self.old.iter().filter(|old| !stays(old));
        let ended = gone
            .flat_map(|hook| hook.nodes)
            .filter(|id| *id != Id::NOWHERE)
            .collect();
        (Some(new), ended)
    }
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
    /// It is written from outside, as every signal.
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
        let mut first = Some(from);
        let hook = self.hook(name, |graph| {
            let from = first.take().ok_or(Stop::Pending)?;
            let from = graph.signal(Rc::new(from));
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
        if let Some(from) = first {
            // At once, for the fiber may read it next.
            let _: Result<(), Failure> = self.graph.set(memo.from, Rc::new(from));
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
        let read = self.graph.cx.get(of);
        let known: Option<Signal<Option<S::Value>>> = self.hook(name, |graph| {
            let signal = graph.signal(None);
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
        fits: impl FnOnce(&H) -> bool,
        make: impl FnOnce(&mut Graph) -> Result<(H, [Id; 2]), Stop>,
    ) -> Option<H> {
        if self.hooks.came(name) {
            self.refuse(Failure::Twice {
                name: name.to_owned(),
            });
            return None;
        }
        let found = self.hooks.find(name);
        let found = found.and_then(|hook| H::find(&hook.handle)).filter(fits);
        if found.is_some() {
            self.hooks.keep(name);
            return found;
        }
        match make(self.graph) {
            Ok((handle, nodes)) => {
                let hook = Hook {
                    name,
                    handle: handle.clone().keep(),
                    nodes,
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
pub(crate) trait Hooked: Clone {
    fn find(kept: &Rc<dyn Any>) -> Option<Self>;

    fn keep(self) -> Rc<dyn Any>;
}

impl<T: 'static> Hooked for Signal<T> {
    fn find(kept: &Rc<dyn Any>) -> Option<Self> {
        kept.downcast_ref().copied()
    }

    fn keep(self) -> Rc<dyn Any> {
        Rc::new(self)
    }
}

impl<T: 'static> Hooked for Rc<T> {
    fn find(kept: &Rc<dyn Any>) -> Option<Self> {
        kept.clone().downcast().ok()
    }

    fn keep(self) -> Rc<dyn Any> {
        self
    }
}

impl Graph {
    /// The value of a signal, without being a reader of it.
    pub(crate) fn peek<T: Clone + 'static>(&self, signal: Signal<T>) -> Option<T> {
        self.cx.nodes.find(source(signal))?.value.get().cloned()
    }
}
