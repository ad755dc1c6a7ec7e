//! `snapshot/*`: ten thousand rows, each a fiber with a value that it shows. Going eight ticks back and doing them over with other
//! values, against making all rows anew from their values.

use std::hint::black_box;
use std::time::Instant;

use loop_reactor::{Failure, Graph, Signal};

use crate::fibers::{Shown, list, values};
use crate::row::milliseconds;

const ROWS: usize = 10_000;
const TICKS: usize = 8;

/// How many rows a tick changes.
#[derive(Clone, Copy)]
pub(crate) enum Changed {
    Tenth,
    All,
}

/// Milliseconds to go back and do over, and to make all anew.
pub(crate) fn sample(changed: Changed) -> (f64, f64) {
    let mut graph = Graph::new();
    graph.mount(list, ROWS);
    let signals = values(&mut graph);
    graph.remember_ticks(2 * TICKS);
    let start = graph.now();
    ticks(&mut graph, &signals, changed, 1_000_000);
    graph.take_commands();
    let began = Instant::now();
    graph.silently(|graph| {
        graph.go_to(start).expect("it is remembered");
        ticks(graph, &signals, changed, 2_000_000);
    });
    let told = graph.take_commands();
    let replay = milliseconds(began.elapsed());
    // Each row that changed is told of once, with what it shows in the end.
    let rows = match changed {
        Changed::Tenth => ROWS * TICKS / 10,
        Changed::All => ROWS,
    };
    let shown = told.iter().filter_map(|command| command.value());
    let new = shown.filter(|shown: &&Shown| shown.text >= 2_000_000);
    assert_eq!((told.len(), new.count()), (2 * rows, rows));

    let began = Instant::now();
    let mut made = Graph::new();
    made.mount(list, ROWS);
    let told = made.take_commands();
    let rebuild = milliseconds(began.elapsed());
    assert_eq!(told.len(), ROWS);
    drop(black_box((made, told)));
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
