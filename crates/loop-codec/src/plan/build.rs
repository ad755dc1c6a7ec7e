//! From `wit-parser`'s model to a plan.

use std::collections::HashMap;

use wit_parser::{Handle, InterfaceId, Resolve, Type, TypeDef, TypeDefKind, TypeId, TypeOwner};

use crate::plan::{
    CASES_MAX, FLAGS_MAX, FUNCTIONS_MAX, Function, Node, Plan, PlanError, Refusal, Resource, Shape,
    TYPE_DEPTH_MAX, TYPES_MAX, Ty, Why,
};

pub(crate) fn build<'a>(
    resolve: &Resolve,
    interfaces: impl IntoIterator<Item = (&'a str, InterfaceId)>,
) -> Result<Plan, PlanError> {
    let mut builder = Builder {
        resolve,
        plan: Plan {
            interfaces: Vec::new(),
            functions: Vec::new(),
            resources: Vec::new(),
            nodes: Vec::new(),
        },
        resources: HashMap::new(),
        named: HashMap::new(),
        shapes: HashMap::new(),
    };
    let interfaces: Vec<(&str, InterfaceId)> = interfaces.into_iter().collect();
    for (name, id) in &interfaces {
        builder.add_resources(name, *id);
    }
    let mut reasons = Vec::new();
    for (number, (_, id)) in interfaces.iter().enumerate() {
        builder.add_functions(number, *id, &mut reasons)?;
    }
    if !reasons.is_empty() {
        return Err(PlanError::Refused { reasons });
    }
    Ok(builder.plan)
}

struct Builder<'a> {
    resolve: &'a Resolve,
    plan: Plan,
    /// The numbers of the resources that the interfaces define.
    resources: HashMap<TypeId, usize>,
    /// What became of the types seen so far.
    named: HashMap<TypeId, Result<Ty, Why>>,
    /// The nodes of types that have no name and no parts.
    shapes: HashMap<Type, Ty>,
}

/// Why a type has no place in the plan.
enum Failure {
    Refused(Why),
    TooMany,
}

impl From<Why> for Failure {
    fn from(why: Why) -> Self {
        Self::Refused(why)
    }
}

impl Builder<'_> {
    fn add_resources(&mut self, name: &str, id: InterfaceId) {
        let interface = self.plan.interfaces.len();
        self.plan.interfaces.push(name.to_owned());
        let Some(found) = self.resolve.interfaces.get(id) else {
            return;
        };
        for (name, id) in &found.types {
            let defined = self.resolve.types.get(*id);
            if defined.is_some_and(|ty| matches!(ty.kind, TypeDefKind::Resource)) {
                self.resources.insert(*id, self.plan.resources.len());
                let name = name.clone();
                self.plan.resources.push(Resource { interface, name });
            }
        }
    }

    fn add_functions(
        &mut self,
        interface: usize,
        id: InterfaceId,
        reasons: &mut Vec<Refusal>,
    ) -> Result<(), PlanError> {
        let resolve = self.resolve;
        let Some(found) = resolve.interfaces.get(id) else {
            return Ok(());
        };
        for function in found.functions.values() {
            if self.plan.functions.len() + reasons.len() >= FUNCTIONS_MAX {
                return Err(PlanError::TooMany {
                    what: "functions",
                    most: FUNCTIONS_MAX,
                });
            }
            match self.function(interface, function) {
                Ok(function) => self.plan.functions.push(function),
                Err(Failure::Refused(why)) => reasons.push(Refusal {
                    interface: self
                        .plan
                        .interfaces
                        .get(interface)
                        .cloned()
                        .unwrap_or_default(),
                    function: function.name.clone(),
                    why,
                }),
                Err(Failure::TooMany) => {
                    return Err(PlanError::TooMany {
                        what: "types",
                        most: TYPES_MAX,
                    });
                }
            }
        }
        Ok(())
    }

    fn function(
        &mut self,
        interface: usize,
        function: &wit_parser::Function,
    ) -> Result<Function, Failure> {
        let is_async = function.kind.is_async();
        let params = function
            .params
            .iter()
            .map(|param| self.ty(&param.ty, 0))
            .collect::<Result<Vec<_>, _>>()?;
        let result = match &function.result {
            Some(ty) => Some(self.ty(ty, 0)?),
            None => None,
        };
        // The arguments together are a value too, where they pass through memory.
        self.plan.members(&params)?;
        for types in [params.as_slice(), result.as_slice()] {
            match self.plan.streams(types) {
                0 => {}
                1 if is_async => {}
                1 => return Err(Why::StreamOfSync.into()),
                _ => return Err(Why::Streams.into()),
            }
        }
        Ok(Function {
            interface,
            name: function.name.clone(),
            params,
            result,
            is_async,
        })
    }

    fn ty(&mut self, ty: &Type, depth: usize) -> Result<Ty, Failure> {
        let shape = match ty {
            Type::Bool => Shape::Bool,
            Type::U8 => Shape::U8,
            Type::S8 => Shape::S8,
            Type::U16 => Shape::U16,
            Type::S16 => Shape::S16,
            Type::U32 => Shape::U32,
            Type::S32 => Shape::S32,
            Type::U64 => Shape::U64,
            Type::S64 => Shape::S64,
            Type::F32 => Shape::F32,
            Type::F64 => Shape::F64,
            Type::Char => Shape::Char,
            Type::String => Shape::String,
            Type::ErrorContext => return Err(kind("error-context")),
            Type::Id(id) => return self.defined(*id, depth),
        };
        if let Some(known) = self.shapes.get(ty) {
            return Ok(*known);
        }
        let made = self.add(shape)?;
        self.shapes.insert(*ty, made);
        Ok(made)
    }

    fn defined(&mut self, id: TypeId, depth: usize) -> Result<Ty, Failure> {
        // Guards the stack; what is refused is the depth of the type, which `add` knows.
        if depth > TYPE_DEPTH_MAX {
            return Err(Why::TooDeep.into());
        }
        if let Some(known) = self.named.get(&id) {
            return known.clone().map_err(Failure::Refused);
        }
        let made = self.define(id, depth + 1);
        match &made {
            Ok(ty) => self.named.insert(id, Ok(*ty)),
            // Met from elsewhere it may be less deep.
            Err(Failure::Refused(Why::TooDeep) | Failure::TooMany) => None,
            Err(Failure::Refused(why)) => self.named.insert(id, Err(why.clone())),
        };
        made
    }

    fn define(&mut self, id: TypeId, depth: usize) -> Result<Ty, Failure> {
        let resolve = self.resolve;
        let Some(TypeDef { kind: defined, .. }) = resolve.types.get(id) else {
            return Err(kind("type"));
        };
        let shape = match defined {
            TypeDefKind::Type(ty) => return self.ty(ty, depth),
            TypeDefKind::Record(record) => {
                not_empty(record.fields.len(), "record")?;
                let fields = record.fields.iter().map(|field| {
                    let ty = self.ty(&field.ty, depth)?;
                    Ok((field.name.clone(), ty))
                });
                Shape::Record(fields.collect::<Result<_, Failure>>()?)
            }
            TypeDefKind::Tuple(tuple) => {
                not_empty(tuple.types.len(), "tuple")?;
                let types = tuple.types.iter().map(|ty| self.ty(ty, depth));
                Shape::Tuple(types.collect::<Result<_, Failure>>()?)
            }
            TypeDefKind::Variant(variant) => {
                not_empty(variant.cases.len(), "variant")?;
                not_too_many(variant.cases.len())?;
                let cases = variant.cases.iter().map(|case| {
                    let ty = self.optional(case.ty.as_ref(), depth)?;
                    Ok((case.name.clone(), ty))
                });
                Shape::Variant(cases.collect::<Result<_, Failure>>()?)
            }
            TypeDefKind::Enum(cases) => {
                not_empty(cases.cases.len(), "enum")?;
                not_too_many(cases.cases.len())?;
                Shape::Enum(cases.cases.iter().map(|case| case.name.clone()).collect())
            }
            TypeDefKind::Flags(flags) => {
                not_empty(flags.flags.len(), "flags")?;
                if flags.flags.len() > FLAGS_MAX {
                    return Err(Why::TooManyFlags.into());
                }
                Shape::Flags(flags.flags.iter().map(|flag| flag.name.clone()).collect())
            }
            TypeDefKind::Option(ty) => Shape::Option(self.ty(ty, depth)?),
            TypeDefKind::Result(result) => Shape::Result(
                self.optional(result.ok.as_ref(), depth)?,
                self.optional(result.err.as_ref(), depth)?,
            ),
            TypeDefKind::List(ty) => Shape::List(self.ty(ty, depth)?),
            TypeDefKind::Handle(Handle::Own(id)) => Shape::Own(self.resource(*id)?),
            TypeDefKind::Handle(Handle::Borrow(id)) => Shape::Borrow(self.resource(*id)?),
            // The engine has these two behind switches that are off.
            TypeDefKind::Map(..) => return Err(kind("map")),
            TypeDefKind::FixedLengthList(..) => return Err(kind("list of fixed length")),
            TypeDefKind::Future(_) => return Err(kind("future")),
            TypeDefKind::Stream(Some(ty)) if self.is_byte(ty) => Shape::Stream,
            TypeDefKind::Stream(_) => return Err(kind("stream of other things than bytes")),
            TypeDefKind::Resource => return Err(kind("resource")),
            TypeDefKind::Unknown => return Err(kind("type that is not known")),
        };
        self.add(shape)
    }

    fn is_byte(&self, ty: &Type) -> bool {
        let mut ty = *ty;
        // `type` and `use` make aliases of aliases.
        for _ in 0..=TYPE_DEPTH_MAX {
            let Type::Id(id) = ty else { break };
            match self.resolve.types.get(id).map(|ty| &ty.kind) {
                Some(TypeDefKind::Type(aliased)) => ty = *aliased,
                _ => break,
            }
        }
        ty == Type::U8
    }

    fn optional(&mut self, ty: Option<&Type>, depth: usize) -> Result<Option<Ty>, Failure> {
        ty.map(|ty| self.ty(ty, depth)).transpose()
    }

    /// The number of a resource that one of the interfaces defines.
    fn resource(&self, id: TypeId) -> Result<usize, Failure> {
        let mut id = id;
        // `use` makes an alias of an alias at most once for each interface.
        for _ in 0..=TYPE_DEPTH_MAX {
            if let Some(number) = self.resources.get(&id) {
                return Ok(*number);
            }
            match self.resolve.types.get(id).map(|ty| &ty.kind) {
                Some(TypeDefKind::Type(Type::Id(aliased))) => id = *aliased,
                _ => break,
            }
        }
        let ty = self.resolve.types.get(id);
        Err(Failure::Refused(Why::ForeignResource {
            resource: ty.and_then(|ty| ty.name.clone()).unwrap_or_default(),
            owner: ty.map_or_else(String::new, |ty| self.owner(ty)),
        }))
    }

    fn owner(&self, ty: &TypeDef) -> String {
        let owner = match ty.owner {
            TypeOwner::Interface(id) => self.resolve.id_of(id),
            TypeOwner::World(_) | TypeOwner::None => None,
        };
        owner.unwrap_or_else(|| "an interface without a name".to_owned())
    }

    fn add(&mut self, shape: Shape) -> Result<Ty, Failure> {
        let Some(index) = u32::try_from(self.plan.nodes.len())
            .ok()
            .filter(|index| (*index as usize) < TYPES_MAX)
        else {
            return Err(Failure::TooMany);
        };
        let parts = shape.parts();
        let depth = 1 + parts
            .iter()
            .map(|ty| self.plan.node(*ty).depth)
            .max()
            .unwrap_or(0);
        if depth > TYPE_DEPTH_MAX {
            return Err(Why::TooDeep.into());
        }
        let streams = match &shape {
            Shape::Stream => 1,
            Shape::List(element) if self.plan.streams(&[*element]) > 0 => {
                return Err(Why::Streams.into());
            }
            Shape::Record(_) | Shape::Tuple(_) => self.plan.streams(&parts),
            _ => parts
                .iter()
                .map(|ty| self.plan.node(*ty).streams)
                .max()
                .unwrap_or(0),
        };
        let node = Node {
            streams,
            layout: self.plan.layout(&shape)?,
            wire: self.plan.wire_size(&shape),
            shape,
            depth,
        };
        self.plan.nodes.push(node);
        Ok(Ty(index))
    }
}

impl Shape {
    /// The types that it is made of.
    pub(crate) fn parts(&self) -> Vec<Ty> {
        match self {
            Self::List(ty) => vec![*ty],
            Self::Record(_) | Self::Tuple(_) => self.members(),
            _ => self.cases().into_iter().flatten().collect(),
        }
    }
}

fn kind(kind: &'static str) -> Failure {
    Failure::Refused(Why::Kind { kind })
}

fn not_too_many(cases: usize) -> Result<(), Failure> {
    if cases > CASES_MAX {
        return Err(Failure::Refused(Why::TooManyCases));
    }
    Ok(())
}

fn not_empty(count: usize, kind: &'static str) -> Result<(), Failure> {
    if count == 0 {
        return Err(Failure::Refused(Why::Empty { kind }));
    }
    Ok(())
}
