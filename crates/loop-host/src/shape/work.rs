//! How much work a section gives the validator, found before the validator does it.
//!
//! The validator bounds the size of each type with everything in it written out (a million parts), but
//! walks all of it at every use: for each lowered function, for each argument of an instance. A file of
//! 24 KB whose functions have one large type kept it busy for 14 seconds. Here each type is counted once,
//! and each use adds what was counted; beyond [`VALIDATION_PARTS_MAX`] the file is refused.

use std::collections::HashMap;

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncTypeId, ComponentInstanceTypeId, ComponentItem, ComponentTypeId, ComponentValType,
};
use wasmparser::types::TypesRef;
use wasmparser::{
    CanonicalFunction, ComponentExternalKind, ComponentInstance, ComponentTypeRef, Payload,
};

use crate::shape::VALIDATION_PARTS_MAX;

/// Counts what the uses of types cost, over a whole file.
#[derive(Default)]
pub(crate) struct Work {
    values: HashMap<ComponentDefinedTypeId, u64>,
    functions: HashMap<ComponentFuncTypeId, u64>,
    instances: HashMap<ComponentInstanceTypeId, u64>,
    components: HashMap<ComponentTypeId, u64>,
    done: u64,
    /// The largest cost of one use so far. It stands for what a section itself defines, whose type is
    /// not known before the section is validated.
    largest: u64,
}

/// The uses of types are more work than the limit allows.
pub(crate) struct TooMuch;

impl Work {
    /// Adds the cost of a section that is to be validated next.
    pub(crate) fn add(
        &mut self,
        payload: &Payload<'_>,
        types: TypesRef<'_>,
    ) -> Result<(), TooMuch> {
        // Entries that cannot be read end the loop; the validator says why.
        match payload {
            Payload::ComponentCanonicalSection(section) => {
                for function in section.clone().into_iter().map_while(Result::ok) {
                    self.canonical(types, &function)?;
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone().into_iter().map_while(Result::ok) {
                    match instance {
                        ComponentInstance::Instantiate {
                            component_index,
                            args,
                        } => {
                            self.use_of(types, ComponentExternalKind::Component, component_index)?;
                            for arg in &args {
                                self.use_of(types, arg.kind, arg.index)?;
                            }
                        }
                        ComponentInstance::FromExports(exports) => {
                            for export in &exports {
                                self.use_of(types, export.kind, export.index)?;
                            }
                        }
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone().into_iter().map_while(Result::ok) {
                    self.reference(types, import.ty)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone().into_iter().map_while(Result::ok) {
                    self.use_of(types, export.kind, export.index)?;
                    if let Some(ty) = export.ty {
                        self.reference(types, ty)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn canonical(
        &mut self,
        types: TypesRef<'_>,
        function: &CanonicalFunction,
    ) -> Result<(), TooMuch> {
        match function {
            CanonicalFunction::Lift { type_index, .. } => self.type_at(types, *type_index),
            CanonicalFunction::Lower { func_index, .. } => {
                self.use_of(types, ComponentExternalKind::Func, *func_index)
            }
            CanonicalFunction::TaskReturn {
                result: Some(wasmparser::ComponentValType::Type(ty)),
                ..
            }
            | CanonicalFunction::StreamNew { ty }
            | CanonicalFunction::StreamRead { ty, .. }
            | CanonicalFunction::StreamWrite { ty, .. }
            | CanonicalFunction::FutureNew { ty }
            | CanonicalFunction::FutureRead { ty, .. }
            | CanonicalFunction::FutureWrite { ty, .. } => self.type_at(types, *ty),
            _ => Ok(()),
        }
    }

    /// Adds a use of what stands at `index` among the functions, instances and so on.
    fn use_of(
        &mut self,
        types: TypesRef<'_>,
        kind: ComponentExternalKind,
        index: u32,
    ) -> Result<(), TooMuch> {
        let parts = match kind {
            ComponentExternalKind::Func if index < types.component_function_count() => {
                self.function(types, types.component_function_at(index))
            }
            ComponentExternalKind::Instance if index < types.component_instance_count() => {
                self.instance(types, types.component_instance_at(index))
            }
            ComponentExternalKind::Component if index < types.component_count() => {
                self.component(types, types.component_at(index))
            }
            ComponentExternalKind::Type => return self.type_at(types, index),
            _ => self.largest,
        };
        self.count(parts)
    }

    fn reference(&mut self, types: TypesRef<'_>, ty: ComponentTypeRef) -> Result<(), TooMuch> {
        match ty {
            ComponentTypeRef::Func(index)
            | ComponentTypeRef::Instance(index)
            | ComponentTypeRef::Component(index)
            | ComponentTypeRef::Type(wasmparser::TypeBounds::Eq(index)) => {
                self.type_at(types, index)
            }
            ComponentTypeRef::Module(_)
            | ComponentTypeRef::Value(_)
            | ComponentTypeRef::Type(_) => Ok(()),
        }
    }

    fn type_at(&mut self, types: TypesRef<'_>, index: u32) -> Result<(), TooMuch> {
        let parts = if index < types.component_type_count() {
            self.any(types, types.component_any_type_at(index))
        } else {
            self.largest
        };
        self.count(parts)
    }

    fn count(&mut self, parts: u64) -> Result<(), TooMuch> {
        self.largest = self.largest.max(parts);
        self.done = self.done.saturating_add(parts);
        if self.done > VALIDATION_PARTS_MAX {
            Err(TooMuch)
        } else {
            Ok(())
        }
    }

    fn any(&mut self, types: TypesRef<'_>, id: ComponentAnyTypeId) -> u64 {
        match id {
            ComponentAnyTypeId::Defined(id) => self.defined(types, id),
            ComponentAnyTypeId::Func(id) => self.function(types, id),
            ComponentAnyTypeId::Instance(id) => self.instance(types, id),
            ComponentAnyTypeId::Component(id) => self.component(types, id),
            ComponentAnyTypeId::Resource(_) => 1,
        }
    }

    fn component(&mut self, types: TypesRef<'_>, id: ComponentTypeId) -> u64 {
        if let Some(parts) = self.components.get(&id) {
            return *parts;
        }
        let parts = types.get(id).map_or(1, |ty| {
            let items = ty.imports.values().chain(ty.exports.values());
            self.items(types, items)
        });
        self.components.insert(id, parts);
        parts
    }

    fn instance(&mut self, types: TypesRef<'_>, id: ComponentInstanceTypeId) -> u64 {
        if let Some(parts) = self.instances.get(&id) {
            return *parts;
        }
        let parts = types
            .get(id)
            .map_or(1, |ty| self.items(types, ty.exports.values()));
        self.instances.insert(id, parts);
        parts
    }

    fn items<'a>(
        &mut self,
        types: TypesRef<'_>,
        items: impl Iterator<Item = &'a ComponentItem>,
    ) -> u64 {
        let parts = items.map(|item| match item.ty {
            ComponentEntityType::Func(id) => self.function(types, id),
            ComponentEntityType::Value(ty) => self.value(types, ty),
            ComponentEntityType::Type { referenced, .. } => self.any(types, referenced),
            ComponentEntityType::Instance(id) => self.instance(types, id),
            ComponentEntityType::Component(id) => self.component(types, id),
            ComponentEntityType::Module(_) => 1,
        });
        parts.fold(1, u64::saturating_add)
    }

    fn function(&mut self, types: TypesRef<'_>, id: ComponentFuncTypeId) -> u64 {
        if let Some(parts) = self.functions.get(&id) {
            return *parts;
        }
        let parts = types.get(id).map_or(1, |ty| {
            let values = ty.params.iter().map(|(_, ty)| *ty).chain(ty.result);
            self.values(types, values)
        });
        self.functions.insert(id, parts);
        parts
    }

    fn values(
        &mut self,
        types: TypesRef<'_>,
        values: impl Iterator<Item = ComponentValType>,
    ) -> u64 {
        values
            .map(|ty| self.value(types, ty))
            .fold(1, u64::saturating_add)
    }

    fn value(&mut self, types: TypesRef<'_>, ty: ComponentValType) -> u64 {
        match ty {
            ComponentValType::Primitive(_) => 1,
            ComponentValType::Type(id) => self.defined(types, id),
        }
    }

    /// The validator bounds how deep types are nested, so this recursion ends.
    fn defined(&mut self, types: TypesRef<'_>, id: ComponentDefinedTypeId) -> u64 {
        if let Some(parts) = self.values.get(&id) {
            return *parts;
        }
        let parts = match types.get(id) {
            Some(ComponentDefinedType::Record(record)) => {
                self.values(types, record.fields.values().copied())
            }
            Some(ComponentDefinedType::Variant(variant)) => {
                self.values(types, variant.cases.values().filter_map(|case| case.ty))
            }
            Some(ComponentDefinedType::Tuple(tuple)) => {
                self.values(types, tuple.types.iter().copied())
            }
            Some(
                ComponentDefinedType::List { element: ty, .. }
                | ComponentDefinedType::FixedLengthList { element: ty, .. }
                | ComponentDefinedType::Option { ty, .. },
            ) => self.values(types, std::iter::once(*ty)),
            Some(ComponentDefinedType::Map { key, value, .. }) => {
                self.values(types, [*key, *value].into_iter())
            }
            Some(ComponentDefinedType::Result { ok, err, .. }) => {
                self.values(types, ok.iter().chain(err).copied())
            }
            Some(
                ComponentDefinedType::Stream { ty, .. } | ComponentDefinedType::Future { ty, .. },
            ) => self.values(types, ty.iter().copied()),
            Some(ComponentDefinedType::Enum(names) | ComponentDefinedType::Flags(names)) => {
                names.len() as u64
            }
            Some(
                ComponentDefinedType::Primitive(_)
                | ComponentDefinedType::Own(_)
                | ComponentDefinedType::Borrow(_),
            )
            | None => 1,
        };
        self.values.insert(id, parts);
        parts
    }
}
