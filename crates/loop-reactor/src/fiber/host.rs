//! Effects as data: what the host is to set up and to clean up, told when a tick has ended.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use crate::fiber::Fiber;
use crate::fiber::hooks::only;
use crate::graph::Graph;
use crate::graph::node::State;
use crate::graph::value::Value;
use crate::handle::{Handle as _, Id, Signal};

/// Something for the host to do, outside of the graph.
#[derive(Clone)]
pub struct Command {
    /// Which effect of which fiber: what is set up is cleaned up under the same id.
    pub effect: Id,
    /// The name of the hook.
    pub name: &'static str,
    /// What is to be done.
    pub act: Act,
    value: Rc<dyn Any>,
}

/// What a [`Command`] wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// The value is there now.
    SetUp,
    /// The value, which was set up, is not there any more.
    CleanUp,
}

impl Command {
    /// What is to be set up or cleaned up, if it is of that type.
    pub fn value<T: 'static>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({:?} of {})", self.act, self.name, self.effect)
    }
}

/// What the host is told of.
#[derive(Clone)]
pub(crate) struct Told {
    name: &'static str,
    value: Rc<dyn Any>,
    same: fn(&dyn Any, &dyn Any) -> bool,
}

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.value, &other.value) || (self.same)(&*self.value, &*other.value)
    }
}

impl Told {
    pub(crate) fn new<T: PartialEq + 'static>(name: &'static str, value: Rc<T>) -> Self {
        Self {
            name,
            value,
            same: |a, b| {
                let a = a.downcast_ref::<T>();
                a.is_some() && a == b.downcast_ref::<T>()
            },
        }
    }
}

/// What of a node's value the host is to set up, if anything.
pub(crate) struct Hosted(See);

type See = Box<dyn Fn(&Value) -> Option<Told>>;

impl Fiber<'_> {
    /// Something that is to be there outside of the graph as long as the fiber has this hook: the host is told to [set it up](Act::SetUp),
    /// and to [clean it up](Act::CleanUp) when the value is another one or the hook does not come any more.
    ///
    /// It is told when the tick has ended, and only what differs then from what it was told before. So going back and forth
    /// [silently](Graph::silently) tells it nothing where that ends as it began.
    pub fn effect<T: PartialEq + 'static>(&mut self, name: &'static str, value: T) {
        let id = self.id;
        let value = Told::new(name, Rc::new(value));
        let hook = self.hook(name, |graph| {
            let signal = graph.signal(None);
            graph.said_by(signal.id(), id.index);
            graph.host(signal, |told: &Option<Told>| told.clone());
            Ok((signal, only(signal.id())))
        });
        if let Some(signal) = hook
            && self.graph.peek(signal).flatten().as_ref() != Some(&value)
        {
            self.later(move |graph| graph.set(signal, Some(value)));
        }
    }
}

impl Graph {
    /// Tells the host of what a signal holds, as far as `see` sees something in it, once it is written.
    pub(crate) fn host<T: 'static>(
        &mut self,
        signal: Signal<T>,
        see: impl Fn(&T) -> Option<Told> + 'static,
    ) {
        let id = signal.id();
        let node = &mut self.cx.nodes[id.index];
        node.state = node.state | State::HOST;
        let hosted = Hosted(Box::new(move |value| see(value.get()?)));
        self.cx.hosts.insert(id.index, hosted);
    }

    /// What the host is to do since this was last asked.
    ///
    /// Of each tick, first what is to be cleaned up, and what lies lower in the tree before what it lies in; then what is to be set up, in
    /// the order in which fibers ran.
    pub fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.tree.commands)
    }

    /// Tells the host what differs from what it knows.
    pub(crate) fn tell(&mut self) {
        if self.cx.touched.is_empty() {
            return;
        }
        let mut set_up = Vec::new();
        for effect in std::mem::take(&mut self.cx.touched) {
            let node = self.cx.nodes.find(effect);
            let hosted = self.cx.hosts.get(&effect.index);
            let now = node
                .zip(hosted)
                .and_then(|(node, hosted)| hosted.0(&node.value));
            if self.tree.told.get(&effect) == now.as_ref() {
                continue;
            }
            let command = |act, told: Told| Command {
                effect,
                name: told.name,
                act,
                value: told.value,
            };
            if let Some(told) = self.tree.told.remove(&effect) {
                self.tree.commands.push(command(Act::CleanUp, told));
            }
            if let Some(told) = now {
                self.tree.told.insert(effect, told.clone());
                set_up.push(command(Act::SetUp, told));
            }
        }
        self.tree.commands.append(&mut set_up);
    }
}
