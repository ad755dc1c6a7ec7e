//! A simulator: ticks, failures, things made and ended, and jumps between moments, all by chance. What is there at a moment must be what
//! was there when it was first reached, whatever happened in between.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use loop_reactor::{Computed, Effect, Graph, Moment, Scope, Signal, Stop, Unreachable};

use crate::chance::Chance;

/// A scope with a signal, something that follows from it and from the signal of another part, and an effect that watches it.
#[derive(Clone)]
struct Part {
    scope: Scope,
    signal: Signal<i64>,
    sum: Computed<i64>,
    effect: Effect,
    /// What the effect saw last, and how often it ran.
    saw: Rc<RefCell<Option<i64>>>,
    runs: Rc<Cell<usize>>,
}

impl Part {
    fn new(graph: &mut Graph, value: i64, other: Option<Signal<i64>>) -> Self {
        let saw: Rc<RefCell<Option<i64>>> = Rc::default();
        let runs: Rc<Cell<usize>> = Rc::default();
        let (shown, counted) = (saw.clone(), runs.clone());
        let (scope, (signal, sum, effect)) = graph.scope(|graph| {
            let signal = graph.signal(value);
            let sum = graph.computed(move |cx| {
                let other = other.map_or(Ok(0), |other| cx.get(other));
                Ok(cx.get(signal)? * 1000 + other?)
            });
            let effect = graph.effect(move |cx| {
                counted.set(counted.get() + 1);
                *shown.borrow_mut() = cx.get(sum).ok();
                Ok(())
            });
            (signal, sum, effect)
        });
        Self {
            scope,
            signal,
            sum,
            effect,
            saw,
            runs,
        }
    }
}

/// What can be seen of a graph: of each part the signal and the sum, or nothing.
type Seen = Vec<(Option<i64>, Option<i64>)>;

/// What a failing tick fails with.
#[derive(Debug)]
struct Refused;

struct World {
    graph: Graph,
    parts: Vec<Part>,
    moments: BTreeMap<Moment, Seen>,
}

impl World {
    fn seen(&mut self) -> Seen {
        let (graph, parts) = (&mut self.graph, &self.parts);
        parts
            .iter()
            .map(|part| (graph.get(part.signal).ok(), graph.get(part.sum).ok()))
            .collect()
    }

    /// One change of some kind.
    fn change(&mut self, graph: &mut Graph, chance: &mut Chance) {
        let value = i64::try_from(chance.below(5)).unwrap();
        let part = chance.below(self.parts.len());
        match chance.below(8) {
            0 => {
                let other = self.parts.get(part).map(|part| part.signal);
                self.parts.push(Part::new(graph, value, other));
            }
            1 if !self.parts.is_empty() => graph.dispose_scope(self.parts[part].scope),
            2 if !self.parts.is_empty() => graph.dispose(self.parts[part].signal),
            3 if !self.parts.is_empty() => {
                let _: Result<i64, Stop> = graph.get(self.parts[part].sum);
            }
            _ if !self.parts.is_empty() => {
                // One that is gone is refused, and that is all.
                let _: Result<(), _> = graph.set(self.parts[part].signal, value);
            }
            _ => {}
        }
    }

    fn tick(&mut self, chance: &mut Chance) {
        let mut graph = std::mem::take(&mut self.graph);
        let before = graph.now();
        let parts = self.parts.len();
        let fails = chance.below(4) == 0;
        let result = graph.tick(|graph| {
            for _ in 0..=chance.below(4) {
                if chance.below(4) == 0 {
                    let inner_parts = self.parts.len();
                    let inner_fails = chance.below(2) == 0;
                    let inner = graph.tick(|graph| {
                        self.change(graph, chance);
                        self.change(graph, chance);
                        if inner_fails { Err(Refused) } else { Ok(()) }
                    });
                    if inner.is_err() {
                        self.parts.truncate(inner_parts);
                    }
                } else {
                    self.change(graph, chance);
                }
            }
            if fails { Err(Refused) } else { Ok(()) }
        });
        self.graph = graph;
        if result.is_err() {
            self.parts.truncate(parts);
            assert_eq!(self.graph.now(), before);
        }
        let seen = self.seen();
        let moment = self.graph.now();
        self.agree(moment, &seen);
        self.moments.insert(moment, seen);
    }

    /// What is there at a moment is what was there before. Parts made since are gone.
    fn agree(&self, moment: Moment, seen: &Seen) {
        let Some(before) = self.moments.get(&moment) else {
            return;
        };
        let (known, new) = seen.split_at(before.len().min(seen.len()));
        assert_eq!(known, &before[..known.len()], "{moment:?}");
        assert!(new.iter().all(|part| *part == (None, None)), "{moment:?}");
    }

    fn go(&mut self, chance: &mut Chance) {
        let moments: Vec<Moment> = self.moments.keys().copied().collect();
        let to = moments[chance.below(moments.len())];
        let from = self.seen();
        let runs: Vec<usize> = self.parts.iter().map(|part| part.runs.get()).collect();
        match self.graph.go_to(to) {
            Ok(()) => {
                let seen = self.seen();
                self.agree(to, &seen);
                for (place, part) in self.parts.iter().enumerate() {
                    let ran = part.runs.get() - runs[place];
                    assert!(ran <= 1, "an effect runs at most once");
                    // A sum without a value may have come to none again for another reason.
                    let kept = from[place].1.is_some() && from[place].1 == seen[place].1;
                    assert!(
                        !kept || ran == 0,
                        "an effect ran though nothing had changed"
                    );
                }
            }
            Err(refused) => {
                assert_eq!(refused, Unreachable::Forgotten);
                assert_eq!(self.seen(), from);
                self.moments.remove(&to);
            }
        }
    }

    /// What effects saw is what is there.
    fn check_effects(&mut self) {
        let seen = self.seen();
        let live = self.graph.describe();
        for (part, (_, sum)) in self.parts.iter().zip(seen) {
            let id = loop_reactor::Handle::id(part.effect);
            if live.iter().any(|node| node.node == id) {
                assert_eq!(*part.saw.borrow(), sum);
            }
        }
    }
}

fn simulate(seed: u64, limit: usize) {
    let mut chance = Chance::new(seed);
    let mut world = World {
        graph: Graph::new(),
        parts: Vec::new(),
        moments: BTreeMap::new(),
    };
    world.graph.remember_ticks(limit);
    world.moments.insert(world.graph.now(), Vec::new());
    for _ in 0..60 {
        match chance.below(3) {
            0 => world.go(&mut chance),
            _ => world.tick(&mut chance),
        }
        world.check_effects();
    }
    // Where everything has ended and is forgotten, nothing is left.
    let mut graph = world.graph;
    for part in &world.parts {
        graph.dispose_scope(part.scope);
    }
    graph.remember_ticks(0);
    assert_eq!((graph.nodes(), graph.edges()), (0, 0));
    drop(graph);
    for part in &world.parts {
        assert_eq!(Rc::strong_count(&part.runs), 1, "a closure is kept");
    }
}

#[test]
fn moments_are_what_they_were() {
    for seed in 0..1500 {
        simulate(seed, 1000);
    }
}

#[test]
fn moments_within_a_short_history_are_what_they_were() {
    for seed in 0..1500 {
        simulate(seed, 1 + usize::try_from(seed % 7).unwrap());
    }
}
