//! Bytes that are wrong: each is a fault or a value, never a panic, and never a large allocation.

use loop_codec::Fault;
use loop_codec::random::{Chance, Ingredients, damaged};

use crate::support::{made, of_type, params};

#[track_caller]
fn fault(ty: &str, bytes: &[u8], sentence: &str) {
    fault_with("", ty, bytes, sentence);
}

#[track_caller]
fn fault_with(declarations: &str, ty: &str, bytes: &[u8], sentence: &str) {
    let plan = of_type(declarations, ty);
    let found: Fault = plan.decode_params(0, bytes).unwrap_err();
    assert_eq!(found.to_string(), sentence);
    assert_eq!(plan.check_params(0, bytes), Err(found));
}

#[test]
fn faults_say_what_and_where() {
    fault("u32", &[], "the bytes end inside a value, at byte 0");
    fault(
        "u32",
        &[0x80, 0x80],
        "the bytes end inside a value, at byte 0",
    );
    fault("u8", &[1, 2], "bytes follow the last value, at byte 1");
    fault(
        "u16",
        &[0xff, 0xff, 0x04],
        "a number does not fit its type, at byte 0",
    );
    fault(
        "u16",
        &[0x80, 0x80, 0x80, 0x00],
        "a number does not fit its type, at byte 0",
    );
    fault(
        "s16",
        &[0xff, 0xff, 0x3f],
        "a number does not fit its type, at byte 0",
    );
    fault(
        "s32",
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        "a number does not fit its type, at byte 0",
    );
    fault(
        "u64",
        &[0xff; 10],
        "a number does not fit its type, at byte 0",
    );
    fault(
        "s64",
        &[0xff; 11],
        "a number does not fit its type, at byte 0",
    );
    fault(
        "bool",
        &[2],
        "a byte that must be 0 or 1 is something else, at byte 0",
    );
    fault(
        "option<u8>",
        &[0x80, 0],
        "a byte that must be 0 or 1 is something else, at byte 0",
    );
    fault("string", &[2, b'a', 0xff], "a text is not UTF-8, at byte 2");
    fault(
        "string",
        &[3, 0xed, 0xa0, 0x80],
        "a text is not UTF-8, at byte 1",
    );
    fault("char", &[0x80], "a text is not UTF-8, at byte 0");
    fault(
        "char",
        &[0xed, 0xa0, 0x80],
        "a text is not UTF-8, at byte 0",
    );
    fault(
        "char",
        &[0xe2, 0x82],
        "the bytes end inside a value, at byte 0",
    );
    fault(
        "list<u8>",
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        "a list claims more elements than bytes follow, at byte 0",
    );
    fault(
        "list<u64>",
        &[3, 1, 2],
        "a list claims more elements than bytes follow, at byte 0",
    );
    fault(
        "list<f64>",
        &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "a list claims more elements than bytes follow, at byte 0",
    );
    fault_with(
        "enum e { a, b }",
        "tuple<u8, e>",
        &[0, 2],
        "a case has a number that its type does not have, at byte 1",
    );
    let mut handle = vec![65];
    handle.extend([0; 65]);
    fault("r", &handle, "a handle is too long, at byte 0");
}

#[test]
fn limits_hold() {
    let large = vec![0; (64 << 20) + 1];
    fault("list<u8>", &large, "a message is too large, at byte 0");
    // A million and more values of a byte each: what builds them stops, what checks them need not.
    let plan = of_type("", "list<bool>");
    let mut bytes = vec![0x80, 0x80, 0x80, 0x01];
    bytes.resize(4 + (2 << 20), 0);
    let found = plan.decode_params(0, &bytes).unwrap_err();
    assert_eq!(
        found.to_string(),
        "a message holds too many values, at byte 1048579"
    );
    plan.check_params(0, &bytes).unwrap();
}

#[test]
fn there_is_no_function_beyond_the_last() {
    let plan = of_type("", "u8");
    for found in [
        plan.decode_params(1, &[]).map(drop),
        plan.decode_result(1, &[]).map(drop),
        plan.check_params(1, &[]),
        plan.check_result(1, &[]),
    ] {
        assert_eq!(
            found.unwrap_err().to_string(),
            "there is no function with that number, at byte 0"
        );
    }
}

#[test]
fn every_truncation_and_every_flip_is_a_fault_or_a_value() {
    let (mut values, mut faults) = (0, 0);
    for seed in 0..40 {
        let mut chance = Chance::new(seed);
        let (_, plan) = made(&mut chance, Ingredients { resources: true });
        for function in 0..plan.functions().len() {
            let written = params(&mut chance, &plan, function);
            let bytes = plan.encode_params(function, &written).unwrap();
            for cut in 0..bytes.len() {
                // What is cut off is missed: the last byte of a valid encoding is always needed.
                plan.decode_params(function, &bytes[..cut]).unwrap_err();
            }
            for place in 0..bytes.len().min(200) {
                for bit in 0..8 {
                    let mut flipped = bytes.clone();
                    flipped[place] ^= 1 << bit;
                    match plan.decode_params(function, &flipped) {
                        Ok(read) => {
                            plan.encode_params(function, &read).unwrap();
                            values += 1;
                        }
                        Err(found) => {
                            assert_eq!(plan.check_params(function, &flipped), Err(found));
                            faults += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(
        values > 1_000 && faults > 1_000,
        "{values} values, {faults} faults"
    );
}

/// Reads so many messages for each of so many interfaces: damaged ones, some damaged again and again, and noise.
fn fuzz(interfaces: std::ops::Range<u64>, inputs: usize) {
    let mut values = 0;
    let total = inputs * usize::try_from(interfaces.end - interfaces.start).unwrap();
    for seed in interfaces {
        let mut chance = Chance::new(seed);
        let (text, plan) = made(&mut chance, Ingredients { resources: true });
        let mut bytes = Vec::new();
        for input in 0..inputs {
            let function = input % plan.functions().len();
            bytes = match chance.below(8) {
                0 => (0..chance.below(40))
                    .map(|_| chance.number().to_le_bytes()[1])
                    .collect(),
                // What was damaged before, for another function perhaps.
                1..4 => damaged(&mut chance, &bytes),
                _ => {
                    let written = params(&mut chance, &plan, function);
                    damaged(
                        &mut chance,
                        &plan.encode_params(function, &written).unwrap(),
                    )
                }
            };
            bytes.truncate(10_000);
            let read = plan.decode_params(function, &bytes);
            let checked = plan.check_params(function, &bytes);
            assert_eq!(
                read.as_ref().err(),
                checked.as_ref().err(),
                "seed {seed}: {bytes:?}\n{text}"
            );
            let Ok(read) = read else { continue };
            values += 1;
            // What is read is written in its shortest form, and that is read again.
            let written = plan.encode_params(function, &read).unwrap();
            assert!(
                written.len() <= bytes.len(),
                "seed {seed}: {bytes:?}\n{text}"
            );
            let again = plan.decode_params(function, &written).unwrap();
            assert_eq!(plan.encode_params(function, &again).unwrap(), written);
        }
    }
    assert!(
        values > total / 50,
        "only {values} of {total} inputs are values"
    );
}

#[test]
fn damaged_bytes_are_a_fault_or_a_value() {
    let interfaces = crate::support::rounds(400);
    fuzz(0..interfaces, if interfaces > 400 { 500 } else { 40 });
}
