//! `kairo/*`: the nine small graphs of milomg/js-reactivity-benchmark. The figure is the time of one iteration, of which each
//! writes between ten and a thousand times and checks what comes out.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Instant;

use crate::framework::{Framework, Source};
use crate::row::nanoseconds;

const WARM: usize = 3;
const ITERATIONS: usize = 30;

/// What effects have seen: how often they ran, and the last value.
static RUNS: AtomicI64 = AtomicI64::new(0);
static LAST: AtomicI64 = AtomicI64::new(0);

fn saw(value: i64) {
    RUNS.store(RUNS.load(Relaxed) + 1, Relaxed);
    LAST.store(black_box(value), Relaxed);
}

/// Times `iteration`, in the world in which it was made.
fn timed<F: Framework>(world: &mut F::World, mut iteration: impl FnMut(&mut F::World)) -> f64 {
    for _ in 0..WARM {
        iteration(world);
    }
    let started = Instant::now();
    for _ in 0..ITERATIONS {
        iteration(world);
    }
    nanoseconds(started.elapsed()) / ITERATIONS as f64
}

/// An effect that sees one value.
fn watch<F: Framework>(world: &mut F::World, source: Source<F, i64>) {
    F::effect(world, move |cx| source.get(cx).map(saw));
}

/// A computed of one value.
fn map<F: Framework>(
    world: &mut F::World,
    source: Source<F, i64>,
    f: impl Fn(i64) -> i64 + 'static,
) -> Source<F, i64> {
    Source::Computed(F::computed(world, move |cx| source.get(cx).map(&f)))
}

/// Writes 0, 1, 2, … and holds what is seen, and how often, against what must be.
fn writes<F: Framework>(
    world: &mut F::World,
    head: F::Signal<i64>,
    times: i64,
    runs: i64,
    expected: impl Fn(i64) -> i64,
) {
    F::set(world, head, 1);
    RUNS.store(0, Relaxed);
    for value in 0..times {
        F::set(world, head, value);
        assert_eq!(LAST.load(Relaxed), expected(value), "{}", F::NAME);
    }
    ran::<F>(runs);
}

/// Holds how often effects ran against what must be.
fn ran<F: Framework>(expected: i64) {
    let runs = RUNS.load(Relaxed);
    let right = runs == expected || (!F::ONCE && runs > expected);
    assert!(right, "{}: {runs} runs, not {expected}", F::NAME);
}

fn busy() {
    let mut count = 0;
    for _ in 0..100 {
        count = black_box(count + 1);
    }
}

pub(crate) fn avoidable<F: Framework>() -> f64 {
    F::world(|world| {
        let head = F::signal(world, 0_i64);
        let first = map::<F>(world, Source::Signal(head), |value| value);
        let constant = map::<F>(world, first, |_| 0);
        let slow = map::<F>(world, constant, |value| {
            busy();
            value + 1
        });
        let next = map::<F>(world, slow, |value| value + 2);
        let last = map::<F>(world, next, |value| value + 3);
        let Source::Computed(end) = last else {
            unreachable!("it is a computed");
        };
        F::effect(world, move |cx| {
            last.get(cx).map(|value| {
                saw(value);
                busy();
            })
        });
        timed::<F>(world, move |world| {
            F::set(world, head, 1);
            assert_eq!(F::peek(world, end), 6);
            for value in 0..1000 {
                F::set(world, head, value);
                assert_eq!(F::peek(world, end), 6);
            }
        })
    })
}

pub(crate) fn broad<F: Framework>() -> f64 {
    F::world(|world| {
        let head = F::signal(world, 0_i64);
        for place in 0..50 {
            let next = map::<F>(world, Source::Signal(head), move |value| value + place);
            let last = map::<F>(world, next, |value| value + 1);
            watch::<F>(world, last);
        }
        timed::<F>(world, move |world| {
            F::set(world, head, 1);
            RUNS.store(0, Relaxed);
            for value in 0..50 {
                F::set(world, head, value);
            }
            ran::<F>(2500);
            // The order of effects is each library's own, so any of them may have been the last.
            let last = LAST.load(Relaxed);
            assert!((50..=99).contains(&last), "{}: {last}", F::NAME);
        })
    })
}

pub(crate) fn deep<F: Framework>() -> f64 {
    F::world(|world| {
        let head = F::signal(world, 0_i64);
        let mut last = Source::Signal(head);
        for _ in 0..50 {
            last = map::<F>(world, last, |value| value + 1);
        }
        watch::<F>(world, last);
        timed::<F>(world, move |world| {
            writes::<F>(world, head, 50, 50, |value| value + 50);
        })
    })
}

pub(crate) fn diamond<F: Framework>() -> f64 {
    F::world(|world| {
        let head = F::signal(world, 0_i64);
        let parts: Vec<_> = (0..5)
            .map(|_| map::<F>(world, Source::Signal(head), |value| value + 1))
            .collect();
        let sum = sum::<F>(world, parts);
        watch::<F>(world, sum);
        timed::<F>(world, move |world| {
            writes::<F>(world, head, 500, 500, |value| (value + 1) * 5);
        })
    })
}

fn sum<F: Framework>(world: &mut F::World, parts: Vec<Source<F, i64>>) -> Source<F, i64> {
    let sum = F::computed(world, move |cx| {
        let mut sum = 0;
        for part in &parts {
            sum += part.get(cx)?;
        }
        Ok(sum)
    });
    Source::Computed(sum)
}

/// Values that are equal to themselves only, as objects are in the suite's own language.
#[derive(Clone, Debug)]
struct Object<T>(Arc<T>);

impl<T> PartialEq for Object<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

pub(crate) fn mux<F: Framework>() -> f64 {
    F::world(|world| {
        let heads: Vec<F::Signal<i64>> = (0..100).map(|_| F::signal(world, 0_i64)).collect();
        let read = heads.clone();
        let all = F::computed(world, move |cx| {
            let mut all = [0_i64; 100];
            for (slot, head) in all.iter_mut().zip(&read) {
                *slot = F::signal_value(cx, *head)?;
            }
            Ok(Object(Arc::new(all)))
        });
        let mut ends = Vec::new();
        for place in 0..100 {
            let one = F::computed(world, move |cx| Ok(F::computed_value(cx, all)?.0[place]));
            let end = F::computed(world, move |cx| Ok(F::computed_value(cx, one)? + 1));
            watch::<F>(world, Source::Computed(end));
            ends.push(end);
        }
        timed::<F>(world, move |world| {
            for factor in [1, 2] {
                for (place, (head, end)) in (0..10).zip(heads.iter().zip(&ends)) {
                    F::set(world, *head, place * factor);
                    assert_eq!(F::peek(world, *end), place * factor + 1, "{}", F::NAME);
                }
            }
        })
    })
}

pub(crate) fn repeated<F: Framework>() -> f64 {
    F::world(|world| {
        let head = F::signal(world, 0_i64);
        let current = F::computed(world, move |cx| {
            let mut sum = 0;
            for _ in 0..30 {
                sum += F::signal_value(cx, head)?;
            }
            Ok(sum)
        });
        watch::<F>(world, Source::Computed(current));
        timed::<F>(world, move |world| {
            writes::<F>(world, head, 100, 100, |value| value * 30);
        })
    })
}

pub(crate) fn triangle<F: Framework>() -> f64 {
    F::world(|world| {
        let head = F::signal(world, 0_i64);
        let mut list = Vec::new();
        let mut current = Source::Signal(head);
        for _ in 0..10 {
            list.push(current);
            current = map::<F>(world, current, |value| value + 1);
        }
        let sum = sum::<F>(world, list);
        watch::<F>(world, sum);
        timed::<F>(world, move |world| {
            writes::<F>(world, head, 100, 100, |value| value * 10 + 45);
        })
    })
}

pub(crate) fn unstable<F: Framework>() -> f64 {
    F::world(|world| {
        let head = F::signal(world, 0_i64);
        let double = map::<F>(world, Source::Signal(head), |value| value * 2);
        let inverse = map::<F>(world, Source::Signal(head), |value| -value);
        let current = F::computed(world, move |cx| {
            let mut sum = 0;
            for _ in 0..20 {
                let odd = F::signal_value(cx, head)? % 2 != 0;
                sum += if odd {
                    double.get(cx)?
                } else {
                    inverse.get(cx)?
                };
            }
            Ok(sum)
        });
        watch::<F>(world, Source::Computed(current));
        timed::<F>(world, move |world| {
            writes::<F>(world, head, 100, 100, |value| {
                if value % 2 != 0 {
                    value * 40
                } else {
                    value * -20
                }
            });
        })
    })
}

fn fib(n: u32) -> i64 {
    if n < 2 { 1 } else { fib(n - 1) + fib(n - 2) }
}

fn hard(value: i64) -> i64 {
    value + fib(black_box(16))
}

#[expect(clippy::many_single_char_names, reason = "the suite's own names")]
pub(crate) fn mol<F: Framework>() -> f64 {
    F::world(|world| {
        let a = F::signal(world, 0_i64);
        let b = F::signal(world, 0_i64);
        let c = F::computed(world, move |cx| {
            Ok(F::signal_value(cx, a)? % 2 + F::signal_value(cx, b)? % 2)
        });
        let d = F::computed(world, move |cx| {
            let mut list = [0_i64; 5];
            for (place, slot) in (0..).zip(&mut list) {
                *slot = place + F::signal_value(cx, a)? % 2 - F::signal_value(cx, b)? % 2;
            }
            Ok(Object(Arc::new(list)))
        });
        let e = F::computed(world, move |cx| {
            let sum = F::computed_value(cx, c)? + F::signal_value(cx, a)?;
            Ok(hard(sum + F::computed_value(cx, d)?.0[0]))
        });
        let f = F::computed(world, move |cx| {
            let third = F::computed_value(cx, d)?.0[2];
            Ok(hard(if third == 0 {
                F::signal_value(cx, b)?
            } else {
                third
            }))
        });
        let g = F::computed(world, move |cx| {
            let first = F::computed_value(cx, c)?;
            let second = match F::computed_value(cx, c)? {
                0 => F::computed_value(cx, e)? % 2,
                other => other,
            };
            let last = F::computed_value(cx, d)?.0[4];
            Ok(first + second + last + F::computed_value(cx, f)?)
        });
        F::effect(world, move |cx| {
            F::computed_value(cx, g).map(|g| saw(hard(g)))
        });
        F::effect(world, move |cx| F::computed_value(cx, g).map(saw));
        F::effect(world, move |cx| {
            F::computed_value(cx, f).map(|f| saw(hard(f)))
        });
        let mut turn = 0;
        timed::<F>(world, move |world| {
            turn += 1;
            F::batch(world, |world| {
                F::set(world, b, 1);
                F::set(world, a, 1 + turn * 2);
            });
            F::batch(world, |world| {
                F::set(world, a, 2 + turn * 2);
                F::set(world, b, 2);
            });
        })
    })
}
