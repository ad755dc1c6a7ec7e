//! The description as WIT text, laid out as `wasm-tools component wit` does it.
//!
//! `wit-component` can print WIT as well, but only from its own decoder's data, which `decode.rs` says why
//! we do without, and with no bound: a few bytes of a hostile file can stand for gigabytes of text. A test
//! holds the two printers against each other.

use std::collections::{HashMap, HashSet};

mod page;

use crate::shape::model::{
    Definitions, Function, FunctionKind, Interface, Item, Owner, Type, TypeDef, TypeId, TypeKind,
};
use crate::shape::print::page::{CUT_PAGE, Page, escaped};

/// The longest declaration of one type in a report, in bytes; the longest in WASI, that of HTTP's errors, has 1,700.
const DECLARATION_BYTES_MAX: usize = 16 << 10;

/// The whole world of a component, with the packages of its interfaces after it.
pub(crate) fn world(imports: &[Item], exports: &[Item], wit: &Definitions) -> String {
    let mut page = Page::new(wit);
    page.line("package root:component;");
    page.line("");
    page.open("world root");
    let functions = |item: &Item| matches!(item, Item::Function(_));
    for item in imports.iter().filter(|item| !functions(item)) {
        page.world_item("import", item);
    }
    page.world_types(imports);
    for item in imports.iter().filter(|item| functions(item)) {
        page.world_item("import", item);
    }
    if !imports.is_empty() && !exports.is_empty() {
        page.line("");
    }
    for item in exports {
        page.world_item("export", item);
    }
    page.close();
    for (at, (package, interfaces)) in packages(imports, exports, wit).into_iter().enumerate() {
        if at > 0 {
            page.push("\n\n");
        }
        page.open(&format!("package {package}"));
        for versions in interfaces {
            page.interface(&versions);
        }
        page.close();
    }
    page.finish()
}

/// One interface in a package of its own, as it would stand in a WIT file.
pub(crate) fn interface(interface: &Interface) -> String {
    let mut page = Page::new(&interface.wit);
    if let Some((package, _)) = split_name(&interface.name) {
        page.line(&format!("package {package};"));
        page.line("");
    }
    page.interface(&[interface]);
    page.finish()
}

/// One function on one line: `get: func(key: string) -> option<string>`.
pub(crate) fn signature(function: &Function, wit: &Definitions) -> String {
    let mut page = Page::line_of(wit);
    match &function.kind {
        FunctionKind::Plain => page.push(&escaped(&function.name)),
        FunctionKind::Constructor(resource) => page.push(&escaped(resource)),
        FunctionKind::Method(resource) | FunctionKind::Static(resource) => {
            page.push(&format!(
                "{}.{}",
                escaped(resource),
                escaped(function.own_name())
            ));
        }
    }
    page.push(": ");
    page.function(function);
    page.finish()
}

/// The declaration of a named type, behind all aliases: `record entry { … }`, on several lines.
pub(crate) fn declaration(id: TypeId, wit: &Definitions) -> String {
    let mut page = Page::with_limit(wit, DECLARATION_BYTES_MAX, CUT_PAGE);
    page.declare(id, &HashMap::new());
    page.finish()
}

/// `acme:store@0.1.0` and `kv` of `acme:store/kv@0.1.0`.
fn split_name(name: &str) -> Option<(String, &str)> {
    let (path, version) = match name.split_once('@') {
        Some((path, version)) => (path, Some(version)),
        None => (name, None),
    };
    let (package, interface) = path.split_once('/')?;
    let package = match version {
        Some(version) => format!("{package}@{version}"),
        None => package.to_owned(),
    };
    Some((package, interface))
}

/// A package and its interfaces. An interface that is imported and exported comes as both, in one group.
type Package<'a> = (String, Vec<Vec<&'a Interface>>);

/// The interfaces with full names, in their packages, each package after those it uses.
fn packages<'a>(imports: &'a [Item], exports: &'a [Item], wit: &Definitions) -> Vec<Package<'a>> {
    let mut packages: Vec<Package<'_>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: HashMap<&str, usize> = HashMap::new();
    for interface in imports.iter().chain(exports).filter_map(Item::as_interface) {
        let Some((package, _)) = split_name(&interface.name) else {
            continue;
        };
        let place = *places.entry(package).or_insert_with_key(|package| {
            packages.push((package.clone(), Vec::new()));
            packages.len() - 1
        });
        let Some((_, interfaces)) = packages.get_mut(place) else {
            continue;
        };
        let group = *groups.entry(&interface.name).or_insert_with(|| {
            interfaces.push(Vec::new());
            interfaces.len() - 1
        });
        if let Some(group) = interfaces.get_mut(group) {
            group.push(interface);
        }
    }
    let uses: Vec<Vec<usize>> = packages
        .iter()
        .map(|(_, interfaces)| {
            let owners = interfaces
                .iter()
                .flatten()
                .flat_map(|interface| used_owners(interface, wit));
            let used = owners.filter_map(|owner| split_name(owner).map(|(package, _)| package));
            used.filter_map(|package| places.get(&package).copied())
                .collect()
        })
        .collect();
    let mut order = Vec::new();
    let mut seen = HashSet::new();
    for package in 0..packages.len() {
        visit(package, &uses, &mut seen, &mut order);
    }
    let mut packages: Vec<_> = packages.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|at| packages.get_mut(at).and_then(Option::take))
        .collect()
}

/// Puts `package` into `order` after what it uses, without recursion: files decide how long the chain is.
fn visit(package: usize, uses: &[Vec<usize>], seen: &mut HashSet<usize>, order: &mut Vec<usize>) {
    let mut open = vec![(package, 0)];
    if !seen.insert(package) {
        return;
    }
    while let Some((package, next)) = open.last_mut() {
        if let Some(needed) = uses.get(*package).and_then(|uses| uses.get(*next)) {
            *next += 1;
            if seen.insert(*needed) {
                open.push((*needed, 0));
            }
        } else {
            order.push(*package);
            open.pop();
        }
    }
}

/// The names of the interfaces whose types `interface` uses.
fn used_owners<'a>(
    interface: &'a Interface,
    wit: &'a Definitions,
) -> impl Iterator<Item = &'a str> {
    interface
        .types
        .iter()
        .filter_map(|named| match used(wit.get(named.id), wit) {
            Some((Owner::Interface(owner), _)) => Some(&**owner),
            _ => None,
        })
}

/// Where a type comes from by `use`, and its name there.
fn used<'a>(def: &TypeDef, wit: &'a Definitions) -> Option<(&'a Owner, &'a str)> {
    let TypeKind::Alias(Type::Defined(target)) = def.kind else {
        return None;
    };
    let target = wit.get(target);
    match &target.owner {
        Owner::Nobody => None,
        owner if *owner == def.owner => None,
        owner => Some((owner, target.name.as_deref()?)),
    }
}
