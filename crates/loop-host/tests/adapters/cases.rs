//! Adapters in single cases: what gets none, what a component does wrong, how large a message may be.

use loop_codec::{Plan, Value, adapter};
use wasmtime::component::{Component, Instance, Linker, TypedFunc};
use wasmtime::{Engine, Store, StoreContextMut};
use wit_parser::Resolve;

use crate::guest::{Passing, around, passing, passing_utf16};
use crate::run::{CRANELIFT, caller, fault, provider, told};

const TEXT: &str = "package made:up; interface it { say: func(text: string) -> string; }";

#[track_caller]
fn no_adapter(component: &[u8], plan: &Plan, sentence: &str) {
    let said = adapter::caller(component, plan).unwrap_err().to_string();
    assert_eq!(said, sentence);
}

#[test]
fn some_components_get_no_adapter() {
    let Passing { component, plan } = passing(TEXT);
    no_adapter(b"\0asm", &plan, "the component cannot be read");
    no_adapter(
        &wat::parse_str("(module)").unwrap(),
        &plan,
        "no adapter fits: it is no component",
    );
    for length in [8, 100, component.len() / 2] {
        adapter::provider(&component[..length], &plan).unwrap_err();
    }

    let wide = passing_utf16(TEXT);
    let sentence = "no adapter fits: the component's texts are not UTF-8";
    no_adapter(&wide.component, &wide.plan, sentence);
    let said = adapter::provider(&wide.component, &wide.plan).unwrap_err();
    assert_eq!(said.to_string(), sentence);

    let passed_on = wat::parse_str(
        r#"(component
            (type $it (instance (export "say" (func (param "text" string) (result string)))))
            (import "made:up/it" (instance $i (type $it)))
            (component $inner (import "it" (instance (export "say" (func (param "text" string) (result string))))))
            (instance (instantiate $inner (with "it" (instance $i)))))"#,
    )
    .unwrap();
    no_adapter(
        &passed_on,
        &plan,
        "no adapter fits: the component passes an import on, or uses it in another way than by calls",
    );

    // A component that does not import the interface stays what it is, in essence.
    let plain = wat::parse_str("(component)").unwrap();
    assert_eq!(adapter::caller(&plain, &plan).unwrap(), plain);
    let said = adapter::provider(&plain, &plan).unwrap_err();
    assert_eq!(
        said.to_string(),
        "the component has no export `say` in made:up/it"
    );
}

#[test]
fn resources_get_no_adapter() {
    let mut resolve = Resolve::new();
    let text = "package made:up; interface it { resource r; get: func() -> r; }";
    let package = resolve.push_source("test.wit", text).unwrap();
    let it = resolve.packages[package].interfaces["it"];
    let plan = Plan::new(&resolve, [("made:up/it", it)]).unwrap();
    let importer = wat::parse_str(
        r#"(component (import "made:up/it" (instance (export "r" (type (sub resource))))))"#,
    )
    .unwrap();
    let sentence = "no adapter fits: made:up/it defines the resource `r`";
    no_adapter(&importer, &plan, sentence);
    let said = adapter::provider(&importer, &plan).unwrap_err();
    assert_eq!(said.to_string(), sentence);
}

/// The fault of a component that passes these bytes, which lie at 16, as a value of the type.
#[track_caller]
fn own_fault(ty: &str, flat: &str, bytes: &str, sentence: &str) {
    let text = format!("package made:up; interface it {{ take: func(p: {ty}); }}");
    let exported = if flat.contains("i32.const") {
        "(param i32 i32)"
    } else {
        "(param i32)"
    };
    let core = format!(
        r#"(module
            (import "made:up/it" "take" (func $take {exported}))
            (memory (export "memory") 1)
            (data (i32.const 16) "{bytes}")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
            (func (export "made:up/it#take") {exported} {flat} call $take))"#
    );
    let made = around(&text, &core);
    let mut running = caller(&CRANELIFT, &made);
    let value = match ty {
        "char" => Value::Char('a'),
        "string" => Value::String(String::new()),
        "list<char>" => Value::List(Vec::new()),
        "option<u8>" => Value::Case(0, None),
        _ => panic!("no value for {ty}"),
    };
    let found = running.call(0, &[value], &[]).unwrap_err();
    assert_eq!(found.to_string(), sentence);
}

#[test]
fn what_a_component_passes_is_checked() {
    let text = "a text is not UTF-8";
    own_fault("string", "i32.const 16 i32.const 1", "\\80", text);
    own_fault(
        "string",
        "i32.const 16 i32.const 12",
        "abcdefghij\\f0\\80",
        text,
    );
    let char = "a char is no Unicode scalar value";
    own_fault(
        "list<char>",
        "i32.const 16 i32.const 1",
        "\\00\\d8\\00\\00",
        char,
    );
    own_fault(
        "list<char>",
        "i32.const 16 i32.const 2",
        "a\\00\\00\\00\\00\\00\\11\\00",
        char,
    );
    let tag = "a case has a number that its type does not have";
    own_fault("option<u8>", "i32.const 2 i32.const 0", "", tag);
    let large = "a message is too large";
    own_fault("string", "i32.const 16 i32.const -1", "", large);
    own_fault("list<char>", "i32.const 16 i32.const 0x3fffffff", "", large);
}

#[test]
fn a_call_within_a_call_is_refused() {
    // Allocating calls the import again, while what it gave before is being read.
    let core = r#"(module
        (import "made:up/it" "say" (func $say (param i32 i32 i32)))
        (memory (export "memory") 1)
        (global $calls (mut i32) (i32.const 0))
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (if (i32.gt_u (global.get $calls) (i32.const 1))
                (then (call $say (i32.const 16) (i32.const 1) (i32.const 32))))
            i32.const 1024)
        (func (export "made:up/it#say") (param i32 i32) (result i32)
            (call $say (local.get 0) (local.get 1) (i32.const 64))
            i32.const 64))"#;
    let made = around(TEXT, core);
    let mut running = caller(&CRANELIFT, &made);
    let found = running
        .call(0, &[Value::String("a".into())], &[1, b'b'])
        .unwrap_err();
    assert_eq!(
        found.to_string(),
        "a call was made while another is being passed on"
    );
}

#[test]
fn there_is_no_function_beyond_the_last() {
    let made = passing(TEXT);
    let found = provider(&CRANELIFT, &made).serve(1, &[], None).unwrap_err();
    assert_eq!(
        found.to_string(),
        "there is no function with that number, at byte 0"
    );
}

#[test]
fn large_messages_pass_and_too_large_ones_do_not() {
    let made =
        passing("package made:up; interface it { echo: func(bytes: list<u8>) -> list<u8>; }");
    let adapted = adapter::provider(&made.component, &made.plan).unwrap();
    let engine: &Engine = &CRANELIFT;
    let component = Component::new(engine, adapted).unwrap();
    let mut linker = Linker::<usize>::new(engine);
    linker
        .instance(adapter::FAULT)
        .unwrap()
        .func_wrap("fail", told)
        .unwrap();
    // Gives as many bytes more as the store says.
    let mut real = linker.instance("made:up/it").unwrap();
    real.func_wrap(
        "echo",
        |store: StoreContextMut<'_, usize>, (mut bytes,): (Vec<u8>,)| {
            bytes.resize(bytes.len() + *store.data(), 0);
            Ok((bytes,))
        },
    )
    .unwrap();
    let most = loop_codec::MESSAGE_BYTES_MAX as usize;
    // The number before the bytes takes four.
    let mut message = vec![0xfc, 0xff, 0xff, 0x1f];
    message.resize(most, 7);
    for (more, sentence) in [(0, None), (1, Some("a message is too large"))] {
        let mut store = Store::new(engine, more);
        store.set_hostcall_fuel(usize::MAX);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let serve = serve(&mut store, &instance);
        let gave = serve.call(&mut store, (0, message.clone()));
        match sentence {
            None => assert!(gave.unwrap().0 == message, "what comes in goes out"),
            Some(sentence) => assert_eq!(fault(&gave.unwrap_err()).to_string(), sentence),
        }
    }
}

#[test]
fn long_lists_pass() {
    for (ty, value) in [
        ("u64", Value::U64(u64::MAX)),
        ("char", Value::Char('a')),
        (
            "option<string>",
            Value::Case(1, Some(Box::new(Value::String("text".into())))),
        ),
        (
            "tuple<u8, s8>",
            Value::Record(vec![Value::U8(1), Value::S8(-1)]),
        ),
    ] {
        let text =
            format!("package made:up; interface it {{ f: func(p: list<{ty}>) -> list<{ty}>; }}");
        let made = passing(&text);
        let mut running = caller(&CRANELIFT, &made);
        for count in [0, 1, 6_553, 6_554, 8_192, 40_000] {
            let list = Value::List(vec![value.clone(); count]);
            let bytes = made
                .plan
                .encode_params(0, std::slice::from_ref(&list))
                .unwrap();
            let (saw, got) = running
                .call(0, std::slice::from_ref(&list), &bytes)
                .unwrap();
            assert!(saw == bytes && got == Some(list), "{count} of {ty}");
        }
    }
}

type Serve = TypedFunc<(u32, Vec<u8>), (Vec<u8>,)>;

fn serve<T>(store: &mut Store<T>, instance: &Instance) -> Serve {
    let serve = instance
        .get_export_index(&mut *store, None, adapter::SERVE)
        .unwrap();
    let serve = instance
        .get_export_index(&mut *store, Some(&serve), "serve")
        .unwrap();
    instance.get_typed_func(&mut *store, serve).unwrap()
}

/// A component that Rust's own tools made.
#[test]
fn a_rust_component_serves_messages() {
    let component = std::fs::read(loop_test::guest("calc")).unwrap();
    let mut resolve = Resolve::new();
    let wit = loop_test::root().join("tests/guests/calc/wit");
    let (package, _) = resolve.push_dir(wit).unwrap();
    let calc = resolve.packages[package].interfaces["calc"];
    let plan = Plan::new(&resolve, [("acme:math/calc", calc)]).unwrap();
    let adapted = adapter::provider(&component, &plan).unwrap();

    let engine: &Engine = &CRANELIFT;
    let component = Component::new(engine, adapted).unwrap();
    let mut linker = Linker::<()>::new(engine);
    linker
        .instance(adapter::FAULT)
        .unwrap()
        .func_wrap("fail", told)
        .unwrap();
    linker.define_unknown_imports_as_traps(&component).unwrap();
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let serve = serve(&mut store, &instance);
    let mut call = |name: &str, params: &[Value]| {
        let function = plan.find("acme:math/calc", name).unwrap();
        let params = plan.encode_params(function, params).unwrap();
        let number = u32::try_from(function).unwrap();
        let (bytes,) = serve
            .call(&mut store, (number, params))
            .map_err(|error| fault(&error))
            .unwrap();
        plan.decode_result(function, &bytes).unwrap()
    };
    let text = |text: &str| Value::String(text.to_owned());
    assert_eq!(
        call("add", &[Value::U32(2), Value::U32(3)]),
        Some(Value::U32(5))
    );
    assert_eq!(
        call("swap", &[Value::Record(vec![Value::U8(1), text("é")])]),
        Some(Value::Record(vec![text("é"), Value::U8(1)]))
    );
    let words = Value::List(vec![text("a"), text("longest"), text("b")]);
    assert_eq!(
        call("longest", &[words]),
        Some(Value::Case(1, Some(Box::new(text("longest")))))
    );
    let sides = Value::Record(vec![Value::F64(2.0), Value::F64(3.0)]);
    let rectangle = Value::Case(1, Some(Box::new(sides)));
    assert_eq!(call("area", &[rectangle]), Some(Value::F64(6.0)));
    assert_eq!(call("forget", &[text("all")]), None);
    assert_eq!(
        call("bytes", &[text("abc")]),
        Some(Value::Bytes(b"abc".to_vec()))
    );
}
