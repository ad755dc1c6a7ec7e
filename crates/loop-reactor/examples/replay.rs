//! A program that is replayed from what was put into it: the same inputs come to the same state, here and in WebAssembly.
//!
//! It prints the digest of a replay. Built for `wasm32-unknown-unknown`, it exports the digest, four bytes at a time.

#![expect(clippy::print_stdout, reason = "what an example is for")]
#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "components take their props so"
)]

use loop_reactor::{Failure, Fiber, Graph, Signal, Stop};

/// Rows with counts, and what they come to.
fn table(f: &mut Fiber<'_>, rows: &Signal<Vec<u64>>) -> Result<(), Stop> {
    let keys = f.get(*rows)?;
    let mean = f.map_reduce(
        |f| {
            for key in keys {
                f.keyed(key, row, key);
            }
            Ok(())
        },
        |count: f64| (count, 1.0),
        (0.0, 0.0),
        |a, b| (a.0 + b.0, a.1 + b.1),
    )?;
    let mean = f.latest("mean", mean)?;
    let last = f.saved("last mean", || mean.0 / mean.1);
    f.effect("last mean", last);
    Ok(())
}

/// A row that waits at each seventh count.
fn row(f: &mut Fiber<'_>, key: &u64) -> Result<(), Stop> {
    let count = f.saved("count", || *key);
    f.effect("count", count);
    match f.get(count)? {
        count if count % 7 == 0 => return Err(Stop::Pending),
        count => f.yields(f64::from(u32::try_from(count).unwrap_or(u32::MAX)).sqrt()),
    }
    Ok(())
}

/// Puts in what a seed says, with undo now and then. The digest of what that comes to.
fn replay(mut seed: u64) -> Result<[u8; 32], Box<dyn std::error::Error>> {
    let mut graph = Graph::new();
    let rows = graph.slot("rows", vec![1, 2, 3])?;
    graph.mount(table, rows);
    graph.remember_ticks(20);
    let mut counts: Vec<Signal<u64>> = Vec::new();
    for _ in 0..500 {
        // Marsaglia's xorshift.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let commands = graph.take_commands();
        counts.extend(commands.iter().filter_map(|command| command.value()));
        // By a number of 32 bits, which a place has everywhere.
        let at = |length: usize| (seed >> 40) as usize % length.max(1);
        match (seed % 8, graph.before(), counts.get(at(counts.len()))) {
            (0, Some(before), _) => graph.go_to(before)?,
            (1, ..) => graph.update(rows, |rows| {
                let by = at(rows.len());
                rows.rotate_left(by);
            })?,
            (2, ..) => graph.update(rows, |rows| rows.truncate(6))?,
            (3, ..) => graph.update(rows, |rows| {
                if !rows.contains(&(seed % 1000)) {
                    let place = at(rows.len());
                    rows.insert(place, seed % 1000);
                }
            })?,
            (_, _, Some(count)) => match graph.update(*count, |count| *count += 1) {
                // Of a row that is gone.
                Ok(()) | Err(Failure::Gone { .. }) => {}
                Err(failure) => return Err(failure.into()),
            },
            _ => {}
        }
    }
    Ok(graph.digest())
}

/// Four bytes of the digest of a replay.
// SAFETY: nothing else in this program has the name.
#[expect(unsafe_code, reason = "an export must have its name")]
#[unsafe(no_mangle)]
pub extern "C" fn digest(seed: u32, word: u32) -> u32 {
    let digest = replay(seed.into()).unwrap_or_default();
    let mut words = digest
        .chunks(4)
        .map(|word| word.try_into().map(u32::from_le_bytes));
    let word = words.nth(word as usize);
    word.and_then(Result::ok).unwrap_or_default()
}

fn main() {
    let words: Vec<String> = (0..8)
        .map(|word| format!("{:08x}", digest(2026, word)))
        .collect();
    println!("{}", words.join(" "));
}
