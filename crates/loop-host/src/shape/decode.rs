//! From the validator's types to the description.
//!
//! `wit-component` has a decoder too. It is made for what its own encoder writes: it stops with a panic at
//! valid components of other origin (a method whose resource is in another interface, an export that is a
//! type), and it accepts no bound. This one takes whatever the validator passed, and what WIT cannot say
//! becomes [`Item::Other`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncTypeId, ComponentInstanceTypeId, ComponentItem, ComponentValType,
};
use wasmparser::types::TypesRef;

use crate::shape::DESCRIPTION_UNITS_MAX;
use crate::shape::error::ShapeError;
use crate::shape::model::{
    Definitions, ERROR_CONTEXT, Function, FunctionKind, Interface, Item, NamedType, Owner, Type,
    TypeDef, TypeId, TypeKind,
};
use crate::shape::read::Raw;

/// A description that is longer than it may be.
const TOO_LONG: ShapeError = ShapeError::TooComplex {
    what: "has more functions, types and names in its imports and exports than can be described",
    limit: DESCRIPTION_UNITS_MAX as u64,
};

/// Imports and exports, described.
pub(crate) struct Decoded {
    /// Imports in their order.
    pub(crate) imports: Vec<Item>,
    /// Exports in their order.
    pub(crate) exports: Vec<Item>,
    /// The types of both.
    pub(crate) wit: Arc<Definitions>,
}

/// Describes the imports and exports of a component.
pub(crate) fn decode(raw: &Raw) -> Result<Decoded, ShapeError> {
    if is_wit_package(raw) {
        return Err(ShapeError::WitPackage);
    }
    let mut decoder = Decoder {
        types: raw.types.as_ref(),
        wit: Definitions::default(),
        known: HashMap::new(),
        units: DESCRIPTION_UNITS_MAX,
    };
    // In this order, because exports use the types that imports name.
    let imports = decoder.items(&raw.imports)?;
    let exports = decoder.items(&raw.exports)?;
    let wit = Arc::new(decoder.wit);
    let attach = |draft: Draft| draft.attach(&wit);
    Ok(Decoded {
        imports: imports.into_iter().map(attach).collect(),
        exports: exports.into_iter().map(attach).collect(),
        wit: Arc::clone(&wit),
    })
}

/// Whether the component is the binary form of WIT: nothing but exported types of components.
fn is_wit_package(raw: &Raw) -> bool {
    let is_world = |item: &ComponentItem| {
        matches!(
            item.ty,
            ComponentEntityType::Type {
                created: ComponentAnyTypeId::Component(_),
                ..
            }
        )
    };
    raw.imports.is_empty()
        && !raw.exports.is_empty()
        && raw.exports.iter().all(|(_, item)| is_world(item))
}

/// An item before the list of types is complete.
enum Draft {
    Interface {
        name: String,
        types: Vec<NamedType>,
        functions: Vec<Function>,
    },
    Done(Item),
}

impl Draft {
    fn attach(self, wit: &Arc<Definitions>) -> Item {
        match self {
            Self::Interface {
                name,
                types,
                functions,
            } => Item::Interface(Interface {
                id: name.parse().ok(),
                name,
                types,
                functions,
                wit: Arc::clone(wit),
            }),
            Self::Done(item) => item,
        }
    }
}

struct Decoder<'a> {
    types: TypesRef<'a>,
    wit: Definitions,
    /// Where each type of the validator stands in `wit`.
    known: HashMap<ComponentAnyTypeId, TypeId>,
    /// How much may still be described.
    units: usize,
}

impl Decoder<'_> {
    fn items(&mut self, items: &[(String, ComponentItem)]) -> Result<Vec<Draft>, ShapeError> {
        items
            .iter()
            .map(|(name, item)| self.item(name, item))
            .collect()
    }

    fn item(&mut self, name: &str, item: &ComponentItem) -> Result<Draft, ShapeError> {
        self.spend(name)?;
        let other = |what| {
            Draft::Done(Item::Other {
                name: name.to_owned(),
                what,
            })
        };
        Ok(match item.ty {
            ComponentEntityType::Instance(id) => self.interface(name, id)?,
            ComponentEntityType::Func(id) => Draft::Done(Item::Function(self.function(name, id)?)),
            ComponentEntityType::Type {
                referenced,
                created,
            } => match self.named(name, &Owner::World, referenced, created)? {
                Some(named) => Draft::Done(Item::Type(named)),
                None => other("type"),
            },
            ComponentEntityType::Module(_) => other("module"),
            ComponentEntityType::Component(_) => other("component"),
            ComponentEntityType::Value(_) => other("value"),
        })
    }

    fn interface(&mut self, name: &str, id: ComponentInstanceTypeId) -> Result<Draft, ShapeError> {
        let owner = Owner::Interface(name.into());
        let mut types = Vec::new();
        let mut functions = Vec::new();
        let instance = self.types.get(id);
        for (name, item) in instance.iter().flat_map(|instance| &instance.exports) {
            self.spend(name)?;
            match item.ty {
                ComponentEntityType::Type {
                    referenced,
                    created,
                } => {
                    types.extend(self.named(name, &owner, referenced, created)?);
                }
                ComponentEntityType::Func(id) => functions.push(self.function(name, id)?),
                // WIT has no interfaces within interfaces; a call cannot use what else there may be.
                ComponentEntityType::Instance(_)
                | ComponentEntityType::Component(_)
                | ComponentEntityType::Module(_)
                | ComponentEntityType::Value(_) => {}
            }
        }
        Ok(Draft::Interface {
            name: name.to_owned(),
            types,
            functions,
        })
    }

    /// Describes the type `created` that gets a name here; none for what is not a type of values.
    fn named(
        &mut self,
        name: &str,
        owner: &Owner,
        referenced: ComponentAnyTypeId,
        created: ComponentAnyTypeId,
    ) -> Result<Option<NamedType>, ShapeError> {
        let kind = match (self.alias_of(referenced), referenced) {
            (Some(earlier), _) => TypeKind::Alias(Type::Defined(earlier)),
            (None, ComponentAnyTypeId::Defined(id)) => self.kind(id)?,
            (None, ComponentAnyTypeId::Resource(_)) => TypeKind::Resource,
            (None, _) => return Ok(None),
        };
        let def = TypeDef {
            name: Some(name.to_owned()),
            owner: owner.clone(),
            kind,
        };
        let id = self.wit.add(def);
        self.known.entry(created).or_insert(id);
        Ok(Some(NamedType {
            name: name.to_owned(),
            id,
        }))
    }

    /// The type described earlier that `id` is another name for.
    fn alias_of(&self, id: ComponentAnyTypeId) -> Option<TypeId> {
        let mut next = Some(id);
        while let Some(id) = next {
            if let Some(known) = self.known.get(&id) {
                return Some(*known);
            }
            next = self.types.peel_alias(id);
        }
        None
    }

    fn function(&mut self, name: &str, id: ComponentFuncTypeId) -> Result<Function, ShapeError> {
        let mut function = Function {
            name: name.to_owned(),
            kind: FunctionKind::of(name),
            is_async: false,
            params: Vec::new(),
            result: None,
        };
        if let Some(ty) = self.types.get(id) {
            function.is_async = ty.async_;
            for (name, ty) in &ty.params {
                self.spend(name.as_str())?;
                function.params.push((name.to_string(), self.value(*ty)?));
            }
            function.result = self.maybe(ty.result)?;
        }
        Ok(function)
    }

    fn value(&mut self, ty: ComponentValType) -> Result<Type, ShapeError> {
        let id = match ty {
            ComponentValType::Primitive(primitive) => return Ok(Type::Primitive(word(primitive))),
            ComponentValType::Type(id) => id,
        };
        let key = ComponentAnyTypeId::Defined(id);
        if let Some(known) = self.known.get(&key) {
            return Ok(Type::Defined(*known));
        }
        let kind = self.kind(id)?;
        let known = self.wit.add(TypeDef {
            name: None,
            owner: Owner::Nobody,
            kind,
        });
        self.known.insert(key, known);
        Ok(Type::Defined(known))
    }

    fn maybe(&mut self, ty: Option<ComponentValType>) -> Result<Option<Type>, ShapeError> {
        ty.map(|ty| self.value(ty)).transpose()
    }

    /// Describes a type of values. The validator bounds how deep types are nested, so this recursion ends.
    fn kind(&mut self, id: ComponentDefinedTypeId) -> Result<TypeKind, ShapeError> {
        let types = self.types;
        let Some(defined) = types.get(id) else {
            return Ok(TypeKind::Tuple(Vec::new()));
        };
        self.spend("")?;
        Ok(match defined {
            ComponentDefinedType::Primitive(primitive) => {
                TypeKind::Alias(Type::Primitive(word(*primitive)))
            }
            ComponentDefinedType::Record(record) => {
                let mut fields = Vec::new();
                for (name, ty) in &record.fields {
                    self.spend(name.as_str())?;
                    fields.push((name.to_string(), self.value(*ty)?));
                }
                TypeKind::Record(fields)
            }
            ComponentDefinedType::Variant(variant) => {
                let mut cases = Vec::new();
                for (name, case) in &variant.cases {
                    self.spend(name.as_str())?;
                    cases.push((name.to_string(), self.maybe(case.ty)?));
                }
                TypeKind::Variant(cases)
            }
            ComponentDefinedType::Enum(cases) => TypeKind::Enum(self.words(cases.iter())?),
            ComponentDefinedType::Flags(flags) => TypeKind::Flags(self.words(flags.iter())?),
            ComponentDefinedType::Tuple(tuple) => TypeKind::Tuple(
                tuple
                    .types
                    .iter()
                    .map(|ty| self.value(*ty))
                    .collect::<Result<_, _>>()?,
            ),
            ComponentDefinedType::List { element, .. } => TypeKind::List(self.value(*element)?),
            ComponentDefinedType::FixedLengthList {
                element, length, ..
            } => TypeKind::FixedList(self.value(*element)?, *length),
            ComponentDefinedType::Map { key, value, .. } => {
                TypeKind::Map(self.value(*key)?, self.value(*value)?)
            }
            ComponentDefinedType::Option { ty, .. } => TypeKind::Option(self.value(*ty)?),
            ComponentDefinedType::Result { ok, err, .. } => {
                TypeKind::Result(self.maybe(*ok)?, self.maybe(*err)?)
            }
            ComponentDefinedType::Own(id) => TypeKind::Own(self.resource((*id).into())),
            ComponentDefinedType::Borrow(id) => TypeKind::Borrow(self.resource((*id).into())),
            ComponentDefinedType::Stream { ty, .. } => TypeKind::Stream(self.maybe(*ty)?),
            ComponentDefinedType::Future { ty, .. } => TypeKind::Future(self.maybe(*ty)?),
        })
    }

    fn words<'n>(
        &mut self,
        names: impl Iterator<Item = &'n wasmparser::names::KebabString>,
    ) -> Result<Vec<String>, ShapeError> {
        names
            .map(|name| {
                self.spend(name.as_str())?;
                Ok(name.to_string())
            })
            .collect()
    }

    /// The description of a resource; one that no interface names gets an entry without a name.
    fn resource(&mut self, id: ComponentAnyTypeId) -> TypeId {
        if let Some(known) = self.alias_of(id) {
            return known;
        }
        let def = TypeDef {
            name: None,
            owner: Owner::Nobody,
            kind: TypeKind::Resource,
        };
        let known = self.wit.add(def);
        self.known.insert(id, known);
        known
    }

    /// Takes one unit and one per byte of `name` from what may be described.
    fn spend(&mut self, name: &str) -> Result<(), ShapeError> {
        self.units = self.units.checked_sub(1 + name.len()).ok_or(TOO_LONG)?;
        Ok(())
    }
}

/// What, in imports or exports, only an engine with concurrency support can run, in words.
pub(crate) fn concurrency_reasons(items: &[Item], wit: &Definitions) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut seen = HashSet::new();
    for item in items {
        let (place, functions) = match item {
            Item::Interface(interface) => (format!("{}#", interface.name), &*interface.functions),
            Item::Function(function) => (String::new(), std::slice::from_ref(function)),
            Item::Type(_) | Item::Other { .. } => continue,
        };
        for function in functions {
            let mut types = function
                .params
                .iter()
                .map(|(_, ty)| *ty)
                .chain(function.result);
            let what = if function.is_async {
                Some("is an async func")
            } else {
                types.find_map(|ty| concurrent_part(ty, wit, &mut seen))
            };
            reasons.extend(what.map(|what| format!("`{place}{}` {what}", function.spoken_name())));
        }
    }
    reasons
}

/// A stream, future or error context within `ty`. Types in `seen` are known to have none.
fn concurrent_part(
    ty: Type,
    wit: &Definitions,
    seen: &mut HashSet<TypeId>,
) -> Option<&'static str> {
    let id = match ty {
        Type::Primitive(ERROR_CONTEXT) => return Some("uses an error-context"),
        Type::Primitive(_) => return None,
        Type::Defined(id) => wit.base(id),
    };
    if seen.contains(&id) {
        return None;
    }
    let found = match wit.get(id).kind {
        TypeKind::Stream(_) => Some("uses a stream"),
        TypeKind::Future(_) => Some("uses a future"),
        _ => wit
            .parts(id)
            .into_iter()
            .find_map(|part| concurrent_part(part, wit, seen)),
    };
    if found.is_none() {
        seen.insert(id);
    }
    found
}

/// How WIT writes a primitive type.
fn word(primitive: PrimitiveValType) -> &'static str {
    match primitive {
        PrimitiveValType::Bool => "bool",
        PrimitiveValType::S8 => "s8",
        PrimitiveValType::U8 => "u8",
        PrimitiveValType::S16 => "s16",
        PrimitiveValType::U16 => "u16",
        PrimitiveValType::S32 => "s32",
        PrimitiveValType::U32 => "u32",
        PrimitiveValType::S64 => "s64",
        PrimitiveValType::U64 => "u64",
        PrimitiveValType::F32 => "f32",
        PrimitiveValType::F64 => "f64",
        PrimitiveValType::Char => "char",
        PrimitiveValType::String => "string",
        PrimitiveValType::ErrorContext => ERROR_CONTEXT,
    }
}
