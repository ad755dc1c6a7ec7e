//! `propagate/WxH`: one signal, W chains of H computeds, and an effect at the end of each. The figure is the time of one write.

use std::hint::black_box;
use std::time::Instant;

use crate::framework::{Framework, Source};
use crate::row::nanoseconds;

/// How often a signal with so many computeds below it is written.
pub(crate) fn times(nodes: usize) -> usize {
    (400_000 / nodes).clamp(4, 20_000)
}

pub(crate) fn sample<F: Framework>(width: usize, height: usize) -> f64 {
    F::world(move |world| {
        let signal = F::signal(world, 1_i64);
        for _ in 0..width {
            let mut last = Source::<F, i64>::Signal(signal);
            for _ in 0..height {
                let previous = last;
                let next = F::computed(world, move |cx| Ok(previous.get(cx)? + 1));
                last = Source::Computed(next);
                // A first read from the end would nest too deep for the native stack of the peers.
                F::peek(world, next);
            }
            F::effect(world, move |cx| {
                last.get(cx).map(|value| {
                    black_box(value);
                })
            });
        }
        let times = times(width * height);
        let mut value = 1;
        for _ in 0..times / 4 {
            value += 1;
            F::set(world, signal, value);
        }
        let started = Instant::now();
        for _ in 0..times {
            value += 1;
            F::set(world, signal, value);
        }
        nanoseconds(started.elapsed()) / times as f64
    })
}
