//! A component that exports an interface and serves it by its import of the same: what comes in goes out.

use std::fmt::Write as _;

use loop_codec::Plan;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;
use wit_parser::abi::{AbiVariant, WasmType};

/// The component, and the plan of its interface.
pub(crate) struct Passing {
    pub(crate) component: Vec<u8>,
    pub(crate) plan: Plan,
}

/// The name of the interface that [`loop_codec::random::wit`] makes.
pub(crate) const INTERFACE: &str = "made:up/it";

/// Makes it for the interface `it` in a text of the package `made:up`.
pub(crate) fn passing(text: &str) -> Passing {
    made(text, StringEncoding::UTF8, module)
}

/// The same around a core module of one's own.
pub(crate) fn around(text: &str, core: &str) -> Passing {
    made(text, StringEncoding::UTF8, |_, _| core.to_owned())
}

/// The same with texts of UTF-16.
pub(crate) fn passing_utf16(text: &str) -> Passing {
    made(text, StringEncoding::UTF16, module)
}

fn made(
    text: &str,
    encoding: StringEncoding,
    module: impl FnOnce(&Resolve, wit_parser::InterfaceId) -> String,
) -> Passing {
    let text = format!("{text}\nworld w {{ import it; export it; }}\n");
    let mut resolve = Resolve::new();
    let package = resolve.push_source("test.wit", &text).unwrap();
    let interface = resolve.packages[package].interfaces["it"];
    let plan = Plan::new(&resolve, [(INTERFACE, interface)]).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();

    let mut module = wat::parse_str(module(&resolve, interface)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    let component = ComponentEncoder::default()
        .module(&module)
        .unwrap()
        .validate(true)
        .encode()
        .unwrap();
    Passing { component, plan }
}

/// Each export hands its core arguments to the import. Memory is never freed.
fn module(resolve: &Resolve, interface: wit_parser::InterfaceId) -> String {
    let mut imports = String::new();
    let mut exports = String::new();
    for function in resolve.interfaces[interface].functions.values() {
        let name = &function.name;
        let imported = resolve.wasm_signature(AbiVariant::GuestImport, function);
        let exported = resolve.wasm_signature(AbiVariant::GuestExport, function);
        let list = |word: &str, types: &[WasmType]| {
            let types: Vec<&str> = types.iter().copied().map(core).collect();
            format!("({word} {})", types.join(" "))
        };
        writeln!(
            imports,
            r#"(import "{INTERFACE}" "{name}" (func $"{name}" {} {}))"#,
            list("param", &imported.params),
            list("result", &imported.results),
        )
        .unwrap();
        let args: String = (0..exported.params.len())
            .map(|n| format!("local.get {n} "))
            .collect();
        let (before, after) = if imported.retptr {
            let mut sizes = wit_parser::SizeAlign::default();
            sizes.fill(resolve);
            let size = sizes.size(function.result.as_ref().unwrap()).size_wasm32();
            let area = "global.get $area";
            let make = format!(
                "(global.set $area (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const {size})))"
            );
            (make, area)
        } else {
            (String::new(), "")
        };
        let pointer = if imported.retptr { after } else { "" };
        writeln!(
            exports,
            r#"(func (export "{INTERFACE}#{name}") {} {} {before} {args} {pointer} call $"{name}" {after})"#,
            list("param", &exported.params),
            list("result", &exported.results),
        )
        .unwrap();
    }
    format!(
        r#"(module
            {imports}
            (memory (export "memory") 1)
            (global $top (mut i32) (i32.const 64))
            (global $area (mut i32) (i32.const 0))
            (func $realloc (export "cabi_realloc") (param $old i32) (param $bytes i32) (param $align i32) (param $new i32) (result i32)
                (local $pointer i32)
                (local.set $pointer (i32.and
                    (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
                    (i32.sub (i32.const 0) (local.get $align))))
                (global.set $top (i32.add (local.get $pointer) (local.get $new)))
                (block $fits (loop $grow
                    (br_if $fits (i32.le_u (global.get $top) (i32.shl (memory.size) (i32.const 16))))
                    (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
                    (br $grow)))
                (local.get $pointer))
            {exports}
        )"#
    )
}

fn core(ty: WasmType) -> &'static str {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    }
}
