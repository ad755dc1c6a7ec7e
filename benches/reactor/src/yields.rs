//! `yields/map-reduce-*`: a fold of many values, of which one changes and the total is read.

use std::hint::black_box;
use std::time::Instant;

use loop_reactor::{Graph, Signal};

use crate::row::nanoseconds;

const CHANGES: usize = 2_000;

/// Nanoseconds for a change among so many values.
pub(crate) fn sample(size: usize) -> f64 {
    let mut graph = Graph::new();
    let sum = graph.fold(0_i64, |a, b| a + b);
    let values: Vec<Signal<i64>> = (0..size).map(|value| graph.signal(value as i64)).collect();
    for (at, value) in values.iter().enumerate() {
        let put = sum.insert(&mut graph, at, *value);
        put.expect("the place is there");
    }
    let total = graph.get(sum.total()).expect("a total");
    assert_eq!(total, (size * (size - 1) / 2) as i64);
    let mut round = |offset: usize| {
        for change in 0..CHANGES {
            // All over the list, in no order.
            let place = change * 7919 % size;
            let written = graph.set(values[place], (offset + change) as i64);
            written.expect("the signal is there");
            black_box(graph.get(sum.total()).expect("a total"));
        }
    };
    round(size);
    let started = Instant::now();
    round(size + CHANGES);
    nanoseconds(started.elapsed()) / CHANGES as f64
}
