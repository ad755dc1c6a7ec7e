//! New numbers for what a component refers to by number.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent};
use wasm_encoder::{Component, ComponentSectionId, RawSection};
use wasmparser::Parser;

/// The new numbers of one kind of thing, by the old ones.
#[derive(Debug, Default)]
pub(crate) struct Numbers(Vec<Option<u32>>);

impl Numbers {
    /// The next old thing has this number now.
    pub(crate) fn push(&mut self, new: u32) {
        self.0.push(Some(new));
    }

    /// The next old thing is gone.
    pub(crate) fn gone(&mut self) {
        self.0.push(None);
    }

    fn get(&self, old: u32) -> Option<u32> {
        self.0.get(old as usize).copied().flatten()
    }
}

/// Copies parts of a component with the numbers that are new at its outermost level.
#[derive(Debug, Default)]
pub(crate) struct Remap {
    pub(crate) funcs: Numbers,
    pub(crate) core_funcs: Numbers,
    pub(crate) core_instances: Numbers,
    pub(crate) modules: Numbers,
    pub(crate) memories: Numbers,
    /// The instances whose types have changed, which nothing may use but the adapter.
    pub(crate) taken_instances: Vec<u32>,
    /// Types that exist no more, or mean something else.
    pub(crate) taken_types: Vec<u32>,
    /// How many levels of components and types are around what is being copied.
    depth: u32,
    /// Set when something refers to what is gone.
    pub(crate) broken: bool,
}

impl Remap {
    fn at_level(&mut self, level: Option<u32>, old: u32, numbers: fn(&Self) -> &Numbers) -> u32 {
        if level != Some(0) {
            return old;
        }
        let new = numbers(self).get(old);
        self.broken |= new.is_none();
        new.unwrap_or(old)
    }

    fn here(&mut self, old: u32, numbers: fn(&Self) -> &Numbers) -> u32 {
        self.at_level(Some(self.depth), old, numbers)
    }
}

impl Reencode for Remap {
    type Error = Infallible;

    fn function_index(&mut self, func: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.here(func, |remap| &remap.core_funcs))
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.here(memory, |remap| &remap.memories))
    }
}

impl ReencodeComponent for Remap {
    fn component_func_index(&mut self, func: u32) -> u32 {
        self.here(func, |remap| &remap.funcs)
    }

    fn component_instance_index(&mut self, instance: u32) -> u32 {
        if self.depth == 0 {
            self.broken |= self.taken_instances.contains(&instance);
        }
        instance
    }

    fn component_type_index(&mut self, ty: u32) -> u32 {
        if self.depth == 0 {
            self.broken |= self.taken_types.contains(&ty);
        }
        ty
    }

    fn outer_component_type_index(&mut self, count: u32, ty: u32) -> u32 {
        if self.depth == count {
            self.broken |= self.taken_types.contains(&ty);
        }
        ty
    }

    fn outer_type_index(&mut self, _: u32, ty: u32) -> Result<u32, Error<Infallible>> {
        Ok(ty)
    }

    fn outer_component_index(&mut self, _: u32, component: u32) -> u32 {
        component
    }

    fn module_index(&mut self, module: u32) -> u32 {
        self.here(module, |remap| &remap.modules)
    }

    fn outer_module_index(&mut self, count: u32, module: u32) -> u32 {
        let level = self.depth.checked_sub(count);
        self.at_level(level, module, |remap| &remap.modules)
    }

    fn instance_index(&mut self, instance: u32) -> u32 {
        self.here(instance, |remap| &remap.core_instances)
    }

    fn push_depth(&mut self) {
        self.depth += 1;
    }

    fn pop_depth(&mut self) {
        self.depth -= 1;
    }

    /// Modules refer to nothing outside, and are copied as they are.
    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        _: Parser,
        module: &[u8],
    ) -> Result<(), Error<Infallible>> {
        component.section(&RawSection {
            id: ComponentSectionId::CoreModule.into(),
            data: module,
        });
        Ok(())
    }
}
