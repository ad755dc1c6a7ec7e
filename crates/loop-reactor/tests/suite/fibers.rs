//! Fibers: what runs, what stays, what ends.

use std::fmt;
use std::rc::Rc;

use loop_reactor::fiber::{Act, Command};
use loop_reactor::graph::{Kind, Record, What};
use loop_reactor::{Computed, Failure, Fiber, Graph, Handle, Signal, Stop};

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

/// What the host was told since this was last asked: `+` for what is set up, `-` for what is cleaned up.
pub(crate) fn told(graph: &mut Graph) -> String {
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
    let commands = graph.take_commands();
    commands.iter().map(text).collect::<Vec<_>>().join(" ")
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
    f.effect("count", count);
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
    assert_eq!(told(&mut graph), "-a7 -?count");
    assert!(matches!(
        graph.set(counts[0], 1),
        Err(Failure::Gone { .. })
    ));
    // Another one under the same key begins anew.
    set_keys(&mut graph, keys, &["a", "c", "b"]);
    assert_eq!(told(&mut graph), "+?count +a0");
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
