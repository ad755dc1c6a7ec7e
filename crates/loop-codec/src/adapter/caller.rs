//! The caller's adapter: a component's imports become messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasm_encoder::reencode::{ReencodeComponent, component_utils};
use wasm_encoder::{
    CanonicalFunctionSection, ComponentTypeRef, ExportKind, InstanceType, PrimitiveValType,
};
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentType,
    ExternalKind, InstanceTypeDeclaration, KnownCustom, Payload,
};

use crate::adapter::call;
use crate::adapter::component::{AdaptError, Writer, call_type, declare_fail, sections};
use crate::adapter::module::Guest;
use crate::adapter::remap::Remap;
use crate::adapter::wire::{WIRE, Wire};
use crate::plan::Plan;

/// Gives a component that makes the calls of the plan's interfaces through the wire. Interfaces that it does not import are
/// left out.
///
/// # Errors
/// When the bytes are no component, or one that is made in a way that an adapter does not fit: its imports are passed on to
/// components inside it, its texts are not UTF-8, or its calls are asynchronous.
pub fn caller(component: &[u8], plan: &Plan) -> Result<Vec<u8>, AdaptError> {
    let sections = sections(component)?;
    let found = Found::look(&sections, plan)?;
    let imported: Vec<usize> = found.imports.values().copied().collect();
    plan.only_bytes(&imported)?;
    let mut weaver = Weaver {
        plan,
        found,
        writer: Writer::default(),
        remap: Remap::default(),
        wire: None,
        invoke: HashMap::new(),
        adapters: HashMap::new(),
        functions: 0,
        type_count: 0,
    };
    weaver.remap.taken_instances = weaver.found.imports.keys().copied().collect();
    weaver.remap.taken_types = weaver.found.types.iter().copied().collect();
    for section in sections {
        weaver.section(section, component)?;
        if weaver.remap.broken {
            return Err(AdaptError::unsupported(
                "the component passes an import on, or uses it in another way than by calls",
            ));
        }
    }
    Ok(weaver.writer.component.finish())
}

/// A memory and the function that allocates in it, by their old numbers.
type Options = (Option<u32>, Option<u32>);

/// What a component does with the interfaces of a plan.
#[derive(Debug, Default)]
struct Found {
    /// The imported instances that are the plan's interfaces: their interfaces.
    imports: BTreeMap<u32, usize>,
    /// The types of these instances.
    types: BTreeSet<u32>,
    /// The functions of these instances, by their numbers in the component: their numbers in the plan.
    functions: HashMap<u32, usize>,
    /// The functions that are called with the same options.
    groups: HashMap<Options, Vec<usize>>,
}

impl Found {
    fn look(sections: &[Payload<'_>], plan: &Plan) -> Result<Self, AdaptError> {
        let mut found = Self::default();
        let (mut instances, mut functions) = (0, 0);
        let mut others = BTreeSet::new();
        for section in sections {
            match section {
                Payload::ComponentImportSection(imports) => {
                    for import in imports.clone() {
                        let import = import?;
                        match import.ty {
                            wasmparser::ComponentTypeRef::Instance(ty) => {
                                let name = import.name.name;
                                let interface = plan.interfaces().iter().position(|n| n == name);
                                if let Some(interface) = interface {
                                    found.imports.insert(instances, interface);
                                    found.types.insert(ty);
                                } else {
                                    others.insert(ty);
                                }
                                instances += 1;
                            }
                            wasmparser::ComponentTypeRef::Func(_) => functions += 1,
                            _ => {}
                        }
                    }
                }
                Payload::ComponentInstanceSection(section) => instances += section.count(),
                Payload::ComponentAliasSection(aliases) => {
                    for alias in aliases.clone() {
                        let ComponentAlias::InstanceExport {
                            kind,
                            instance_index,
                            name,
                        } = alias?
                        else {
                            continue;
                        };
                        match kind {
                            ComponentExternalKind::Func => {
                                found.function(plan, functions, instance_index, name)?;
                                functions += 1;
                            }
                            ComponentExternalKind::Instance => instances += 1,
                            _ => {}
                        }
                    }
                }
                Payload::ComponentCanonicalSection(canonicals) => {
                    for canonical in canonicals.clone() {
                        match canonical? {
                            CanonicalFunction::Lift { .. } => functions += 1,
                            CanonicalFunction::Lower {
                                func_index,
                                options,
                            } => found.lowered(func_index, &options)?,
                            _ => {}
                        }
                    }
                }
                Payload::ComponentExportSection(exports) => {
                    for export in exports.clone() {
                        match export?.kind {
                            ComponentExternalKind::Func => functions += 1,
                            ComponentExternalKind::Instance => instances += 1,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        if !found.types.is_disjoint(&others) {
            return Err(AdaptError::unsupported(
                "another import has the very same type",
            ));
        }
        Ok(found)
    }

    fn function(
        &mut self,
        plan: &Plan,
        number: u32,
        instance: u32,
        name: &str,
    ) -> Result<(), AdaptError> {
        let Some(interface) = self.imports.get(&instance) else {
            return Ok(());
        };
        let mut functions = plan.functions().iter();
        let in_plan = functions.position(|f| f.interface == *interface && f.name == name);
        let in_plan = in_plan.ok_or_else(|| AdaptError::Missing {
            what: format!("plan for its import `{name}`"),
        })?;
        self.functions.insert(number, in_plan);
        Ok(())
    }

    fn lowered(&mut self, function: u32, options: &[CanonicalOption]) -> Result<(), AdaptError> {
        let Some(function) = self.functions.get(&function) else {
            return Ok(());
        };
        let group = self.groups.entry(read_options(options)?).or_default();
        if !group.contains(function) {
            group.push(*function);
        }
        Ok(())
    }
}

fn read_options(options: &[CanonicalOption]) -> Result<Options, AdaptError> {
    let (mut memory, mut realloc) = (None, None);
    for option in options {
        match option {
            CanonicalOption::UTF8 => {}
            CanonicalOption::Memory(index) => memory = Some(*index),
            CanonicalOption::Realloc(index) => realloc = Some(*index),
            CanonicalOption::Async => {
                return Err(AdaptError::unsupported(
                    "the component calls it asynchronously",
                ));
            }
            CanonicalOption::UTF16 | CanonicalOption::CompactUTF16 => {
                return Err(AdaptError::unsupported(
                    "the component's texts are not UTF-8",
                ));
            }
            _ => {
                return Err(AdaptError::unsupported(
                    "the component's values are not in a memory",
                ));
            }
        }
    }
    Ok((memory, realloc))
}

struct Weaver<'a> {
    plan: &'a Plan,
    found: Found,
    writer: Writer,
    remap: Remap,
    wire: Option<Wire>,
    /// The core functions that make the calls, by interface.
    invoke: HashMap<usize, u32>,
    /// The core instances of the adapters.
    adapters: HashMap<Options, u32>,
    /// How many functions the old component has had so far.
    functions: u32,
    /// How many types.
    type_count: u32,
}

impl Weaver<'_> {
    fn section(&mut self, section: Payload<'_>, component: &[u8]) -> Result<(), AdaptError> {
        match section {
            Payload::ComponentTypeSection(types) => {
                for ty in types {
                    self.ty(ty?)?;
                }
                Ok(())
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.alias(alias?);
                }
                Ok(())
            }
            Payload::ComponentCanonicalSection(canonicals) => {
                for canonical in canonicals {
                    self.canonical(canonical?)?;
                }
                Ok(())
            }
            // Its numbers are old.
            Payload::CustomSection(custom)
                if matches!(custom.as_known(), KnownCustom::ComponentName(_)) =>
            {
                Ok(())
            }
            other => self.copy(other, component),
        }
    }

    /// Copies a section with new numbers.
    fn copy(&mut self, section: Payload<'_>, component: &[u8]) -> Result<(), AdaptError> {
        let counts = &mut self.writer.counts;
        match &section {
            Payload::ModuleSection { .. } => {
                self.remap.modules.push(counts.modules);
                counts.modules += 1;
            }
            Payload::InstanceSection(instances) => {
                for _ in 0..instances.count() {
                    self.remap.core_instances.push(counts.core_instances);
                    counts.core_instances += 1;
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    match import?.ty {
                        wasmparser::ComponentTypeRef::Func(_) => self.keep_function(),
                        wasmparser::ComponentTypeRef::Type(_) => self.type_count += 1,
                        wasmparser::ComponentTypeRef::Module(_) => {
                            let modules = &mut self.writer.counts.modules;
                            self.remap.modules.push(*modules);
                            *modules += 1;
                        }
                        _ => {}
                    }
                }
                // The types of the interfaces are taken, but for these imports.
                let taken = std::mem::take(&mut self.remap.taken_types);
                self.copied(section, component)?;
                self.remap.taken_types = taken;
                return Ok(());
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports.clone() {
                    match export?.kind {
                        ComponentExternalKind::Func => self.keep_function(),
                        ComponentExternalKind::Type => self.type_count += 1,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        self.copied(section, component)
    }

    fn copied(&mut self, section: Payload<'_>, component: &[u8]) -> Result<(), AdaptError> {
        self.remap
            .parse_component_payload(&mut self.writer.component, section, component)
            .map_err(|error| AdaptError::unsupported(error.to_string()))
    }

    fn keep_function(&mut self) {
        self.remap.funcs.push(self.writer.counts.funcs);
        self.writer.counts.funcs += 1;
        self.functions += 1;
    }

    fn keep_core_function(&mut self) {
        self.remap.core_funcs.push(self.writer.counts.core_funcs);
        self.writer.counts.core_funcs += 1;
    }

    fn ty(&mut self, ty: ComponentType<'_>) -> Result<(), AdaptError> {
        let number = self.type_count;
        self.type_count += 1;
        let mut section = wasm_encoder::ComponentTypeSection::new();
        match ty {
            ComponentType::Instance(declarations) if self.found.types.contains(&number) => {
                let ty = self.import_type(declarations)?;
                section.instance(&ty);
            }
            ty => {
                component_utils::parse_component_type(&mut self.remap, section.ty(), ty)
                    .map_err(|error| AdaptError::unsupported(error.to_string()))?;
            }
        }
        self.writer.section(&section);
        Ok(())
    }

    /// The type of an import, with the functions of the wire in place of its own. Its types stay: others may use them.
    fn import_type(
        &mut self,
        declarations: Box<[InstanceTypeDeclaration<'_>]>,
    ) -> Result<InstanceType, AdaptError> {
        let mut ty = InstanceType::new();
        self.remap.push_depth();
        for declaration in declarations.into_vec() {
            let function = matches!(
                declaration,
                InstanceTypeDeclaration::Export {
                    ty: wasmparser::ComponentTypeRef::Func(_),
                    ..
                }
            );
            if !function {
                self.remap
                    .parse_component_instance_type_declaration(&mut ty, declaration)
                    .map_err(|error| AdaptError::unsupported(error.to_string()))?;
            }
        }
        self.remap.pop_depth();
        let bytes = ty.type_count();
        ty.ty().defined_type().list(PrimitiveValType::U8);
        call_type(bytes, ty.ty().function());
        ty.export("invoke", ComponentTypeRef::Func(bytes + 1));
        declare_fail(&mut ty);
        Ok(ty)
    }

    fn alias(&mut self, alias: ComponentAlias<'_>) {
        match alias {
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                ..
            } => {
                let ours = self.found.imports.contains_key(&instance_index);
                match kind {
                    ComponentExternalKind::Func if ours => {
                        self.remap.funcs.gone();
                        self.functions += 1;
                        return;
                    }
                    ComponentExternalKind::Func => self.keep_function(),
                    ComponentExternalKind::Type => self.type_count += 1,
                    ComponentExternalKind::Module => {
                        self.remap.modules.push(self.writer.counts.modules);
                        self.writer.counts.modules += 1;
                    }
                    _ => {}
                }
                if ours {
                    // The types of an import are where they were.
                    let taken = std::mem::take(&mut self.remap.taken_instances);
                    self.copy_alias(alias);
                    self.remap.taken_instances = taken;
                    return;
                }
            }
            ComponentAlias::CoreInstanceExport { kind, .. } => match kind {
                ExternalKind::Func => self.keep_core_function(),
                ExternalKind::Memory => {
                    self.remap.memories.push(self.writer.counts.memories);
                    self.writer.counts.memories += 1;
                }
                _ => {}
            },
            ComponentAlias::Outer { kind, .. } => {
                if kind == wasmparser::ComponentOuterAliasKind::Type {
                    self.type_count += 1;
                }
            }
        }
        self.copy_alias(alias);
    }

    fn copy_alias(&mut self, alias: ComponentAlias<'_>) {
        match self.remap.component_alias(alias) {
            Ok(alias) => self.writer.alias(alias),
            Err(_) => self.remap.broken = true,
        }
    }

    fn canonical(&mut self, canonical: CanonicalFunction) -> Result<(), AdaptError> {
        match &canonical {
            CanonicalFunction::Lower {
                func_index,
                options,
            } => {
                if let Some(function) = self.found.functions.get(func_index).copied() {
                    let adapter = self.adapter(read_options(options)?)?;
                    let name = function.to_string();
                    let lowered = self.writer.core_export(adapter, ExportKind::Func, &name);
                    self.remap.core_funcs.push(lowered);
                    return Ok(());
                }
                self.keep_core_function();
            }
            CanonicalFunction::Lift { .. } => self.keep_function(),
            _ => self.keep_core_function(),
        }
        let mut section = CanonicalFunctionSection::new();
        self.remap
            .parse_component_canonical(&mut section, canonical)
            .map_err(|error| AdaptError::unsupported(error.to_string()))?;
        self.writer.section(&section);
        Ok(())
    }

    /// The core instance of the adapter for functions that are called with these options.
    fn adapter(&mut self, options: Options) -> Result<u32, AdaptError> {
        if let Some(instance) = self.adapters.get(&options) {
            return Ok(*instance);
        }
        let functions = self.found.groups.get(&options).cloned().unwrap_or_default();
        let mut interfaces: Vec<usize> = functions
            .iter()
            .filter_map(|function| self.plan.functions().get(*function))
            .map(|function| function.interface)
            .collect();
        interfaces.sort_unstable();
        interfaces.dedup();
        let wire = self.wire(&interfaces)?;
        let guest = Guest {
            memory: options.0.is_some(),
            realloc: options.1.is_some(),
        };
        let module = call::module(self.plan, guest, &functions, &interfaces)?;
        let module = self.writer.module(&module);

        let names: Vec<String> = interfaces.iter().map(ToString::to_string).collect();
        let invokes: Vec<(&str, ExportKind, u32)> = names
            .iter()
            .zip(&interfaces)
            .filter_map(|(name, interface)| {
                let invoke = self.invoke.get(interface)?;
                Some((name.as_str(), ExportKind::Func, *invoke))
            })
            .collect();
        let host = self.writer.bundle(&invokes);
        let mut args = vec![(WIRE, wire.instance), ("host", host)];
        let mut items = Vec::new();
        if let Some(memory) = options.0 {
            let memory = wasm_encoder::reencode::Reencode::memory_index(&mut self.remap, memory);
            items.push(("memory", ExportKind::Memory, memory.unwrap_or_default()));
        }
        if let Some(realloc) = options.1 {
            let realloc =
                wasm_encoder::reencode::Reencode::function_index(&mut self.remap, realloc);
            items.push(("realloc", ExportKind::Func, realloc.unwrap_or_default()));
        }
        if !items.is_empty() {
            args.push(("guest", self.writer.bundle(&items)));
        }
        let instance = self.writer.instantiate(module, &args);
        self.adapters.insert(options, instance);
        Ok(instance)
    }

    /// The instance that owns the memory for messages, with what is needed to make the calls of these interfaces.
    fn wire(&mut self, interfaces: &[usize]) -> Result<Wire, AdaptError> {
        let wire = match self.wire {
            Some(wire) => wire,
            None => self.make_wire()?,
        };
        self.wire = Some(wire);
        for interface in interfaces {
            if self.invoke.contains_key(interface) {
                continue;
            }
            let import = self.import_of(*interface)?;
            let invoke = self.writer.export_of(import, "invoke");
            let invoke = self.writer.lower(invoke, &wire.options());
            self.invoke.insert(*interface, invoke);
        }
        Ok(wire)
    }

    fn make_wire(&mut self) -> Result<Wire, AdaptError> {
        let first = self.found.imports.keys().next().copied();
        let import = first.ok_or_else(|| AdaptError::unsupported("it imports nothing"))?;
        let fail = self.writer.export_of(import, "fail");
        let fail = self.writer.lower(fail, &[]);
        Ok(Wire::make(&mut self.writer, fail))
    }

    fn import_of(&self, interface: usize) -> Result<u32, AdaptError> {
        let mut imports = self.found.imports.iter();
        let import = imports.find(|(_, found)| **found == interface);
        import
            .map(|(import, _)| *import)
            .ok_or(AdaptError::TooComplex)
    }
}
