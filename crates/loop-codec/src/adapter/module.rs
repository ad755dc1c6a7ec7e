//! One generated core module: what it imports, and functions that are made when something calls them.

use std::collections::HashMap;

use wasm_encoder::{
    CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, MemoryType, Module, NameSection, TypeSection,
    ValType,
};

use crate::adapter::MODULE;
use crate::adapter::component::AdaptError;
use crate::adapter::wire::{MEMORY_PAGES_MAX, WIRE};
use crate::fault::FaultKind;
use crate::plan::{Plan, Ty};

/// What the functions of a module are for. One of each is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Routine {
    /// `(code, at) -> !`: tells what is wrong, and ends the component.
    Fail,
    /// `(at, bytes: i64)`: makes room for so many bytes more.
    Reserve,
    /// `(at, number: i64) -> at`
    PutUnsigned,
    /// `(at, number: i64) -> at`
    PutSigned,
    /// `(at) -> (number: i64, at)`, for so many bits
    GetUnsigned(u32),
    /// `(at) -> (number: i64, at)`, for so many bits
    GetSigned(u32),
    /// `(at, bytes) -> valid`
    Utf8,
    /// `(char, at) -> at`
    PutChar,
    /// `(at) -> (char, at)`
    GetChar,
    /// `(pointer, bytes, at) -> at`: what lies in memory as it is sent, with its length before it
    EncodeBytes(Text),
    /// `(at) -> (pointer, bytes, at)`
    DecodeBytes(Text),
    /// `(pointer, at) -> at`: a value that is made of parts
    Encode(Ty),
    /// `(at, pointer) -> at`
    Decode(Ty),
    /// `(pointer, count, at) -> at`: the elements, of this type, of a list
    EncodeList(Ty),
    /// `(at) -> (pointer, count, at)`
    DecodeList(Ty),
}

/// Whether bytes are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Text {
    /// They must be UTF-8.
    Utf8,
    /// They may be anything; each element has so many bytes, in memory and on the wire, and this alignment in memory.
    Bytes(u32, u32),
}

/// A core function type.
pub(crate) type Signature = (Vec<ValType>, Vec<ValType>);

/// What a module takes from the component around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Guest {
    /// Whether there is a memory for values.
    pub(crate) memory: bool,
    /// Whether there is a function to allocate in it.
    pub(crate) realloc: bool,
}

pub(crate) struct Builder<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) guest: Guest,
    types: TypeSection,
    known_types: HashMap<Signature, u32>,
    imports: ImportSection,
    /// How many functions are imported.
    imported: u32,
    realloc: u32,
    fail: u32,
    /// The functions that something calls, in the order of their numbers.
    routines: HashMap<Routine, u32>,
    asked: Vec<Routine>,
    made: Vec<(u32, Function)>,
    exports: ExportSection,
    /// How many bytes may be written without asking for room.
    headroom: u32,
    /// Functions that are no routines come first.
    roots: u32,
}

/// Global variables: two of the wire's, and two of this module.
pub(crate) const TOP: u32 = 0;
pub(crate) const BUSY: u32 = 1;
/// Where the message that is being read begins, and where it ends.
pub(crate) const START: u32 = 2;
pub(crate) const END: u32 = 3;

impl<'a> Builder<'a> {
    /// A module with so many functions of its own, which may call these imported ones of the namespace `host`.
    pub(crate) fn new(
        plan: &'a Plan,
        guest: Guest,
        roots: u32,
        headroom: u32,
        host: &[(String, Signature)],
    ) -> Self {
        let mut builder = Self {
            plan,
            guest,
            types: TypeSection::new(),
            known_types: HashMap::new(),
            imports: ImportSection::new(),
            imported: 0,
            realloc: 0,
            fail: 0,
            routines: HashMap::new(),
            asked: Vec::new(),
            made: Vec::new(),
            exports: ExportSection::new(),
            headroom,
            roots,
        };
        let any = memory_type(0, None);
        if guest.memory {
            builder.imports.import("guest", "memory", any);
        }
        builder
            .imports
            .import(WIRE, "memory", memory_type(1, Some(MEMORY_PAGES_MAX)));
        for name in ["top", "busy"] {
            builder.imports.import(WIRE, name, variable());
        }
        let i32s = |count| vec![ValType::I32; count];
        builder.fail = builder.import(WIRE, "fail", (i32s(2), vec![]));
        if guest.realloc {
            builder.realloc = builder.import("guest", "realloc", (i32s(4), i32s(1)));
        }
        for (name, signature) in host {
            builder.import("host", name, signature.clone());
        }
        builder
    }

    fn import(&mut self, namespace: &str, name: &str, signature: Signature) -> u32 {
        let ty = self.ty(signature);
        self.imports
            .import(namespace, name, EntityType::Function(ty));
        self.imported += 1;
        self.imported - 1
    }

    /// The number of the first function in the namespace `host`.
    pub(crate) fn host(&self) -> u32 {
        1 + u32::from(self.guest.realloc)
    }

    /// The number of the module's own function that was, or will be, added as this one.
    pub(crate) fn root_number(&self, position: u32) -> u32 {
        self.imported + position
    }

    /// The number of the function that tells what is wrong.
    pub(crate) fn fail(&self) -> u32 {
        self.fail
    }

    /// The number of the function that allocates in the memory for values.
    pub(crate) fn realloc(&self) -> Result<u32, AdaptError> {
        if !self.guest.realloc || !self.guest.memory {
            return Err(AdaptError::unsupported(
                "a function that needs a memory names none",
            ));
        }
        Ok(self.realloc)
    }

    /// The number of the memory for values. Without one, no value lies in memory.
    pub(crate) fn values(&self) -> Result<u32, AdaptError> {
        if !self.guest.memory {
            return Err(AdaptError::unsupported(
                "a function that needs a memory names none",
            ));
        }
        Ok(0)
    }

    /// The number of the memory for messages.
    pub(crate) fn wire(&self) -> u32 {
        u32::from(self.guest.memory)
    }

    pub(crate) fn headroom(&self) -> u32 {
        self.headroom
    }

    /// The number of the function that does this.
    pub(crate) fn routine(&mut self, routine: Routine) -> u32 {
        let next = self.imported + self.roots + u32::try_from(self.asked.len()).unwrap_or(u32::MAX);
        *self.routines.entry(routine).or_insert_with(|| {
            self.asked.push(routine);
            next
        })
    }

    pub(crate) fn ty(&mut self, signature: Signature) -> u32 {
        let types = &mut self.types;
        let next = types.len();
        *self
            .known_types
            .entry(signature.clone())
            .or_insert_with(|| {
                types.ty().function(signature.0, signature.1);
                next
            })
    }

    /// Adds one of the module's own functions under a name. They are added before anything else.
    pub(crate) fn root(&mut self, name: &str, signature: Signature, function: Function) {
        let number = u32::try_from(self.made.len()).unwrap_or(u32::MAX);
        let number = self.root_number(number);
        self.exports.export(name, ExportKind::Func, number);
        self.make(signature, function);
    }

    fn make(&mut self, signature: Signature, function: Function) {
        let ty = self.ty(signature);
        self.made.push((ty, function));
    }

    /// Makes all functions that something calls, and the module.
    pub(crate) fn finish(mut self) -> Result<Module, AdaptError> {
        let mut next = 0;
        while let Some(routine) = self.asked.get(next).copied() {
            let (signature, function) = self.make_routine(routine)?;
            self.make(signature, function);
            next += 1;
        }
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for (ty, function) in &self.made {
            functions.function(*ty);
            code.function(function);
        }
        let mut globals = GlobalSection::new();
        for _ in [START, END] {
            globals.global(variable(), &ConstExpr::i32_const(0));
        }
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.imports)
            .section(&functions)
            .section(&globals)
            .section(&self.exports)
            .section(&code);
        let mut names = NameSection::new();
        names.module(MODULE);
        module.section(&names);
        Ok(module)
    }
}

/// The code of a fault in the component's own values.
pub(crate) fn own(kind: FaultKind) -> u32 {
    kind as u32 | crate::fault::OWN
}

pub(crate) fn variable() -> GlobalType {
    GlobalType {
        val_type: ValType::I32,
        mutable: true,
        shared: false,
    }
}

pub(crate) fn memory_type(minimum: u64, maximum: Option<u64>) -> MemoryType {
    MemoryType {
        minimum,
        maximum,
        memory64: false,
        shared: false,
        page_size_log2: None,
    }
}
