//! Trees, writes, moves, errors and times by chance, held against a model that goes through everything anew each time.
//!
//! The model also knows what may run: a fiber that is new, one that was given other props, and one of whose reads another value came
//! out. Exactly those must run, each once, in the order of the tree.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use loop_reactor::fiber::{Act, Root};
use loop_reactor::graph::{Loaded, Moment, Record, What};
use loop_reactor::{Computed, Failure, Fiber, Graph, Id, Lanes, Signal, Stop};

use crate::chance::Chance;
use crate::fibers::Broken;

/// What a fiber of the world does with the fibers below it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Keyed,
    Placed,
    Bounded,
    Summed,
    Provided,
}

struct Being {
    kind: Kind,
    reads_context: bool,
    value: Signal<i64>,
    kids: Signal<Vec<u32>>,
}

/// Whose fibers are in the world, by number. A being's kids have greater numbers.
#[derive(Clone)]
struct World(Rc<Vec<Being>>);

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Clone, PartialEq)]
struct Context(i64);

type Props = (World, u32, i64);

fn being(f: &mut Fiber<'_>, (world, number, given): &Props) -> Result<(), Stop> {
    let being = &world.0[*number as usize];
    let value = f.get(being.value)?;
    let state = f.saved("state", || 0_i64);
    let marks = f.get(state)?;
    match value {
        0 => return Err(Stop::failed(Broken)),
        1 => return Err(Stop::Pending),
        _ => {}
    }
    let mut context = 0;
    if being.reads_context {
        context = f.context::<Context>().map_or(-1, |context| context.0);
    }
    f.effect("state", (f.id(), state));
    f.effect(
        "text",
        format!("{number}:{value}:{marks}:{context}:{given}"),
    );
    f.yields(value);
    let kids = f.get(being.kids)?;
    let list = |f: &mut Fiber<'_>| {
        for kid in &kids {
            let props = (world.clone(), *kid, value / 4);
            if being.kind == Kind::Placed {
                f.child(self::being, props);
            } else {
                f.keyed(*kid, self::being, props);
            }
        }
        Ok(())
    };
    match being.kind {
        Kind::Keyed | Kind::Placed => list(f)?,
        Kind::Provided => f.provide(Context(value / 2), list)?,
        Kind::Bounded => {
            let whole = f.boundary(list)?;
            f.child(instead, (*number, whole));
        }
        Kind::Summed => {
            let sum = f.map_reduce(list, |value: i64| value, 0, |a, b| a + b)?;
            f.child(summed, (*number, sum));
        }
    }
    Ok(())
}

fn instead(f: &mut Fiber<'_>, (number, whole): &(u32, Computed<()>)) -> Result<(), Stop> {
    match f.get(*whole) {
        Ok(()) => {}
        Err(Stop::Pending) => f.effect("text", format!("{number} waits")),
        Err(_) => {
            f.effect("text", format!("{number} broke"));
            f.yields(100_i64);
        }
    }
    Ok(())
}

fn summed(f: &mut Fiber<'_>, (number, sum): &(u32, Computed<i64>)) -> Result<(), Stop> {
    let sum = f.get(*sum)?;
    f.effect("text", format!("{number} sums {sum}"));
    f.yields(sum);
    Ok(())
}

// ---- the model ---------------------------------------------------------------------------------

/// Why a fiber stopped; failures are told apart by a number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Why {
    Pending,
    Failed(u64),
}

/// What a fiber read, and what came out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Read {
    Value(i64),
    State(i64),
    Context(i64),
    Kids,
    Below(Result<i64, Why>),
}

#[derive(Clone, Debug)]
enum Kin {
    Being(u32, i64),
    Instead(u32),
    Summed(u32),
}

#[derive(Clone, Debug, Default)]
struct Said {
    text: Option<String>,
    yields: i64,
    kids: Vec<(String, Kin)>,
    kind: Option<(Kind, u32, i64)>,
}

#[derive(Clone, Debug, Default)]
struct Memory {
    /// Of which component or region it is.
    tag: String,
    state: i64,
    given: (u32, i64),
    reads: Vec<Read>,
    kids: Vec<u32>,
    said: Option<Said>,
    stop: Option<Why>,
    seen: u64,
}

#[derive(Clone, Debug, Default)]
struct Model {
    values: Vec<i64>,
    kids: Vec<Vec<u32>>,
    kinds: Vec<(Kinds, bool)>,
    fibers: BTreeMap<String, Memory>,
    failures: u64,
    pass: u64,
}

type Kinds = Option<Kind>;

/// What came up from a part of the tree.
#[derive(Clone, Copy, Default)]
struct Up {
    yields: i64,
    stop: Option<Why>,
}

impl Up {
    fn and(self, other: Self) -> Self {
        let stop = match (self.stop, other.stop) {
            (Some(Why::Pending), Some(Why::Failed(_))) | (None, _) => other.stop,
            (stop, _) => stop,
        };
        Self {
            yields: self.yields + other.yields,
            stop,
        }
    }
}

impl Model {
    /// Goes through the tree; the paths of what ran.
    fn settle(&mut self) -> Vec<String> {
        self.pass += 1;
        let mut ran = Vec::new();
        self.visit("0/0", &Kin::Being(0, 0), None, Up::default(), &mut ran);
        let pass = self.pass;
        self.fibers.retain(|_, memory| memory.seen == pass);
        ran
    }

    fn visit(
        &mut self,
        path: &str,
        what: &Kin,
        context: Option<i64>,
        below: Up,
        ran: &mut Vec<String>,
    ) -> Up {
        let (tag, given) = match what {
            Kin::Being(number, given) => ("being", (*number, *given)),
            Kin::Instead(number) => ("instead", (*number, 0)),
            Kin::Summed(number) => ("summed", (*number, 0)),
        };
        let fresh = self.enter(path, tag);
        let mut memory = self.fibers.remove(path).unwrap_or_default();
        memory.seen = self.pass;
        let (reads, said) = self.run(what, &memory, context, below);
        let kids = match what {
            Kin::Being(number, _) => self.kids[*number as usize].clone(),
            _ => Vec::new(),
        };
        let read_kids = memory.reads.contains(&Read::Kids);
        let read_before = memory.reads.len();
        let others =
            reads.iter().take(read_before).ne(&memory.reads) || (read_kids && kids != memory.kids);
        if fresh || given != memory.given || others {
            ran.push(path.to_owned());
            (memory.given, memory.reads, memory.kids) = (given, reads, kids);
            match said {
                Ok(said) => (memory.said, memory.stop) = (Some(said), None),
                Err(why) => {
                    // A failure that says the same is the same.
                    let same = matches!((memory.stop, why), (Some(Why::Failed(_)), Why::Failed(_)));
                    if !same {
                        let own = matches!(what, Kin::Being(..)) && why != Why::Pending;
                        self.failures += u64::from(own);
                        memory.stop = Some(if own { Why::Failed(self.failures) } else { why });
                    }
                }
            }
        }
        let said = memory.said.clone().unwrap_or_default();
        let mut up = Up {
            yields: said.yields,
            stop: memory.stop,
        };
        self.fibers.insert(path.to_owned(), memory);
        let Some((kind, number, value)) = said.kind else {
            return up;
        };
        let (inner, context) = match kind {
            Kind::Keyed | Kind::Placed => (path.to_owned(), context),
            Kind::Provided => (format!("{path}/0"), Some(value / 2)),
            Kind::Bounded | Kind::Summed => (format!("{path}/0"), context),
        };
        if inner != path {
            self.enter(&inner, &format!("{kind:?}"));
            if let Some(region) = self.fibers.get_mut(&inner) {
                region.seen = self.pass;
            }
        }
        let mut below = Up::default();
        for (key, kid) in &said.kids {
            let kid = self.visit(&format!("{inner}/{key}"), kid, context, Up::default(), ran);
            below = below.and(kid);
        }
        match kind {
            Kind::Keyed | Kind::Placed | Kind::Provided => up = up.and(below),
            Kind::Bounded => {
                if !matches!(below.stop, Some(Why::Failed(_))) {
                    up.yields += below.yields;
                }
                let after = self.visit(
                    &format!("{path}/1"),
                    &Kin::Instead(number),
                    context,
                    below,
                    ran,
                );
                up = up.and(after);
            }
            Kind::Summed => {
                let after = self.visit(
                    &format!("{path}/1"),
                    &Kin::Summed(number),
                    context,
                    below,
                    ran,
                );
                up = up.and(after);
            }
        }
        up
    }

    /// Comes to a fiber or a region. One of another kind that was there ends, with all below it. Whether it is new.
    fn enter(&mut self, path: &str, tag: &str) -> bool {
        let there = self.fibers.get(path).map(|memory| memory.tag.as_str());
        if there == Some(tag) {
            return false;
        }
        if there.is_some() {
            let below = format!("{path}/");
            self.fibers
                .retain(|other, _| other != path && !other.starts_with(&below));
        }
        let memory = Memory {
            tag: tag.to_owned(),
            ..Memory::default()
        };
        self.fibers.insert(path.to_owned(), memory);
        true
    }

    fn run(
        &self,
        what: &Kin,
        memory: &Memory,
        context: Option<i64>,
        below: Up,
    ) -> (Vec<Read>, Result<Said, Why>) {
        let sum = below.stop.map_or(Ok(below.yields), Err);
        match what {
            Kin::Being(number, given) => {
                let index = *number as usize;
                let value = self.values[index];
                let mut reads = vec![Read::Value(value), Read::State(memory.state)];
                match value {
                    0 => return (reads, Err(Why::Failed(0))),
                    1 => return (reads, Err(Why::Pending)),
                    _ => {}
                }
                let (kind, reads_context) = self.kinds[index];
                let mut seen = 0;
                if reads_context {
                    seen = context.unwrap_or(-1);
                    reads.extend(context.map(Read::Context));
                }
                reads.push(Read::Kids);
                let placed = kind == Some(Kind::Placed);
                let kids = self.kids[index].iter().enumerate();
                let said = Said {
                    text: Some(format!("{number}:{value}:{}:{seen}:{given}", memory.state)),
                    yields: value,
                    kids: kids
                        .map(|(place, kid)| {
                            let key = if placed {
                                place.to_string()
                            } else {
                                format!("#{kid}")
                            };
                            (key, Kin::Being(*kid, value / 4))
                        })
                        .collect(),
                    kind: kind.map(|kind| (kind, *number, value)),
                };
                (reads, Ok(said))
            }
            Kin::Instead(number) => {
                let (text, yields) = match below.stop {
                    None => (None, 0),
                    Some(Why::Pending) => (Some(format!("{number} waits")), 0),
                    Some(Why::Failed(_)) => (Some(format!("{number} broke")), 100),
                };
                let said = Said {
                    text,
                    yields,
                    ..Said::default()
                };
                (vec![Read::Below(sum.map(|_| 0))], Ok(said))
            }
            Kin::Summed(number) => {
                let said = sum.map(|sum| Said {
                    text: Some(format!("{number} sums {sum}")),
                    yields: sum,
                    ..Said::default()
                });
                (vec![Read::Below(sum)], said)
            }
        }
    }

    fn texts(&self) -> Vec<String> {
        let said = self
            .fibers
            .values()
            .filter_map(|memory| memory.said.as_ref());
        let mut texts: Vec<String> = said.filter_map(|said| said.text.clone()).collect();
        texts.sort_unstable();
        texts
    }

    fn stops(&self) -> bool {
        self.fibers.values().any(|memory| memory.stop.is_some())
    }
}

// ---- both together -----------------------------------------------------------------------------

/// What the host has set up.
#[derive(Default)]
struct Host {
    texts: HashMap<Id, String>,
    states: HashMap<Id, (Id, Signal<i64>)>,
}

impl Host {
    fn hear(&mut self, commands: Vec<loop_reactor::fiber::Command>) {
        for command in commands {
            let text = command.value::<String>();
            let state = command.value::<(Id, Signal<i64>)>();
            match command.act {
                Act::SetUp => {
                    let text = text.map(|text| self.texts.insert(command.effect, text.clone()));
                    let state = state.map(|state| self.states.insert(command.effect, *state));
                    assert!(text != Some(None) || state.is_none());
                    assert!(
                        text.flatten().is_none() && state.flatten().is_none(),
                        "set up twice"
                    );
                }
                Act::CleanUp => {
                    let text_there = self.texts.remove(&command.effect);
                    let state_there = self.states.remove(&command.effect);
                    assert_eq!(text_there.as_ref(), text);
                    assert_eq!(state_there.as_ref(), state);
                }
            }
        }
    }

    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.texts.values().cloned().collect();
        texts.sort_unstable();
        texts
    }
}

struct Pair {
    graph: Graph,
    world: World,
    root: Root,
    model: Model,
    host: Host,
}

fn make(graph: &mut Graph, kinds: &[(Kinds, bool)]) -> World {
    let beings = kinds
        .iter()
        .enumerate()
        .map(|(number, (kind, reads_context))| Being {
            kind: kind.unwrap(),
            reads_context: *reads_context,
            value: graph.slot(format!("value{number}"), 2_i64).unwrap(),
            kids: graph.slot(format!("kids{number}"), Vec::new()).unwrap(),
        });
    World(Rc::new(beings.collect()))
}

impl Pair {
    fn new(chance: &mut Chance) -> Self {
        let mut graph = Graph::new();
        let count = 2 + chance.below(7);
        let kinds: Vec<(Kinds, bool)> = (0..count)
            .map(|_| {
                let kinds = [
                    Kind::Keyed,
                    Kind::Placed,
                    Kind::Bounded,
                    Kind::Summed,
                    Kind::Provided,
                ];
                (Some(kinds[chance.below(5)]), chance.below(2) == 0)
            })
            .collect();
        let world = make(&mut graph, &kinds);
        let model = Model {
            values: vec![2; count],
            kids: vec![Vec::new(); count],
            kinds,
            ..Model::default()
        };
        graph.record(Record::Events);
        let root = graph.mount(being, (world.clone(), 0, 0));
        let host = Host::default();
        let mut pair = Self {
            graph,
            world,
            root,
            model,
            host,
        };
        let expected = pair.model.settle();
        pair.check(Some(expected));
        pair
    }

    /// Some writes, in the graph and in the model.
    fn writes(&mut self, chance: &mut Chance) -> Vec<Write> {
        let count = self.model.values.len();
        let mut writes = Vec::new();
        for _ in 0..=chance.below(3) {
            let number = chance.below(count);
            writes.push(match chance.below(5) {
                0 | 1 => {
                    let value = i64::try_from(chance.below(9)).unwrap();
                    Write::Value(number, value)
                }
                2 | 3 => {
                    let mut kids = self.model.kids[number].clone();
                    let last = u32::try_from(count).unwrap();
                    let first = u32::try_from(number).unwrap() + 1;
                    kids.retain(|_| chance.below(4) != 0);
                    for kid in first..last {
                        if chance.below(3) == 0 && !kids.contains(&kid) {
                            let at = chance.below(kids.len() + 1);
                            kids.insert(at, kid);
                        }
                    }
                    kids.truncate(4);
                    if chance.below(2) == 0 && !kids.is_empty() {
                        let from = chance.below(kids.len());
                        let kid = kids.remove(from);
                        let to = chance.below(kids.len() + 1);
                        kids.insert(to, kid);
                    }
                    Write::Kids(number, kids)
                }
                _ => {
                    let mut states: Vec<(String, Signal<i64>)> = Vec::new();
                    for (fiber, signal) in self.host.states.values() {
                        states.extend(self.graph.path(*fiber).map(|path| (path, *signal)));
                    }
                    states.sort_by(|(a, _), (b, _)| a.cmp(b));
                    match states.get(chance.below(states.len())) {
                        Some((path, signal)) => {
                            let value = i64::try_from(chance.below(3)).unwrap();
                            Write::State(path.clone(), *signal, value)
                        }
                        None => Write::Value(number, 2),
                    }
                }
            });
        }
        writes
    }

    fn check(&mut self, expected: Option<Vec<String>>) {
        let mut orders = Vec::new();
        let mut ran = Vec::new();
        for event in self.graph.take_events() {
            let fiber = self
                .graph
                .path(event.node)
                .filter(|_| event.what != What::Kept);
            if let Some(path) = fiber {
                orders.push(self.graph.order(event.node).unwrap());
                ran.push(path);
            }
        }
        if let Some(expected) = expected {
            assert_eq!(ran, expected);
            assert!(orders.is_sorted(), "{orders:?}");
        }
        ran.sort_unstable();
        ran.dedup();
        assert_eq!(ran.len(), orders.len(), "something ran twice");
        self.host.hear(self.graph.take_commands());
        assert_eq!(self.host.texts(), self.model.texts());
        let whole = self.graph.get(self.root.whole()).is_ok();
        if !self.model.stops() {
            assert!(whole);
        }
    }

    /// Saves all, loads it into another graph, and finds the same there.
    fn save(&mut self) {
        if self.model.stops() {
            return;
        }
        let saved = self.graph.save();
        let mut other = Graph::new();
        let world = make(&mut other, &self.model.kinds);
        other.mount(being, (world, 0, 0));
        assert_eq!(other.load(&saved), Ok(Loaded::default()));
        assert_eq!(other.digest(), self.graph.digest());
        let mut host = Host::default();
        host.hear(other.take_commands());
        assert_eq!(host.texts(), self.model.texts());
    }
}

#[derive(Clone, Debug)]
enum Write {
    Value(usize, i64),
    Kids(usize, Vec<u32>),
    State(String, Signal<i64>, i64),
}

impl Write {
    fn to_graph(&self, world: &World, graph: &mut Graph) -> Result<(), Failure> {
        match self {
            Self::Value(number, value) => graph.set(world.0[*number].value, *value),
            Self::Kids(number, kids) => graph.set(world.0[*number].kids, kids.clone()),
            Self::State(_, signal, value) => graph.set(*signal, *value),
        }
    }

    fn to_model(&self, model: &mut Model) {
        match self {
            Self::Value(number, value) => model.values[*number] = *value,
            Self::Kids(number, kids) => model.kids[*number].clone_from(kids),
            Self::State(path, _, value) => {
                if let Some(memory) = model.fibers.get_mut(path) {
                    memory.state = *value;
                }
            }
        }
    }
}

fn all(writes: &[Write], world: &World, graph: &mut Graph) -> Result<(), Failure> {
    writes
        .iter()
        .try_for_each(|write| write.to_graph(world, graph))
}

/// How many cases are made: a few hundred, or as many as `LOOP_ROUNDS` says.
fn cases() -> u64 {
    let rounds = std::env::var("LOOP_ROUNDS").ok();
    rounds.map_or(500, |rounds| rounds.parse().unwrap())
}

#[test]
fn trees_agree_with_the_model() {
    for seed in 0..cases() {
        let chance = &mut Chance::new(seed);
        let mut pair = Pair::new(chance);
        for step in 0..20 {
            let writes = pair.writes(chance);
            let world = pair.world.clone();
            if chance.below(6) == 0 {
                let failed: Result<(), ()> = pair.graph.tick(|graph| {
                    all(&writes, &world, graph).unwrap();
                    Err(())
                });
                assert!(failed.is_err());
                pair.check(Some(Vec::new()));
                continue;
            }
            pair.graph
                .tick(|graph| all(&writes, &world, graph))
                .unwrap();
            for write in &writes {
                write.to_model(&mut pair.model);
            }
            let expected = pair.model.settle();
            pair.check(Some(expected));
            if step % 5 == 4 {
                pair.save();
            }
        }
        pair.graph.dispose(pair.root);
        pair.host.hear(pair.graph.take_commands());
        assert!(pair.host.texts.is_empty() && pair.host.states.is_empty());
        assert_eq!(pair.graph.nodes(), 2 * pair.model.values.len());
    }
}

#[test]
fn time_goes_anywhere_and_the_tree_with_it() {
    for seed in 0..cases() {
        let chance = &mut Chance::new(1_000_000 + seed);
        let mut pair = Pair::new(chance);
        pair.graph.remember_ticks(12);
        let mut moments: Vec<(Moment, Model)> = vec![(pair.graph.now(), pair.model.clone())];
        for _ in 0..24 {
            if chance.below(3) == 0 {
                let (moment, model) = moments[chance.below(moments.len())].clone();
                if pair.graph.go_to(moment).is_ok() {
                    assert_eq!(
                        pair.graph.now(),
                        moment,
                        "nothing is written by going there"
                    );
                    pair.model = model;
                    pair.check(None);
                }
                continue;
            }
            let writes = pair.writes(chance);
            let world = pair.world.clone();
            if chance.below(4) == 0 {
                // Guessed wrong: back, and over.
                let wrong = pair.writes(chance);
                let before = pair.graph.now();
                pair.graph.silently(|graph| {
                    graph.tick(|graph| all(&wrong, &world, graph)).unwrap();
                    graph.go_to(before).unwrap();
                    graph.tick(|graph| all(&writes, &world, graph)).unwrap();
                });
                pair.graph.take_events();
            } else {
                pair.graph
                    .tick(|graph| all(&writes, &world, graph))
                    .unwrap();
            }
            for write in &writes {
                write.to_model(&mut pair.model);
            }
            pair.model.settle();
            pair.check(None);
            moments.push((pair.graph.now(), pair.model.clone()));
        }
    }
}

#[test]
fn guesses_and_facts_come_to_what_they_would_without_each_other() {
    for seed in 0..cases() {
        let chance = &mut Chance::new(2_000_000 + seed);
        let mut pair = Pair::new(chance);
        let world = pair.world.clone();
        let kinds = pair.model.kinds.clone();
        // Values that nothing stops at: what is kept from before would depend on the way.
        let writes = |pair: &mut Pair, chance: &mut Chance| -> Vec<Write> {
            let writes = pair.writes(chance).into_iter();
            let stays = |write: &Write| !matches!(write, Write::State(..) | Write::Value(_, 0 | 1));
            writes.filter(stays).collect()
        };
        let mut plan: Vec<Vec<Write>> = Vec::new();
        for _ in 0..8 {
            let writes = writes(&mut pair, chance);
            for write in &writes {
                write.to_model(&mut pair.model);
            }
            plan.push(writes);
        }
        let Pair {
            graph, mut host, ..
        } = pair;
        let mut lanes = Lanes::new(graph);
        let mut facts: Vec<Vec<Write>> = Vec::new();
        let mut open = Vec::new();
        for writes in plan {
            if chance.below(2) == 0 || open.is_empty() {
                let (action, on) = (writes.clone(), world.clone());
                let lane = lanes.guess(move |graph| all(&action, &on, graph)).unwrap();
                open.push((lane, writes));
            } else {
                let done = open.remove(chance.below(open.len()));
                let failed: Result<_, ()> = lanes.settle(&[done.0], |graph| {
                    all(&writes, &world, graph).unwrap();
                    Err::<(), ()>(())
                });
                assert!(failed.is_err());
                lanes
                    .settle(&[done.0], |graph| all(&writes, &world, graph))
                    .unwrap();
                facts.push(writes);
            }
            host.hear(lanes.take_commands());
            let mut alone = Graph::new();
            let other = make(&mut alone, &kinds);
            for writes in facts.iter().chain(open.iter().map(|(_, writes)| writes)) {
                all(writes, &other, &mut alone).unwrap();
            }
            alone.mount(being, (other, 0, 0));
            let mut expected = Host::default();
            expected.hear(alone.take_commands());
            assert_eq!(host.texts(), expected.texts());
        }
    }
}
