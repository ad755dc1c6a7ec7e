//! Files made to break readers: each gives an answer, soon, and no panic.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use loop_host::link_report::{Offers, missing};
use loop_host::shape::{Shape, ShapeError, WIT_BYTES_MAX, grants_needed};

use crate::shape::make::component;

/// What one file may take, in a debug build on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// Read once, for it is the same for each file.
static BUILT_IN: LazyLock<Offers> = LazyLock::new(Offers::built_in);

/// Uses everything that a shape can be asked.
fn look(bytes: &[u8]) -> Result<(), ShapeError> {
    let shape = match Shape::decode(bytes) {
        Ok(shape) => shape,
        Err(error) => {
            let _ = (error.to_string(), error.hint());
            return Err(error);
        }
    };
    assert!(shape.wit().len() <= WIT_BYTES_MAX + 200);
    let _ = (
        shape.kind(),
        grants_needed(&shape),
        serde_json::to_string(&shape).unwrap(),
    );
    let mut offers = BUILT_IN.clone();
    offers.component("self", &shape);
    for missing in missing(&shape, &offers) {
        let _ = missing.to_string();
    }
    Ok(())
}

/// A generator of numbers that look random, from a seed: xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// A component with about all there is: resources, `use`, code, data, names.
fn rich() -> Vec<u8> {
    component(
        "package acme:rich@0.1.0;
        interface types {
            record entry { key: string, value: list<u8> }
            variant error { gone, denied(string) }
            flags mode { read, write }
            resource file { constructor(name: string); read: func(count: u64) -> result<entry, error>; }
        }
        interface kv {
            use types.{entry, error, file};
            put: func(file: borrow<file>, entry: entry) -> result<_, error>;
            get: func(key: string) -> option<entry>;
        }
        world w {
            import kv;
            import now: func() -> u64;
            export kv;
            export run: func(args: list<string>) -> result<string, u32>;
        }",
    )
}

#[test]
fn a_file_cut_anywhere_is_an_error_or_a_smaller_component() {
    let bytes = rich();
    let mut truncated = 0;
    for end in 0..bytes.len() {
        match look(&bytes[..end]) {
            Err(ShapeError::Truncated { size, part }) => {
                assert_eq!(size, end);
                assert!(part <= end);
                truncated += 1;
            }
            Err(ShapeError::Empty) => assert_eq!(end, 0),
            // A cut between two sections leaves a file that is whole and holds less.
            Ok(()) => {}
            Err(other) => panic!("cut at {end}: {other}"),
        }
    }
    assert!(truncated > bytes.len() * 9 / 10);
}

#[test]
fn flipped_bits_are_an_error_or_another_component() {
    let original = rich();
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..3000 {
        let mut bytes = original.clone();
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(bytes.len());
            bytes[at] ^= 1 << numbers.below(8);
        }
        match look(&bytes) {
            Ok(()) => good += 1,
            Err(_) => bad += 1,
        }
    }
    assert!(good > 0 && bad > 0, "{good} good, {bad} bad");
}

#[test]
fn parts_in_other_places_are_an_error_or_another_component() {
    let original = rich();
    let mut numbers = Numbers(0xfeed_beef_cafe_0001);
    for _ in 0..1000 {
        let mut bytes = original.clone();
        let length = 1 + numbers.below(64);
        let from = 8 + numbers.below(bytes.len() - 8 - length);
        let part: Vec<u8> = bytes[from..from + length].to_vec();
        match numbers.below(3) {
            0 => drop(bytes.drain(from..from + length)),
            1 => drop(bytes.splice(from..from, part)),
            _ => {
                let to = 8 + numbers.below(bytes.len() - 8 - length);
                bytes[to..to + length].copy_from_slice(&part);
            }
        }
        let _ = look(&bytes);
    }
}

/// Runs `look` on a component in text form, and checks that it does not take long.
fn soon(case: &str, wat: &str) -> Result<(), ShapeError> {
    let bytes = wat::parse_str(wat).unwrap();
    let start = Instant::now();
    let result = look(&bytes);
    assert!(start.elapsed() < SOON, "{case} took {:?}", start.elapsed());
    result
}

#[test]
fn a_method_of_a_resource_that_is_elsewhere() {
    // The validator wants `r` in the same interface; these come as near as it allows.
    for wat in [
        r#"(component (import "a:b/i" (instance
            (export "r" (type (sub resource)))
            (export "[method]r.f" (func (param "self" (borrow 0)))))))"#,
        r#"(component
            (import "a:b/i" (instance $i (export "r" (type (sub resource)))))
            (alias export $i "r" (type $r))
            (import "a:b/j" (instance
                (alias outer 1 $r (type $x))
                (export "r" (type (eq $x)))
                (export "[method]r.f" (func (param "self" (borrow 1)))))))"#,
        r#"(component (import "r" (type (sub resource))) (import "[constructor]r" (func (result (own 0)))))"#,
        r#"(component (type $r (resource (rep i32))) (export "r" (type $r)) (export "s" (type $r)))"#,
    ] {
        soon("resources", wat).unwrap();
    }
}

#[test]
fn types_that_unfold_without_end() {
    // Each type holds the one before twice, so 16 lines stand for sixty thousand parts.
    let mut wat = String::from("(component (type $t0 (tuple u8 u8))");
    for level in 1..16 {
        write!(
            wat,
            "(type $t{level} (tuple $t{} $t{}))",
            level - 1,
            level - 1
        )
        .unwrap();
    }
    wat.push_str(r#"(import "a:b/i" (instance"#);
    for function in 0..3 {
        write!(wat, r#"(alias outer 1 $t15 (type $x{function}))(export "f{function}" (func (param "x" $x{function})))"#).unwrap();
    }
    wat.push_str(")))");
    soon("doubling", &wat).unwrap();
}

#[test]
fn types_that_are_nested_too_deep() {
    let mut wat = String::from("(component (type $t0 (list u8))");
    for level in 1..5000 {
        write!(wat, "(type $t{level} (list $t{}))", level - 1).unwrap();
    }
    wat.push(')');
    let error = soon("nesting", &wat).unwrap_err();
    assert!(error.to_string().contains("nesting"), "{error}");
}

#[test]
fn a_long_chain_of_aliases() {
    let mut wat =
        String::from(r#"(component (import "a:b/i" (instance (export "t0" (type (sub resource)))"#);
    for level in 1..20_000 {
        write!(wat, r#"(export "t{level}" (type (eq {})))"#, level - 1).unwrap();
    }
    for level in (0..20_000).step_by(100) {
        write!(wat, r#"(export "f{level}" (func (result (own {level}))))"#).unwrap();
    }
    wat.push_str(")))");
    soon("aliases", &wat).unwrap();
}

#[test]
fn components_within_components() {
    // Each a section of the one around it.
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for _ in 0..3000 {
        let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
        let mut size = bytes.len();
        while size >= 0x80 {
            outer.push(u8::try_from(size & 0x7f).unwrap() | 0x80);
            size >>= 7;
        }
        outer.push(u8::try_from(size).unwrap());
        outer.extend(&bytes);
        bytes = outer;
    }
    let start = Instant::now();
    let _ = look(&bytes);
    assert!(start.elapsed() < SOON);
}

#[test]
fn very_many_functions() {
    let mut wat = String::from(r#"(component (import "a:b/i" (instance"#);
    for function in 0..20_000 {
        write!(wat, r#"(export "f{function}" (func (param "x" string)))"#).unwrap();
    }
    wat.push_str(")))");
    soon("functions", &wat).unwrap();
}

#[test]
fn very_many_interfaces() {
    // The validator allows a thousand instances.
    let mut wat = String::from("(component (type $t (instance (export \"f\" (func)))) ");
    for import in 0..500 {
        write!(
            wat,
            r#"(import "wasi:filesystem/i{import}@0.2.0" (instance $i{import} (type $t)))"#
        )
        .unwrap();
    }
    for export in 0..490 {
        write!(wat, r#"(export "a:b/e{export}" (instance $i{export}))"#).unwrap();
    }
    wat.push(')');
    soon("interfaces", &wat).unwrap();
}

#[test]
fn one_long_interface_imported_very_often() {
    let mut wat = String::from("(component (type $t (instance");
    for function in 0..100 {
        write!(
            wat,
            r#"(export "{}{function}" (func))"#,
            "long-name-".repeat(100)
        )
        .unwrap();
    }
    wat.push_str("))");
    for import in 0..500 {
        write!(wat, r#"(import "a:b/i{import}" (instance (type $t)))"#).unwrap();
    }
    wat.push(')');
    let error = soon("imports", &wat).unwrap_err();
    assert!(matches!(error, ShapeError::TooComplex { .. }), "{error}");
}

#[test]
fn names_that_move_the_cursor_are_not_repeated() {
    let error = Shape::decode(
        &wat::parse_str("(component (import \"\\1b[2J\\0d\\0aowned\" (func)))").unwrap(),
    )
    .unwrap_err();
    assert!(
        !error.to_string().chars().any(char::is_control),
        "{error:?}"
    );
}

#[test]
fn a_large_type_used_very_often() {
    // The validator walks all of the type at each use: without a bound, this takes minutes.
    let mut wat = String::from("(component (type $t0 (tuple u8 u8))");
    for level in 1..18 {
        write!(
            wat,
            "(type $t{level} (tuple $t{} $t{}))",
            level - 1,
            level - 1
        )
        .unwrap();
    }
    wat.push_str(
        r#"(import "f" (func $f (result $t17)))
        (core module $m (memory (export "m") 1))
        (core instance $i (instantiate $m))
        (alias core export $i "m" (core memory $memory))"#,
    );
    for _ in 0..5000 {
        wat.push_str("(core func (canon lower (func $f) (memory $memory)))");
    }
    wat.push(')');
    let error = soon("uses", &wat).unwrap_err();
    assert!(matches!(error, ShapeError::TooComplex { .. }), "{error}");
}

#[test]
fn a_large_type_compared_very_often() {
    // Each instance compares its argument's type, part by part, with that of its component's import.
    let types = |wat: &mut String| {
        wat.push_str("(type $t0 (tuple u8 u8))");
        for level in 1..17 {
            write!(
                wat,
                "(type $t{level} (tuple $t{} $t{}))",
                level - 1,
                level - 1
            )
            .unwrap();
        }
        wat.push_str(r#"(import "f" (func $f (result $t16)))"#);
    };
    let mut wat = String::from("(component ");
    types(&mut wat);
    wat.push_str("(component $c ");
    types(&mut wat);
    wat.push(')');
    for _ in 0..900 {
        wat.push_str(r#"(instance (instantiate $c (with "f" (func $f))))"#);
    }
    wat.push(')');
    let error = soon("comparisons", &wat).unwrap_err();
    assert!(matches!(error, ShapeError::TooComplex { .. }), "{error}");
}
