//! A value that depends on itself is found and named.

use std::cell::RefCell;
use std::rc::Rc;

use loop_reactor::{Computed, Failure, Graph, Handle, Id, NESTED_MAX, Signal};

/// The nodes on the cycle that reading runs into.
fn cycle(graph: &mut Graph, of: Computed<i32>) -> Vec<Id> {
    let stop = graph.get(of).unwrap_err();
    match stop.failure() {
        Some(Failure::Cycle { path }) => path.clone(),
        other => panic!("no cycle: {other:?}"),
    }
}

/// A ring of computeds: each reads the next, and the last reads the first while `closed` says so.
fn ring(graph: &mut Graph, length: usize, closed: Signal<bool>) -> Vec<Computed<i32>> {
    let nodes: Rc<RefCell<Vec<Computed<i32>>>> = Rc::default();
    for place in 0..length {
        let ring = nodes.clone();
        let node = graph.computed(move |cx| {
            if place + 1 < length {
                let next = ring.borrow()[place + 1];
                return Ok(cx.get(next)? + 1);
            }
            let first = ring.borrow()[0];
            if cx.get(closed)? {
                cx.get(first)
            } else {
                Ok(0)
            }
        });
        nodes.borrow_mut().push(node);
    }
    nodes.borrow().clone()
}

#[test]
fn what_reads_itself_is_a_cycle() {
    let mut graph = Graph::new();
    let closed = graph.signal(true);
    let ring = ring(&mut graph, 1, closed);
    assert_eq!(cycle(&mut graph, ring[0]), [ring[0].id(), ring[0].id()]);
    graph.set(closed, false).unwrap();
    assert_eq!(graph.get(ring[0]).unwrap(), 0);
}

#[test]
fn a_ring_is_named_in_the_order_of_reading() {
    let mut graph = Graph::new();
    let closed = graph.signal(true);
    let ring = ring(&mut graph, 3, closed);
    let expected = [ring[0].id(), ring[1].id(), ring[2].id(), ring[0].id()];
    assert_eq!(cycle(&mut graph, ring[0]), expected);
    let stop = graph.get(ring[0]).unwrap_err();
    assert_eq!(stop.to_string(), "a cycle: n2 reads n3 reads n4 reads n2");
    // From elsewhere it is the same cycle.
    assert_eq!(cycle(&mut graph, ring[2]), expected);
}

#[test]
fn a_cycle_that_opens_is_a_value_again_and_back() {
    for length in [1, 2, 5, NESTED_MAX, NESTED_MAX * 3] {
        let mut graph = Graph::new();
        let closed = graph.signal(false);
        let ring = ring(&mut graph, length, closed);
        let first = ring[0];
        let seen = Rc::new(RefCell::new(Vec::new()));
        let shown = seen.clone();
        graph.effect(move |cx| {
            shown.borrow_mut().push(cx.get(first).ok());
            Ok(())
        });
        let value = Some(i32::try_from(length).unwrap() - 1);
        for round in 0..3 {
            graph.set(closed, true).unwrap();
            for node in &ring {
                let path = cycle(&mut graph, *node);
                assert_eq!(path.len(), length + 1, "{length}, {round}");
            }
            graph.set(closed, false).unwrap();
            assert_eq!(graph.get(first).ok(), value);
        }
        let mut last = seen.borrow().clone();
        last.dedup();
        assert_eq!(
            last,
            [value, None, value, None, value, None, value],
            "{length}"
        );
    }
}

/// Two nodes that read each other, but never at the same time, are no cycle.
#[test]
fn edges_that_turn_around_are_no_cycle() {
    let mut graph = Graph::new();
    let turned = graph.signal(false);
    let other: Rc<RefCell<Option<Computed<i32>>>> = Rc::default();
    let later = other.clone();
    let a = graph.computed(move |cx| {
        let b = later.borrow().unwrap();
        if cx.get(turned)? {
            Ok(1)
        } else {
            Ok(cx.get(b)? + 1)
        }
    });
    let b = graph.computed(move |cx| {
        if cx.get(turned)? {
            Ok(cx.get(a)? + 10)
        } else {
            Ok(5)
        }
    });
    *other.borrow_mut() = Some(b);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let shown = seen.clone();
    graph.effect(move |cx| {
        shown.borrow_mut().push((cx.get(a)?, cx.get(b)?));
        Ok(())
    });
    for turn in [true, false, true, false] {
        graph.set(turned, turn).unwrap();
    }
    assert_eq!(*seen.borrow(), [(6, 5), (1, 11), (6, 5), (1, 11), (6, 5)]);
    assert!(graph.take_stopped().is_empty());
}
