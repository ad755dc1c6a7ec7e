//! Finding the core functions behind a component's exports.
//!
//! wit-component puts a component of its own around the functions of each exported interface, to name their types. It passes
//! them on unchanged, and is looked through.

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ExternalKind, Payload,
};

use crate::adapter::component::{AdaptError, Counts, sections};

/// How many steps are taken from an export to its core function. There are four when wit-component made the component.
const STEPS_MAX: usize = 32;

/// A function as a component makes it from a core function, by the numbers of core things.
#[derive(Clone, Debug)]
pub(crate) struct Lifted {
    pub(crate) function: u32,
    pub(crate) memory: Option<u32>,
    pub(crate) realloc: Option<u32>,
    pub(crate) post_return: Option<u32>,
}

/// The outermost level of a component.
pub(crate) struct Exports<'a> {
    functions: Vec<FunctionIs>,
    instances: Vec<InstanceIs<'a>>,
    components: Vec<&'a [u8]>,
    given: Vec<(&'a str, ComponentExternalKind, u32)>,
    imports: Vec<(&'a str, u32)>,
    counts: Counts,
}

#[derive(Clone, Debug)]
enum FunctionIs {
    Lifted(Vec<CanonicalOption>, u32),
    OfInstance(u32, String),
    Same(u32),
    Imported,
}

#[derive(Clone, Debug)]
enum InstanceIs<'a> {
    Made(u32, Vec<(&'a str, ComponentExternalKind, u32)>),
    Bundle(Vec<(&'a str, ComponentExternalKind, u32)>),
    Same(u32),
    Other,
}

impl<'a> Exports<'a> {
    pub(crate) fn read(component: &'a [u8]) -> Result<Self, AdaptError> {
        let mut exports = Self {
            functions: Vec::new(),
            instances: Vec::new(),
            components: Vec::new(),
            given: Vec::new(),
            imports: Vec::new(),
            counts: Counts::default(),
        };
        for section in sections(component)? {
            exports.section(section, component)?;
        }
        exports.counts.funcs = count(&exports.functions);
        exports.counts.instances = count(&exports.instances);
        Ok(exports)
    }

    /// How much of everything there is.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    fn section(&mut self, section: Payload<'a>, component: &'a [u8]) -> Result<(), AdaptError> {
        match section {
            Payload::ModuleSection { .. } => self.counts.modules += 1,
            Payload::ComponentSection {
                unchecked_range, ..
            } => {
                let nested = component.get(unchecked_range).unwrap_or_default();
                self.components.push(nested);
            }
            Payload::ComponentTypeSection(types) => self.counts.types += types.count(),
            Payload::InstanceSection(instances) => {
                self.counts.core_instances += instances.count();
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let import = import?;
                    match import.ty {
                        wasmparser::ComponentTypeRef::Func(_) => {
                            self.imports
                                .push((import.name.name, count(&self.functions)));
                            self.functions.push(FunctionIs::Imported);
                        }
                        other => self.define(other.kind(), None),
                    }
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    self.instances.push(match instance? {
                        ComponentInstance::Instantiate {
                            component_index,
                            args,
                        } => {
                            let args = args.iter().map(|arg| (arg.name, arg.kind, arg.index));
                            InstanceIs::Made(component_index, args.collect())
                        }
                        ComponentInstance::FromExports(items) => InstanceIs::Bundle(
                            items
                                .iter()
                                .map(|item| (item.name.name, item.kind, item.index))
                                .collect(),
                        ),
                    });
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.alias(&alias?);
                }
            }
            Payload::ComponentCanonicalSection(canonicals) => {
                for canonical in canonicals {
                    match canonical? {
                        CanonicalFunction::Lift {
                            core_func_index,
                            options,
                            ..
                        } => self
                            .functions
                            .push(FunctionIs::Lifted(options.into_vec(), core_func_index)),
                        _ => self.counts.core_funcs += 1,
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    self.given
                        .push((export.name.name, export.kind, export.index));
                    self.define(export.kind, Some(export.index));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self, alias: &ComponentAlias<'a>) {
        match alias {
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Func,
                instance_index,
                name,
            } => self
                .functions
                .push(FunctionIs::OfInstance(*instance_index, (*name).to_owned())),
            ComponentAlias::InstanceExport { kind, .. } => self.define(*kind, None),
            ComponentAlias::CoreInstanceExport { kind, .. } => match kind {
                ExternalKind::Func => self.counts.core_funcs += 1,
                ExternalKind::Memory => self.counts.memories += 1,
                ExternalKind::Global => self.counts.globals += 1,
                _ => {}
            },
            ComponentAlias::Outer { kind, .. } => match kind {
                wasmparser::ComponentOuterAliasKind::Type => self.counts.types += 1,
                wasmparser::ComponentOuterAliasKind::CoreModule => self.counts.modules += 1,
                wasmparser::ComponentOuterAliasKind::Component => self.components.push(&[]),
                wasmparser::ComponentOuterAliasKind::CoreType => {}
            },
        }
    }

    /// Counts a thing of this kind, which may be the same as another.
    fn define(&mut self, kind: ComponentExternalKind, same: Option<u32>) {
        match kind {
            ComponentExternalKind::Func => {
                let function = same.map_or(FunctionIs::Imported, FunctionIs::Same);
                self.functions.push(function);
            }
            ComponentExternalKind::Instance => {
                self.instances
                    .push(same.map_or(InstanceIs::Other, InstanceIs::Same));
            }
            ComponentExternalKind::Type => self.counts.types += 1,
            ComponentExternalKind::Module => self.counts.modules += 1,
            ComponentExternalKind::Component => self.components.push(&[]),
            ComponentExternalKind::Value => {}
        }
    }

    /// The core function behind a function of an exported interface.
    pub(crate) fn lifted(&self, interface: &str, function: &str) -> Result<Lifted, AdaptError> {
        let missing = || AdaptError::Missing {
            what: format!("export `{function}` in {interface}"),
        };
        let found = find(&self.given, interface, ComponentExternalKind::Instance);
        let found = self.in_instance(found.ok_or_else(missing)?, function, STEPS_MAX);
        let (options, core) = found.ok_or_else(|| {
            AdaptError::unsupported(format!(
                "`{function}` of {interface} is not a function of the component itself"
            ))
        })?;
        let mut lifted = Lifted {
            function: core,
            memory: None,
            realloc: None,
            post_return: None,
        };
        for option in options {
            match option {
                CanonicalOption::UTF8 => {}
                CanonicalOption::Memory(index) => lifted.memory = Some(*index),
                CanonicalOption::Realloc(index) => lifted.realloc = Some(*index),
                CanonicalOption::PostReturn(index) => lifted.post_return = Some(*index),
                CanonicalOption::Async | CanonicalOption::Callback(_) => {
                    return Err(AdaptError::unsupported(
                        "the component serves asynchronously",
                    ));
                }
                CanonicalOption::UTF16 | CanonicalOption::CompactUTF16 => {
                    return Err(AdaptError::unsupported(
                        "the component's texts are not UTF-8",
                    ));
                }
                _ => {
                    let what = "the component's values are not in a memory";
                    return Err(AdaptError::unsupported(what));
                }
            }
        }
        Ok(lifted)
    }

    fn in_instance(
        &self,
        instance: u32,
        name: &str,
        steps: usize,
    ) -> Option<(&[CanonicalOption], u32)> {
        let steps = steps.checked_sub(1)?;
        match self.instances.get(instance as usize)? {
            InstanceIs::Same(instance) => self.in_instance(*instance, name, steps),
            InstanceIs::Bundle(items) => {
                let function = find(items, name, ComponentExternalKind::Func)?;
                self.function(function, steps)
            }
            InstanceIs::Made(component, args) => {
                let nested = Exports::read(self.components.get(*component as usize)?).ok()?;
                let import = nested.passes_on(name)?;
                let function = find(args, import, ComponentExternalKind::Func)?;
                self.function(function, steps)
            }
            InstanceIs::Other => None,
        }
    }

    fn function(&self, function: u32, steps: usize) -> Option<(&[CanonicalOption], u32)> {
        let steps = steps.checked_sub(1)?;
        match self.functions.get(function as usize)? {
            FunctionIs::Lifted(options, core) => Some((options, *core)),
            FunctionIs::OfInstance(instance, name) => self.in_instance(*instance, name, steps),
            FunctionIs::Same(function) => self.function(*function, steps),
            FunctionIs::Imported => None,
        }
    }

    /// The name of the import that is exported under this name as it is.
    fn passes_on(&self, name: &str) -> Option<&'a str> {
        let mut function = find(&self.given, name, ComponentExternalKind::Func)?;
        for _ in 0..STEPS_MAX {
            match self.functions.get(function as usize)? {
                FunctionIs::Same(same) => function = *same,
                FunctionIs::Imported => {
                    let mut imports = self.imports.iter();
                    return imports
                        .find(|(_, number)| *number == function)
                        .map(|(name, _)| *name);
                }
                _ => return None,
            }
        }
        None
    }
}

fn find(
    items: &[(&str, ComponentExternalKind, u32)],
    name: &str,
    kind: ComponentExternalKind,
) -> Option<u32> {
    let mut items = items.iter();
    let found = items.find(|item| item.0 == name && item.1 == kind)?;
    Some(found.2)
}

fn count<T>(things: &[T]) -> u32 {
    u32::try_from(things.len()).unwrap_or(u32::MAX)
}
