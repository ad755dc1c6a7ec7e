//! From WIT text to the description, for what a provider offers.

use std::collections::HashMap;
use std::sync::Arc;

use wit_parser::{Handle, InterfaceId, Resolve, SourceMap, TypeDefKind, TypeOwner, WorldKey};

use crate::shape::model::{
    Definitions, ERROR_CONTEXT, Function, FunctionKind, Interface, NamedType, Owner, Type, TypeDef,
    TypeId, TypeKind,
};

/// A WIT text that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the WIT of {name} cannot be read: {message}")]
pub struct WitError {
    /// The name that was given with the text.
    pub name: String,
    /// What the parser says, with the place.
    pub message: String,
}

/// The text of one WIT package.
#[derive(Clone, Copy, Debug)]
pub struct WitPackage<'a> {
    /// What errors call it.
    pub name: &'a str,
    /// Its files, with their names.
    pub files: &'a [(&'a str, &'a str)],
}

/// The interfaces of WIT packages, each of which comes after those it uses.
///
/// This is for texts that come with a program. Text from elsewhere has no bounds here.
///
/// # Errors
/// When a text is not WIT, or uses a package that does not stand before it.
pub fn interfaces_of_wit(packages: &[WitPackage<'_>]) -> Result<Vec<Interface>, WitError> {
    let mut resolve = Resolve::default();
    for package in packages {
        let mut sources = SourceMap::default();
        for (name, text) in package.files {
            sources.push_str(name, *text);
        }
        let fail = |message| WitError {
            name: package.name.to_owned(),
            message,
        };
        let group = sources
            .parse()
            .map_err(|(sources, error)| fail(error.render(&sources)))?;
        if let Err(error) = resolve.push_group(group) {
            return Err(fail(error.render(&resolve.source_map)));
        }
    }
    Ok(interfaces_of(&resolve))
}

/// All interfaces with names of a resolved set of packages, as `wit_parser` has them.
pub fn interfaces_of(resolve: &Resolve) -> Vec<Interface> {
    let mut reader = Reader {
        resolve,
        wit: Definitions::default(),
        known: HashMap::new(),
    };
    let drafts: Vec<_> = resolve
        .interfaces
        .iter()
        .filter(|(_, interface)| interface.name.is_some())
        .map(|(id, _)| reader.interface(id))
        .collect();
    let wit = Arc::new(reader.wit);
    drafts
        .into_iter()
        .map(|(name, types, functions)| Interface {
            id: name.parse().ok(),
            name,
            types,
            functions,
            wit: Arc::clone(&wit),
        })
        .collect()
}

struct Reader<'a> {
    resolve: &'a Resolve,
    wit: Definitions,
    known: HashMap<wit_parser::TypeId, TypeId>,
}

impl Reader<'_> {
    fn interface(&mut self, id: InterfaceId) -> (String, Vec<NamedType>, Vec<Function>) {
        let resolve = self.resolve;
        let name = resolve.name_world_key(&WorldKey::Interface(id));
        let Some(interface) = resolve.interfaces.get(id) else {
            return (name, Vec::new(), Vec::new());
        };
        let types = interface
            .types
            .iter()
            .map(|(name, id)| NamedType {
                name: name.clone(),
                id: self.defined(*id),
            })
            .collect();
        let functions = interface
            .functions
            .values()
            .map(|function| self.function(function))
            .collect();
        (name, types, functions)
    }

    fn function(&mut self, function: &wit_parser::Function) -> Function {
        Function {
            name: function.name.clone(),
            kind: FunctionKind::of(&function.name),
            is_async: function.kind.is_async(),
            params: function
                .params
                .iter()
                .map(|param| (param.name.clone(), self.value(&param.ty)))
                .collect(),
            result: self.maybe(function.result.as_ref()),
        }
    }

    fn value(&mut self, ty: &wit_parser::Type) -> Type {
        Type::Primitive(match ty {
            wit_parser::Type::Id(id) => return Type::Defined(self.defined(*id)),
            wit_parser::Type::Bool => "bool",
            wit_parser::Type::U8 => "u8",
            wit_parser::Type::U16 => "u16",
            wit_parser::Type::U32 => "u32",
            wit_parser::Type::U64 => "u64",
            wit_parser::Type::S8 => "s8",
            wit_parser::Type::S16 => "s16",
            wit_parser::Type::S32 => "s32",
            wit_parser::Type::S64 => "s64",
            wit_parser::Type::F32 => "f32",
            wit_parser::Type::F64 => "f64",
            wit_parser::Type::Char => "char",
            wit_parser::Type::String => "string",
            wit_parser::Type::ErrorContext => ERROR_CONTEXT,
        })
    }

    fn maybe(&mut self, ty: Option<&wit_parser::Type>) -> Option<Type> {
        ty.map(|ty| self.value(ty))
    }

    fn defined(&mut self, id: wit_parser::TypeId) -> TypeId {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let resolve = self.resolve;
        let (name, owner, kind) = match resolve.types.get(id) {
            Some(def) => (
                def.name.clone(),
                self.owner(def.owner),
                self.kind(&def.kind),
            ),
            None => (None, Owner::Nobody, TypeKind::Resource),
        };
        let known = self.wit.add(TypeDef { name, owner, kind });
        self.known.insert(id, known);
        known
    }

    fn owner(&self, owner: TypeOwner) -> Owner {
        match owner {
            TypeOwner::Interface(id) => {
                Owner::Interface(self.resolve.name_world_key(&WorldKey::Interface(id)).into())
            }
            TypeOwner::World(_) => Owner::World,
            TypeOwner::None => Owner::Nobody,
        }
    }

    fn kind(&mut self, kind: &TypeDefKind) -> TypeKind {
        match kind {
            TypeDefKind::Type(ty) => TypeKind::Alias(self.value(ty)),
            TypeDefKind::Record(record) => TypeKind::Record(
                record
                    .fields
                    .iter()
                    .map(|field| (field.name.clone(), self.value(&field.ty)))
                    .collect(),
            ),
            TypeDefKind::Variant(variant) => TypeKind::Variant(
                variant
                    .cases
                    .iter()
                    .map(|case| (case.name.clone(), self.maybe(case.ty.as_ref())))
                    .collect(),
            ),
            TypeDefKind::Enum(cases) => {
                TypeKind::Enum(cases.cases.iter().map(|case| case.name.clone()).collect())
            }
            TypeDefKind::Flags(flags) => {
                TypeKind::Flags(flags.flags.iter().map(|flag| flag.name.clone()).collect())
            }
            TypeDefKind::Tuple(tuple) => {
                TypeKind::Tuple(tuple.types.iter().map(|ty| self.value(ty)).collect())
            }
            TypeDefKind::List(ty) => TypeKind::List(self.value(ty)),
            TypeDefKind::FixedLengthList(ty, length) => {
                TypeKind::FixedList(self.value(ty), *length)
            }
            TypeDefKind::Map(key, value) => TypeKind::Map(self.value(key), self.value(value)),
            TypeDefKind::Option(ty) => TypeKind::Option(self.value(ty)),
            TypeDefKind::Result(result) => TypeKind::Result(
                self.maybe(result.ok.as_ref()),
                self.maybe(result.err.as_ref()),
            ),
            TypeDefKind::Handle(Handle::Own(id)) => TypeKind::Own(self.defined(*id)),
            TypeDefKind::Handle(Handle::Borrow(id)) => TypeKind::Borrow(self.defined(*id)),
            TypeDefKind::Stream(ty) => TypeKind::Stream(self.maybe(ty.as_ref())),
            TypeDefKind::Future(ty) => TypeKind::Future(self.maybe(ty.as_ref())),
            TypeDefKind::Resource | TypeDefKind::Unknown => TypeKind::Resource,
        }
    }
}
