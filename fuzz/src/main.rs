//! Feeds the decoders of the wire and of saved graphs with bytes that nobody means, in whatever pieces.
//!
//! `loop-fuzz TARGET|all [INPUTS] [SEED]` makes inputs from a seed: something that a peer would say, changed a little or
//! a lot. A target ends in an error or in good order. It may not panic, take more memory than its bound, or go on for ever;
//! what fails names the seed of its input, and `loop-fuzz TARGET 1 SEED` runs that input again. It needs no other toolchain
//! than the one that builds the rest.

#![expect(clippy::print_stdout, reason = "a program that says what it has done")]

mod link;
mod mutate;
mod random;
mod ring;
mod saved;
mod target;

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use cap::Cap;

use crate::random::Random;
use crate::target::Target;

/// Counts what is allocated, so that every target is held to its bound.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// How long an input may take. A thousand times what the slowest takes.
const TIME_MAX: Duration = Duration::from_secs(1);

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| -> anyhow::Result<u64> {
        args.get(at).map_or(Ok(default), |text| {
            text.parse()
                .with_context(|| format!("`{text}` is no number"))
        })
    };
    let (inputs, seed) = (number(1, 1_000_000)?, number(2, 0)?);
    let wanted = args.first().map_or("all", String::as_str);
    let targets: Vec<Target> = Target::ALL
        .into_iter()
        .filter(|target| wanted == "all" || wanted == target.name())
        .collect();
    if targets.is_empty() {
        let names: Vec<&str> = Target::ALL.iter().map(|target| target.name()).collect();
        bail!(
            "there is no target {wanted}: there are {}",
            names.join(", ")
        );
    }
    for target in targets {
        let started = Instant::now();
        let tally = run(target, inputs, seed)?;
        println!(
            "{}: {inputs} inputs in {:.1} s, {} of them in good order, at most {} KiB of memory",
            target.name(),
            started.elapsed().as_secs_f64(),
            tally.in_order,
            tally.memory_max / 1024
        );
    }
    Ok(())
}

/// What came of the inputs.
#[derive(Default)]
struct Tally {
    in_order: u64,
    memory_max: usize,
}

/// What came of one input.
struct Outcome {
    in_order: bool,
    memory: usize,
    memory_max: usize,
    time: Duration,
}

fn run(target: Target, inputs: u64, seed: u64) -> anyhow::Result<Tally> {
    let corpus = target.corpus();
    let name = target.name();
    let mut tally = Tally::default();
    for seed in seed..seed.saturating_add(inputs) {
        let mut outcome = feed(target, &corpus, seed)?;
        // A busy machine stops a process for long: only an input that is slow again and again is.
        for _ in 0..2 {
            if outcome.time >= TIME_MAX {
                outcome = feed(target, &corpus, seed)?;
            }
        }
        let Outcome {
            memory, memory_max, ..
        } = outcome;
        ensure!(
            outcome.time < TIME_MAX,
            "{name} takes too long with seed {seed}"
        );
        ensure!(
            memory <= memory_max,
            "{name} takes {memory} bytes of {memory_max} with seed {seed}"
        );
        tally.in_order += u64::from(outcome.in_order);
        tally.memory_max = tally.memory_max.max(memory);
    }
    Ok(tally)
}

fn feed(target: Target, corpus: &[Vec<u8>], seed: u64) -> anyhow::Result<Outcome> {
    let mut random = Random::new(seed);
    let input = mutate::input(corpus, &mut random);
    let started = Instant::now();
    let before = MEMORY.allocated();
    let mut memory = 0;
    let work = AssertUnwindSafe(|| {
        target.feed(&input, &mut random, &mut || {
            memory = memory.max(MEMORY.allocated().saturating_sub(before));
        })
    });
    let fed = catch_unwind(work);
    let in_order = fed.map_err(|_| anyhow::anyhow!("{} panics with seed {seed}", target.name()))?;
    Ok(Outcome {
        in_order,
        memory,
        memory_max: target.memory_max(input.len()),
        time: started.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of the real length is for a person who has changed a decoder.
    #[test]
    fn every_target_takes_some_thousands_of_inputs() {
        for target in Target::ALL {
            let tally = run(target, 5_000, 0).unwrap();
            assert!(
                tally.in_order > 500,
                "{} inputs were in order",
                tally.in_order
            );
            assert!(
                tally.in_order < 4_500,
                "{} inputs were in order",
                tally.in_order
            );
        }
    }
}
