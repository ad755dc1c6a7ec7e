//! A text in WIT's own form that is being written, with a bound.

use std::collections::{HashMap, HashSet};

use crate::shape::WIT_BYTES_MAX;
use crate::shape::model::{
    Definitions, Function, FunctionKind, Interface, Item, NamedType, Owner, Type, TypeId, TypeKind,
};
use crate::shape::print::{split_name, used};

/// What stands at the end of a text that was cut.
pub(crate) const CUT_PAGE: &str =
    "\n// … the rest is left out: it is more text than anybody reads\n";

/// The longest line for one function, in bytes. The longest in WASI has about 300.
const LINE_BYTES_MAX: usize = 4 << 10;

/// The words of WIT, which need a `%` before them where they are names.
const KEYWORDS: [&str; 46] = [
    "use",
    "type",
    "func",
    "u8",
    "u16",
    "u32",
    "u64",
    "s8",
    "s16",
    "s32",
    "s64",
    "f32",
    "f64",
    "float32",
    "float64",
    "char",
    "resource",
    "record",
    "flags",
    "variant",
    "enum",
    "bool",
    "string",
    "option",
    "result",
    "future",
    "stream",
    "list",
    "own",
    "borrow",
    "_",
    "as",
    "from",
    "static",
    "interface",
    "tuple",
    "world",
    "import",
    "export",
    "package",
    "with",
    "include",
    "constructor",
    "error-context",
    "async",
    "map",
];

pub(crate) fn escaped(name: &str) -> String {
    if KEYWORDS.contains(&name) {
        format!("%{name}")
    } else {
        name.to_owned()
    }
}

/// The functions of each resource, by the resource's name.
pub(crate) type Members<'a> = HashMap<&'a str, Vec<&'a Function>>;

/// A text that is being written. What is beyond [`WIT_BYTES_MAX`] is left out.
pub(crate) struct Page<'a> {
    wit: &'a Definitions,
    text: String,
    indent: usize,
    limit: usize,
    cut: &'static str,
    full: bool,
}

impl<'a> Page<'a> {
    /// A page for a whole text.
    pub(crate) fn new(wit: &'a Definitions) -> Self {
        Self::with_limit(wit, WIT_BYTES_MAX, CUT_PAGE)
    }

    /// A page for a single line.
    pub(crate) fn line_of(wit: &'a Definitions) -> Self {
        Self::with_limit(wit, LINE_BYTES_MAX, "…")
    }

    /// A page that ends with `cut` if the text is longer than `limit` bytes.
    pub(crate) fn with_limit(wit: &'a Definitions, limit: usize, cut: &'static str) -> Self {
        Self {
            wit,
            text: String::new(),
            indent: 0,
            limit,
            cut,
            full: false,
        }
    }

    /// The text.
    pub(crate) fn finish(mut self) -> String {
        if self.full {
            self.text.push_str(self.cut);
        }
        self.text
    }

    /// Adds to the text, unless it is full.
    pub(crate) fn push(&mut self, text: &str) {
        self.full |= self.text.len() + text.len() > self.limit;
        if !self.full {
            self.text.push_str(text);
        }
    }

    fn begin(&mut self) {
        for _ in 0..self.indent {
            self.push("  ");
        }
    }

    pub(crate) fn line(&mut self, text: &str) {
        if !text.is_empty() {
            self.begin();
        }
        self.push(text);
        self.push("\n");
    }

    pub(crate) fn open(&mut self, text: &str) {
        self.line(&format!("{text} {{"));
        self.indent += 1;
    }

    pub(crate) fn close(&mut self) {
        self.indent = self.indent.saturating_sub(1);
        self.line("}");
    }

    pub(crate) fn world_item(&mut self, direction: &str, item: &Item) {
        if self.full {
            return;
        }
        match item {
            Item::Interface(interface) if split_name(&interface.name).is_some() => {
                self.line(&format!("{direction} {};", interface.name));
            }
            Item::Interface(interface) => {
                self.open(&format!(
                    "{direction} {}: interface",
                    escaped(&interface.name)
                ));
                self.interface_body(&[interface]);
                self.close();
            }
            Item::Function(function) => {
                self.begin();
                self.push(&format!("{direction} {}: ", escaped(&function.name)));
                self.function(function);
                self.push(";\n");
            }
            // WIT has no words for a type that is exported from the world.
            Item::Type(named) if direction == "export" => {
                self.line(&format!("// export of a type: {}", named.name));
            }
            Item::Type(_) => {}
            Item::Other { name, what } => self.line(&format!("// {direction} of a {what}: {name}")),
        }
    }

    pub(crate) fn world_types(&mut self, imports: &[Item]) {
        let types: Vec<&NamedType> = imports
            .iter()
            .filter_map(|item| match item {
                Item::Type(named) => Some(named),
                _ => None,
            })
            .collect();
        if !types.is_empty() {
            let mut separate = imports.iter().any(|item| item.as_interface().is_some());
            self.types(&types, &HashMap::new(), &mut separate);
        }
    }

    /// Writes an interface; `sides` is what import and export say of it.
    pub(crate) fn interface(&mut self, sides: &[&Interface]) {
        let Some(name) = sides.first().map(|side| &side.name) else {
            return;
        };
        let name = split_name(name).map_or(name.as_str(), |(_, interface)| interface);
        self.open(&format!("interface {}", escaped(name)));
        self.interface_body(sides);
        self.close();
    }

    fn interface_body(&mut self, sides: &[&Interface]) {
        let mut names = HashSet::new();
        let types: Vec<&NamedType> = sides
            .iter()
            .flat_map(|side| &side.types)
            .filter(|named| names.insert(&*named.name))
            .collect();
        let mut names = HashSet::new();
        let functions: Vec<&Function> = sides
            .iter()
            .flat_map(|side| &side.functions)
            .filter(|function| names.insert(&*function.name))
            .collect();
        let declared: HashSet<&str> = types.iter().map(|named| &*named.name).collect();
        let mut members: HashMap<&str, Vec<&Function>> = HashMap::new();
        let mut free = Vec::new();
        for function in functions {
            match function.kind.resource() {
                Some(resource) if declared.contains(resource) => {
                    members.entry(resource).or_default().push(function);
                }
                _ => free.push(function),
            }
        }
        let mut separate = false;
        self.types(&types, &members, &mut separate);
        for function in free {
            self.separate(&mut separate);
            self.begin();
            self.push(&escaped(&function.name));
            self.push(": ");
            self.function(function);
            self.push(";\n");
        }
    }

    /// A blank line between things, none before the first.
    fn separate(&mut self, separate: &mut bool) {
        if *separate {
            self.line("");
        }
        *separate = true;
    }

    fn types(&mut self, types: &[&NamedType], members: &Members<'_>, separate: &mut bool) {
        let wit = self.wit;
        let mut uses: Vec<(&Owner, Vec<String>)> = Vec::new();
        let mut declared = Vec::new();
        for named in types {
            let Some((owner, there)) = used(wit.get(named.id), wit) else {
                declared.push(named);
                continue;
            };
            let word = if there == named.name {
                escaped(there)
            } else {
                format!("{} as {}", escaped(there), escaped(&named.name))
            };
            match uses.last_mut() {
                Some((last, words)) if *last == owner => words.push(word),
                _ => uses.push((owner, vec![word])),
            }
        }
        let here = types
            .iter()
            .find_map(|named| match &wit.get(named.id).owner {
                Owner::Interface(name) => split_name(name).map(|(package, _)| package),
                _ => None,
            });
        for (owner, words) in uses {
            *separate = true;
            let path = match owner {
                Owner::Interface(name) => match split_name(name) {
                    Some((package, interface)) if Some(&package) == here.as_ref() => {
                        interface.to_owned()
                    }
                    _ => name.to_string(),
                },
                Owner::World | Owner::Nobody => "root".to_owned(),
            };
            self.line(&format!("use {path}.{{{}}};", words.join(", ")));
        }
        for named in declared {
            self.separate(separate);
            self.declare(named.id, members);
        }
    }

    /// Declares a type, a resource with those of `members` that belong to it.
    pub(crate) fn declare(&mut self, id: TypeId, members: &Members<'_>) {
        if self.full {
            return;
        }
        let wit = self.wit;
        let def = wit.get(id);
        let name = escaped(def.name.as_deref().unwrap_or("_"));
        match &def.kind {
            TypeKind::Record(fields) => {
                self.open(&format!("record {name}"));
                for (field, ty) in fields {
                    self.begin();
                    self.push(&format!("{}: ", escaped(field)));
                    self.type_name(*ty);
                    self.push(",\n");
                }
                self.close();
            }
            TypeKind::Variant(cases) => {
                self.open(&format!("variant {name}"));
                for (case, ty) in cases {
                    self.begin();
                    self.push(&escaped(case));
                    if let Some(ty) = ty {
                        self.push("(");
                        self.type_name(*ty);
                        self.push(")");
                    }
                    self.push(",\n");
                }
                self.close();
            }
            TypeKind::Enum(names) | TypeKind::Flags(names) => {
                let word = if matches!(def.kind, TypeKind::Enum(_)) {
                    "enum"
                } else {
                    "flags"
                };
                self.open(&format!("{word} {name}"));
                for name in names {
                    self.line(&format!("{},", escaped(name)));
                }
                self.close();
            }
            TypeKind::Resource => self.resource(&name, def.name.as_deref(), members),
            TypeKind::Own(resource) => {
                let resource = self.resource_name(*resource);
                self.line(&format!("type {name} = own<{resource}>;"));
            }
            TypeKind::Alias(ty) => {
                self.begin();
                self.push(&format!("type {name} = "));
                self.type_name(*ty);
                self.push(";\n");
            }
            kind => {
                self.begin();
                self.push(&format!("type {name} = "));
                self.kind(kind);
                self.push(";\n");
            }
        }
    }

    fn resource(&mut self, escaped_name: &str, name: Option<&str>, members: &Members<'_>) {
        let Some(own) = name.and_then(|name| members.get(name)) else {
            return self.line(&format!("resource {escaped_name};"));
        };
        self.open(&format!("resource {escaped_name}"));
        for function in own {
            self.begin();
            match function.kind {
                FunctionKind::Constructor(_) => {}
                _ => self.push(&format!("{}: ", escaped(function.own_name()))),
            }
            self.function(function);
            self.push(";\n");
        }
        self.close();
    }

    /// `func(a: b) -> c`, with what stands before it, without a name.
    pub(crate) fn function(&mut self, function: &Function) {
        if matches!(function.kind, FunctionKind::Static(_)) {
            self.push("static ");
        }
        if function.is_async {
            self.push("async ");
        }
        let is_constructor = matches!(function.kind, FunctionKind::Constructor(_));
        self.push(if is_constructor {
            "constructor("
        } else {
            "func("
        });
        // A method's `self` is not written.
        let hidden = usize::from(matches!(function.kind, FunctionKind::Method(_)));
        for (at, (name, ty)) in function.params.iter().skip(hidden).enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.push(&escaped(name));
            self.push(": ");
            self.type_name(*ty);
        }
        self.push(")");
        if let Some(result) = function.result
            && !(is_constructor && self.is_own(result))
        {
            self.push(" -> ");
            self.type_name(result);
        }
    }

    /// Whether `ty` is a plain handle, which a constructor gives without saying so.
    fn is_own(&self, ty: Type) -> bool {
        match ty {
            Type::Defined(id) => matches!(self.wit.get(id).kind, TypeKind::Own(_)),
            Type::Primitive(_) => false,
        }
    }

    pub(crate) fn type_name(&mut self, ty: Type) {
        // Without this a full page would still be walked for all that it leaves out.
        if self.full {
            return;
        }
        let wit = self.wit;
        match ty {
            Type::Primitive(word) => self.push(word),
            Type::Defined(id) => match &wit.get(id).name {
                Some(name) => self.push(&escaped(name)),
                None => self.kind(&wit.get(id).kind),
            },
        }
    }

    /// Writes a type without a name. The kinds that must have one get a mark instead.
    fn kind(&mut self, kind: &TypeKind) {
        match kind {
            TypeKind::Alias(ty) => self.type_name(*ty),
            TypeKind::Tuple(types) => self.generic("tuple", types),
            TypeKind::List(ty) => self.generic("list", &[*ty]),
            TypeKind::FixedList(ty, length) => {
                self.push("list<");
                self.type_name(*ty);
                self.push(&format!(", {length}>"));
            }
            TypeKind::Map(key, value) => self.generic("map", &[*key, *value]),
            TypeKind::Option(ty) => self.generic("option", &[*ty]),
            TypeKind::Result(None, Some(err)) => {
                self.push("result<_, ");
                self.type_name(*err);
                self.push(">");
            }
            TypeKind::Result(ok, err) => {
                self.generic("result", &ok.iter().chain(err).copied().collect::<Vec<_>>());
            }
            TypeKind::Stream(ty) => self.generic("stream", ty.as_slice()),
            TypeKind::Future(ty) => self.generic("future", ty.as_slice()),
            TypeKind::Own(resource) => self.push(&self.resource_name(*resource)),
            TypeKind::Borrow(resource) => {
                self.push(&format!("borrow<{}>", self.resource_name(*resource)));
            }
            TypeKind::Record(_) => self.push("/* record without a name */"),
            TypeKind::Variant(_) => self.push("/* variant without a name */"),
            TypeKind::Enum(_) => self.push("/* enum without a name */"),
            TypeKind::Flags(_) => self.push("/* flags without a name */"),
            TypeKind::Resource => self.push("/* resource without a name */"),
        }
    }

    fn generic(&mut self, word: &str, types: &[Type]) {
        self.push(word);
        for (at, ty) in types.iter().enumerate() {
            self.push(if at == 0 { "<" } else { ", " });
            self.type_name(*ty);
        }
        if !types.is_empty() {
            self.push(">");
        }
    }

    fn resource_name(&self, id: TypeId) -> String {
        let named = self.wit.get(id).name.as_deref();
        named.map_or_else(|| "/* resource without a name */".to_owned(), escaped)
    }
}
