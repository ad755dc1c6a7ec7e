//! Graphs, writes and ticks made by chance, held against a model that computes everything anew.
//!
//! The model also knows what may run: a node that never ran, or one of whose reads has had another value since its last run than
//! that run saw. The events must tell no others, and each at most once in a step.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use loop_reactor::graph::{Event, Record, What};
use loop_reactor::{Computed, Cx, Effect, Graph, Handle, Id, Signal, Stop};

use crate::chance::Chance;

/// How a node comes to its value. The numbers are places of earlier nodes.
#[derive(Clone, Debug)]
enum Rule {
    /// Adds all of them.
    Sum(Vec<usize>),
    /// Reads the first, and then the one that the first one's value picks.
    Pick(Vec<usize>),
    /// Whether the sum is above nothing: often the same as before.
    Sign(Vec<usize>),
    /// As the sum, but fails where it is divisible by three.
    Fail(Vec<usize>),
    /// Reads one after another until one is odd.
    Until(Vec<usize>),
}

#[derive(Clone, Debug)]
enum Step {
    /// Writes a signal.
    Set(usize, i64),
    /// Reads a node.
    Read(usize),
    /// Several steps in a tick, which fails or not.
    Tick(Vec<Step>, bool),
    /// Makes an effect that reads a node.
    Watch(usize),
    /// Ends the effect made first.
    Unwatch,
}

#[derive(Clone, Debug)]
struct Case {
    signals: usize,
    rules: Vec<Rule>,
    steps: Vec<Step>,
}

/// An error of the programs'.
#[derive(Debug, Clone, Copy)]
struct Three;

impl fmt::Display for Three {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("divisible by three")
    }
}

impl std::error::Error for Three {}

/// What a rule comes to, by any way of reading.
fn apply<E>(
    rule: &Rule,
    mut read: impl FnMut(usize) -> Result<i64, E>,
    three: impl FnOnce() -> E,
) -> Result<i64, E> {
    let mut sum = |places: &[usize]| {
        let mut sum = 0_i64;
        for place in places {
            sum = sum.wrapping_add(read(*place)?);
        }
        Ok(sum)
    };
    match rule {
        Rule::Sum(places) => sum(places),
        Rule::Sign(places) => Ok(i64::from(sum(places)? > 0)),
        Rule::Fail(places) => match sum(places)? {
            fails if fails % 3 == 0 => Err(three()),
            passes => Ok(passes),
        },
        Rule::Pick(places) => {
            let first = read(places[0])?;
            let place =
                usize::try_from(first.rem_euclid(i64::try_from(places.len()).unwrap())).unwrap();
            read(places[place])
        }
        Rule::Until(places) => {
            let mut last = 0;
            for place in places {
                last = read(*place)?;
                if last % 2 != 0 {
                    break;
                }
            }
            Ok(last)
        }
    }
}

impl Case {
    fn new(chance: &mut Chance) -> Self {
        let signals = 1 + chance.below(4);
        let mut rules = Vec::new();
        for place in 0..chance.below(12) {
            let reads = (0..=chance.below(4))
                .map(|_| chance.below(signals + place))
                .collect();
            rules.push(match chance.below(6) {
                0 => Rule::Sign(reads),
                1 => Rule::Fail(reads),
                2 => Rule::Until(reads),
                3 => Rule::Pick(reads),
                _ => Rule::Sum(reads),
            });
        }
        let nodes = signals + rules.len();
        let steps = (0..chance.below(16))
            .map(|_| Step::new(chance, signals, nodes, 0))
            .collect();
        Self {
            signals,
            rules,
            steps,
        }
    }

    /// All that are smaller by one thing.
    fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        for place in 0..self.steps.len() {
            let mut case = self.clone();
            if let Step::Tick(steps, _) = case.steps.remove(place) {
                smaller.push(case.clone());
                for inner in 0..steps.len() {
                    let mut fewer = self.clone();
                    if let Step::Tick(steps, _) = &mut fewer.steps[place] {
                        steps.remove(inner);
                    }
                    smaller.push(fewer);
                }
                case.steps.splice(place..place, steps);
            }
            smaller.push(case);
        }
        for place in 0..self.rules.len() {
            let (Rule::Sum(reads)
            | Rule::Pick(reads)
            | Rule::Sign(reads)
            | Rule::Fail(reads)
            | Rule::Until(reads)) = &self.rules[place];
            for gone in 0..reads.len().saturating_sub(1) {
                let mut case = self.clone();
                let (Rule::Sum(reads)
                | Rule::Pick(reads)
                | Rule::Sign(reads)
                | Rule::Fail(reads)
                | Rule::Until(reads)) = &mut case.rules[place];
                reads.remove(gone);
                smaller.push(case);
            }
        }
        smaller
    }
}

impl Step {
    fn new(chance: &mut Chance, signals: usize, nodes: usize, depth: usize) -> Self {
        match chance.below(10) {
            0 | 1 => Self::Read(chance.below(nodes)),
            2 => Self::Watch(chance.below(nodes)),
            3 if depth == 0 => Self::Unwatch,
            4 | 5 if depth < 3 => {
                let steps = (0..chance.below(6))
                    .map(|_| Self::new(chance, signals, nodes, depth + 1))
                    .collect();
                Self::Tick(steps, chance.below(3) == 0)
            }
            _ => {
                let value = i64::try_from(chance.below(7)).unwrap() - 3;
                Self::Set(chance.below(signals), value)
            }
        }
    }
}

/// A signal or a computed.
#[derive(Clone, Copy)]
enum Node {
    Signal(Signal<i64>),
    Computed(Computed<i64>),
}

impl Node {
    fn get(self, cx: &mut Cx) -> Result<i64, Stop> {
        match self {
            Self::Signal(signal) => cx.get(signal),
            Self::Computed(computed) => cx.get(computed),
        }
    }

    fn id(self) -> Id {
        match self {
            Self::Signal(signal) => signal.id(),
            Self::Computed(computed) => computed.id(),
        }
    }
}

/// What a node's run saw.
type Seen = Vec<(usize, Option<i64>)>;

/// What an effect saw last, if it ran: a value or a stop.
type Saw = Rc<RefCell<Option<Option<i64>>>>;

/// The engine and the model side by side.
struct World {
    rules: Vec<Rule>,
    /// The model's facts.
    values: Vec<i64>,
    nodes: Vec<Node>,
    /// What each computed's last run read and saw, in the engine.
    seen: Rc<RefCell<HashMap<usize, Seen>>>,
    /// Effects, with what they watch, and what they saw last.
    watches: Vec<(Effect, usize, Saw)>,
    /// Computeds that have seen something that was another value at the end of some step since.
    moved: HashSet<usize>,
    /// Whether something was read in a tick, so that effects may run though nothing has changed in the end.
    peeked: bool,
}

impl World {
    fn new(graph: &mut Graph, case: &Case) -> Self {
        let mut nodes: Vec<Node> = (0..case.signals)
            .map(|_| Node::Signal(graph.signal(0)))
            .collect();
        let seen: Rc<RefCell<HashMap<usize, Seen>>> = Rc::default();
        for rule in &case.rules {
            let place = nodes.len();
            let (rule, earlier, seen) = (rule.clone(), nodes.clone(), seen.clone());
            nodes.push(Node::Computed(graph.computed(move |cx| {
                let mut saw = Vec::new();
                let read = |place: usize| {
                    let value = earlier[place].get(cx);
                    saw.push((place, value.as_ref().ok().copied()));
                    value
                };
                let value = apply(&rule, read, || Stop::failed(Three));
                seen.borrow_mut().insert(place, saw);
                value
            })));
        }
        Self {
            rules: case.rules.clone(),
            values: vec![0; case.signals],
            nodes,
            seen,
            watches: Vec::new(),
            moved: HashSet::new(),
            peeked: false,
        }
    }

    /// What the model says of a node.
    fn expected(&self, place: usize) -> Option<i64> {
        if place < self.values.len() {
            return Some(self.values[place]);
        }
        let rule = &self.rules[place - self.values.len()];
        apply(rule, |place| self.expected(place).ok_or(()), || ()).ok()
    }

    /// Does a step in the engine and in the model.
    fn step(&mut self, graph: &mut Graph, step: &Step, depth: usize) -> Result<(), String> {
        match step {
            Step::Set(signal, value) => {
                let Node::Signal(node) = self.nodes[*signal] else {
                    return Err(format!("{signal} is no signal"));
                };
                graph
                    .set(node, *value)
                    .map_err(|failure| failure.to_string())?;
                self.values[*signal] = *value;
            }
            Step::Read(place) => {
                self.peeked |= depth > 0;
                let value = match self.nodes[*place] {
                    Node::Signal(signal) => graph.get(signal),
                    Node::Computed(computed) => graph.get(computed),
                };
                let expected = self.expected(*place);
                if value.as_ref().ok() != expected.as_ref() {
                    return Err(format!("node {place}: {value:?}, not {expected:?}"));
                }
            }
            Step::Tick(steps, fails) => {
                let before = (self.values.clone(), self.watches.len());
                let mut inner = Ok(());
                let result: Result<(), Three> = graph.tick(|graph| {
                    for step in steps {
                        inner = self.step(graph, step, depth + 1);
                        if inner.is_err() {
                            return Ok(());
                        }
                    }
                    if *fails { Err(Three) } else { Ok(()) }
                });
                inner?;
                if result.is_err() {
                    self.values = before.0;
                    self.watches.truncate(before.1);
                }
            }
            Step::Watch(place) => {
                let saw = Saw::default();
                let (shown, node) = (saw.clone(), self.nodes[*place]);
                let effect = graph.effect(move |cx| {
                    *shown.borrow_mut() = Some(node.get(cx).ok());
                    Ok(())
                });
                self.watches.push((effect, *place, saw));
            }
            Step::Unwatch => {
                if !self.watches.is_empty() {
                    graph.dispose(self.watches.remove(0).0);
                }
            }
        }
        Ok(())
    }

    /// Holds what effects saw and what ran against the model.
    fn check(&mut self, events: &[Event], before: &HashMap<usize, Seen>) -> Result<(), String> {
        for (effect, place, saw) in &self.watches {
            let expected = Some(self.expected(*place));
            if *saw.borrow() != expected {
                return Err(format!(
                    "{effect:?} of {place} saw {saw:?}, not {expected:?}"
                ));
            }
        }
        for (place, saw) in before {
            // A stop is a change whenever it comes anew, for errors have no equality.
            let stopped = |value: &Option<i64>| value.is_none();
            let mut saw = saw.iter();
            if saw.any(|(read, value)| stopped(value) || self.expected(*read) != *value) {
                self.moved.insert(*place);
            }
        }
        let mut ran = HashSet::new();
        for event in events.iter().filter(|event| event.what != What::Kept) {
            if !ran.insert(event.node) && !self.peeked {
                return Err(format!("{} ran twice", event.node));
            }
        }
        for (place, node) in self.nodes.iter().enumerate() {
            if !ran.contains(&node.id()) {
                continue;
            }
            if before.contains_key(&place) && !self.moved.remove(&place) && !self.peeked {
                return Err(format!("{place} ran without a reason"));
            }
        }
        if self.peeked {
            // What was read in the tick may have been another value still.
            self.moved.extend(self.seen.borrow().keys());
        }
        Ok(())
    }
}

fn run(case: &Case) -> Result<(), String> {
    let mut graph = Graph::new();
    graph.record(Record::Events);
    let mut world = World::new(&mut graph, case);
    for step in &case.steps {
        let before = world.seen.borrow().clone();
        world.peeked = false;
        graph.take_events();
        world.step(&mut graph, step, 0)?;
        let events = graph.take_events();
        world.check(&events, &before)?;
    }
    for place in 0..world.nodes.len() {
        world.step(&mut graph, &Step::Read(place), 0)?;
    }
    // Nothing is left when everything ends.
    for (effect, _, _) in world.watches.drain(..) {
        graph.dispose(effect);
    }
    for node in &world.nodes {
        graph.dispose(node.id());
    }
    match (graph.nodes(), graph.edges()) {
        (0, 0) => Ok(()),
        left => Err(format!("{left:?} nodes and edges are left")),
    }
}

/// The smallest case that still fails, and how.
fn shrunk(mut case: Case, mut failure: String) -> (Case, String) {
    while let Some((smaller, how)) = case
        .smaller()
        .into_iter()
        .find_map(|smaller| run(&smaller).err().map(|how| (smaller, how)))
    {
        (case, failure) = (smaller, how);
    }
    (case, failure)
}

/// Some seconds in a debug build.
const SEEDS: u64 = 20_000;

#[test]
fn graphs_by_chance_are_as_the_model_says() {
    for seed in 0..SEEDS {
        let case = Case::new(&mut Chance::new(seed));
        if let Err(failure) = run(&case) {
            let (case, failure) = shrunk(case, failure);
            panic!("seed {seed}: {failure}\n{case:#?}");
        }
    }
}
