//! Effects as data: what the host is to set up and to clean up, told when a tick has ended.

use std::any::Any;
use std::collections::hash_map::Entry;
use std::fmt;
use std::rc::Rc;

use crate::fiber::hooks::only;
use crate::fiber::{Fiber, Later};
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
    told: Told,
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
        self.told.value()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({:?} of {})", self.act, self.name, self.effect)
    }
}

/// What the host is told of: a value with the name of its hook. As wide as two pointers, so that it lies in its node.
#[derive(Clone)]
pub(crate) struct Told(Rc<dyn Tell>);

trait Tell {
    fn name(&self) -> &'static str;

    fn value(&self) -> &dyn Any;

    fn same(&self, other: &dyn Tell) -> bool;
}

struct Named<T> {
    name: &'static str,
    value: T,
}

impl<T: PartialEq + 'static> Tell for Named<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn value(&self) -> &dyn Any {
        &self.value
    }

    fn same(&self, other: &dyn Tell) -> bool {
        other.value().downcast_ref() == Some(&self.value)
    }
}

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.0.same(&*other.0)
    }
}

impl Told {
    pub(crate) fn new<T: PartialEq + 'static>(name: &'static str, value: T) -> Self {
        Self(Rc::new(Named { name, value }))
    }

    pub(crate) fn value<T: 'static>(&self) -> Option<&T> {
        self.0.value().downcast_ref()
    }
}

/// What of a node's value the host is to set up, if anything, where the value is not just that.
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
        let hook = self.hook(name, |graph| {
            let signal = graph.signal(None::<Told>);
            graph.said_by(signal.id(), id.index);
            let node = &mut graph.cx.nodes[signal.id().index];
            node.state = node.state | State::HOST;
            Ok((signal, only(signal.id())))
        });
        let Some(signal) = hook else {
            return;
        };
        let told = self.graph.look(signal).and_then(Option::as_ref);
        if told.and_then(Told::value) != Some(&value) {
            self.later.push(Later::Tell(signal, Told::new(name, value)));
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
            let now = self.cx.nodes.find(effect).and_then(|node| {
                let hosted = self.cx.hosts.get(&effect.index);
                hosted.map_or_else(
                    || node.value.get::<Option<Told>>().cloned().flatten(),
                    |hosted| hosted.0(&node.value),
                )
            });
            self.cx.touched_no_more(effect);
            let command = |act, told: Told| Command {
                effect,
                name: told.0.name(),
                act,
                told,
            };
            let before = match (self.tree.told.entry(effect), now) {
                (Entry::Occupied(known), Some(now)) if *known.get() == now => continue,
                (Entry::Occupied(mut known), Some(now)) => {
                    set_up.push(command(Act::SetUp, now.clone()));
                    Some(known.insert(now))
                }
                (Entry::Occupied(known), None) => Some(known.remove()),
                (Entry::Vacant(unknown), Some(now)) => {
                    set_up.push(command(Act::SetUp, now.clone()));
                    unknown.insert(now);
                    None
                }
                (Entry::Vacant(_), None) => None,
            };
            let clean_up = before.map(|before| command(Act::CleanUp, before));
            self.tree.commands.extend(clean_up);
        }
        self.tree.commands.append(&mut set_up);
    }
}
