//! incremental: its graphs are made of maps and folds and brought up to date by a call, so it has workloads of its own. Those whose
//! reads change, and those that read one by one, it cannot express without another graph.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use incremental::{Incr, IncrState};

use crate::propagate::times;
use crate::row::nanoseconds;

pub(crate) const NAME: &str = "incremental";

/// As [`crate::propagate::sample`]: each chain is observed at its end.
pub(crate) fn propagate(width: usize, height: usize) -> f64 {
    let state = IncrState::new_with_height(height + 8);
    let signal = state.var(1_i64);
    let mut observers = Vec::new();
    for _ in 0..width {
        let mut last: Incr<i64> = signal.watch();
        for _ in 0..height {
            last = last.map(|value| value + 1);
        }
        let end = last.map(|value| {
            black_box(*value);
        });
        observers.push(end.observe());
    }
    state.stabilise();
    let times = times(width * height);
    let mut value = 1;
    let mut write = || {
        value += 1;
        signal.set(value);
        state.stabilise();
    };
    for _ in 0..times / 4 {
        write();
    }
    let started = Instant::now();
    for _ in 0..times {
        write();
    }
    nanoseconds(started.elapsed()) / times as f64
}

/// `kairo/broad`, `kairo/deep` and `kairo/diamond` have one signal whose writes are counted at the end.
fn writes(
    times: i64,
    runs: i64,
    make: impl FnOnce(&IncrState, Incr<i64>, &dyn Fn(&Incr<i64>) -> Incr<()>) -> Vec<Incr<()>>,
) -> f64 {
    const ITERATIONS: usize = 30;
    let state = IncrState::new();
    let head = state.var(0_i64);
    let count = Rc::new(Cell::new(0));
    let counted = count.clone();
    let watch = move |source: &Incr<i64>| {
        let counted = counted.clone();
        source.map(move |value| {
            black_box(*value);
            counted.set(counted.get() + 1);
        })
    };
    let ends = make(&state, head.watch(), &watch);
    let observers: Vec<_> = ends.iter().map(Incr::observe).collect();
    let iteration = || {
        head.set(1);
        state.stabilise();
        count.set(0);
        for value in 0..times {
            head.set(value);
            state.stabilise();
        }
        assert_eq!(count.get(), runs, "{NAME}");
    };
    iteration();
    let started = Instant::now();
    for _ in 0..ITERATIONS {
        iteration();
    }
    drop(observers);
    nanoseconds(started.elapsed()) / ITERATIONS as f64
}

pub(crate) fn broad() -> f64 {
    writes(50, 2500, |_, head, watch| {
        let end = |place: i64| {
            let next = head.map(move |value| value + place);
            watch(&next.map(|value| value + 1))
        };
        (0..50).map(end).collect()
    })
}

pub(crate) fn deep() -> f64 {
    writes(50, 50, |_, head, watch| {
        let mut last = head;
        for _ in 0..50 {
            last = last.map(|value| value + 1);
        }
        vec![watch(&last)]
    })
}

pub(crate) fn diamond() -> f64 {
    writes(500, 500, |state, head, watch| {
        let parts = (0..5).map(|_| head.map(|value| value + 1)).collect();
        vec![watch(&state.fold(parts, 0, |sum, part| sum + part))]
    })
}
