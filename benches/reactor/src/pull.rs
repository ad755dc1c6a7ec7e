//! salsa: it only pulls, and knows no effects. So it takes part where the ends of chains are read after each write.

use std::hint::black_box;
use std::time::Instant;

use salsa::{Database, DatabaseImpl, Setter as _};

use crate::propagate::times;
use crate::row::nanoseconds;

pub(crate) const NAME: &str = "salsa";

#[salsa::input]
struct Source {
    value: i64,
}

#[salsa::tracked]
fn link(db: &dyn Database, source: Source, chain: usize, height: usize) -> i64 {
    if height == 0 {
        return *source.value(db);
    }
    *link(db, source, chain, height - 1) + 1
}

/// As [`crate::propagate::sample`]: each chain is read at its end.
pub(crate) fn propagate(width: usize, height: usize) -> f64 {
    let mut db = DatabaseImpl::new();
    let source = Source::new(&db, 1);
    let mut value = 1;
    let mut write = || {
        value += 1;
        source.set_value(&mut db).to(value);
        for chain in 0..width {
            let end = black_box(link(&db, source, chain, height));
            assert_eq!(*end, value + height as i64);
        }
    };
    let times = times(width * height);
    for _ in 0..times / 4 {
        write();
    }
    let started = Instant::now();
    for _ in 0..times {
        write();
    }
    nanoseconds(started.elapsed()) / times as f64
}
