//! `fibers/*` and `yields/*`: rows that are fibers, of which one changes and says something else.

use std::hint::black_box;
use std::time::Instant;

use loop_reactor::fiber::Act;
use loop_reactor::{Computed, Fiber, Graph, Signal, Stop};

use crate::row::nanoseconds;

const CHANGES: usize = 2_000;

/// What a row tells the host: where its value is, and what it shows.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Shown {
    pub(crate) value: Signal<i64>,
    pub(crate) text: i64,
}

/// A list of so many rows.
pub(crate) fn list(f: &mut Fiber<'_>, size: &usize) -> Result<(), Stop> {
    for key in 0..*size {
        f.keyed(key, row, key as i64);
    }
    Ok(())
}

fn row(f: &mut Fiber<'_>, first: &i64) -> Result<(), Stop> {
    let value = f.state("value", || *first);
    let text = f.get(value)?;
    f.effect("row", Shown { value, text });
    f.yields(text);
    Ok(())
}

/// The same with a sum of what the rows yield.
fn summed(f: &mut Fiber<'_>, size: &usize) -> Result<(), Stop> {
    let rows = |f: &mut Fiber<'_>| list(f, size);
    let sum = f.map_reduce(rows, |value: i64| value, 0, |a, b| a + b)?;
    f.child(total, sum);
    Ok(())
}

fn total(f: &mut Fiber<'_>, sum: &Computed<i64>) -> Result<(), Stop> {
    let sum = f.get(*sum)?;
    f.effect("total", sum);
    Ok(())
}

/// The values of the rows, in their order.
pub(crate) fn values(graph: &mut Graph) -> Vec<Signal<i64>> {
    let commands = graph.take_commands();
    let shown = commands.iter().filter_map(|command| command.value());
    shown.map(|shown: &Shown| shown.value).collect()
}

/// Nanoseconds for a change of one of so many rows, until the host knows.
pub(crate) fn one_changed(size: usize) -> f64 {
    let mut graph = Graph::new();
    graph.mount(list, size);
    changes(&mut graph, size, |told, value| {
        let shown: Option<&Shown> = told.iter().rev().find_map(|command| command.value());
        assert!(told.len() == 2 && shown.is_some_and(|shown| shown.text == value));
    })
}

/// The same until it knows the new sum.
pub(crate) fn one_yields(size: usize) -> f64 {
    let mut graph = Graph::new();
    graph.mount(summed, size);
    let mut known = (size * (size - 1) / 2) as i64;
    changes(&mut graph, size, |told, _| {
        let of_row = |act| {
            let mut rows = told.iter().filter(|command| command.act == act);
            let shown: Option<&Shown> = rows.find_map(|command| command.value());
            shown.map_or(0, |shown| shown.text)
        };
        known += of_row(Act::SetUp) - of_row(Act::CleanUp);
        let sum: Option<&i64> = told.iter().rev().find_map(|command| command.value());
        assert_eq!(sum, Some(&known));
    })
}

fn changes(
    graph: &mut Graph,
    size: usize,
    mut hear: impl FnMut(&[loop_reactor::fiber::Command], i64),
) -> f64 {
    let values = values(graph);
    assert_eq!(values.len(), size);
    let mut round = |offset: usize| {
        for change in 0..CHANGES {
            // All over the list, in no order.
            let place = change * 7919 % size;
            let value = (offset + change) as i64;
            let written = graph.set(values[place], value);
            written.expect("the row is there");
            hear(black_box(&graph.take_commands()), value);
        }
    };
    round(size);
    let started = Instant::now();
    round(size + CHANGES);
    nanoseconds(started.elapsed()) / CHANGES as f64
}
