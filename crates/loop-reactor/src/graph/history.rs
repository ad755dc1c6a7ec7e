//! The history: the journals of past ticks, as a tree of moments.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;

use crate::graph::Graph;
use crate::graph::journal::{Step, Way, Write};
use crate::graph::node::NONE;

/// A point in a graph's history: after a certain tick, in a certain order of ticks before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(u64);

/// Why a graph did not go to a moment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The history is shorter than that, or began later, or the moment is of another graph.
    #[error("the moment is not in the history any more")]
    Forgotten,
    /// A tick is open: what it has done so far is no moment to come back to.
    #[error("a tick is open")]
    InTick,
}

/// What is remembered.
pub(crate) struct History {
    /// How many ticks at most.
    limit: usize,
    /// The next moment that is made. No number is used twice.
    next: u64,
    /// Where the history begins: nothing before it is known.
    base: Moment,
    base_depth: u64,
    /// Where the graph is.
    now: Moment,
    ticks: BTreeMap<Moment, Past>,
}

/// A tick of the past: how it leads from one moment to the next, or back.
struct Past {
    before: Moment,
    /// How many ticks lie between the first moment of all and this one.
    depth: u64,
    steps: Vec<Step>,
}

impl History {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            next: 1,
            base: Moment(0),
            base_depth: 0,
            now: Moment(0),
            ticks: BTreeMap::new(),
        }
    }

    fn depth(&self, moment: Moment) -> u64 {
        self.ticks
            .get(&moment)
            .map_or(self.base_depth, |past| past.depth)
    }

    fn before(&self, moment: Moment) -> Moment {
        self.ticks
            .get(&moment)
            .map_or(self.base, |past| past.before)
    }

    fn knows(&self, moment: Moment) -> bool {
        moment == self.base || self.ticks.contains_key(&moment)
    }

    /// The ticks to take back from now, and those to do again, in the order in which that is done.
    fn way(&self, to: Moment) -> Vec<(Moment, Way)> {
        let (mut from, mut to) = (self.now, to);
        let (mut back, mut forth) = (Vec::new(), Vec::new());
        while from != to {
            // A moment is made after the one before it, so the greater of two is never on the way to the other.
            if from > to {
                back.push((from, Way::Back));
                from = self.before(from);
            } else {
                forth.push((to, Way::Forth));
                to = self.before(to);
            }
        }
        back.extend(forth.into_iter().rev());
        back
    }

    /// Takes what is beyond the limit out of the history, each with the way in which it was taken last.
    fn excess(&mut self) -> Vec<(Vec<Step>, Way)> {
        let mut excess = Vec::new();
        while self.ticks.len() > self.limit {
            let Some((oldest, past)) = self.ticks.pop_first() else {
                break;
            };
            let straight = self.depth(self.now) - self.base_depth == self.ticks.len() as u64 + 1;
            // A straight history has come by its oldest tick. Of one with branches, it takes going through to know.
            if straight || oldest == self.now || self.comes_by(oldest) {
                let before = std::mem::replace(&mut self.base, oldest);
                self.base_depth = past.depth;
                excess.push((past.steps, Way::Forth));
                if !straight {
                    self.drop_branches(before, &mut excess);
                }
            } else {
                excess.push((past.steps, Way::Back));
                self.drop_branches(oldest, &mut excess);
            }
        }
        excess
    }

    /// Whether the graph came from a moment to where it is.
    fn comes_by(&self, moment: Moment) -> bool {
        let mut from = self.now;
        while from > moment {
            from = self.ticks.get(&from).map_or(self.base, |past| past.before);
        }
        from == moment
    }

    /// Takes out all that follows from a moment which cannot be reached any more. Later ones come first, as they were made last.
    fn drop_branches(&mut self, from: Moment, excess: &mut Vec<(Vec<Step>, Way)>) {
        let mut lost = vec![from];
        for (moment, past) in &self.ticks {
            if lost.binary_search(&past.before).is_ok() {
                lost.push(*moment);
            }
        }
        for moment in lost.into_iter().skip(1).rev() {
            let past = self.ticks.remove(&moment);
            excess.extend(past.map(|past| (past.steps, Way::Back)));
        }
    }
}

impl Graph {
    /// Remembers up to `ticks` ticks from now on, so that the graph can go back to them and forth again. What was remembered before
    /// is forgotten. With none, nothing is remembered, which is how a graph begins.
    ///
    /// A tick is remembered as what undoes it: it takes what it changed, and no more, however much there is. What is disposed of keeps
    /// its place until the tick that ended it is forgotten.
    pub fn remember_ticks(&mut self, ticks: usize) {
        if let Some(history) = self.history.take() {
            let way = history.way(history.base);
            let came_by: HashSet<Moment> = way.into_iter().map(|(moment, _)| moment).collect();
            for (moment, past) in history.ticks.into_iter().rev() {
                let last = if came_by.contains(&moment) {
                    Way::Forth
                } else {
                    Way::Back
                };
                for step in past.steps {
                    self.forget(&step, last);
                }
            }
        }
        self.history = (ticks > 0).then(|| Box::new(History::new(ticks)));
    }

    /// Where the graph is in its history.
    pub fn now(&self) -> Moment {
        self.history
            .as_ref()
            .map_or(Moment(0), |history| history.now)
    }

    /// The moment before the last tick that the graph came by, if it is remembered: where an undo leads.
    pub fn before(&self) -> Option<Moment> {
        let history = self.history.as_ref()?;
        let past = history.ticks.get(&history.now)?;
        Some(past.before)
    }

    /// The moments to which a tick has led from here, the oldest first: where a redo leads, if there is one.
    pub fn after(&self) -> Vec<Moment> {
        let ticks = self.history.iter().flat_map(|history| {
            let here = |(_, past): &(&Moment, &Past)| past.before == history.now;
            history.ticks.iter().filter(here)
        });
        ticks.map(|(moment, _)| *moment).collect()
    }

    /// Goes to a moment: every signal has the value that it had then, and what was made since is gone, what was disposed of is back.
    ///
    /// It costs what was changed on the way. Effects run where something that they read is another value than before the call,
    /// and where they are back. The moment left behind stays in the history, and so do the ticks after it: from an earlier moment,
    /// another tick begins another branch.
    pub fn go_to(&mut self, moment: Moment) -> Result<(), Unreachable> {
        if self.tick.depth > 0 {
            return Err(Unreachable::InTick);
        }
        let Some(mut history) = self.history.take() else {
            return match moment {
                Moment(0) => Ok(()),
                _ => Err(Unreachable::Forgotten),
            };
        };
        if !history.knows(moment) {
            self.history = Some(history);
            return Err(Unreachable::Forgotten);
        }
        // The first write of each signal on the way, which keeps the value from before this call. A node says which it was.
        let mut firsts: Vec<(u32, Moment, usize)> = Vec::new();
        for (tick, way) in history.way(moment) {
            let Some(past) = history.ticks.get_mut(&tick) else {
                continue;
            };
            let length = past.steps.len();
            for place in 0..length {
                let place = match way {
                    Way::Back => length - 1 - place,
                    Way::Forth => place,
                };
                let Some(step) = past.steps.get_mut(place) else {
                    continue;
                };
                self.take_whole(step, way);
                if let Step::Wrote(Write { index, .. }) = step {
                    let node = &mut self.cx.nodes[*index];
                    let known = firsts.get(node.written() as usize);
                    if known.is_none_or(|(known, ..)| known != index) {
                        node.set_written(u32::try_from(firsts.len()).unwrap_or(NONE));
                        firsts.push((*index, tick, place));
                    }
                }
            }
        }
        self.place_moved();
        let must_run = self.cx.renders.len();
        for (index, tick, place) in firsts {
            let past = history.ticks.get(&tick);
            if let Some(Step::Wrote(write)) = past.and_then(|past| past.steps.get(place))
                && write.differs(&self.cx.nodes)
            {
                self.cx.mark(index);
            }
        }
        history.now = moment;
        self.history = Some(history);
        if !self.tree.detaches {
            for fiber in self.cx.renders.split_off(must_run) {
                self.cx.refresh(fiber);
            }
        }
        if !self.cx.renders.is_empty() {
            // Fibers that are back, or had read other things, read again. What they say is there already.
            let Ok(()) = self.tick(|_| Ok::<(), Infallible>(()));
        }
        self.flush();
        Ok(())
    }

    /// Goes to moments and ticks, and effects see only where that ends.
    ///
    /// This is how a program that guessed what others would do goes back and does it over: [`Graph::go_to`] the moment before the
    /// guess, the same ticks with what they did, and whoever watches sees one change.
    pub fn silently<R>(&mut self, steps: impl FnOnce(&mut Graph) -> R) -> R {
        self.silent += 1;
        let result = steps(self);
        self.silent -= 1;
        self.flush();
        result
    }

    /// Keeps a tick's steps, or frees what they keep; gives the list back to be filled again.
    pub(crate) fn remember(&mut self, mut steps: Vec<Step>) -> Vec<Step> {
        // That fibers read other things is of interest beside what was done, and not alone.
        if steps.iter().all(|step| matches!(step, Step::Reread(_))) {
            steps.clear();
        }
        let Some(history) = &mut self.history else {
            while let Some(step) = steps.pop() {
                self.forget(&step, Way::Forth);
            }
            return steps;
        };
        if steps.is_empty() {
            return steps;
        }
        // As large as it must be: the list that it was collected in is filled again.
        let mut kept = Vec::with_capacity(steps.len());
        kept.append(&mut steps);
        let past = Past {
            before: history.now,
            depth: history.depth(history.now) + 1,
            steps: kept,
        };
        history.now = Moment(history.next);
        history.next += 1;
        history.ticks.insert(history.now, past);
        for (excess, last) in history.excess() {
            for step in excess {
                self.forget(&step, last);
            }
        }
        steps
    }
}
