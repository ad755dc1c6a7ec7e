//! `sbench/*`: making a hundred thousand things, and writing signals that have one reader, several or many.

use std::hint::black_box;
use std::time::Instant;

use crate::framework::Framework;
use crate::row::milliseconds;

const COUNT: usize = 100_000;

/// Makes signals and disposes of them, in milliseconds.
pub(crate) fn create_signals<F: Framework>() -> f64 {
    let started = Instant::now();
    F::world(|world| {
        for value in 0..COUNT {
            black_box(F::signal(world, value as i64));
        }
    });
    milliseconds(started.elapsed())
}

/// Makes effects over `signals` signals, each of which reads `reads` of them, and disposes of all, in milliseconds. The making of
/// the signals is not counted.
fn create<F: Framework>(effects: usize, signals: usize, reads: usize) -> f64 {
    let started = F::world(move |world| {
        let sources = sources::<F>(world, signals);
        let started = Instant::now();
        watch::<F>(world, &sources, effects, reads);
        started
    });
    milliseconds(started.elapsed())
}

/// Writes each in turn, in milliseconds.
fn update<F: Framework>(writes: usize, effects: usize, signals: usize, reads: usize) -> f64 {
    F::world(move |world| {
        let sources = sources::<F>(world, signals);
        watch::<F>(world, &sources, effects, reads);
        let first = *sources.first().expect("there is a signal");
        let started = Instant::now();
        for value in 0..writes {
            F::set(world, first, value as i64 + 1_000_000);
        }
        milliseconds(started.elapsed())
    })
}

fn sources<F: Framework>(world: &mut F::World, count: usize) -> Vec<F::Signal<i64>> {
    (0..count)
        .map(|value| F::signal(world, value as i64))
        .collect()
}

fn watch<F: Framework>(
    world: &mut F::World,
    sources: &[F::Signal<i64>],
    effects: usize,
    reads: usize,
) {
    for effect in 0..effects {
        let first = effect * reads.max(1);
        let read: Vec<F::Signal<i64>> = (first..first + reads)
            .map(|place| sources[place % sources.len()])
            .collect();
        F::effect(world, move |cx| {
            let mut sum = 0;
            for signal in &read {
                sum += F::signal_value(cx, *signal)?;
            }
            black_box(sum);
            Ok(())
        });
    }
}

/// The suite's ways of making effects, summed.
pub(crate) fn create_effects<F: Framework>() -> f64 {
    let shapes = [
        (COUNT, 1, 0),
        (COUNT, COUNT, 1),
        (COUNT / 2, COUNT, 2),
        (COUNT / 4, COUNT, 4),
        (COUNT / 1000, COUNT, 1000),
        (COUNT, COUNT / 2, 1),
        (COUNT, COUNT / 4, 1),
        (COUNT, COUNT / 8, 1),
        (COUNT, COUNT / 1000, 1),
    ];
    let times = shapes.map(|(effects, signals, reads)| create::<F>(effects, signals, reads));
    times.iter().sum()
}

/// The suite's ways of writing, summed, but for the last.
pub(crate) fn update_signals<F: Framework>() -> f64 {
    let shapes = [
        (4 * COUNT, 1, 1, 1),
        (2 * COUNT, 1, 2, 2),
        (COUNT, 1, 4, 4),
        (COUNT / 250, 1, 1000, 1000),
        (COUNT, 2, 1, 1),
        (COUNT, 4, 1, 1),
    ];
    let times = shapes
        .map(|(writes, effects, signals, reads)| update::<F>(writes, effects, signals, reads));
    times.iter().sum()
}

/// The last: a thousand effects on one signal.
pub(crate) fn update_1_to_1000<F: Framework>() -> f64 {
    update::<F>(COUNT / 10, 1000, 1, 1)
}
