//! What a file is, and what a component wants and gives.
//!
//! [`Shape::decode`] turns the bytes of a file into the description of a component: its imports and exports
//! in terms of WIT, whether it needs an engine with concurrency support, and what it is for. A file that is
//! no component gives a [`ShapeError`] that says what it is instead. [`grants_needed`] reads from a shape
//! what the component could need to be granted; `link_report` explains imports that nothing satisfies.
//!
//! Nothing here runs or compiles a component, and no file is opened. The bytes are not trusted: everything
//! is validated first, the validator bounds how deep types nest, and the limits below bound the rest.

mod decode;
mod error;
mod json;
mod model;
mod needs;
mod print;
mod read;
mod resolve;
mod text;
mod work;

use std::collections::BTreeSet;
use std::sync::Arc;

use loop_core::name::InterfaceName;

pub use crate::shape::error::{LooksLike, MESSAGE_BYTES_MAX, ModuleFlavour, ShapeError};
pub use crate::shape::model::{Function, FunctionKind, Interface, Item, NamedType};
pub use crate::shape::needs::{FUNCTIONS_MAX, Need, NeedKind, grants_needed};
pub use crate::shape::text::{WitError, WitPackage, interfaces_of, interfaces_of_wit};

pub(crate) use crate::shape::model::{Definitions, Type, TypeId, TypeKind};
pub(crate) use crate::shape::print::declaration;
pub(crate) use crate::shape::resolve::resolve;

/// The largest file that is looked at, in bytes. The largest components known, with a Python interpreter
/// and scientific libraries inside, have about 100 MiB.
pub const COMPONENT_BYTES_MAX: u64 = 256 << 20;

/// How much a component's description may hold: each function, parameter, type and field counts as one,
/// and so does each byte of its name. All of WASI together is below 50,000; a few bytes of a hostile file can
/// stand for a million.
pub const DESCRIPTION_UNITS_MAX: usize = 4_000_000;

/// How many parts of types the validator may look at, counted once for each use of a type. The largest
/// components known need some 100,000; the validator does the most that is allowed in about a tenth of a second.
pub const VALIDATION_PARTS_MAX: u64 = 10_000_000;

/// The longest WIT text that is written, in bytes. All of WASI has about 200,000.
pub const WIT_BYTES_MAX: usize = 2 << 20;

/// The most reasons that are listed for one fact: nobody reads more.
pub const REASONS_MAX: usize = 8;

/// How much of a file is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Everything, the code of functions included.
    Everything,
    /// Everything but the code of functions, which takes most of the time. For callers that compile the
    /// component next, since compiling checks the code again.
    AllButCode,
}

/// A component, described.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The size of the file in bytes.
    pub size: usize,
    /// What it imports, in its order.
    pub imports: Vec<Item>,
    /// What it exports, in its order.
    pub exports: Vec<Item>,
    /// Whether it needs an engine with concurrency support, and why.
    pub concurrency: Concurrency,
    /// The programming languages it was written in, with their versions, if it says so.
    pub languages: BTreeSet<String>,
    /// The tools that made it, with their versions, if it says so.
    pub tools: BTreeSet<String>,
    /// The name in its name section.
    pub debug_name: Option<String>,
    wit: Arc<Definitions>,
}

/// Which engine a component needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// The quick one without concurrency support will do.
    NotNeeded,
    /// It needs concurrency support.
    Needed {
        /// What needs it, in words; at most [`REASONS_MAX`], and at least one.
        because: Vec<String>,
    },
}

/// The version of WASI that an export belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wasi {
    /// WASI 0.2.
    P2,
    /// WASI 0.3.
    P3,
}

/// What a component is for, by what it exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It exports `wasi:cli/run`.
    Command(Wasi),
    /// It exports `wasi:http/incoming-handler` (0.2) or `wasi:http/handler` (0.3), and no command.
    HttpServer(Wasi),
    /// It exports `loop:netx/websocket-handler`, and neither a command nor an HTTP handler.
    WebSocketServer,
    /// It exports something else.
    Library,
    /// It exports nothing.
    Empty,
}

impl Shape {
    /// Reads a component, and checks all of it.
    ///
    /// # Errors
    /// When the file is not a component, not valid, cut off, or beyond a limit: see [`ShapeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ShapeError> {
        Self::decode_with(bytes, Check::Everything)
    }

    /// Reads a component, and checks as much of it as `check` says.
    ///
    /// # Errors
    /// As for [`Self::decode`].
    pub fn decode_with(bytes: &[u8], check: Check) -> Result<Self, ShapeError> {
        if bytes.len() as u64 > COMPONENT_BYTES_MAX {
            return Err(ShapeError::TooLarge { size: bytes.len() });
        }
        let raw = read::read(bytes, check)?;
        let decoded = decode::decode(&raw)?;
        let concurrency = if raw.concurrency {
            let items = [&*decoded.imports, &*decoded.exports];
            let mut because: Vec<String> = items
                .into_iter()
                .flat_map(|items| decode::concurrency_reasons(items, &decoded.wit))
                .collect();
            because.truncate(REASONS_MAX);
            if because.is_empty() {
                because.push("its code uses built-in functions of concurrency".to_owned());
            }
            Concurrency::Needed { because }
        } else {
            Concurrency::NotNeeded
        };
        Ok(Self {
            size: bytes.len(),
            imports: decoded.imports,
            exports: decoded.exports,
            concurrency,
            languages: raw.languages,
            tools: raw.tools,
            debug_name: raw.debug_name,
            wit: decoded.wit,
        })
    }

    /// Whether only an engine with concurrency support can run it.
    pub fn needs_concurrency(&self) -> bool {
        self.concurrency != Concurrency::NotNeeded
    }

    /// What it is for. A command that is a server too counts as a command; [`Self::http_server`] tells.
    pub fn kind(&self) -> Kind {
        match (self.command(), self.http_server()) {
            (Some(wasi), _) => Kind::Command(wasi),
            (None, Some(wasi)) => Kind::HttpServer(wasi),
            (None, None) if self.websocket_server() => Kind::WebSocketServer,
            (None, None) if self.exports.is_empty() => Kind::Empty,
            (None, None) => Kind::Library,
        }
    }

    /// The version of WASI whose `wasi:cli/run` it exports.
    pub fn command(&self) -> Option<Wasi> {
        self.exported_wasi("cli", "run")
    }

    /// The version of WASI whose HTTP handler it exports.
    pub fn http_server(&self) -> Option<Wasi> {
        // The two versions have different names for it.
        let p2 = self.exported_wasi("http", "incoming-handler");
        p2.or_else(|| {
            self.exported_wasi("http", "handler")
                .filter(|wasi| *wasi == Wasi::P3)
        })
    }

    /// Whether it exports what a WebSocket server exports.
    pub fn websocket_server(&self) -> bool {
        self.exported_interfaces()
            .filter_map(|interface| interface.id.as_ref())
            .any(|id| {
                (&*id.namespace, &*id.package, &*id.interface)
                    == ("loop", "netx", "websocket-handler")
            })
    }

    /// The world as WIT text, as `wasm-tools component wit` prints it, at most [`WIT_BYTES_MAX`] bytes.
    pub fn wit(&self) -> String {
        print::world(&self.imports, &self.exports, &self.wit)
    }

    /// One function of the world itself on one line, as WIT text.
    pub fn signature(&self, function: &Function) -> String {
        print::signature(function, &self.wit)
    }

    /// The interfaces that it imports.
    pub fn imported_interfaces(&self) -> impl Iterator<Item = &Interface> {
        self.imports.iter().filter_map(Item::as_interface)
    }

    /// The interfaces that it exports.
    pub fn exported_interfaces(&self) -> impl Iterator<Item = &Interface> {
        self.exports.iter().filter_map(Item::as_interface)
    }

    fn exported_wasi(&self, package: &str, interface: &str) -> Option<Wasi> {
        let is_it = |id: &&InterfaceName| {
            id.namespace == "wasi" && id.package == package && id.interface == interface
        };
        let ids = self
            .exported_interfaces()
            .filter_map(|interface| interface.id.as_ref());
        ids.filter(is_it).find_map(|id| {
            let version = id.version.as_ref()?;
            match (version.major, version.minor) {
                (0, 2) => Some(Wasi::P2),
                (0, 3) => Some(Wasi::P3),
                _ => None,
            }
        })
    }
}

impl Interface {
    /// The interface as WIT text, in a package of its own.
    pub fn wit(&self) -> String {
        print::interface(self)
    }

    /// One of its functions on one line: `get: func(key: string) -> option<string>`.
    pub fn signature(&self, function: &Function) -> String {
        print::signature(function, &self.wit)
    }
}
