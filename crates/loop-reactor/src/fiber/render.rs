//! A run of a fiber, and what is made of it.

use std::rc::Rc;

use crate::fiber::listing::{Gift, Listed, Listing, Slot};
use crate::fiber::record::{Child, Record};
use crate::fiber::yields::Fault;
use crate::fiber::{Fiber, Later, Ran};
use crate::graph::journal::{Presence, Step, Way};
use crate::graph::node::{NONE, State};
use crate::graph::tick::Doomed;
use crate::graph::{Graph, What};
use crate::handle::Id;
use crate::stop::{Failure, Stop};

impl Graph {
    /// Runs a fiber. What the run says is made so if it ends well; if not, nothing of it has happened.
    pub(crate) fn render(&mut self, index: u32) {
        let Some(element) = self.fiber(index).and_then(|record| record.element.clone()) else {
            // A region: the fiber in which it is open runs for it.
            let node = &mut self.cx.nodes[index];
            node.state = node.state & !State::STALE;
            return;
        };
        let id = self.cx.nodes.id(index);
        let before = self.tick.steps.len();
        self.cx.begin(index, NONE);
        let mut fiber = Fiber::new(self, id);
        let result = element.render(&mut fiber);
        let ran = fiber.finish(result);
        self.cx.finish(index);
        // What it wrote while it ran was written before it was read.
        let node = &mut self.cx.nodes[index];
        node.state = node.state & !State::STALE;
        self.apply(index, ran);
        if self.cx.trace.is_some() {
            let said_more = self.tick.steps.len() > before;
            let what = if said_more { What::Changed } else { What::Same };
            self.cx.event(index, what);
        }
        // What is new reads as soon as it is there.
        if std::mem::take(&mut self.cx.reread) && !self.tick.made(&self.cx.nodes, index) {
            self.tick.steps.push(Step::Reread(id));
        }
    }

    /// Makes so what a run said, or keeps why it stopped.
    fn apply(&mut self, index: u32, ran: Ran) {
        for node in ran.ended {
            self.end(Doomed::Node(node));
        }
        if let Some(hooks) = ran.hooks {
            self.change(index, |record| record.hooks = Rc::new(hooks));
        }
        let (mut later, stop) = match ran.said {
            Ok(said) => {
                for (owner, listing) in said.of_regions {
                    self.reconcile(index, owner.index, listing);
                }
                self.reconcile(index, index, said.listing);
                self.yield_all(index, said.yields);
                (said.later, None)
            }
            Err(stopped) => {
                for region in stopped.made {
                    self.end_fiber(region);
                }
                (stopped.back, Some(stopped.stop))
            }
        };
        for later in later.drain(..) {
            // It writes what is the fiber's own, which is there as long as the fiber.
            let _: Result<(), Failure> = match later {
                Later::Tell(signal, told) => self.set(signal, Some(told)),
                Later::Do(later) => later(self),
            };
        }
        self.tree.later = later;
        self.stopped(index, stop);
    }

    /// Keeps why a fiber stopped, or that it did not, and tells the region that it is in.
    pub(crate) fn stopped(&mut self, index: u32, stop: Option<Stop>) {
        let before = self.fiber(index).and_then(|record| record.stopped.clone());
        let same = match (&before, &stop) {
            (None, None) => true,
            // A run that stops as the one before did has changed nothing, though its error is another one.
            (Some(a), Some(b)) => a.same(b) || a.says() == b.says(),
            _ => false,
        };
        if !same {
            let fault = stop.clone().map(Fault);
            self.change(index, |record| record.stopped = stop);
            self.yield_fault(index, fault);
        }
    }

    /// Makes the children what a run listed.
    fn reconcile(&mut self, by: u32, owner: u32, listing: Listing) {
        let (given, listed) = listing.finish();
        for gift in given {
            self.give(by, gift);
        }
        let Some(Listed { slots, ended }) = listed else {
            return;
        };
        let before = self.children(owner);
        for child in ended {
            self.end_fiber(child);
        }
        let env = self.fiber(owner).and_then(|record| record.env.clone());
        let mut children = Vec::with_capacity(slots.len());
        for (place, slot) in (0..).zip(slots) {
            children.push(match slot {
                Slot::There(child) => {
                    self.cx.nodes[child.id.index].set_place(place);
                    child
                }
                Slot::New(key, element, state) => {
                    let record = Record {
                        parent: owner,
                        element: Some(element),
                        env: env.clone(),
                        ..self.tree.blank.clone()
                    };
                    self.tree.detaches |= state.has(State::DETACHED);
                    let id = self.make_fiber(record, place, State::DIRTY | state);
                    self.cx.renders.push(id.index);
                    Child { key, id }
                }
            });
        }
        let children = Rc::new(children);
        self.change(owner, |record| record.children = children.clone());
        self.requeue(owner);
        self.splice(owner, &before, &children);
    }

    /// Gives a fiber that is there another element.
    fn give(&mut self, by: u32, gift: Gift) {
        let to = gift.to.index;
        if gift.morphs {
            self.end_hooks(to);
            let none = self.tree.blank.hooks.clone();
            self.change(to, |record| record.hooks = none);
        }
        self.change(to, |record| record.element = Some(gift.element));
        self.cx.blame(to, by);
        self.cx.must_run(to);
    }

    /// Disposes of a fiber, with all that lies below it: what is lower, first.
    pub(crate) fn end_fiber(&mut self, id: Id) {
        let mut all = vec![id];
        let mut next = 0;
        while let Some(fiber) = all.get(next) {
            let children = self.children(fiber.index);
            all.extend(children.iter().map(|child| child.id));
            next += 1;
        }
        for fiber in all.into_iter().rev() {
            if self.cx.nodes.find(fiber).is_none() {
                continue;
            }
            self.end_hooks(fiber.index);
            if let Some(scope) = self.fiber(fiber.index).and_then(|record| record.scope) {
                self.end(Doomed::Scope(scope));
            }
            self.forget_waiting(fiber.index);
            let mut step = Step::Node(fiber, Presence::Ended);
            self.take(&mut step, Way::Forth);
            self.tick.steps.push(step);
        }
    }

    fn end_hooks(&mut self, fiber: u32) {
        let hooks = self.fiber(fiber).map(|record| record.hooks.clone());
        for hook in hooks.iter().flat_map(|hooks| hooks.iter().rev()) {
            for node in hook.nodes {
                self.end(Doomed::Node(node));
            }
        }
    }
}
