//! The body of one generated function: its instructions, and the locals it needs.

use wasm_encoder::{BlockType, Function, InstructionSink, MemArg, ValType};

use crate::adapter::component::AdaptError;
use crate::plan::Flat;

/// The most code of one generated function, in bytes. Types inside types are written out where they pass as flat values, so
/// a few lines of WIT can stand for much; a function of WASI takes some hundreds.
const FUNCTION_BYTES_MAX: usize = 256 << 10;

/// A local variable of a function, which is given back with [`Body::release`] and then used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Local {
    pub(crate) index: u32,
    pub(crate) ty: ValType,
}

#[derive(Debug)]
pub(crate) struct Body {
    params: u32,
    locals: Vec<ValType>,
    free: Vec<Local>,
    code: Vec<u8>,
}

impl Body {
    /// A function with these parameters, which are its first locals.
    pub(crate) fn new(params: &[ValType]) -> (Self, Vec<Local>) {
        let locals = (0..)
            .zip(params)
            .map(|(index, ty)| Local { index, ty: *ty });
        let body = Self {
            params: u32::try_from(params.len()).unwrap_or(u32::MAX),
            locals: Vec::new(),
            free: Vec::new(),
            code: Vec::new(),
        };
        (body, locals.collect())
    }

    /// A local that nothing else uses. What it holds is not known: another part of the function may have used it before.
    pub(crate) fn local(&mut self, ty: ValType) -> Local {
        if let Some(at) = self.free.iter().position(|free| free.ty == ty) {
            return self.free.swap_remove(at);
        }
        let used = u32::try_from(self.locals.len()).unwrap_or(u32::MAX);
        self.locals.push(ty);
        Local {
            index: self.params.saturating_add(used),
            ty,
        }
    }

    /// Locals for flat values.
    pub(crate) fn flat_locals(&mut self, flat: &[Flat]) -> Vec<Local> {
        flat.iter().map(|flat| self.local(flat.into())).collect()
    }

    pub(crate) fn release(&mut self, local: Local) {
        self.free.push(local);
    }

    pub(crate) fn release_all(&mut self, locals: Vec<Local>) {
        self.free.extend(locals);
    }

    /// Where instructions are added.
    pub(crate) fn ops(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.code)
    }

    pub(crate) fn get(&mut self, local: Local) {
        self.ops().local_get(local.index);
    }

    pub(crate) fn set(&mut self, local: Local) {
        self.ops().local_set(local.index);
    }

    pub(crate) fn i32(&mut self, value: u32) {
        self.ops().i32_const(value.cast_signed());
    }

    /// Adds a number to a local.
    pub(crate) fn advance(&mut self, local: Local, by: u32) {
        self.get(local);
        self.i32(by);
        self.ops().i32_add().local_set(local.index);
    }

    pub(crate) fn if_(&mut self) {
        self.ops().if_(BlockType::Empty);
    }

    pub(crate) fn end(&mut self) {
        self.ops().end();
    }

    /// Refuses a function that has become too long.
    pub(crate) fn still_short(&self) -> Result<(), AdaptError> {
        if self.code.len() > FUNCTION_BYTES_MAX {
            return Err(AdaptError::TooComplex);
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Function {
        let mut function = Function::new_with_locals_types(self.locals);
        function.raw(self.code);
        function.instructions().end();
        function
    }
}

/// An address in a memory.
pub(crate) fn at(memory: u32, offset: u32, align: u32) -> MemArg {
    MemArg {
        offset: u64::from(offset),
        align: align.trailing_zeros(),
        memory_index: memory,
    }
}

impl From<&Flat> for ValType {
    fn from(flat: &Flat) -> Self {
        match flat {
            Flat::I32 => Self::I32,
            Flat::I64 => Self::I64,
            Flat::F32 => Self::F32,
            Flat::F64 => Self::F64,
        }
    }
}
