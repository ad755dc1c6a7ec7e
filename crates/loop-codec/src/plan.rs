//! What the functions of some interfaces take and give, flattened into one arena.

mod build;
mod layout;
mod refuse;

use std::collections::BTreeSet;

use wit_parser::{InterfaceId, Resolve};

pub use crate::plan::refuse::{PlanError, Refusal, Why};

pub(crate) use crate::plan::layout::{
    FLAT_PARAMS_MAX, Flat, Layout, WireSize, flags_mask, flags_wire_bytes, tag_bytes,
};

/// How deep types nest. The validators of components allow no more, and everything here that follows a type
/// goes as deep as the type does.
pub const TYPE_DEPTH_MAX: usize = 100;

/// How many different types the functions of a plan may name between them. All of WASI together has some 400.
pub const TYPES_MAX: usize = 20_000;

/// How many functions a plan may have. The largest interface known, a GPU's, has about 300.
pub const FUNCTIONS_MAX: usize = 4_000;

/// The largest value in linear memory, without what its lists and strings point to, in bytes. It bounds how much a
/// single byte of a message can make a reader allocate: an empty variant may stand where a large one fits.
pub const VALUE_BYTES_MAX: u32 = 16 << 10;

/// The most cases of one variant or enum. Adapters jump through a table of them; the codes of all languages or
/// countries have a few hundred.
pub const CASES_MAX: usize = 4_000;

/// The most flags of one type: the component model allows no more.
pub const FLAGS_MAX: usize = 32;

/// The longest handle of a resource on the wire, in bytes. A handle is opaque to who receives it; upstream's has 16.
pub const HANDLE_BYTES_MAX: u32 = 64;

/// The functions of some interfaces, numbered, with their types.
///
/// A function is named by its number in the plan: first those of the first interface in the order of its WIT, then
/// those of the second. Resources are numbered the same way.
#[derive(Clone, Debug)]
pub struct Plan {
    interfaces: Vec<String>,
    functions: Vec<Function>,
    resources: Vec<Resource>,
    nodes: Vec<Node>,
}

/// A function of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The number of its interface.
    pub interface: usize,
    /// Its name as the component model has it, such as `get` or `[method]bucket.get`.
    pub name: String,
    /// What it takes.
    pub params: Vec<Ty>,
    /// What it gives.
    pub result: Option<Ty>,
    /// Whether it is an `async func`.
    pub is_async: bool,
}

/// A resource that one of a plan's interfaces defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The number of its interface.
    pub interface: usize,
    /// Its name.
    pub name: String,
}

/// A type of a plan: its place in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ty(u32);

/// What kind of type it is, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `bool`
    Bool,
    /// `u8`
    U8,
    /// `s8`
    S8,
    /// `u16`
    U16,
    /// `s16`
    S16,
    /// `u32`
    U32,
    /// `s32`
    S32,
    /// `u64`
    U64,
    /// `s64`
    S64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `char`
    Char,
    /// `string`
    String,
    /// `list<T>`
    List(Ty),
    /// A record's fields, with their names.
    Record(Vec<(String, Ty)>),
    /// A tuple's members.
    Tuple(Vec<Ty>),
    /// A variant's cases, with their names.
    Variant(Vec<(String, Option<Ty>)>),
    /// The names of an enum's cases.
    Enum(Vec<String>),
    /// `option<T>`
    Option(Ty),
    /// `result<T, E>`
    Result(Option<Ty>, Option<Ty>),
    /// The names of flags, the lowest bit first.
    Flags(Vec<String>),
    /// An owned handle of the resource with this number.
    Own(usize),
    /// A borrowed handle of the resource with this number.
    Borrow(usize),
    /// `stream<u8>`
    Stream,
}

/// A type with what follows from it.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) shape: Shape,
    pub(crate) layout: Layout,
    pub(crate) wire: WireSize,
    /// How many streams a value holds at most.
    streams: usize,
    depth: usize,
}

impl Plan {
    /// Makes the plan of these interfaces, each with the name under which components import or export it.
    ///
    /// # Errors
    /// [`PlanError::Refused`] lists every function that has a type which cannot cross, with the type;
    /// [`PlanError::TooMany`] says which limit the interfaces exceed.
    pub fn new<'a>(
        resolve: &Resolve,
        interfaces: impl IntoIterator<Item = (&'a str, InterfaceId)>,
    ) -> Result<Self, PlanError> {
        build::build(resolve, interfaces)
    }

    /// The names of the interfaces.
    pub fn interfaces(&self) -> &[String] {
        &self.interfaces
    }

    /// The functions, in the order of their numbers.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The resources, in the order of their numbers.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The numbers of the interfaces whose calls are more than bytes: they define resources, have handles or streams in the
    /// types of their functions, or have functions that are `async`. Adapters leave those to whoever calls with values.
    pub fn interfaces_by_values(&self) -> BTreeSet<usize> {
        let defining = self.resources.iter().map(|resource| resource.interface);
        // Each node comes after those that it is made of.
        let mut has_handles: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let is_handle = matches!(node.shape, Shape::Own(_) | Shape::Borrow(_) | Shape::Stream);
            let of = |ty: &Ty| has_handles.get(ty.0 as usize).copied().unwrap_or(false);
            let has = is_handle || node.shape.parts().iter().any(of);
            has_handles.push(has);
        }
        let has = |ty: &Ty| has_handles.get(ty.0 as usize).copied().unwrap_or(false);
        let using = self.functions.iter().filter(|function| {
            let mut types = function.params.iter().chain(&function.result);
            function.is_async || types.any(has)
        });
        defining
            .chain(using.map(|function| function.interface))
            .collect()
    }

    /// The number of the function with this name in the interface with that name.
    pub fn find(&self, interface: &str, function: &str) -> Option<usize> {
        let interface = self.interfaces.iter().position(|name| name == interface)?;
        self.functions
            .iter()
            .position(|candidate| candidate.interface == interface && candidate.name == function)
    }

    /// Whether values of these types may hold a stream.
    pub fn has_stream(&self, types: &[Ty]) -> bool {
        self.streams(types) > 0
    }

    /// How many streams values of these types hold at most, all together.
    pub(crate) fn streams(&self, types: &[Ty]) -> usize {
        let each = types.iter().map(|ty| self.node(*ty).streams);
        // Types that hold each other twice hold more than can be counted.
        each.fold(0, usize::saturating_add)
    }

    /// What kind of type it is.
    ///
    /// # Panics
    /// When the type is of another plan.
    pub fn shape(&self, ty: Ty) -> &Shape {
        &self.node(ty).shape
    }

    /// The types of all lists' elements.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Ty> {
        self.nodes.iter().filter_map(|node| match node.shape {
            Shape::List(element) => Some(element),
            _ => None,
        })
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "a type's number is that of a node: another plan's type is a bug of the caller"
    )]
    pub(crate) fn node(&self, ty: Ty) -> &Node {
        &self.nodes[ty.0 as usize]
    }
}

impl Shape {
    /// The word for what it is, for errors.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::S8 => "s8",
            Self::U16 => "u16",
            Self::S16 => "s16",
            Self::U32 => "u32",
            Self::S32 => "s32",
            Self::U64 => "u64",
            Self::S64 => "s64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
            Self::String => "string",
            Self::List(_) => "list",
            Self::Record(_) => "record",
            Self::Tuple(_) => "tuple",
            Self::Variant(_) => "variant",
            Self::Enum(_) => "enum",
            Self::Option(_) => "option",
            Self::Result(..) => "result",
            Self::Flags(_) => "flags",
            Self::Own(_) => "own",
            Self::Borrow(_) => "borrow",
            Self::Stream => "stream",
        }
    }
}
