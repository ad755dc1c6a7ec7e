//! The description of a component in terms of WIT, as plain data.
//!
//! Nothing here knows how the description was read: from a component's bytes ([`crate::shape::decode`]) or
//! from WIT text ([`crate::shape::text`]). Types live in one list and refer to each other by number, because
//! a type may be used in a thousand places and copies of it would grow without bound.

use std::sync::Arc;

use loop_core::name::InterfaceName;

/// One import or export of a component.
#[derive(Clone, Debug)]
pub enum Item {
    /// An interface: functions and types under one name.
    Interface(Interface),
    /// A function that stands in the world itself, in no interface.
    Function(Function),
    /// A type that stands in the world itself.
    Type(NamedType),
    /// Something that WIT cannot say.
    Other {
        /// Its name.
        name: String,
        /// `component`, `module` or `value`.
        what: &'static str,
    },
}

impl Item {
    /// The name under which it is imported or exported.
    pub fn name(&self) -> &str {
        match self {
            Self::Interface(interface) => &interface.name,
            Self::Function(function) => &function.name,
            Self::Type(named) => &named.name,
            Self::Other { name, .. } => name,
        }
    }

    /// The interface, if it is one.
    pub fn as_interface(&self) -> Option<&Interface> {
        match self {
            Self::Interface(interface) => Some(interface),
            _ => None,
        }
    }
}

/// An interface, with the types that its functions use.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The name as it stands in the component: `acme:store/kv@0.1.0`, or a plain word.
    pub name: String,
    /// The same name in parts, unless it is a plain word.
    pub id: Option<InterfaceName>,
    /// The types that it names, in their order.
    pub types: Vec<NamedType>,
    /// Its functions, in their order.
    pub functions: Vec<Function>,
    /// Where the numbers of its types lead.
    pub(crate) wit: Arc<Definitions>,
}

impl Interface {
    /// Whether there is something in it that has to be provided: a function or a resource.
    pub fn has_substance(&self) -> bool {
        let is_resource = |named: &NamedType| {
            matches!(
                self.wit.get(self.wit.base(named.id)).kind,
                TypeKind::Resource
            )
        };
        !self.functions.is_empty() || self.types.iter().any(is_resource)
    }

    /// The function with that name, as it stands in the component: `get` or `[method]bucket.get`.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

/// A type with its name in an interface or a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedType {
    /// Its name there.
    pub name: String,
    /// What it is.
    pub(crate) id: TypeId,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The name as it stands in the component: `get` or `[method]bucket.get`.
    pub name: String,
    /// Whether it belongs to a resource, and how.
    pub kind: FunctionKind,
    /// Whether it is an `async func`.
    pub is_async: bool,
    /// Names and types of the parameters.
    pub(crate) params: Vec<(String, Type)>,
    /// The type of the result.
    pub(crate) result: Option<Type>,
}

impl Function {
    /// The name as a person says it: `get`, or `bucket.get` for a function of a resource.
    pub fn spoken_name(&self) -> &str {
        match self.name.split_once(']') {
            Some((_, rest)) => rest,
            None => &self.name,
        }
    }

    /// The last part of its name: `get` for `[method]bucket.get`.
    pub(crate) fn own_name(&self) -> &str {
        let spoken = self.spoken_name();
        match &self.kind {
            FunctionKind::Method(_) | FunctionKind::Static(_) => {
                spoken.split_once('.').map_or(spoken, |(_, own)| own)
            }
            FunctionKind::Plain | FunctionKind::Constructor(_) => spoken,
        }
    }
}

/// Whether a function belongs to a resource. The text is the resource's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    /// It belongs to none.
    Plain,
    /// It takes the resource as `self`.
    Method(String),
    /// It belongs to the resource, and takes no `self`.
    Static(String),
    /// It makes the resource.
    Constructor(String),
}

impl FunctionKind {
    /// Reads the kind from the name in a component, such as `[method]bucket.get`.
    pub(crate) fn of(name: &str) -> Self {
        let Some((kind, rest)) = name.strip_prefix('[').and_then(|name| name.split_once(']'))
        else {
            return Self::Plain;
        };
        let resource = rest
            .split_once('.')
            .map_or(rest, |(resource, _)| resource)
            .to_owned();
        match kind {
            "method" => Self::Method(resource),
            "static" => Self::Static(resource),
            "constructor" => Self::Constructor(resource),
            _ => Self::Plain,
        }
    }

    /// The resource it belongs to.
    pub fn resource(&self) -> Option<&str> {
        match self {
            Self::Plain => None,
            Self::Method(resource) | Self::Static(resource) | Self::Constructor(resource) => {
                Some(resource)
            }
        }
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    /// A type without parts; the text is how WIT writes it.
    Primitive(&'static str),
    /// A type with parts or a name.
    Defined(TypeId),
}

/// How WIT writes the one primitive type that not every engine knows.
pub(crate) const ERROR_CONTEXT: &str = "error-context";

/// The place of a type in its [`Definitions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TypeId(u32);

impl TypeId {
    /// The number of types before it.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A type, with its name if it has one.
#[derive(Clone, Debug)]
pub(crate) struct TypeDef {
    /// Its name; types such as `list<u8>` have none.
    pub(crate) name: Option<String>,
    /// Where the name belongs.
    pub(crate) owner: Owner,
    /// What it is.
    pub(crate) kind: TypeKind,
}

/// Where a named type belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nowhere: it has no name.
    Nobody,
    /// The world.
    World,
    /// The interface with this name.
    Interface(Arc<str>),
}

/// What a type is.
#[derive(Clone, Debug)]
pub(crate) enum TypeKind {
    /// Another name for a type.
    Alias(Type),
    Record(Vec<(String, Type)>),
    Variant(Vec<(String, Option<Type>)>),
    Enum(Vec<String>),
    Flags(Vec<String>),
    Tuple(Vec<Type>),
    List(Type),
    FixedList(Type, u32),
    Map(Type, Type),
    Option(Type),
    Result(Option<Type>, Option<Type>),
    /// The type of a thing that stays where it is, and to which handles lead.
    Resource,
    /// A handle that is given away.
    Own(TypeId),
    /// A handle that is lent for a call.
    Borrow(TypeId),
    Stream(Option<Type>),
    Future(Option<Type>),
}

/// The types of one component or one WIT text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definitions {
    defs: Vec<TypeDef>,
    /// For each of them, the type behind all aliases. Kept, because a hostile file can have chains of
    /// aliases as long as itself.
    bases: Vec<TypeId>,
}

/// What a number that leads nowhere stands for. Numbers come from [`Definitions::add`] only, so it is not seen.
static NO_TYPE: TypeDef = TypeDef {
    name: None,
    owner: Owner::Nobody,
    kind: TypeKind::Resource,
};

impl Definitions {
    /// Adds a type.
    ///
    /// Invariant: a definition only refers to earlier ones, so walks over types come to an end.
    pub(crate) fn add(&mut self, def: TypeDef) -> TypeId {
        // Definitions are bounded by `shape::DESCRIPTION_UNITS_MAX`, which is far below `u32::MAX`.
        let id = TypeId(u32::try_from(self.defs.len()).unwrap_or(u32::MAX));
        let base = match def.kind {
            TypeKind::Alias(Type::Defined(of)) => self.base(of),
            _ => id,
        };
        self.bases.push(base);
        self.defs.push(def);
        id
    }

    /// All types, each after those that it refers to.
    pub(crate) fn all(&self) -> &[TypeDef] {
        &self.defs
    }

    /// The type with that number.
    pub(crate) fn get(&self, id: TypeId) -> &TypeDef {
        self.defs.get(id.0 as usize).unwrap_or(&NO_TYPE)
    }

    /// The type behind all names that only stand for another type. A name for a primitive type stays.
    pub(crate) fn base(&self, id: TypeId) -> TypeId {
        self.bases.get(id.0 as usize).copied().unwrap_or(id)
    }

    /// The types that a type is made of, one step down.
    pub(crate) fn parts(&self, id: TypeId) -> Vec<Type> {
        match &self.get(id).kind {
            TypeKind::Alias(inner)
            | TypeKind::List(inner)
            | TypeKind::FixedList(inner, _)
            | TypeKind::Option(inner) => vec![*inner],
            TypeKind::Record(fields) => fields.iter().map(|(_, ty)| *ty).collect(),
            TypeKind::Variant(cases) => cases.iter().filter_map(|(_, ty)| *ty).collect(),
            TypeKind::Tuple(types) => types.clone(),
            TypeKind::Map(key, value) => vec![*key, *value],
            TypeKind::Result(ok, err) => [ok, err].into_iter().filter_map(|ty| *ty).collect(),
            TypeKind::Stream(inner) | TypeKind::Future(inner) => inner.iter().copied().collect(),
            TypeKind::Enum(_)
            | TypeKind::Flags(_)
            | TypeKind::Resource
            | TypeKind::Own(_)
            | TypeKind::Borrow(_) => Vec::new(),
        }
    }
}
