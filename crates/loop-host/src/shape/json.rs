//! A shape as JSON, for tools that read what `loop inspect` finds.
//!
//! The types here are that format. They are apart from [`Shape`], so that a change within does not change
//! what others read.

use serde::{Serialize, Serializer};

use crate::shape::{Concurrency, Function, Interface, Item, Kind, Shape, Wasi};

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ShapeJson {
            size: self.size,
            kind: match self.kind() {
                Kind::Command(_) => "command",
                Kind::HttpServer(_) => "http-server",
                Kind::WebSocketServer => "websocket-server",
                Kind::Library => "library",
                Kind::Empty => "empty",
            },
            wasi: match self.kind() {
                Kind::Command(Wasi::P2) | Kind::HttpServer(Wasi::P2) => Some("0.2"),
                Kind::Command(Wasi::P3) | Kind::HttpServer(Wasi::P3) => Some("0.3"),
                Kind::WebSocketServer | Kind::Library | Kind::Empty => None,
            },
            concurrency: match &self.concurrency {
                Concurrency::NotNeeded => &[],
                Concurrency::Needed { because } => because,
            },
            imports: self
                .imports
                .iter()
                .map(|item| self.item_json(item))
                .collect(),
            exports: self
                .exports
                .iter()
                .map(|item| self.item_json(item))
                .collect(),
            languages: self.languages.iter().map(String::as_str).collect(),
            tools: self.tools.iter().map(String::as_str).collect(),
            debug_name: self.debug_name.as_deref(),
        }
        .serialize(serializer)
    }
}

impl Shape {
    fn item_json<'a>(&'a self, item: &'a Item) -> ItemJson<'a> {
        let name = item.name();
        match item {
            Item::Interface(interface) => ItemJson::Interface {
                name,
                functions: functions(interface),
            },
            Item::Function(function) => ItemJson::Function {
                name,
                wit: self.signature(function),
            },
            Item::Type(_) => ItemJson::Type { name },
            Item::Other { what, .. } => ItemJson::Other { name, what },
        }
    }
}

fn functions(interface: &Interface) -> Vec<FunctionJson<'_>> {
    let describe = |function: &'_ Function| interface.signature(function);
    interface
        .functions
        .iter()
        .map(|function| FunctionJson {
            name: function.spoken_name(),
            wit: describe(function),
        })
        .collect()
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ShapeJson<'a> {
    /// Bytes of the file.
    size: usize,
    /// `command`, `http-server`, `library` or `empty`.
    kind: &'a str,
    /// The version of WASI that the kind belongs to.
    wasi: Option<&'a str>,
    /// Why it needs an engine with concurrency support; empty if it does not.
    concurrency: &'a [String],
    imports: Vec<ItemJson<'a>>,
    exports: Vec<ItemJson<'a>>,
    languages: Vec<&'a str>,
    tools: Vec<&'a str>,
    debug_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum ItemJson<'a> {
    Interface {
        name: &'a str,
        functions: Vec<FunctionJson<'a>>,
    },
    Function {
        name: &'a str,
        wit: String,
    },
    Type {
        name: &'a str,
    },
    Other {
        name: &'a str,
        what: &'a str,
    },
}

#[derive(Serialize)]
struct FunctionJson<'a> {
    name: &'a str,
    wit: String,
}
