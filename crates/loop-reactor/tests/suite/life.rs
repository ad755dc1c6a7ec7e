//! Nodes come and go.

use std::cell::Cell;
use std::rc::Rc;

use loop_reactor::{Computed, Failure, Graph, Signal, Stop};

/// The text of the failure that reading gives.
fn refusal(graph: &mut Graph, of: Computed<i32>) -> String {
    graph.get(of).unwrap_err().to_string()
}

#[test]
fn who_reads_what_was_disposed_of_finds_it_gone() {
    let mut graph = Graph::new();
    let a = graph.signal(1);
    let b = graph.computed(move |cx| Ok(cx.get(a)? + 1));
    assert_eq!(graph.get(b).unwrap(), 2);
    graph.dispose(a);
    assert_eq!(refusal(&mut graph, b), "n1 was disposed of");
    let set = graph.set(a, 2);
    assert!(matches!(set, Err(Failure::Gone { .. })));
    // The place is used again, and the old handle does not find what is there now.
    let c = graph.signal(7);
    assert_eq!(format!("{c:?}"), "Signal(n1.1)");
    assert_eq!(refusal(&mut graph, b), "n1 was disposed of");
    assert!(graph.get(a).is_err());
    assert!(graph.update(a, |value| *value += 1).is_err());
    assert_eq!(graph.get(c).unwrap(), 7);
    graph.dispose(a);
    assert_eq!(graph.get(c).unwrap(), 7);
}

#[test]
fn an_effect_ends_when_it_is_disposed_of() {
    let mut graph = Graph::new();
    let a = graph.signal(1);
    let runs = Rc::new(Cell::new(0));
    let counted = runs.clone();
    let effect = graph.effect(move |cx| {
        counted.set(counted.get() + 1);
        cx.get(a).map(|_| ())
    });
    graph.set(a, 2).unwrap();
    graph.dispose(effect);
    graph.set(a, 3).unwrap();
    assert_eq!(runs.get(), 2);
    assert_eq!(Rc::strong_count(&runs), 1, "its closure is dropped");
}

#[test]
fn an_effect_runs_when_what_it_read_goes() {
    let mut graph = Graph::new();
    let a = graph.signal(1);
    let b = graph.signal(1);
    let runs = Rc::new(Cell::new(0));
    let counted = runs.clone();
    graph.effect(move |cx| {
        counted.set(counted.get() + 1);
        let (Ok(_) | Err(_)) = cx.get(a);
        cx.get(b).map(|_| ())
    });
    graph.dispose(a);
    assert_eq!(runs.get(), 2);
    graph.set(b, 2).unwrap();
    assert_eq!(runs.get(), 3);
    assert!(graph.take_stopped().is_empty());
}

#[test]
fn a_scope_takes_its_nodes_and_scopes_with_it() {
    let mut graph = Graph::new();
    let outside = graph.signal(1);
    let (outer, (inner, last)) = graph.scope(|graph| {
        let a = graph.computed(move |cx| cx.get(outside));
        graph.effect(move |cx| cx.get(a).map(|_| ()));
        graph.scope(|graph| graph.computed(move |cx| Ok(cx.get(a)? + 1)))
    });
    let after = graph.signal(5);
    assert_eq!(graph.get(last).unwrap(), 2);
    assert_eq!((graph.nodes(), graph.edges()), (5, 3));
    graph.dispose_scope(inner);
    assert!(graph.get(last).is_err());
    assert_eq!((graph.nodes(), graph.edges()), (4, 2));
    graph.dispose_scope(outer);
    graph.dispose_scope(outer);
    assert_eq!((graph.nodes(), graph.edges()), (2, 0));
    assert_eq!(graph.get(after).unwrap(), 5);
    // One that ends takes those within it along.
    let (outer, (_, within)) = graph.scope(|graph| graph.scope(|graph| graph.signal(1)));
    graph.dispose_scope(outer);
    assert!(graph.get(within).is_err());
    assert_eq!(graph.nodes(), 2);
    // Its place is used again, and its handle ends nothing else.
    let (_, kept) = graph.scope(|graph| graph.signal(1));
    graph.dispose_scope(outer);
    graph.dispose_scope(inner);
    assert_eq!(graph.get(kept).unwrap(), 1);
}

#[test]
fn within_a_tick_things_go_at_its_end() {
    let mut graph = Graph::new();
    let a = graph.signal(1);
    graph
        .tick(|graph| {
            graph.dispose(a);
            assert_eq!(graph.get(a).unwrap(), 1);
            graph.set(a, 2)
        })
        .unwrap();
    assert!(graph.get(a).is_err());
    assert_eq!(graph.nodes(), 0);
}

#[test]
fn a_handle_of_another_graph_is_refused() {
    let mut first = Graph::new();
    let mut second = Graph::new();
    let number = first.signal(1);
    let text = second.signal("text");
    let wrong = second.get(number).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "n1 does not fit its handle, which must be of another graph"
    );
    assert!(matches!(first.set(text, ""), Err(Failure::Foreign { .. })));
    let many = second.signal(2);
    assert!(matches!(first.set(many, 3), Err(Failure::Gone { .. })));
    assert_eq!(first.get(number).unwrap(), 1);
}

#[test]
fn what_comes_and_goes_leaves_nothing() {
    let mut graph = Graph::new();
    let source = graph.signal(0);
    for round in 0..100 {
        let (scope, last) = graph.scope(|graph| {
            let mut last = graph.computed(move |cx| cx.get(source));
            for _ in 0..100 {
                let before = last;
                last = graph.computed(move |cx| Ok(cx.get(before)? + 1));
            }
            graph.effect(move |cx| cx.get(last).map(|_| ()));
            last
        });
        assert_eq!(graph.get(last).unwrap(), round + 100);
        graph.set(source, round + 1).unwrap();
        assert_eq!((graph.nodes(), graph.edges()), (103, 102));
        graph.dispose_scope(scope);
        assert_eq!((graph.nodes(), graph.edges()), (1, 0));
    }
}

/// Pending is a stop without a failure: who reads it waits as well, and goes on when there is a value.
#[test]
fn what_is_pending_keeps_its_readers_waiting() {
    let mut graph = Graph::new();
    let answer: Signal<Option<i32>> = graph.signal(None);
    let value = graph.computed(move |cx| cx.get(answer)?.ok_or(Stop::Pending));
    let next = graph.computed(move |cx| Ok(cx.get(value)? + 1));
    assert!(matches!(graph.get(next), Err(Stop::Pending)));
    assert!(graph.get(next).unwrap_err().failure().is_none());
    graph.set(answer, Some(1)).unwrap();
    assert_eq!(graph.get(next).unwrap(), 2);
    graph.set(answer, None).unwrap();
    assert!(matches!(graph.get(next), Err(Stop::Pending)));
}
