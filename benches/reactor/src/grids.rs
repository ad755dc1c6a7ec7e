//! `grids/*`: rows of computeds that read several of the row above, some of them in a way that changes with the values. The sums and
//! the numbers of runs are those of the published suite, which an independent model reproduces.

use std::hint::black_box;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use crate::framework::{Framework, Source, Value};
use crate::row::milliseconds;

/// The shape of a grid, and what must come out.
pub(crate) struct Grid {
    pub(crate) name: &'static str,
    width: usize,
    layers: usize,
    reads: usize,
    /// Of ten thousand computeds, how many always read the same.
    fixed: f64,
    /// Of the last row, the part that the effect reads.
    read: f64,
    iterations: usize,
    sum: f64,
    runs: u64,
}

pub(crate) const GRIDS: [Grid; 6] = [
    grid(
        "2-10x5",
        (10, 5, 2),
        (1.0, 0.2),
        600_000,
        19_199_968.0,
        3_480_000,
    ),
    grid(
        "6-10x10",
        (10, 10, 6),
        (0.75, 0.2),
        15_000,
        302_310_782_860.0,
        1_155_000,
    ),
    grid(
        "4-1000x12",
        (1000, 12, 4),
        (0.95, 1.0),
        7_000,
        29_355_933_696_000.0,
        1_463_000,
    ),
    grid(
        "25-1000x5",
        (1000, 5, 25),
        (1.0, 1.0),
        3_000,
        1_171_484_375_000.0,
        732_000,
    ),
    grid(
        "3-5x500",
        (5, 500, 3),
        (1.0, 1.0),
        500,
        3.023_964_267_689_846_4e241,
        1_246_500,
    ),
    grid(
        "6-100x15",
        (100, 15, 6),
        (0.5, 1.0),
        2_000,
        15_664_996_402_790_400.0,
        1_078_000,
    ),
];

const fn grid(
    name: &'static str,
    (width, layers, reads): (usize, usize, usize),
    (fixed, read): (f64, f64),
    iterations: usize,
    sum: f64,
    runs: u64,
) -> Grid {
    Grid {
        name,
        width,
        layers,
        reads,
        fixed,
        read,
        iterations,
        sum,
        runs,
    }
}

/// Whole numbers, or such as grow beyond them.
trait Number: Value + Default + AddAssign {
    fn new(value: usize) -> Self;
    fn to_f64(&self) -> f64;
    /// Which of so many reads to leave out, if one.
    fn dropped(&self, of: usize) -> Option<usize>;
}

impl Number for i64 {
    fn new(value: usize) -> Self {
        value as Self
    }

    fn to_f64(&self) -> f64 {
        *self as f64
    }

    fn dropped(&self, of: usize) -> Option<usize> {
        (self & 1 == 1).then_some((*self % of as Self) as usize)
    }
}

impl Number for f64 {
    fn new(value: usize) -> Self {
        value as Self
    }

    fn to_f64(&self) -> f64 {
        *self
    }

    fn dropped(&self, _: usize) -> Option<usize> {
        None
    }
}

/// The suite's generator: sfc32, seeded by xmur3a of the word `seed`.
struct Chance([u32; 4]);

impl Chance {
    fn new() -> Self {
        let mut hash = 2_166_136_261_u32;
        for byte in *b"seed" {
            let mixed = u32::from(byte).wrapping_mul(3_432_918_353).rotate_left(15);
            hash ^= mixed.wrapping_mul(461_845_907);
            hash = hash
                .rotate_left(13)
                .wrapping_mul(5)
                .wrapping_add(3_864_292_196);
        }
        hash ^= 4;
        Self([(); 4].map(|()| {
            hash ^= hash >> 16;
            hash = hash.wrapping_mul(2_246_822_507);
            hash ^= hash >> 13;
            hash = hash.wrapping_mul(3_266_489_909);
            hash ^= hash >> 16;
            hash
        }))
    }

    fn next(&mut self) -> f64 {
        let [a, b, c, d] = self.0;
        let sum = a.wrapping_add(b);
        let count = d.wrapping_add(1);
        let drawn = sum.wrapping_add(count);
        self.0 = [
            b ^ (b >> 9),
            c.wrapping_add(c << 3),
            c.rotate_left(21).wrapping_add(drawn),
            count,
        ];
        f64::from(drawn) / 4_294_967_296.0
    }
}

static RUNS: AtomicU64 = AtomicU64::new(0);

impl Grid {
    /// Milliseconds for all iterations, and how often computeds ran.
    pub(crate) fn sample<F: Framework>(&self) -> (f64, u64) {
        // Sums beyond 2^63.
        if self.sum > 1e18 {
            self.with::<F, f64>()
        } else {
            self.with::<F, i64>()
        }
    }

    fn with<F: Framework, T: Number>(&self) -> (f64, u64) {
        let Self {
            width,
            layers,
            reads,
            fixed,
            read,
            iterations,
            sum,
            ..
        } = *self;
        let (time, runs, seen) = F::world(move |world| {
            let signals: Vec<F::Signal<T>> = (0..width)
                .map(|value| F::signal(world, T::new(value)))
                .collect();
            let mut row: Vec<Source<F, T>> = signals.iter().copied().map(Source::Signal).collect();
            let mut leaves = Vec::new();
            let mut chance = Chance::new();
            for _ in 1..layers {
                leaves = (0..width)
                    .map(|place| {
                        let above: Vec<Source<F, T>> = (place..place + reads)
                            .map(|from| row[from % width])
                            .collect();
                        node::<F, T>(world, above, chance.next() < fixed)
                    })
                    .collect();
                row = leaves.iter().copied().map(Source::Computed).collect();
            }
            let mut chance = Chance::new();
            let removed = (width as f64 * (1.0 - read)).round() as usize;
            for _ in 0..removed {
                leaves.remove((chance.next() * leaves.len() as f64) as usize);
            }
            let watched = leaves.clone();
            F::effect(world, move |cx| {
                for leaf in &watched {
                    black_box(F::computed_value(cx, *leaf)?);
                }
                Ok(())
            });
            let mut time = 0.0;
            // The first round warms up.
            for _ in 0..2 {
                RUNS.store(0, Relaxed);
                let started = Instant::now();
                for iteration in 0..iterations {
                    let place = iteration % width;
                    F::batch(world, |world| {
                        F::set(world, signals[place], T::new(iteration + place));
                    });
                    for leaf in &leaves {
                        black_box(F::peek(world, *leaf));
                    }
                }
                time = milliseconds(started.elapsed());
            }
            let mut seen = T::default();
            for leaf in &leaves {
                seen += F::peek(world, *leaf);
            }
            (time, RUNS.load(Relaxed), seen.to_f64())
        });
        assert!(
            seen == sum,
            "{}: {} comes to {seen}, not {sum}",
            F::NAME,
            self.name
        );
        (time, runs)
    }

    /// How often computeds must run, and may at most.
    pub(crate) fn runs(&self) -> u64 {
        self.runs
    }
}

fn node<F: Framework, T: Number>(
    world: &mut F::World,
    above: Vec<Source<F, T>>,
    fixed: bool,
) -> F::Computed<T> {
    if fixed {
        return F::computed(world, move |cx| {
            RUNS.store(RUNS.load(Relaxed) + 1, Relaxed);
            let mut sum = T::default();
            for source in &above {
                sum += source.get(cx)?;
            }
            Ok(sum)
        });
    }
    F::computed(world, move |cx| {
        RUNS.store(RUNS.load(Relaxed) + 1, Relaxed);
        let mut sources = above.iter();
        let mut sum = T::default();
        if let Some(first) = sources.next() {
            sum += first.get(cx)?;
        }
        let dropped = sum.dropped(above.len() - 1);
        for (place, source) in sources.enumerate() {
            if dropped != Some(place) {
                sum += source.get(cx)?;
            }
        }
        Ok(sum)
    })
}
