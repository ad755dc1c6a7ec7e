//! Ticks count whole or not at all.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use loop_reactor::{Computed, Failure, Graph, Signal, Stop};

/// Two signals, their sum, and how often an effect has seen it.
struct World {
    graph: Graph,
    a: Signal<i32>,
    b: Signal<i32>,
    sum: Computed<i32>,
    seen: Rc<RefCell<Vec<i32>>>,
}

impl World {
    fn new() -> Self {
        let mut graph = Graph::new();
        let a = graph.signal(1);
        let b = graph.signal(2);
        let sum = graph.computed(move |cx| Ok(cx.get(a)? + cx.get(b)?));
        let seen = Rc::new(RefCell::new(Vec::new()));
        let shown = seen.clone();
        graph.effect(move |cx| {
            shown.borrow_mut().push(cx.get(sum)?);
            Ok(())
        });
        Self {
            graph,
            a,
            b,
            sum,
            seen,
        }
    }
}

/// An error of the caller's own.
#[derive(Debug, PartialEq)]
struct Refused;

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        unreachable!("{failure}")
    }
}

#[test]
fn writes_of_a_tick_count_together() {
    let World {
        mut graph,
        a,
        b,
        sum,
        seen,
    } = World::new();
    graph
        .tick(|graph| {
            graph.set(a, 10)?;
            graph.set(b, 20)
        })
        .unwrap();
    assert_eq!(*seen.borrow(), [3, 30]);
    assert_eq!(graph.get(sum).unwrap(), 30);
}

#[test]
fn a_value_written_back_within_a_tick_is_no_change() {
    let World {
        mut graph, a, seen, ..
    } = World::new();
    graph
        .tick(|graph| {
            graph.set(a, 10)?;
            graph.set(a, 11)?;
            graph.set(a, 1)
        })
        .unwrap();
    assert_eq!(*seen.borrow(), [3]);
    // Nor where ticks within the tick have kept the value more than once.
    graph
        .tick(|graph| {
            graph.set(a, 10)?;
            graph.tick(|graph| graph.set(a, 11))?;
            graph.tick(|graph| graph.set(a, 12))?;
            graph.set(a, 1)
        })
        .unwrap();
    assert_eq!(*seen.borrow(), [3]);
}

#[test]
fn a_tick_sees_its_own_writes() {
    let World {
        mut graph,
        a,
        b,
        sum,
        seen,
    } = World::new();
    graph
        .tick(|graph| {
            graph.set(a, 10)?;
            assert_eq!(graph.get(sum).unwrap(), 12);
            graph.set(b, 20)?;
            assert_eq!(graph.get(sum).unwrap(), 30);
            graph.set(b, 21)?;
            Ok::<(), Failure>(())
        })
        .unwrap();
    assert_eq!(*seen.borrow(), [3, 31]);
}

#[test]
fn a_tick_that_fails_has_not_happened() {
    let World {
        mut graph,
        a,
        b,
        sum,
        seen,
    } = World::new();
    let nodes = graph.nodes();
    let edges = graph.edges();
    let ran = Rc::new(Cell::new(false));
    let told = ran.clone();
    let failed: Result<(), Refused> = graph.tick(|graph| {
        graph.set(a, 10)?;
        let (_, made) = graph.scope(|graph| graph.signal(5));
        let twice = graph.computed(move |cx| Ok(cx.get(made)? * 2 + cx.get(a)?));
        assert_eq!(graph.get(twice).unwrap(), 20);
        graph.effect(move |cx| {
            told.set(true);
            cx.get(twice).map(|_| ())
        });
        graph.dispose(b);
        assert_eq!(graph.get(sum).unwrap(), 12);
        graph.set(a, 11)?;
        Err(Refused)
    });
    assert_eq!(failed, Err(Refused));
    assert!(!ran.get());
    assert_eq!(graph.get(sum).unwrap(), 3);
    assert_eq!(graph.get(a).unwrap(), 1);
    assert_eq!((graph.nodes(), graph.edges()), (nodes, edges));
    graph.set(b, 5).unwrap();
    assert_eq!(seen.borrow().last(), Some(&6));
}

#[test]
fn an_inner_tick_that_fails_undoes_what_it_did_itself() {
    let World {
        mut graph,
        a,
        b,
        sum,
        seen,
    } = World::new();
    graph
        .tick(|graph| {
            graph.set(a, 10)?;
            let inner: Result<(), Refused> = graph.tick(|graph| {
                graph.set(a, 100)?;
                graph.set(b, 100)?;
                Err(Refused)
            });
            assert_eq!(inner, Err(Refused));
            assert_eq!(graph.get(a).unwrap(), 10);
            assert_eq!(graph.get(b).unwrap(), 2);
            graph.set(a, 11)
        })
        .unwrap();
    assert_eq!(*seen.borrow(), [3, 13]);
    assert_eq!(graph.get(sum).unwrap(), 13);
    // And the outer one undoes what it did before and after.
    let outer: Result<(), Refused> = graph.tick(|graph| {
        graph.set(a, 20)?;
        graph.tick(|graph| graph.set(a, 21))?;
        graph.set(a, 22)?;
        Err(Refused)
    });
    assert_eq!(outer, Err(Refused));
    assert_eq!(graph.get(a).unwrap(), 11);
    assert_eq!(seen.borrow().len(), 2);
}

#[test]
fn what_is_made_in_a_tick_runs_at_its_end() {
    let mut graph = Graph::new();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let shown = seen.clone();
    graph
        .tick(|graph| {
            let a = graph.signal(1);
            graph.effect(move |cx| {
                shown.borrow_mut().push(cx.get(a)?);
                Ok(())
            });
            assert!(seen.borrow().is_empty());
            graph.set(a, 2)
        })
        .unwrap();
    assert_eq!(*seen.borrow(), [2]);
}

#[test]
fn effects_run_in_the_order_in_which_the_change_reaches_them() {
    let mut graph = Graph::new();
    let a = graph.signal(0);
    let seen = Rc::new(RefCell::new(Vec::new()));
    for name in ["first", "second", "third"] {
        let seen = seen.clone();
        graph.effect(move |cx| {
            seen.borrow_mut().push((name, cx.get(a)?));
            Ok(())
        });
    }
    seen.borrow_mut().clear();
    graph.set(a, 1).unwrap();
    assert_eq!(*seen.borrow(), [("first", 1), ("second", 1), ("third", 1)]);
}

#[test]
fn an_effect_that_stops_is_told_and_runs_again() {
    let mut graph = Graph::new();
    let text = graph.signal("1".to_owned());
    let number = graph.computed(move |cx| cx.read(text)?.parse::<i32>().map_err(Stop::failed));
    let seen = Rc::new(RefCell::new(Vec::new()));
    let shown = seen.clone();
    let effect = graph.effect(move |cx| {
        shown.borrow_mut().push(cx.get(number)?);
        Ok(())
    });
    graph.set(text, "one".to_owned()).unwrap();
    let stopped = graph.take_stopped();
    assert_eq!(stopped.len(), 1);
    assert_eq!(stopped[0].0, effect);
    let reason = stopped[0].1.failure().unwrap();
    assert_eq!(reason.to_string(), "the computation failed");
    let source = std::error::Error::source(reason).unwrap();
    assert_eq!(source.to_string(), "invalid digit found in string");
    assert!(graph.take_stopped().is_empty());
    graph.set(text, "2".to_owned()).unwrap();
    assert!(graph.take_stopped().is_empty());
    assert_eq!(*seen.borrow(), [1, 2]);
}
