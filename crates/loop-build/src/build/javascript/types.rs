//! The world of a component as TypeScript declarations, for editors and type checkers.
//!
//! An imported interface is a module of its full name. What a source must export for an interface is the type `Exports` of
//! that module. Where WIT leaves the type open, it is that of componentize-qjs.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use wit_parser::{
    Docs, Function, FunctionKind, Handle, Interface, InterfaceId, Type, TypeDef, TypeDefKind,
    TypeId, TypeOwner, WorldItem, WorldKey,
};

use crate::build::BuildError;
use crate::build::javascript::names::{camel, pascal};
use crate::build::package::JavaScriptTool;
use crate::build::wit::Wit;
use crate::carried;
use crate::files;

const FILE: &str = "world.d.ts";

/// The declarations of the SDK, which carries them.
const SDK_FILE: &str = "loop-guest.d.ts";

const HEADER: &str = "// Made from the WIT of the component. The next build writes it again.\n";

/// What stands in for what QuickJS lacks.
const GLOBALS: &str = "
declare class TextEncoder {
  encode(text?: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes?: Uint8Array): string;
}
declare const wit: { Stream: any; Future: any };
declare const console: Record<\"log\" | \"info\" | \"debug\" | \"warn\" | \"error\", (...values: unknown[]) => void>;
";

/// Writes the declarations into a folder, and those of the SDK, unless they stand there already.
pub(crate) fn write(wit: &Wit, tool: JavaScriptTool, folder: &Path) -> Result<(), BuildError> {
    write_one(folder, FILE, &declarations(wit, tool))?;
    for (name, text) in carried::SDK_JS {
        if *name == SDK_FILE {
            write_one(folder, name, &String::from_utf8_lossy(text))?;
        }
    }
    Ok(())
}

fn write_one(folder: &Path, name: &str, text: &str) -> Result<(), BuildError> {
    let path = folder.join(name);
    if fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(BuildError::at(folder))?;
    files::write_atomically(&path, text.as_bytes()).map_err(BuildError::at(&path))
}

/// All modules of the world as one file.
fn declarations(wit: &Wit, tool: JavaScriptTool) -> String {
    let mut writer = Writer {
        wit,
        tool,
        text: HEADER.to_owned(),
    };
    writer.text.push_str(GLOBALS);
    let Some(world) = wit.world() else {
        return writer.text;
    };
    for (key, item) in &world.imports {
        if let WorldItem::Interface { id, .. } = item {
            let exported = world.exports.contains_key(key);
            writer.module(key, *id, true, exported);
        }
    }
    let mut own = Vec::new();
    for (key, item) in &world.exports {
        match item {
            WorldItem::Interface { id, .. } if !world.imports.contains_key(key) => {
                writer.module(key, *id, false, true);
            }
            WorldItem::Function(function) => own.push(function),
            WorldItem::Interface { .. } | WorldItem::Type { .. } => {}
        }
    }
    if !own.is_empty() {
        let _ = writeln!(writer.text, "\ndeclare module \"{}\" {{", world.name);
        writer.text.push_str("  export interface Exports {\n");
        for function in own {
            writer.function(function, "    ", None);
        }
        writer.text.push_str("  }\n}\n");
    }
    writer.text
}

struct Writer<'a> {
    wit: &'a Wit,
    tool: JavaScriptTool,
    text: String,
}

impl Writer<'_> {
    fn module(&mut self, key: &WorldKey, id: InterfaceId, imported: bool, exported: bool) {
        let wit = self.wit;
        let Some(interface) = wit.resolve.interfaces.get(id) else {
            return;
        };
        let name = wit.resolve.name_world_key(key);
        let _ = writeln!(self.text, "\ndeclare module \"{name}\" {{");
        for (name, id) in &interface.types {
            if let Some(def) = wit.resolve.types.get(*id) {
                self.definition(name, *id, def, interface);
            }
        }
        let free = || {
            let functions = interface.functions.values();
            functions.filter(|function| resource_of(function).is_none())
        };
        if imported {
            for function in free() {
                self.function(function, "  ", Some("export function "));
            }
        }
        if exported {
            self.text.push_str("  export interface Exports {\n");
            for function in free() {
                self.function(function, "    ", None);
            }
            for (name, id) in &interface.types {
                let def = wit.resolve.types.get(*id);
                if def.is_some_and(|def| matches!(def.kind, TypeDefKind::Resource)) {
                    let name = pascal(name);
                    let _ = writeln!(self.text, "    {name}: typeof {name};");
                }
            }
            self.text.push_str("  }\n");
        }
        self.text.push_str("}\n");
    }

    fn definition(&mut self, name: &str, id: TypeId, def: &TypeDef, of: &Interface) {
        self.docs(&def.docs, "  ");
        let name = pascal(name);
        match &def.kind {
            TypeDefKind::Resource => {
                let _ = writeln!(self.text, "  export class {name} {{");
                for function in of.functions.values() {
                    if resource_of(function) == Some(id) {
                        self.function(function, "    ", None);
                    }
                }
                self.text.push_str("    [Symbol.dispose](): void;\n  }\n");
            }
            TypeDefKind::Record(record) => {
                let _ = writeln!(self.text, "  export interface {name} {{");
                for field in &record.fields {
                    self.docs(&field.docs, "    ");
                    let ty = self.named(field.ty);
                    let _ = writeln!(self.text, "    {}: {ty};", camel(&field.name));
                }
                self.text.push_str("  }\n");
            }
            TypeDefKind::Flags(flags) => {
                let _ = writeln!(self.text, "  export interface {name} {{");
                for flag in &flags.flags {
                    self.docs(&flag.docs, "    ");
                    let _ = writeln!(self.text, "    {}?: boolean;", camel(&flag.name));
                }
                self.text.push_str("  }\n");
            }
            kind => {
                let ty = self.kind(kind);
                let _ = writeln!(self.text, "  export type {name} = {ty};");
            }
        }
    }

    fn function(&mut self, function: &Function, indent: &str, keyword: Option<&str>) {
        self.docs(&function.docs, indent);
        let is_method = matches!(
            function.kind,
            FunctionKind::Method(_) | FunctionKind::AsyncMethod(_)
        );
        let params: Vec<String> = function
            .params
            .iter()
            .skip(usize::from(is_method))
            .map(|param| format!("{}: {}", param_name(&param.name), self.named(param.ty)))
            .collect();
        let result = self.result(function);
        let keyword = match function.kind {
            FunctionKind::Static(_) | FunctionKind::AsyncStatic(_) => "static ",
            _ => keyword.unwrap_or_default(),
        };
        let name = camel(function.item_name());
        let _ = writeln!(
            self.text,
            "{indent}{keyword}{name}({}){result};",
            params.join(", ")
        );
    }

    /// What a function returns. The error of a `result` is thrown.
    fn result(&self, function: &Function) -> String {
        if matches!(function.kind, FunctionKind::Constructor(_)) {
            return String::new();
        }
        let ok = |ty: Option<Type>| ty.map_or_else(|| "void".to_owned(), |ty| self.named(ty));
        let kind = function.result.and_then(|ty| match ty {
            Type::Id(id) => self.wit.resolve.types.get(id).map(|def| &def.kind),
            _ => None,
        });
        let returned = match kind {
            Some(TypeDefKind::Result(result)) => ok(result.ok),
            _ => ok(function.result),
        };
        if function.kind.is_async() {
            format!(": Promise<{returned}>")
        } else {
            format!(": {returned}")
        }
    }

    /// A type as it is used: by its name, where it has one.
    fn named(&self, ty: Type) -> String {
        let Type::Id(id) = ty else {
            return self.primitive(ty).to_owned();
        };
        let Some(def) = self.wit.resolve.types.get(id) else {
            return "unknown".to_owned();
        };
        match &def.name {
            Some(name) => pascal(name),
            None => self.kind(&def.kind),
        }
    }

    fn primitive(&self, ty: Type) -> &'static str {
        match ty {
            Type::U64 | Type::S64 if self.tool == JavaScriptTool::ComponentizeJs => "bigint",
            Type::Bool => "boolean",
            Type::Char | Type::String => "string",
            Type::U64
            | Type::S64
            | Type::U8
            | Type::U16
            | Type::U32
            | Type::S8
            | Type::S16
            | Type::S32
            | Type::F32
            | Type::F64 => "number",
            Type::ErrorContext | Type::Id(_) => "unknown",
        }
    }

    fn kind(&self, kind: &TypeDefKind) -> String {
        let cases = |cases: Vec<(&str, Option<Type>)>| {
            let cases = cases.into_iter().map(|(name, ty)| match ty {
                Some(ty) => format!("{{ tag: \"{name}\"; val: {} }}", self.named(ty)),
                None => format!("{{ tag: \"{name}\" }}"),
            });
            cases.collect::<Vec<_>>().join(" | ")
        };
        match kind {
            TypeDefKind::Type(Type::Id(id)) => self.alias(*id),
            TypeDefKind::Type(ty) => self.named(*ty),
            TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => self.named(Type::Id(*id)),
            TypeDefKind::Tuple(tuple) => {
                let types: Vec<String> = tuple.types.iter().map(|ty| self.named(*ty)).collect();
                format!("[{}]", types.join(", "))
            }
            TypeDefKind::Variant(variant) => {
                let all = variant.cases.iter();
                cases(all.map(|case| (case.name.as_str(), case.ty)).collect())
            }
            TypeDefKind::Enum(names) => {
                let names = names.cases.iter().map(|case| format!("\"{}\"", case.name));
                names.collect::<Vec<_>>().join(" | ")
            }
            TypeDefKind::Option(ty) if self.is_option(*ty) => {
                cases(vec![("some", Some(*ty)), ("none", None)])
            }
            TypeDefKind::Option(ty) => {
                let none = match self.tool {
                    JavaScriptTool::ComponentizeQjs => "null",
                    JavaScriptTool::ComponentizeJs => "undefined",
                };
                format!("{} | {none}", self.named(*ty))
            }
            TypeDefKind::Result(result) => cases(vec![("ok", result.ok), ("err", result.err)]),
            TypeDefKind::List(ty) | TypeDefKind::FixedLengthList(ty, _) => self.list(*ty),
            TypeDefKind::Map(key, value) => {
                format!("Map<{}, {}>", self.named(*key), self.named(*value))
            }
            TypeDefKind::Stream(ty) => {
                let ty = ty.map_or_else(|| "void".to_owned(), |ty| self.named(ty));
                let of = if ty == "number" {
                    "number | Uint8Array"
                } else {
                    &ty
                };
                format!("AsyncIterable<{of}>")
            }
            TypeDefKind::Future(ty) => {
                let ty = ty.map_or_else(|| "void".to_owned(), |ty| self.named(ty));
                format!("{{ read(): Promise<{ty}>; drop(): void }}")
            }
            TypeDefKind::Record(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Resource
            | TypeDefKind::Unknown => "unknown".to_owned(),
        }
    }

    /// A type of another interface under a name of this one.
    fn alias(&self, id: TypeId) -> String {
        let Some(def) = self.wit.resolve.types.get(id) else {
            return "unknown".to_owned();
        };
        match (def.owner, &def.name) {
            (TypeOwner::Interface(owner), Some(name)) => {
                let module = self.wit.resolve.name_world_key(&WorldKey::Interface(owner));
                format!("import(\"{module}\").{}", pascal(name))
            }
            _ => self.named(Type::Id(id)),
        }
    }

    fn is_option(&self, ty: Type) -> bool {
        let Type::Id(id) = ty else { return false };
        let def = self.wit.resolve.types.get(id);
        def.is_some_and(|def| match def.kind {
            TypeDefKind::Option(_) => true,
            TypeDefKind::Type(ty) => self.is_option(ty),
            _ => false,
        })
    }

    fn list(&self, ty: Type) -> String {
        let numbers = match ty {
            Type::U16 => "Uint16Array",
            Type::U32 => "Uint32Array",
            Type::U64 => "BigUint64Array",
            Type::S8 => "Int8Array",
            Type::S16 => "Int16Array",
            Type::S32 => "Int32Array",
            Type::S64 => "BigInt64Array",
            Type::F32 => "Float32Array",
            Type::F64 => "Float64Array",
            _ => "",
        };
        match ty {
            Type::U8 => "Uint8Array".to_owned(),
            _ if self.tool == JavaScriptTool::ComponentizeJs && !numbers.is_empty() => {
                numbers.to_owned()
            }
            ty => format!("Array<{}>", self.named(ty)),
        }
    }

    fn docs(&mut self, docs: &Docs, indent: &str) {
        let Some(text) = &docs.contents else { return };
        let text = text.trim().replace("*/", "* /");
        if text.lines().count() == 1 {
            let _ = writeln!(self.text, "{indent}/** {text} */");
            return;
        }
        let _ = writeln!(self.text, "{indent}/**");
        for line in text.lines() {
            let _ = writeln!(self.text, "{indent} * {}", line.trim_end());
        }
        let _ = writeln!(self.text, "{indent} */");
    }
}

/// The resource that a function belongs to.
fn resource_of(function: &Function) -> Option<TypeId> {
    match function.kind {
        FunctionKind::Method(id)
        | FunctionKind::AsyncMethod(id)
        | FunctionKind::Static(id)
        | FunctionKind::AsyncStatic(id)
        | FunctionKind::Constructor(id) => Some(id),
        FunctionKind::Freestanding | FunctionKind::AsyncFreestanding => None,
    }
}

/// A parameter's name, with a mark where it is a word that JavaScript keeps for itself.
fn param_name(name: &str) -> String {
    const TAKEN: [&str; 14] = [
        "arguments",
        "case",
        "class",
        "const",
        "default",
        "delete",
        "do",
        "eval",
        "export",
        "function",
        "in",
        "new",
        "this",
        "var",
    ];
    let name = camel(name);
    if TAKEN.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}
