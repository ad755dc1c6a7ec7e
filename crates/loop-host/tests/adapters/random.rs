//! Adapters and the codec's reader and writer agree on interfaces, values and damaged bytes made by chance.

use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use loop_codec::random::{Chance, Ingredients, damaged, value, wit};
use loop_codec::{Plan, Ty, Value};
use wasmtime::Engine;

use crate::guest::passing;
use crate::run::{CRANELIFT, WINCH, caller, provider};

/// How many interfaces a usual run makes.
const INTERFACES: u64 = 60;

fn one(chance: &mut Chance, plan: &Plan, ty: Ty) -> Value {
    value(chance, plan, ty, &mut |_, _| Vec::new())
}

fn params(chance: &mut Chance, plan: &Plan, function: usize) -> Vec<Value> {
    let types = plan.functions()[function].params.iter();
    types.map(|ty| one(chance, plan, *ty)).collect()
}

fn result(chance: &mut Chance, plan: &Plan, function: usize) -> Option<Value> {
    let ty = plan.functions()[function].result?;
    Some(one(chance, plan, ty))
}

/// Compiles adapters for the interface of a seed, and calls each function some times.
fn check(seed: u64) {
    let engine: &Engine = if seed.is_multiple_of(4) {
        &CRANELIFT
    } else {
        &WINCH
    };
    let mut chance = Chance::new(seed);
    let text = wit(&mut chance, Ingredients::default());
    let passing = passing(&text);
    let plan = &passing.plan;
    let mut calls = caller(engine, &passing);
    let mut serves = provider(engine, &passing);
    for function in 0..plan.functions().len() {
        for _ in 0..8 {
            let params = params(&mut chance, plan, function);
            let result = result(&mut chance, plan, function);
            let sent = plan.encode_params(function, &params).unwrap();
            let returned = plan.encode_result(function, result.as_ref()).unwrap();
            let note =
                format!("seed {seed}, function {function}, {params:?} -> {result:?}\n{text}");

            let (saw, got) = calls.call(function, &params, &returned).unwrap();
            assert_eq!(saw, sent, "the caller's adapter writes: {note}");
            let got = plan.encode_result(function, got.as_ref()).unwrap();
            assert_eq!(got, returned, "the caller's adapter reads: {note}");

            let (saw, gave) = serves.serve(function, &sent, result.as_ref()).unwrap();
            let saw = plan.encode_params(function, &saw).unwrap();
            assert_eq!(saw, sent, "the provider's adapter reads: {note}");
            assert_eq!(gave, returned, "the provider's adapter writes: {note}");
        }
    }
}

/// A damaged message is the same value or the same fault to the adapters as to the codec's reader.
fn check_damaged(seed: u64) {
    let mut chance = Chance::new(seed);
    let text = wit(&mut chance, Ingredients::default());
    let passing = passing(&text);
    let plan = &passing.plan;
    let mut calls = caller(&WINCH, &passing);
    let mut serves = provider(&WINCH, &passing);
    for round in 0..24 {
        let function = round % plan.functions().len();
        let params = params(&mut chance, plan, function);
        let result = result(&mut chance, plan, function);
        let sent = damaged(&mut chance, &plan.encode_params(function, &params).unwrap());
        let bytes = plan.encode_result(function, result.as_ref()).unwrap();
        let returned = damaged(&mut chance, &bytes);
        let note = format!("seed {seed}, function {function}, {sent:?} -> {returned:?}\n{text}");

        let expected = plan.decode_result(function, &returned);
        match calls.call(function, &params, &returned) {
            Ok((_, got)) => {
                let expected = expected.unwrap_or_else(|fault| panic!("{fault}: {note}"));
                let got = plan.encode_result(function, got.as_ref()).unwrap();
                let expected = plan.encode_result(function, expected.as_ref()).unwrap();
                assert_eq!(got, expected, "{note}");
            }
            Err(fault) => {
                assert_eq!(
                    Some(fault.kind),
                    expected.err().map(|fault| fault.kind),
                    "{note}"
                );
                calls = caller(&WINCH, &passing);
            }
        }
        let expected = plan.decode_params(function, &sent);
        match serves.serve(function, &sent, result.as_ref()) {
            Ok((got, _)) => {
                let expected = expected.unwrap_or_else(|fault| panic!("{fault}: {note}"));
                let got = plan.encode_params(function, &got).unwrap();
                let expected = plan.encode_params(function, &expected).unwrap();
                assert_eq!(got, expected, "{note}");
            }
            Err(fault) => {
                assert_eq!(
                    Some(fault.kind),
                    expected.err().map(|fault| fault.kind),
                    "{note}"
                );
                serves = provider(&WINCH, &passing);
            }
        }
    }
}

/// How many interfaces are made: as many as the environment asks for, or a few, since each is compiled.
fn rounds() -> u64 {
    let asked = std::env::var("LOOP_ROUNDS").ok();
    asked.map_or(INTERFACES, |asked| asked.parse().unwrap())
}

/// Checks each seed, on as many threads as there are processors.
fn check_all(seeds: Range<u64>, check: fn(u64)) {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicU64::new(seeds.start);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            check(seed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
}

#[test]
fn adapters_write_and_read_what_the_codec_does() {
    check_all(0..rounds(), check);
}

#[test]
fn adapters_find_the_same_faults() {
    const FIRST: u64 = 0x0da0_0000;
    check_all(FIRST..FIRST + rounds() / 4, check_damaged);
}
