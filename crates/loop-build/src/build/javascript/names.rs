//! How names of WIT read in JavaScript, and what a source must export.

use serde::Serialize;
use wit_parser::{Function, FunctionKind, Type, TypeDefKind, WorldItem};

use crate::build::wit::Wit;

/// `get-arguments` as `getArguments`.
pub(crate) fn camel(name: &str) -> String {
    let mut text = String::new();
    for (index, word) in name.split('-').enumerate() {
        let word = word.to_lowercase();
        text.push_str(&if index == 0 { word } else { capital(&word) });
    }
    text
}

/// `output-stream` as `OutputStream`.
pub(crate) fn pascal(name: &str) -> String {
    name.split('-')
        .map(|word| capital(&word.to_lowercase()))
        .collect()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

/// A function or a class that a source must export.
#[derive(Debug, Serialize)]
pub(crate) struct Export {
    /// Where it stands: `run.run`, `shop.Basket.prototype.add`.
    path: String,
    /// What a function throws as its result: `none` if that is no `result`, `nothing` if its errors have no value, `text` if they are
    /// strings, and `other`. Nothing for a class.
    err: Option<&'static str>,
}

/// What a source must export, classes before what stands in them.
pub(crate) fn exports(wit: &Wit) -> Vec<Export> {
    let mut found = Vec::new();
    let exports = wit.world().into_iter().flat_map(|world| &world.exports);
    for (key, item) in exports {
        match item {
            WorldItem::Function(function) => found.extend(export_of(wit, "", function)),
            WorldItem::Interface { id, .. } => {
                let Some(interface) = wit.resolve.interfaces.get(*id) else {
                    continue;
                };
                let start = format!("{}.", camel(&wit.short_name(key)));
                let types = interface
                    .types
                    .iter()
                    .filter_map(|(name, id)| Some((name, wit.resolve.types.get(*id)?)));
                let resources = types.filter(|(_, def)| matches!(def.kind, TypeDefKind::Resource));
                found.extend(resources.map(|(name, _)| Export {
                    path: format!("{start}{}", pascal(name)),
                    err: None,
                }));
                let functions = interface.functions.values();
                found.extend(functions.filter_map(|function| export_of(wit, &start, function)));
            }
            WorldItem::Type { .. } => {}
        }
    }
    found
}

fn export_of(wit: &Wit, start: &str, function: &Function) -> Option<Export> {
    let class = |id| {
        let def = wit.resolve.types.get(id)?;
        Some(pascal(def.name.as_deref()?))
    };
    let name = camel(function.item_name());
    let path = match function.kind {
        FunctionKind::Freestanding | FunctionKind::AsyncFreestanding => format!("{start}{name}"),
        FunctionKind::Method(id) | FunctionKind::AsyncMethod(id) => {
            format!("{start}{}.prototype.{name}", class(id)?)
        }
        FunctionKind::Static(id) | FunctionKind::AsyncStatic(id) => {
            format!("{start}{}.{name}", class(id)?)
        }
        // The class is one.
        FunctionKind::Constructor(_) => return None,
    };
    let err = match function.result.and_then(|ty| kind(wit, ty)) {
        Some(TypeDefKind::Result(result)) => match result.err {
            Some(err) if is_text(wit, err) => "text",
            Some(_) => "other",
            None => "nothing",
        },
        _ => "none",
    };
    Some(Export {
        path,
        err: Some(err),
    })
}

/// What a type is, by whatever name.
fn kind(wit: &Wit, ty: Type) -> Option<&TypeDefKind> {
    let Type::Id(id) = ty else { return None };
    match &wit.resolve.types.get(id)?.kind {
        TypeDefKind::Type(ty) => kind(wit, *ty),
        kind => Some(kind),
    }
}

fn is_text(wit: &Wit, ty: Type) -> bool {
    match ty {
        Type::String => true,
        Type::Id(id) => match wit.resolve.types.get(id).map(|def| &def.kind) {
            Some(TypeDefKind::Type(ty)) => is_text(wit, *ty),
            _ => false,
        },
        _ => false,
    }
}
