//! The core module that owns the memory for messages.
//!
//! Every message begins at [`BASE`], in the place of the one before: a call's answer takes the place of its arguments, so that
//! less memory is touched. Below it lie two numbers, through which the engine says where what it wrote lies.

use wasm_encoder::{
    CanonicalOption, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection,
    FunctionSection, GlobalSection, ImportSection, MemorySection, Module, TypeSection, ValType,
};

use crate::MESSAGE_BYTES_MAX;
use crate::adapter::body::Body;
use crate::adapter::component::Writer;
use crate::adapter::module::{TOP, memory_type, own, variable};
use crate::fault::FaultKind;

/// The namespace of its exports.
pub(crate) const WIRE: &str = "wire";

/// Where messages begin, in bytes.
pub(crate) const BASE: u32 = 64;

/// Where the engine writes the pointer and the length of what a call gave.
pub(crate) const RETURNED: u32 = 16;

/// The largest that the memory becomes: a message, and room for what is written before it is known to be too much.
pub(crate) const MEMORY_PAGES_MAX: u64 = (MESSAGE_BYTES_MAX as u64 >> 16) + 64;

/// How much more than a message's bytes may be asked for before it is known to be too long: more than a list asks for at once.
pub(crate) const OVERSHOOT_BYTES: u32 = 2 << 20;

/// How many bytes behind a message may be touched, since flags are read and written four bytes at a time.
pub(crate) const SLACK: i64 = 4;

/// The instance that owns the memory, in the component that is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    pub(crate) instance: u32,
    memory: u32,
    realloc: u32,
}

impl Wire {
    /// Instantiates the module, with the core function that is told what is wrong.
    pub(crate) fn make(writer: &mut Writer, fail: u32) -> Self {
        let module = writer.module(&module());
        let host = writer.bundle(&[("fail", ExportKind::Func, fail)]);
        let instance = writer.instantiate(module, &[("host", host)]);
        Self {
            instance,
            memory: writer.core_export(instance, ExportKind::Memory, "memory"),
            realloc: writer.core_export(instance, ExportKind::Func, "realloc"),
        }
    }

    /// How the engine passes messages in and out.
    pub(crate) fn options(&self) -> [CanonicalOption; 2] {
        [
            CanonicalOption::Memory(self.memory),
            CanonicalOption::Realloc(self.realloc),
        ]
    }
}

/// Makes the module. It imports `fail`.
fn module() -> Module {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 2], []);
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let mut imports = ImportSection::new();
    imports.import("host", "fail", EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(1);
    let mut memories = MemorySection::new();
    memories.memory(memory_type(1, Some(MEMORY_PAGES_MAX)));
    let mut globals = GlobalSection::new();
    globals.global(variable(), &ConstExpr::i32_const(BASE.cast_signed()));
    globals.global(variable(), &ConstExpr::i32_const(0));
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("top", ExportKind::Global, 0);
    exports.export("busy", ExportKind::Global, 1);
    exports.export("fail", ExportKind::Func, 0);
    exports.export("realloc", ExportKind::Func, 1);
    let mut code = CodeSection::new();
    code.function(&realloc().finish());
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&memories)
        .section(&globals)
        .section(&exports)
        .section(&code);
    module
}

/// `(old, old-bytes, align, bytes) -> pointer`: the next free bytes. The engine asks once for each message, with no old ones.
fn realloc() -> Body {
    let (mut body, params) = Body::new(&[ValType::I32; 4]);
    let [old, old_bytes, align, bytes] = params[..] else {
        return body;
    };
    body.get(bytes);
    body.i32(MESSAGE_BYTES_MAX);
    body.ops().i32_gt_u();
    body.if_();
    body.i32(own(FaultKind::TooLarge));
    body.i32(0);
    body.ops().call(0).unreachable().end();
    let pointer = body.local(ValType::I32);
    // pointer = (top + align - 1) & -align
    body.ops().global_get(TOP);
    body.get(align);
    body.ops().i32_add().i32_const(1).i32_sub().i32_const(0);
    body.get(align);
    body.ops().i32_sub().i32_and().local_set(pointer.index);
    let end = body.local(ValType::I64);
    body.get(pointer);
    body.ops().i64_extend_i32_u();
    body.get(bytes);
    body.ops()
        .i64_extend_i32_u()
        .i64_add()
        .i64_const(SLACK)
        .i64_add()
        .local_set(end.index);
    grow(&mut body, 0, end.index, |body| {
        body.i32(own(FaultKind::TooLarge));
        body.i32(0);
        body.ops().call(0).unreachable();
    });
    body.get(old_bytes);
    body.if_();
    body.get(pointer);
    body.get(old);
    body.get(old_bytes);
    body.ops().memory_copy(0, 0).end();
    body.get(pointer);
    body.get(bytes);
    body.ops().i32_add().global_set(TOP);
    body.get(pointer);
    body
}

/// Makes a memory at least as large as a 64-bit local says, in bytes, or does what is to be done if it cannot be.
pub(crate) fn grow(body: &mut Body, memory: u32, end: u32, fail: impl FnOnce(&mut Body)) {
    body.ops()
        .local_get(end)
        .memory_size(memory)
        .i64_extend_i32_u()
        .i64_const(16)
        .i64_shl()
        .i64_gt_u();
    body.if_();
    // memory.grow((end + 0xffff >> 16) - memory.size); more than the maximum is refused by the engine.
    body.ops()
        .local_get(end)
        .i64_const(0xffff)
        .i64_add()
        .i64_const(16)
        .i64_shr_u()
        .memory_size(memory)
        .i64_extend_i32_u()
        .i64_sub()
        .i32_wrap_i64()
        .memory_grow(memory)
        .i32_const(-1)
        .i32_eq();
    body.if_();
    fail(body);
    body.end();
    body.end();
}
