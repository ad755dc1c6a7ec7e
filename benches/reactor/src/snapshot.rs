//! `snapshot/*`: ten thousand rows, each a signal, a computed and an effect. Going eight ticks back and doing them over with other
//! values, against making all rows anew from their values.

use std::hint::black_box;
use std::time::Instant;

use loop_reactor::{Failure, Graph, Signal};

use crate::row::milliseconds;

const ROWS: usize = 10_000;
const TICKS: usize = 8;

/// How many rows a tick changes.
#[derive(Clone, Copy)]
pub(crate) enum Changed {
    Tenth,
    All,
}

fn rows(values: &[i64]) -> (Graph, Vec<Signal<i64>>) {
    let mut graph = Graph::new();
    let make = |value: &i64| {
        let signal = graph.signal(*value);
        let twice = graph.computed(move |cx| Ok(cx.get(signal)? * 2));
        graph.effect(move |cx| {
            black_box(cx.get(twice)?);
            Ok(())
        });
        signal
    };
    let signals = values.iter().map(make).collect();
    (graph, signals)
}

/// Milliseconds to go back and do over, and to make all anew.
pub(crate) fn sample(changed: Changed) -> (f64, f64) {
    let values: Vec<i64> = (0..ROWS as i64).collect();
    let (mut graph, signals) = rows(&values);
    graph.remember_ticks(2 * TICKS);
    let start = graph.now();
    ticks(&mut graph, &signals, changed, 1_000_000);
    let began = Instant::now();
    graph.silently(|graph| {
        graph.go_to(start).expect("it is remembered");
        ticks(graph, &signals, changed, 2_000_000);
    });
    let replay = milliseconds(began.elapsed());
    let last = match changed {
        Changed::Tenth => signals.get(TICKS - 1),
        Changed::All => signals.get(ROWS - 1),
    };
    let value = graph.get(*last.expect("a row")).expect("it is there");
    assert!(value >= 2_000_000, "the rows were done over: {value}");

    let began = Instant::now();
    let made = rows(&values);
    let rebuild = milliseconds(began.elapsed());
    drop(black_box(made));
    (replay, rebuild)
}

fn ticks(graph: &mut Graph, signals: &[Signal<i64>], changed: Changed, base: i64) {
    for tick in 0..TICKS {
        let step = match changed {
            Changed::Tenth => 10,
            Changed::All => 1,
        };
        let written = graph.tick(|graph| {
            for (place, signal) in signals.iter().enumerate().skip(tick % step).step_by(step) {
                graph.set(*signal, base + (place + tick) as i64)?;
            }
            Ok::<(), Failure>(())
        });
        written.expect("the signals are there");
    }
}
