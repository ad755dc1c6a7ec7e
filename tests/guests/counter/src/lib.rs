//! Exports `acme:count/counter`, which counts the calls that this instance had.

wit_bindgen::generate!({
    path: "../wit/count.wit",
    inline: "package test:counter; world guest { export acme:count/counter; }",
    generate_all,
});

use std::sync::atomic::{AtomicU64, Ordering};

static CALLS: AtomicU64 = AtomicU64::new(0);

struct Counter;

impl exports::acme::count::counter::Guest for Counter {
    fn next() -> u64 {
        CALLS.fetch_add(1, Ordering::Relaxed) + 1
    }
}

export!(Counter);
