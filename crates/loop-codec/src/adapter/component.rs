//! Reading the outermost level of a component, and writing one piece by piece.

use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection,
    ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentInstanceSection,
    ComponentSection, ComponentTypeRef, ComponentTypeSection, ExportKind, InstanceSection,
    InstanceType, Module, ModuleArg, ModuleSection, PrimitiveValType,
};
use wasmparser::{BinaryReaderError, Chunk, Parser, Payload};

/// Why a component got no adapter.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdaptError {
    /// The file is no component, or is broken.
    #[error("the component cannot be read")]
    Unreadable(#[source] BinaryReaderError),
    /// The component is made in a way that adapters do not fit, though it is valid. Calls with values go on to work.
    #[error("no adapter fits: {what}")]
    Unsupported {
        /// What is in the way.
        what: String,
    },
    /// The component lacks one of the plan's interfaces, or a function of one.
    #[error("the component has no {what}")]
    Missing {
        /// What it lacks.
        what: String,
    },
    /// A function would have too much code.
    #[error("no adapter fits: a function's types are too complex")]
    TooComplex,
}

impl AdaptError {
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

impl From<BinaryReaderError> for AdaptError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Unreadable(error)
    }
}

/// The sections of a component, without what is in its modules and components.
pub(crate) fn sections(component: &[u8]) -> Result<Vec<Payload<'_>>, AdaptError> {
    let mut parser = Parser::new(0);
    let mut rest = component;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
            break;
        };
        rest = rest.get(consumed..).unwrap_or_default();
        if let Payload::ModuleSection {
            unchecked_range, ..
        }
        | Payload::ComponentSection {
            unchecked_range, ..
        } = &payload
        {
            rest = rest.get(unchecked_range.len()..).unwrap_or_default();
        }
        found.push(payload);
    }
    match found.first() {
        Some(Payload::Version {
            encoding: wasmparser::Encoding::Component,
            ..
        }) => Ok(found),
        _ => Err(AdaptError::unsupported("it is no component")),
    }
}

/// How many things of each kind a component has defined so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) types: u32,
    pub(crate) funcs: u32,
    pub(crate) instances: u32,
    pub(crate) modules: u32,
    pub(crate) core_funcs: u32,
    pub(crate) core_instances: u32,
    pub(crate) memories: u32,
    pub(crate) globals: u32,
}

/// A component that is written, with what it has so far.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) component: Component,
    pub(crate) counts: Counts,
}

fn next(count: &mut u32) -> u32 {
    *count += 1;
    *count - 1
}

impl Writer {
    pub(crate) fn module(&mut self, module: &Module) -> u32 {
        self.component.section(&ModuleSection(module));
        next(&mut self.counts.modules)
    }

    /// A core instance of a module, which imports these instances by the names of their namespaces.
    pub(crate) fn instantiate(&mut self, module: u32, args: &[(&str, u32)]) -> u32 {
        let mut section = InstanceSection::new();
        let args = args.iter();
        section.instantiate(
            module,
            args.map(|(name, index)| (*name, ModuleArg::Instance(*index))),
        );
        self.component.section(&section);
        next(&mut self.counts.core_instances)
    }

    /// A core instance that is only names for what is there.
    pub(crate) fn bundle(&mut self, items: &[(&str, ExportKind, u32)]) -> u32 {
        let mut section = InstanceSection::new();
        section.export_items(items.iter().copied());
        self.component.section(&section);
        next(&mut self.counts.core_instances)
    }

    /// Something that a core instance exports.
    pub(crate) fn core_export(&mut self, instance: u32, kind: ExportKind, name: &str) -> u32 {
        self.alias(Alias::CoreInstanceExport {
            instance,
            kind,
            name,
        });
        match kind {
            ExportKind::Memory => next(&mut self.counts.memories),
            ExportKind::Global => next(&mut self.counts.globals),
            _ => next(&mut self.counts.core_funcs),
        }
    }

    /// A function that an instance exports.
    pub(crate) fn export_of(&mut self, instance: u32, name: &str) -> u32 {
        self.alias(Alias::InstanceExport {
            instance,
            kind: ComponentExportKind::Func,
            name,
        });
        next(&mut self.counts.funcs)
    }

    pub(crate) fn alias(&mut self, alias: Alias<'_>) {
        let mut section = ComponentAliasSection::new();
        section.alias(alias);
        self.component.section(&section);
    }

    pub(crate) fn lower(&mut self, function: u32, options: &[CanonicalOption]) -> u32 {
        let mut section = CanonicalFunctionSection::new();
        section.lower(function, options.iter().copied());
        self.component.section(&section);
        next(&mut self.counts.core_funcs)
    }

    pub(crate) fn lift(&mut self, function: u32, ty: u32, options: &[CanonicalOption]) -> u32 {
        let mut section = CanonicalFunctionSection::new();
        section.lift(function, ty, options.iter().copied());
        self.component.section(&section);
        next(&mut self.counts.funcs)
    }

    pub(crate) fn ty(&mut self, write: impl FnOnce(&mut ComponentTypeSection)) -> u32 {
        let mut section = ComponentTypeSection::new();
        write(&mut section);
        self.component.section(&section);
        next(&mut self.counts.types)
    }

    /// An imported instance of this type.
    pub(crate) fn import(&mut self, name: &str, ty: u32) -> u32 {
        let mut section = ComponentImportSection::new();
        section.import(name, ComponentTypeRef::Instance(ty));
        self.component.section(&section);
        next(&mut self.counts.instances)
    }

    /// Exports an instance that has these functions.
    pub(crate) fn export(&mut self, name: &str, functions: &[(&str, u32)]) {
        let mut section = ComponentInstanceSection::new();
        let functions = functions.iter();
        section.export_items(
            functions.map(|(name, index)| (*name, ComponentExportKind::Func, *index)),
        );
        self.component.section(&section);
        let instance = next(&mut self.counts.instances);
        let mut section = ComponentExportSection::new();
        section.export(name, ComponentExportKind::Instance, instance, None);
        self.component.section(&section);
        next(&mut self.counts.instances);
    }

    pub(crate) fn section(&mut self, section: &impl ComponentSection) {
        self.component.section(section);
    }
}

/// Adds the function to which an adapter tells what is wrong to an instance's type.
pub(crate) fn declare_fail(ty: &mut InstanceType) {
    let function = ty.type_count();
    let params = [
        ("code", PrimitiveValType::U32),
        ("at", PrimitiveValType::U32),
    ];
    ty.ty().function().params(params).result(None);
    ty.export("fail", ComponentTypeRef::Func(function));
}

/// `func(function: u32, params: list<u8>) -> list<u8>`, in an instance's type or a component.
pub(crate) fn call_type(bytes: u32, function: wasm_encoder::ComponentFuncTypeEncoder<'_>) {
    use wasm_encoder::ComponentValType::{Primitive, Type};
    let mut function = function;
    function
        .params([
            ("function", Primitive(PrimitiveValType::U32)),
            ("params", Type(bytes)),
        ])
        .result(Some(Type(bytes)));
}
