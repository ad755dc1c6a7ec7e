//! How names of WIT read in JavaScript, and what a source must export.

use wit_parser::{Function, FunctionKind, TypeDefKind, WorldItem};

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

/// The functions and classes that a source must export, as paths: `run.run`, `shop.Basket.prototype.add`.
pub(crate) fn exports(wit: &Wit) -> Vec<String> {
    let mut paths = Vec::new();
    let exports = wit.world().into_iter().flat_map(|world| &world.exports);
    for (key, item) in exports {
        match item {
            WorldItem::Function(function) => paths.extend(path_of(wit, "", function)),
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
                paths.extend(resources.map(|(name, _)| format!("{start}{}", pascal(name))));
                let functions = interface.functions.values();
                paths.extend(functions.filter_map(|function| path_of(wit, &start, function)));
            }
            WorldItem::Type { .. } => {}
        }
    }
    paths
}

fn path_of(wit: &Wit, start: &str, function: &Function) -> Option<String> {
    let class = |id| {
        let def = wit.resolve.types.get(id)?;
        Some(pascal(def.name.as_deref()?))
    };
    let name = camel(function.item_name());
    match function.kind {
        FunctionKind::Freestanding | FunctionKind::AsyncFreestanding => {
            Some(format!("{start}{name}"))
        }
        FunctionKind::Method(id) | FunctionKind::AsyncMethod(id) => {
            Some(format!("{start}{}.prototype.{name}", class(id)?))
        }
        FunctionKind::Static(id) | FunctionKind::AsyncStatic(id) => {
            Some(format!("{start}{}.{name}", class(id)?))
        }
        // The class is one.
        FunctionKind::Constructor(_) => None,
    }
}
