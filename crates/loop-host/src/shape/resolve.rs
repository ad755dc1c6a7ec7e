//! From the description to `wit-parser`'s model, of which the codec makes its plans.

use std::collections::HashMap;
use std::sync::Arc;

use loop_core::name::InterfaceName;
use wit_parser::{
    Case, Docs, Enum, EnumCase, Field, Flag, Flags, Handle, InterfaceId, Package, PackageId,
    PackageName, Param, Record, Resolve, Result_, Span, Stability, Tuple, TypeDefKind, TypeOwner,
    Variant,
};

use crate::shape::model::{Definitions, Function, Interface, Owner, Type, TypeId, TypeKind};

/// The interfaces, which are all of one component, with their types.
///
/// What a hostile component can make of it is bounded by what its description may hold.
pub(crate) fn resolve(interfaces: &[&Interface]) -> (Resolve, Vec<InterfaceId>) {
    let mut writer = Writer::default();
    let Some(first) = interfaces.first() else {
        return (writer.resolve, Vec::new());
    };
    writer.types(&first.wit);
    let ids = interfaces
        .iter()
        .map(|interface| writer.interface(interface))
        .collect();
    (writer.resolve, ids)
}

#[derive(Default)]
struct Writer {
    resolve: Resolve,
    /// Their types, by the numbers that the description gives them.
    types: Vec<wit_parser::TypeId>,
    /// Where named types belong.
    owners: HashMap<Arc<str>, InterfaceId>,
    packages: HashMap<PackageName, PackageId>,
}

impl Writer {
    /// Each type refers only to those before it, so this is a loop however deep they nest.
    fn types(&mut self, wit: &Definitions) {
        for def in wit.all() {
            let owner = match &def.owner {
                Owner::Nobody | Owner::World => TypeOwner::None,
                Owner::Interface(name) => TypeOwner::Interface(self.owner(name)),
            };
            let written = wit_parser::TypeDef {
                name: def.name.clone(),
                kind: self.kind(&def.kind),
                owner,
                docs: Docs::default(),
                stability: Stability::default(),
                span: Span::default(),
                external_id: None,
            };
            let id = self.resolve.types.alloc(written);
            self.types.push(id);
        }
    }

    fn interface(&mut self, interface: &Interface) -> InterfaceId {
        let mut written = self.empty(&interface.name);
        for named in &interface.types {
            if let Some(id) = self.id(named.id) {
                written.types.insert(named.name.clone(), id);
            }
        }
        for function in &interface.functions {
            let name = function.name.clone();
            written.functions.insert(name, self.function(function));
        }
        self.resolve.interfaces.alloc(written)
    }

    fn function(&self, function: &Function) -> wit_parser::Function {
        let kind = if function.is_async {
            wit_parser::FunctionKind::AsyncFreestanding
        } else {
            wit_parser::FunctionKind::Freestanding
        };
        let params = function.params.iter().map(|(name, ty)| Param {
            name: name.clone(),
            ty: self.value(*ty),
            span: Span::default(),
        });
        wit_parser::Function {
            name: function.name.clone(),
            kind,
            params: params.collect(),
            result: self.maybe(function.result),
            docs: Docs::default(),
            stability: Stability::default(),
            span: Span::default(),
            external_id: None,
        }
    }

    fn owner(&mut self, name: &Arc<str>) -> InterfaceId {
        if let Some(known) = self.owners.get(name) {
            return *known;
        }
        let empty = self.empty(name);
        let id = self.resolve.interfaces.alloc(empty);
        self.owners.insert(Arc::clone(name), id);
        id
    }

    fn empty(&mut self, name: &str) -> wit_parser::Interface {
        let parsed: Option<InterfaceName> = name.parse().ok();
        let package = parsed.as_ref().map(|name| {
            self.package(PackageName {
                namespace: name.namespace.clone(),
                name: name.package.clone(),
                version: name.version.clone(),
            })
        });
        wit_parser::Interface {
            name: Some(parsed.map_or_else(|| name.to_owned(), |name| name.interface)),
            types: wit_parser::IndexMap::default(),
            functions: wit_parser::IndexMap::default(),
            docs: Docs::default(),
            stability: Stability::default(),
            package,
            span: Span::default(),
            clone_of: None,
        }
    }

    fn package(&mut self, name: PackageName) -> PackageId {
        if let Some(known) = self.packages.get(&name) {
            return *known;
        }
        let id = self.resolve.packages.alloc(Package {
            name: name.clone(),
            docs: Docs::default(),
            interfaces: wit_parser::IndexMap::default(),
            worlds: wit_parser::IndexMap::default(),
        });
        self.packages.insert(name, id);
        id
    }

    fn id(&self, id: TypeId) -> Option<wit_parser::TypeId> {
        self.types.get(id.index()).copied()
    }

    fn value(&self, ty: Type) -> wit_parser::Type {
        use wit_parser::Type as T;
        match ty {
            Type::Defined(id) => self.id(id).map_or(T::ErrorContext, T::Id),
            Type::Primitive(word) => match word {
                "bool" => T::Bool,
                "u8" => T::U8,
                "u16" => T::U16,
                "u32" => T::U32,
                "u64" => T::U64,
                "s8" => T::S8,
                "s16" => T::S16,
                "s32" => T::S32,
                "s64" => T::S64,
                "f32" => T::F32,
                "f64" => T::F64,
                "char" => T::Char,
                "string" => T::String,
                // What is not known crosses as little as this does.
                _ => T::ErrorContext,
            },
        }
    }

    fn maybe(&self, ty: Option<Type>) -> Option<wit_parser::Type> {
        ty.map(|ty| self.value(ty))
    }

    fn kind(&self, kind: &TypeKind) -> TypeDefKind {
        let handle = |id: &TypeId, handle: fn(wit_parser::TypeId) -> Handle| {
            self.id(*id)
                .map_or(TypeDefKind::Unknown, |id| TypeDefKind::Handle(handle(id)))
        };
        match kind {
            TypeKind::Alias(ty) => TypeDefKind::Type(self.value(*ty)),
            TypeKind::Record(fields) => TypeDefKind::Record(Record {
                fields: fields
                    .iter()
                    .map(|(name, ty)| Field {
                        name: name.clone(),
                        ty: self.value(*ty),
                        docs: Docs::default(),
                        span: Span::default(),
                    })
                    .collect(),
            }),
            TypeKind::Variant(cases) => TypeDefKind::Variant(Variant {
                cases: cases
                    .iter()
                    .map(|(name, ty)| Case {
                        name: name.clone(),
                        ty: self.maybe(*ty),
                        docs: Docs::default(),
                        span: Span::default(),
                    })
                    .collect(),
            }),
            TypeKind::Enum(names) => TypeDefKind::Enum(Enum {
                cases: names
                    .iter()
                    .map(|name| EnumCase {
                        name: name.clone(),
                        docs: Docs::default(),
                        span: Span::default(),
                    })
                    .collect(),
            }),
            TypeKind::Flags(names) => TypeDefKind::Flags(Flags {
                flags: names
                    .iter()
                    .map(|name| Flag {
                        name: name.clone(),
                        docs: Docs::default(),
                        span: Span::default(),
                    })
                    .collect(),
            }),
            TypeKind::Tuple(types) => TypeDefKind::Tuple(Tuple {
                types: types.iter().map(|ty| self.value(*ty)).collect(),
            }),
            TypeKind::List(ty) => TypeDefKind::List(self.value(*ty)),
            TypeKind::FixedList(ty, length) => {
                TypeDefKind::FixedLengthList(self.value(*ty), *length)
            }
            TypeKind::Map(key, value) => TypeDefKind::Map(self.value(*key), self.value(*value)),
            TypeKind::Option(ty) => TypeDefKind::Option(self.value(*ty)),
            TypeKind::Result(ok, err) => TypeDefKind::Result(Result_ {
                ok: self.maybe(*ok),
                err: self.maybe(*err),
            }),
            TypeKind::Resource => TypeDefKind::Resource,
            TypeKind::Own(id) => handle(id, Handle::Own),
            TypeKind::Borrow(id) => handle(id, Handle::Borrow),
            TypeKind::Stream(ty) => TypeDefKind::Stream(self.maybe(*ty)),
            TypeKind::Future(ty) => TypeDefKind::Future(self.maybe(*ty)),
        }
    }
}
