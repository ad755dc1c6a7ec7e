//! Fibers: what runs, what stays, what ends.

use std::fmt;
use std::rc::Rc;

use loop_reactor::fiber::{Act, Command};
use loop_reactor::graph::{Record, What};
use loop_reactor::{Computed, Failure, Fiber, Graph, Lanes, Signal, Stop};

/// A graph that tells what runs.
pub(crate) fn graph() -> Graph {
    let mut graph = Graph::new();
    graph.record(Record::Events);
    graph
}

/// The paths of the fibers that ran since this was last asked, in that order.
pub(crate) fn ran(graph: &mut Graph) -> Vec<String> {
    let events = graph.take_events();
    let runs = events.iter().filter(|event| event.what != What::Kept);
    runs.filter_map(|event| graph.path(event.node)).collect()
}

/// Whoever tells the host.
pub(crate) trait Commands {
    fn commands(&mut self) -> Vec<Command>;
}

impl Commands for Graph {
    fn commands(&mut self) -> Vec<Command> {
        self.take_commands()
    }
}

impl Commands for Lanes {
    fn commands(&mut self) -> Vec<Command> {
        self.take_commands()
    }
}

/// What the host was told since this was last asked: `+` for what is set up, `-` for what is cleaned up.
pub(crate) fn told(host: &mut impl Commands) -> String {
    let text = |command: &Command| {
        let sign = match command.act {
            Act::SetUp => '+',
            Act::CleanUp => '-',
        };
        match command.value::<String>() {
            Some(text) => format!("{sign}{text}"),
            None => format!("{sign}?{}", command.name),
        }
    };
    let commands = host.commands();
    commands.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// The same, sorted.
pub(crate) fn told_sorted(graph: &mut Graph) -> String {
    let told = told(graph).replace(" +", "\n+").replace(" -", "\n-");
    let mut told: Vec<&str> = told.lines().collect();
    told.sort_unstable();
    told.join(" ")
}

/// An error of the programs'.
#[derive(Debug)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

type Keys = Signal<Rc<Vec<&'static str>>>;

fn keys(graph: &mut Graph, keys: &[&'static str]) -> Keys {
    graph.signal(Rc::new(keys.to_vec()))
}

fn set_keys(graph: &mut Graph, signal: Keys, keys: &[&'static str]) {
    graph.set(signal, Rc::new(keys.to_vec())).unwrap();
}

/// A row that says its key and its state.
fn row(f: &mut Fiber<'_>, key: &&'static str) -> Result<(), Stop> {
    let count = f.state("count", || 0);
    let text = format!("{key}{}", f.get(count)?);
    f.effect("handle", count);
    f.effect("text", text);
    Ok(())
}

fn rows(f: &mut Fiber<'_>, keys: &Keys) -> Result<(), Stop> {
    for key in f.get(*keys)?.iter() {
        f.keyed(*key, row, *key);
    }
    Ok(())
}

/// Takes the states that rows told the host, in order.
fn counts(graph: &mut Graph) -> Vec<Signal<i32>> {
    let commands = graph.take_commands();
    commands
        .iter()
        .filter_map(|command| command.value().copied())
        .collect()
}

#[test]
fn a_fiber_runs_when_what_it_reads_has_changed() {
    let mut graph = graph();
    let keys = keys(&mut graph, &["a", "b", "c"]);
    graph.mount(rows, keys);
    assert_eq!(ran(&mut graph), ["0/0", "0/0/a", "0/0/b", "0/0/c"]);
    let counts = counts(&mut graph);
    graph.set(counts[1], 5).unwrap();
    assert_eq!(ran(&mut graph), ["0/0/b"]);
    assert_eq!(told(&mut graph), "-b0 +b5");
    graph.set(counts[1], 5).unwrap();
    assert!(ran(&mut graph).is_empty());
}

#[test]
fn parents_run_before_children_and_siblings_in_order() {
    let mut graph = graph();
    let keys = keys(&mut graph, &["a", "b", "c"]);
    graph.mount(rows, keys);
    let counts = counts(&mut graph);
    ran(&mut graph);
    graph
        .tick(|graph| {
            graph.set(counts[2], 1)?;
            graph.set(counts[0], 1)?;
            graph.set(keys, Rc::new(vec!["c", "b", "a", "d"]))
        })
        .unwrap();
    // In the order in which they are now.
    assert_eq!(ran(&mut graph), ["0/0", "0/0/c", "0/0/a", "0/0/d"]);
}

#[test]
fn moves_keep_state_and_run_nothing() {
    let mut graph = graph();
    let keys = keys(&mut graph, &["a", "b", "c"]);
    graph.mount(rows, keys);
    let counts = counts(&mut graph);
    graph.set(counts[0], 7).unwrap();
    ran(&mut graph);
    told(&mut graph);
    set_keys(&mut graph, keys, &["c", "a", "b"]);
    assert_eq!(ran(&mut graph), ["0/0"]);
    assert_eq!(told(&mut graph), "");
    assert_eq!(graph.get(counts[0]).unwrap(), 7);
    set_keys(&mut graph, keys, &["c", "b"]);
    assert_eq!(told(&mut graph), "-a7 -?handle");
    assert!(matches!(graph.set(counts[0], 1), Err(Failure::Gone { .. })));
    // Another one under the same key begins anew.
    set_keys(&mut graph, keys, &["a", "c", "b"]);
    assert_eq!(told(&mut graph), "+?handle +a0");
}

#[test]
fn a_key_that_comes_twice_stops_the_fiber_and_leaves_what_was() {
    let mut graph = graph();
    let keys = keys(&mut graph, &["a", "b"]);
    let root = graph.mount(rows, keys);
    told(&mut graph);
    for twice in [vec!["a", "a"], vec!["b", "c", "b"], vec!["c", "c", "a"]] {
        set_keys(&mut graph, keys, &twice);
        let stop = graph.get(root.whole()).unwrap_err();
        assert!(matches!(stop.failure(), Some(Failure::Twice { .. })));
        assert_eq!(told(&mut graph), "");
    }
    set_keys(&mut graph, keys, &["b", "a"]);
    graph.get(root.whole()).unwrap();
    assert_eq!(told(&mut graph), "");
}

/// What a fiber is told to do, by the test.
#[derive(Clone, Copy, PartialEq)]
struct Says {
    value: Signal<i64>,
    name: &'static str,
}

/// Yields its value and tells the host; stops where it is 13, and waits where it is 0.
fn leaf(f: &mut Fiber<'_>, says: &Says) -> Result<(), Stop> {
    let value = match f.get(says.value)? {
        13 => return Err(Stop::failed(Broken)),
        0 => return Err(Stop::Pending),
        value => value,
    };
    f.yields(value);
    f.effect("leaf", format!("{}{value}", says.name));
    Ok(())
}

fn total(f: &mut Fiber<'_>, total: &Computed<i64>) -> Result<(), Stop> {
    let total = f.get(*total)?;
    f.effect("total", format!("total{total}"));
    Ok(())
}

/// A sum of leaves, the second of which is in a boundary.
fn sums(f: &mut Fiber<'_>, values: &[Signal<i64>; 3]) -> Result<(), Stop> {
    let [a, b, c] = *values;
    let sum = f.map_reduce(
        |f| {
            f.child(
                leaf,
                Says {
                    value: a,
                    name: "a",
                },
            );
            let whole = f.boundary(|f| {
                f.child(
                    leaf,
                    Says {
                        value: b,
                        name: "b",
                    },
                );
                Ok(())
            })?;
            f.child(instead, whole);
            f.child(
                leaf,
                Says {
                    value: c,
                    name: "c",
                },
            );
            Ok(())
        },
        |value: i64| value,
        0,
        |a, b| a + b,
    )?;
    f.child(total, sum);
    Ok(())
}

fn instead(f: &mut Fiber<'_>, whole: &Computed<()>) -> Result<(), Stop> {
    match f.get(*whole) {
        Ok(()) => {}
        Err(Stop::Pending) => f.effect("instead", "wait".to_owned()),
        Err(failed) => {
            f.effect("instead", failed.to_string());
            f.yields(1000_i64);
        }
    }
    Ok(())
}

fn summed() -> (Graph, [Signal<i64>; 3]) {
    let mut graph = graph();
    let values = [1, 2, 3].map(|value| graph.signal(value));
    graph.mount(sums, values);
    assert_eq!(told(&mut graph), "+a1 +b2 +c3 +total6");
    ran(&mut graph);
    (graph, values)
}

#[test]
fn what_is_yielded_reaches_who_reads_it_in_one_pass() {
    let (mut graph, [a, b, c]) = summed();
    graph
        .tick(|graph| {
            graph.set(a, 10)?;
            graph.set(c, 30)
        })
        .unwrap();
    assert_eq!(ran(&mut graph), ["0/0/0/0", "0/0/0/3", "0/0/1"]);
    assert_eq!(told(&mut graph), "-a1 -c3 -total6 +a10 +c30 +total42");
    graph.set(b, 2).unwrap();
    assert!(ran(&mut graph).is_empty());
}

#[test]
fn an_error_reaches_the_nearest_boundary_and_leaves_the_rest() {
    let (mut graph, [a, b, _]) = summed();
    graph.set(b, 13).unwrap();
    assert_eq!(ran(&mut graph), ["0/0/0/1/0", "0/0/0/2", "0/0/1"]);
    // What the failed fiber had set up stays; what it yielded does not come through.
    assert_eq!(
        told(&mut graph),
        "-total6 +the computation failed +total1004"
    );
    graph.set(a, 5).unwrap();
    assert_eq!(told(&mut graph), "-a1 -total1004 +a5 +total1008");
    graph.set(b, 4).unwrap();
    assert_eq!(
        told(&mut graph),
        "-b2 -the computation failed -total1008 +b4 +total12"
    );
}

#[test]
fn without_a_boundary_an_error_stops_the_whole_and_nothing_else() {
    let (mut graph, [a, _, c]) = summed();
    graph.set(a, 13).unwrap();
    // The total has nothing to say, and keeps what it said.
    assert_eq!(told(&mut graph), "");
    graph.set(c, 7).unwrap();
    assert_eq!(told(&mut graph), "-c3 +c7");
    graph.set(a, 2).unwrap();
    assert_eq!(told(&mut graph), "-a1 -total6 +a2 +total11");
}

#[test]
fn what_is_pending_keeps_the_last_good_value() {
    let (mut graph, [a, b, _]) = summed();
    graph.set(b, 0).unwrap();
    assert_eq!(told(&mut graph), "+wait");
    graph.set(a, 0).unwrap();
    // The total waits for a, and says what it said.
    assert_eq!(told(&mut graph), "");
    graph.set(b, 5).unwrap();
    assert_eq!(told(&mut graph), "-b2 -wait +b5");
    graph.set(a, 1).unwrap();
    assert_eq!(told(&mut graph), "-total6 +total9");
}

#[test]
fn time_goes_back_and_forth() {
    let (mut graph, [a, b, c]) = summed();
    graph.remember_ticks(10);
    let start = graph.now();
    graph.set(a, 10).unwrap();
    graph.set(b, 13).unwrap();
    graph.set(c, 30).unwrap();
    let end = graph.now();
    told(&mut graph);
    graph.go_to(start).unwrap();
    assert_eq!(graph.now(), start);
    assert_eq!(
        told_sorted(&mut graph),
        "+a1 +c3 +total6 -a10 -c30 -the computation failed -total1040"
    );
    graph.go_to(end).unwrap();
    assert_eq!(graph.now(), end);
    assert_eq!(
        told_sorted(&mut graph),
        "+a10 +c30 +the computation failed +total1040 -a1 -c3 -total6"
    );
    graph.silently(|graph| {
        graph.go_to(start).unwrap();
        graph.go_to(end).unwrap();
    });
    assert_eq!(told(&mut graph), "");
}
