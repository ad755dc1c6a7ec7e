//! What becomes of interfaces: numbers, and refusals by name.

use loop_codec::random::{Chance, Ingredients};
use loop_codec::{FUNCTIONS_MAX, Value};

use crate::support::{made, of_type, try_plan};

#[track_caller]
fn refused(text: &str, sentence: &str) {
    assert_eq!(try_plan(text).unwrap_err().to_string(), sentence);
}

#[test]
fn functions_and_resources_are_numbered() {
    let plan = try_plan(
        "package a:b;
         interface one { resource r { constructor(); get: func() -> u8; } plain: func(); }
         interface two { use one.{r}; take: func(r: r); }",
    )
    .unwrap();
    assert_eq!(plan.interfaces(), ["one", "two"]);
    let names: Vec<&str> = plan.functions().iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["[constructor]r", "[method]r.get", "plain", "take"]);
    assert_eq!(plan.find("two", "take"), Some(3));
    assert_eq!(plan.find("one", "take"), None);
    assert_eq!(plan.resources().len(), 1);
}

#[test]
fn what_cannot_cross_is_refused_by_name() {
    refused(
        "package a:b; interface i {
             resource mine; fine: func(o: mine) -> u8;
             waits: async func() -> tuple<u8, result<stream<u8>, string>>;
             listens: func() -> stream<u8>;
             counts: async func() -> stream<u32>;
             ends: async func() -> stream;
             both: async func(a: stream<u8>, b: option<stream<u8>>);
             many: async func(l: list<stream<u8>>);
             later: func(f: list<option<future<string>>>);
             looks: func(m: map<string, u8>);
             fixed: func(l: list<u8, 4>);
             context: func(c: error-context);
         }",
        "`listens` of i has a `stream` in its type and is no `async func`; \
         `counts` of i has a `stream of other things than bytes` in its type; \
         `ends` of i has a `stream of other things than bytes` in its type; \
         `both` of i has more than one `stream` in its parameters or in its result; \
         `many` of i has more than one `stream` in its parameters or in its result; \
         `later` of i has a `future` in its type; `looks` of i has a `map` in its type; \
         `fixed` of i has a `list of fixed length` in its type; \
         `context` of i has a `error-context` in its type",
    );
}

#[test]
fn a_resource_of_another_interface_is_refused_by_name() {
    let text = "package a:b@1.2.0;
         interface io { resource pollable; }
         interface i { use io.{pollable}; wait: func(on: list<borrow<pollable>>); }";
    let (resolve, interfaces) = crate::support::interfaces(text);
    let (name, id) = &interfaces[1];
    let error = loop_codec::Plan::new(&resolve, [(name.as_str(), *id)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`wait` of i has the resource `pollable` of a:b/io@1.2.0 in its type, which belongs to somebody else"
    );
}

#[test]
fn limits_hold() {
    let types: String = (0..FUNCTIONS_MAX)
        .map(|n| {
            let declared: String = (0..6)
                .map(|m| format!("record t{n}x{m} {{ a: u8 }} "))
                .collect();
            let params: String = (0..6).map(|m| format!("p{m}: t{n}x{m}, ")).collect();
            format!("{declared} g{n}: func({params});")
        })
        .collect();
    refused(
        &format!("package a:b; interface i {{ {types} }}"),
        "the interfaces have more than 20000 types",
    );
    let functions: String = (0..=FUNCTIONS_MAX)
        .map(|n| format!("g{n}: func();"))
        .collect();
    refused(
        &format!("package a:b; interface i {{ {functions} }}"),
        "the interfaces have more than 4000 functions",
    );
    let deep: String = (1..=100)
        .map(|n| format!("type t{n} = list<t{}>; ", n - 1))
        .collect();
    refused(
        &format!("package a:b; interface i {{ type t0 = u8; {deep} f: func(p: t100); }}"),
        "`f` of i has a type that nests deeper than 100",
    );
    // Each record holds the one before twice, so the last would have 2^40 bytes.
    let records: String = (1..=40)
        .map(|n| format!("record t{n} {{ a: t{}, b: t{} }}", n - 1, n - 1))
        .collect();
    refused(
        &format!("package a:b; interface i {{ record t0 {{ a: u8 }} {records} f: func(p: t40); }}"),
        "`f` of i has a type of more than 16384 bytes",
    );
    let flags: String = (0..33).map(|n| format!("c{n}, ")).collect();
    refused(
        &format!("package a:b; interface i {{ flags t {{ {flags} }} f: func(p: t); }}"),
        "`f` of i has more than 32 flags in one type",
    );
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let check = |ty: &str, values: &[Value], sentence: &str| {
        let error = of_type("", ty).encode_params(0, values).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    };
    check("u8", &[Value::U16(1)], "a u16 stands where the type has u8");
    check("u8", &[], "0 values stand where the type has 1");
    check(
        "option<u8>",
        &[Value::Case(2, None)],
        "there is no case or flag with the number 2",
    );
    check(
        "option<u8>",
        &[Value::Case(1, None)],
        "0 values stand where the type has 1",
    );
    check(
        "list<u8>",
        &[Value::List(vec![])],
        "a list stands where the type has list",
    );
    check(
        "r",
        &[Value::Handle(vec![0; 65])],
        "a handle has 65 bytes, and 64 are allowed",
    );
    check(
        "list<u8>",
        &[Value::Bytes(vec![0; 64 << 20])],
        "the message has more than 67108864 bytes",
    );
}

/// The layout that plans compute with limits is the one that `wit-parser` has.
#[test]
fn the_layout_is_the_canonical_one() {
    for seed in 0..1_500 {
        let mut chance = Chance::new(seed);
        let (text, plan) = made(&mut chance, Ingredients { resources: true });
        let (resolve, interfaces) = crate::support::interfaces(&text);
        let mut sizes = wit_parser::SizeAlign::default();
        sizes.fill(&resolve);
        let functions = &resolve.interfaces[interfaces[0].1].functions;
        for (ours, theirs) in plan.functions().iter().zip(functions.values()) {
            for (ty, param) in ours.params.iter().zip(&theirs.params) {
                let layout = plan.layout_in_memory(*ty);
                let size = sizes.size(&param.ty).size_wasm32();
                let align = sizes.align(&param.ty).align_wasm32();
                assert_eq!(layout, (size, align), "{seed}: {text}");
            }
        }
    }
}
