//! Values and their bytes, one line a case. The bytes are those that upstream's wRPC writes.

use std::collections::BTreeSet;

use loop_codec::Value::{self, *};
use loop_codec::random::{Chance, Ingredients};

use crate::support::{made, of_type, params, try_plan};

#[track_caller]
fn check(ty: &str, value: Value, bytes: &[u8]) {
    check_with("", ty, value, bytes);
}

#[track_caller]
fn check_with(declarations: &str, ty: &str, value: Value, bytes: &[u8]) {
    let plan = of_type(declarations, ty);
    let written = plan.encode_params(0, std::slice::from_ref(&value)).unwrap();
    assert_eq!(written, bytes);
    assert_eq!(plan.decode_params(0, bytes).unwrap(), [value]);
    plan.check_params(0, bytes).unwrap();
}

/// Bytes that are no shortest form, but read.
#[track_caller]
fn reads(ty: &str, bytes: &[u8], value: Value) {
    assert_eq!(of_type("", ty).decode_params(0, bytes).unwrap(), [value]);
}

fn some(value: Value) -> Option<Box<Value>> {
    Some(Box::new(value))
}

#[test]
fn numbers() {
    check("bool", Bool(true), &[1]);
    check("u8", U8(255), &[255]);
    check("s8", S8(-1), &[255]);
    check("u16", U16(300), &[0xac, 0x02]);
    check("u16", U16(u16::MAX), &[0xff, 0xff, 0x03]);
    check("s16", S16(-1), &[0x7f]);
    check("s16", S16(64), &[0xc0, 0x00]);
    check("s16", S16(i16::MIN), &[0x80, 0x80, 0x7e]);
    check("u32", U32(u32::MAX), &[0xff, 0xff, 0xff, 0xff, 0x0f]);
    check("s32", S32(i32::MIN), &[0x80, 0x80, 0x80, 0x80, 0x78]);
    check(
        "u64",
        U64(u64::MAX),
        &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    );
    check(
        "s64",
        S64(i64::MIN),
        &[128, 128, 128, 128, 128, 128, 128, 128, 128, 0x7f],
    );
    check(
        "s64",
        S64(i64::MAX),
        &[255, 255, 255, 255, 255, 255, 255, 255, 255, 0],
    );
    check("f32", F32(1.0), &[0, 0, 0x80, 0x3f]);
    check("f64", F64(-0.0), &[0, 0, 0, 0, 0, 0, 0, 0x80]);
}

#[test]
fn a_number_may_be_longer_than_it_need_be() {
    reads("u16", &[0x80, 0x80, 0x00], U16(0));
    reads("u32", &[0x81, 0x80, 0x80, 0x80, 0x00], U32(1));
    reads("s32", &[0xff, 0xff, 0xff, 0xff, 0x7f], S32(-1));
    reads("s64", &[0x80, 0x80, 0x00], S64(0));
    reads("list<u8>", &[0x80, 0x00], Bytes(Vec::new()));
}

#[test]
fn every_nan_is_sent_as_one() {
    let quiet = f32::from_bits(0xffc1_2345);
    let bytes = of_type("", "f32").encode_params(0, &[F32(quiet)]).unwrap();
    assert_eq!(bytes, [0, 0, 0xc0, 0x7f]);
    let signalling = f64::from_bits(0x7ff0_0000_0000_0001);
    let bytes = of_type("", "f64")
        .encode_params(0, &[F64(signalling)])
        .unwrap();
    assert_eq!(bytes, [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]);
}

#[test]
fn texts_and_lists() {
    check("char", Char('a'), b"a");
    check("char", Char('€'), "€".as_bytes());
    check("char", Char('\u{10ffff}'), "\u{10ffff}".as_bytes());
    check("string", String("né".into()), &[3, b'n', 0xc3, 0xa9]);
    check("string", String(std::string::String::new()), &[0]);
    check("list<u8>", Bytes(vec![7, 8]), &[2, 7, 8]);
    check("list<u16>", List(vec![U16(1), U16(200)]), &[2, 1, 0xc8, 1]);
    check(
        "list<list<u8>>",
        List(vec![Bytes(vec![9]), Bytes(vec![])]),
        &[2, 1, 9, 0],
    );
}

#[test]
fn what_is_made_of_parts() {
    check_with(
        "record p { x: u8, y: string }",
        "p",
        Record(vec![U8(1), String("z".into())]),
        &[1, 1, b'z'],
    );
    check("tuple<u8, bool>", Record(vec![U8(5), Bool(false)]), &[5, 0]);
    check("option<u8>", Case(0, None), &[0]);
    check("option<u8>", Case(1, some(U8(9))), &[1, 9]);
    check("result<u8, string>", Case(0, some(U8(9))), &[0, 9]);
    check(
        "result<u8, string>",
        Case(1, some(String("e".into()))),
        &[1, 1, b'e'],
    );
    check("result", Case(1, None), &[1]);
    check_with("variant v { a, b(u8) }", "v", Case(1, some(U8(3))), &[1, 3]);
    check_with("enum e { a, b, c }", "e", Case(2, None), &[2]);
    let cases: Vec<std::string::String> = (0..300).map(|n| format!("c{n}")).collect();
    let wide = format!("enum e {{ {} }}", cases.join(", "));
    check_with(&wide, "e", Case(299, None), &[0xab, 0x02]);
}

#[test]
fn flags_take_as_many_bytes_as_they_need() {
    let flags = |count: usize| {
        let names: Vec<std::string::String> = (0..count).map(|n| format!("c{n}")).collect();
        format!("flags f0 {{ {} }}", names.join(", "))
    };
    check_with(&flags(1), "f0", Flags(1), &[1]);
    check_with(&flags(9), "f0", Flags(0x101), &[1, 1]);
    check_with(&flags(17), "f0", Flags(0x1_0002), &[2, 0, 1]);
    check_with(&flags(32), "f0", Flags(0x8000_0000), &[0, 0, 0, 0x80]);
    // Bits without a flag are dropped.
    let plan = of_type(&flags(3), "f0");
    assert_eq!(plan.decode_params(0, &[0xff]).unwrap(), [Flags(7)]);
}

#[test]
fn handles_are_opaque() {
    check("r", Handle(vec![1, 2, 3]), &[3, 1, 2, 3]);
    check("borrow<r>", Handle(Vec::new()), &[0]);
}

#[test]
fn whatever_is_written_is_read_again() {
    let mut read = 0;
    for seed in 0..1_500 {
        let mut chance = Chance::new(seed);
        let resources = seed % 2 == 0;
        let (text, plan) = made(&mut chance, Ingredients { resources });
        for function in 0..plan.functions().len() {
            for _ in 0..3 {
                let values = params(&mut chance, &plan, function);
                let bytes = plan.encode_params(function, &values).unwrap();
                let again = plan.decode_params(function, &bytes).unwrap();
                // NaNs differ from themselves, their bytes do not.
                assert_eq!(
                    plan.encode_params(function, &again).unwrap(),
                    bytes,
                    "{seed}: {text}"
                );
                plan.check_params(function, &bytes).unwrap();
                read += bytes.len();
            }
        }
    }
    assert!(read > 100_000, "the values are too small: {read} bytes");
}

/// The byte stands for a stream whose own bytes come beside it, at a path.
#[test]
fn streams() {
    let plan = try_plan(
        "package a:b; interface i {
             type byte = u8;
             record file { name: string, content: option<stream<byte>>, size: u8 }
             copy: async func(a: u8, source: result<tuple<u8, file>, stream<u8>>) -> stream<u8>;
         }",
    )
    .unwrap();
    let check = |value: Value, bytes: &[u8], path: Option<&[u32]>| {
        let params = [U8(7), value];
        let bytes = [&[7], bytes].concat();
        assert_eq!(plan.encode_params(0, &params).unwrap(), bytes);
        assert_eq!(plan.decode_params(0, &bytes).unwrap(), params);
        assert_eq!(plan.stream_in_params(0, &bytes).unwrap().as_deref(), path);
    };
    let file = |content| {
        let file = Record(vec![String("n".into()), content, U8(9)]);
        Case(0, some(Record(vec![U8(8), file])))
    };
    check(file(Case(0, None)), &[0, 8, 1, b'n', 0, 9], None);
    let content = Case(1, some(Stream(None)));
    check(file(content), &[0, 8, 1, b'n', 1, 0, 9], Some(&[1, 1, 1]));
    let whole = Case(1, some(Stream(Some(b"ab".to_vec()))));
    check(file(whole), &[0, 8, 1, b'n', 1, 1, 2, b'a', b'b', 9], None);
    check(Case(1, some(Stream(None))), &[1, 0], Some(&[1]));
    assert_eq!(plan.stream_in_result(0, &[0]).unwrap(), Some(vec![0]));
    assert_eq!(plan.stream_in_result(0, &[1, 0]).unwrap(), None);
    for bytes in [&[][..], &[2], &[0, 0], &[1, 9, b'a']] {
        assert!(plan.stream_in_result(0, bytes).is_err(), "{bytes:?}");
    }
    assert_eq!(plan.interfaces_by_values(), BTreeSet::from([0]));
}
