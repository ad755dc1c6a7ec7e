//! Depth and width cost no stack.

use std::cell::Cell;
use std::rc::Rc;

use loop_reactor::graph::{Record, What};
use loop_reactor::{Computed, Graph, Signal};

pub(crate) const MILLION: usize = 1_000_000;

/// Less than the smallest stack of a thread that a system gives by itself. A level of recursion for each node would need more
/// than a hundred times as much.
const STACK: usize = 1 << 20;

/// Runs `work` on a small stack.
pub(crate) fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work);
    thread.unwrap().join().unwrap();
}

fn chain(graph: &mut Graph, source: Signal<usize>, length: usize) -> Computed<usize> {
    let mut last = graph.computed(move |cx| cx.get(source));
    for _ in 1..length {
        let before = last;
        last = graph.computed(move |cx| Ok(cx.get(before)? + 1));
    }
    last
}

#[test]
fn a_chain_of_a_million() {
    on_a_small_stack(|| {
        let mut graph = Graph::new();
        let source = graph.signal(0);
        let last = chain(&mut graph, source, MILLION);
        // None of them ever ran: each meets the next for the first time.
        assert_eq!(graph.get(last).unwrap(), MILLION - 1);
        let runs = Rc::new(Cell::new(0));
        let counted = runs.clone();
        graph.effect(move |cx| {
            counted.set(counted.get() + 1);
            cx.get(last).map(|_| ())
        });
        graph.set(source, 5).unwrap();
        assert_eq!(runs.get(), 2);
        assert_eq!(graph.get(last).unwrap(), MILLION + 4);
    });
}

#[test]
fn a_chain_that_is_met_for_the_first_time_runs_at_most_twice_each() {
    let mut graph = Graph::new();
    let source = graph.signal(0);
    let length = 10_000;
    let last = chain(&mut graph, source, length);
    graph.record(Record::Events);
    assert_eq!(graph.get(last).unwrap(), length - 1);
    let events = graph.take_events();
    let deferred = events
        .iter()
        .filter(|event| event.what == What::Deferred)
        .count();
    assert!(deferred < length, "{deferred}");
    assert_eq!(events.len() - deferred, length);
    graph.set(source, 1).unwrap();
    assert_eq!(graph.get(last).unwrap(), length);
    assert_eq!(graph.take_events().len(), length);
}

/// All find each other anew in the same tick: a switch makes each read the one before.
#[test]
fn a_chain_that_forms_in_one_tick() {
    on_a_small_stack(|| {
        let mut graph = Graph::new();
        let linked = graph.signal(false);
        let mut last = graph.computed(|_| Ok(0_usize));
        for _ in 0..100_000 {
            let before = last;
            last = graph.computed(move |cx| {
                if cx.get(linked)? {
                    Ok(cx.get(before)? + 1)
                } else {
                    Ok(0)
                }
            });
            graph.get(last).unwrap();
        }
        graph.effect(move |cx| cx.get(last).map(|_| ()));
        for _ in 0..3 {
            graph.set(linked, true).unwrap();
            assert_eq!(graph.get(last).unwrap(), 100_000);
            graph.set(linked, false).unwrap();
            assert_eq!(graph.get(last).unwrap(), 0);
        }
        assert!(graph.take_stopped().is_empty());
    });
}

#[test]
fn a_fan_of_a_million() {
    on_a_small_stack(|| {
        let mut graph = Graph::new();
        let source = graph.signal(0_usize);
        let sum = Rc::new(Cell::new(0));
        let (scope, ()) = graph.scope(|graph| {
            for _ in 0..MILLION {
                let sum = sum.clone();
                graph.effect(move |cx| {
                    sum.set(sum.get() + cx.get(source)?);
                    Ok(())
                });
            }
        });
        graph.set(source, 2).unwrap();
        assert_eq!(sum.get(), 2 * MILLION);
        assert_eq!(graph.edges(), MILLION);
        graph.dispose_scope(scope);
        assert_eq!((graph.nodes(), graph.edges()), (1, 0));
    });
}

#[test]
fn a_node_that_reads_a_million() {
    on_a_small_stack(|| {
        let mut graph = Graph::new();
        let parts: Vec<Signal<usize>> = (0..MILLION).map(|_| graph.signal(1)).collect();
        let read = parts.clone();
        let sum = graph.computed(move |cx| {
            let mut sum = 0;
            for part in &read {
                sum += cx.get(*part)?;
            }
            Ok(sum)
        });
        assert_eq!(graph.get(sum).unwrap(), MILLION);
        graph.set(parts[MILLION / 2], 2).unwrap();
        assert_eq!(graph.get(sum).unwrap(), MILLION + 1);
        assert_eq!(graph.edges(), MILLION);
    });
}
