//! `cellx/N`: N layers of four values that depend on each other crosswise, with an effect on each.

use std::hint::black_box;
use std::time::Instant;

use crate::framework::{Framework, Source};
use crate::row::nanoseconds;

/// The time of reading the ends, writing the starts, and reading the ends again.
pub(crate) fn sample<F: Framework>(layers: usize) -> f64 {
    F::world(move |world| {
        let start = [1_i64, 2, 3, 4].map(|value| F::signal(world, value));
        let mut layer = start.map(Source::<F, i64>::Signal);
        let mut ends = None;
        for _ in 0..layers {
            let [a, b, c, d] = layer;
            let next = [
                F::computed(world, move |cx| b.get(cx)),
                F::computed(world, move |cx| Ok(a.get(cx)? - c.get(cx)?)),
                F::computed(world, move |cx| Ok(b.get(cx)? + d.get(cx)?)),
                F::computed(world, move |cx| c.get(cx)),
            ];
            for node in next {
                F::effect(world, move |cx| {
                    F::computed_value(cx, node).map(|value| {
                        black_box(value);
                    })
                });
            }
            layer = next.map(Source::Computed);
            ends = Some(next);
        }
        let ends = ends.expect("there is a layer");
        let started = Instant::now();
        let before = ends.map(|end| F::peek(world, end));
        F::batch(world, |world| {
            for (signal, value) in start.into_iter().zip([4, 3, 2, 1]) {
                F::set(world, signal, value);
            }
        });
        let after = ends.map(|end| F::peek(world, end));
        let time = nanoseconds(started.elapsed());
        assert_eq!(before, [-3, -6, -2, 2], "{}", F::NAME);
        assert_eq!(after, [-2, -4, 2, 3], "{}", F::NAME);
        time
    })
}
