//! What a component could need to be granted, by what it imports.
//!
//! An import is no proof of use: Rust's standard library imports `wasi:filesystem` and
//! `wasi:cli/environment` into every program. So each [`Need`] says *could*, and lists the functions that
//! are imported; linkers leave out those that no code calls.

use std::collections::BTreeMap;

use loop_core::name::InterfaceName;
use semver::Version;

use crate::shape::{Interface, Shape};

/// The most functions that a [`Need`] lists.
pub const FUNCTIONS_MAX: usize = 64;

/// What one imported interface could need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The interface, as it is imported.
    pub interface: String,
    /// Which grant.
    pub kind: NeedKind,
    /// Why, in one sentence.
    pub why: &'static str,
    /// A line for `grants = { … }` that would grant it, with values to replace. None where no grant is needed.
    pub example: Option<&'static str>,
    /// The functions that are imported of it, at most [`FUNCTIONS_MAX`]: `descriptor.open-at`.
    pub functions: Vec<String>,
}

/// Which grant an interface could need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedKind {
    /// `fs`.
    Fs,
    /// `net.connect`.
    NetConnect,
    /// `net.listen`.
    NetListen,
    /// `net.lookup`.
    NetLookup,
    /// `net.http`.
    NetHttp,
    /// `env`.
    Env,
    /// `process`, and `trusted = true`.
    Process,
    /// No grant, but a provider: it is not an interface of the host.
    Provider,
    /// Nothing.
    None,
}

impl NeedKind {
    /// The key under `grants`, or what there is instead.
    pub fn key(self) -> &'static str {
        match self {
            Self::Fs => "fs",
            Self::NetConnect => "net.connect",
            Self::NetListen => "net.listen",
            Self::NetLookup => "net.lookup",
            Self::NetHttp => "net.http",
            Self::Env => "env",
            Self::Process => "process",
            Self::Provider => "provider",
            Self::None => "none",
        }
    }
}

/// The least that the imports of a component could need, in the order of the imports. An interface that
/// could need several grants comes once for each.
pub fn grants_needed(shape: &Shape) -> Vec<Need> {
    let folders = Folders::by_version(shape);
    let needs = shape
        .imported_interfaces()
        .flat_map(|interface| needs_of(interface, &folders));
    needs.collect()
}

fn needs_of(interface: &Interface, folders: &FoldersByVersion<'_>) -> Vec<Need> {
    let Some(id) = &interface.id else {
        return vec![need(
            interface,
            NeedKind::Provider,
            "it is not an interface of the host",
        )];
    };
    let path = (
        id.namespace.as_str(),
        id.package.as_str(),
        id.interface.as_str(),
    );
    match path {
        ("wasi", "sockets", "tcp" | "udp" | "types") => sockets(interface),
        ("wasi", "filesystem", _) => {
            let folders = folders.get(&id.version.as_ref()).copied();
            vec![files(interface, folders.unwrap_or(Folders::Nothing))]
        }
        ("wasi", _, _) => vec![wasi(interface, id)],
        ("loop", "core", _) => vec![need(
            interface,
            NeedKind::None,
            "it reaches nothing that belongs to the user",
        )],
        ("loop", "fsx", _) => vec![fsx(interface)],
        ("loop", "netx", "dns") => vec![lookup(interface)],
        ("loop", "netx", "grpc") => vec![need(
            interface,
            NeedKind::NetHttp,
            "it calls services of gRPC",
        )],
        ("loop", "netx", _) => vec![netx(interface)],
        ("loop", "process", _) => {
            vec![need(
                interface,
                NeedKind::Process,
                "it starts programs, which only a trusted component may",
            )]
        }
        _ => vec![need(
            interface,
            NeedKind::Provider,
            "it is served by another component or by a provider, not by a grant",
        )],
    }
}

fn need(interface: &Interface, kind: NeedKind, why: &'static str) -> Need {
    Need {
        interface: interface.name.clone(),
        kind,
        why,
        example: example(kind),
        functions: interface
            .functions
            .iter()
            .take(FUNCTIONS_MAX)
            .map(|function| function.spoken_name().to_owned())
            .collect(),
    }
}

fn example(kind: NeedKind) -> Option<&'static str> {
    match kind {
        NeedKind::Fs => Some(r#"fs = [{ name = "data", path = "./data" }]"#),
        NeedKind::NetConnect => Some(r#"net.connect = ["db.example.com:5432"]"#),
        NeedKind::NetListen => Some(r#"net.listen = ["127.0.0.1:8080"]"#),
        NeedKind::NetLookup => Some(r#"net.lookup = ["db.example.com"]"#),
        NeedKind::NetHttp => Some(r#"net.http = ["https://api.example.com"]"#),
        NeedKind::Env => Some(r#"env = ["LANG"]"#),
        NeedKind::Process => Some(r#"process = ["git"]"#),
        NeedKind::Provider | NeedKind::None => None,
    }
}

/// The functions of `wasi:filesystem/types` that change what is in a folder.
const CHANGES: [&str; 7] = [
    "set-times-at",
    "create-directory-at",
    "remove-directory-at",
    "rename-at",
    "unlink-file-at",
    "link-at",
    "symlink-at",
];

/// What a component could do in folders that are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Folders {
    /// Nothing: it imports no function that gets from a folder to what is in it. Rust's standard library
    /// asks for the folders in every program.
    Nothing,
    /// Open files. Whether it writes to them does not show: standard libraries import both.
    Open,
    /// Also make, change and remove what is in them.
    Change,
}

/// What a component does with the folders of each version of `wasi:filesystem` that it imports.
type FoldersByVersion<'a> = BTreeMap<Option<&'a Version>, Folders>;

impl Folders {
    fn by_version(shape: &Shape) -> FoldersByVersion<'_> {
        let mut found = BTreeMap::new();
        for interface in shape.imported_interfaces() {
            let Some(id) = &interface.id else { continue };
            if id.namespace != "wasi" || id.package != "filesystem" {
                continue;
            }
            for function in &interface.functions {
                let found = found.entry(id.version.as_ref()).or_insert(Self::Nothing);
                *found = Self::by_function(function.own_name()).max(*found);
            }
        }
        found
    }

    fn by_function(name: &str) -> Self {
        if CHANGES.contains(&name) {
            Self::Change
        } else if name.ends_with("-at") || name == "read-directory" {
            Self::Open
        } else {
            Self::Nothing
        }
    }
}

fn files(interface: &Interface, folders: Folders) -> Need {
    match folders {
        Folders::Nothing => need(
            interface,
            NeedKind::None,
            "it imports no function that opens a file",
        ),
        Folders::Open => need(
            interface,
            NeedKind::Fs,
            "it opens files in granted folders, and could write to them",
        ),
        Folders::Change => Need {
            example: Some(r#"fs = [{ name = "data", path = "./data", access = "read-write" }]"#),
            ..need(
                interface,
                NeedKind::Fs,
                "it reads and changes files in granted folders",
            )
        },
    }
}

/// The functions of `loop:fsx` that begin every change of what is in a folder.
const FSX_CHANGES: [&str; 3] = ["write", "create-folder", "create-temp"];

fn fsx(interface: &Interface) -> Need {
    let changes = |name: &str| FSX_CHANGES.contains(&name);
    if interface
        .functions
        .iter()
        .any(|function| changes(function.own_name()))
    {
        files(interface, Folders::Change)
    } else {
        need(interface, NeedKind::Fs, "it reads files in granted folders")
    }
}

fn lookup(interface: &Interface) -> Need {
    need(
        interface,
        NeedKind::NetLookup,
        "it resolves names; those under net.connect and net.http are granted with it",
    )
}

fn netx(interface: &Interface) -> Need {
    let mut functions = interface.functions.iter();
    if functions.any(|function| function.own_name() == "connect") {
        Need {
            example: Some(r#"net.http = ["wss://api.example.com/feed"]"#),
            ..need(interface, NeedKind::NetHttp, "it connects to WebSockets")
        }
    } else {
        need(
            interface,
            NeedKind::None,
            "it connects nowhere by itself, and uses the connections of those who connect to it",
        )
    }
}

fn wasi(interface: &Interface, id: &InterfaceName) -> Need {
    let imports = |name: &str| {
        interface
            .functions
            .iter()
            .any(|function| function.own_name() == name)
    };
    match (id.package.as_str(), id.interface.as_str()) {
        ("cli", "environment") if imports("get-environment") => need(
            interface,
            NeedKind::Env,
            "it reads environment variables, of which it sees those that are granted",
        ),
        ("sockets", "ip-name-lookup") => lookup(interface),
        ("http", "outgoing-handler" | "client") => {
            need(interface, NeedKind::NetHttp, "it sends requests over HTTP")
        }
        // In 0.3 the interface that a server exports is also what a middleware imports.
        ("http", "handler") => need(
            interface,
            NeedKind::Provider,
            "it passes requests on to another component, which serves them",
        ),
        ("config", _) => need(
            interface,
            NeedKind::None,
            "it reads the `config` of its entry in loop.toml",
        ),
        ("blobstore", _) => need(
            interface,
            NeedKind::Provider,
            "who serves it is named under `provide`, and granted the folder that it needs",
        ),
        ("keyvalue", _) => need(
            interface,
            NeedKind::Provider,
            "who serves it is named under `provide`, and granted the folder or the address that it needs",
        ),
        ("cli", "stdin" | "stdout" | "stderr") => need(
            interface,
            NeedKind::None,
            "the standard streams are open to every command",
        ),
        ("cli" | "clocks" | "random" | "io" | "http" | "sockets", _) => need(
            interface,
            NeedKind::None,
            "it reaches nothing that belongs to the user",
        ),
        _ => need(
            interface,
            NeedKind::Provider,
            "it is served by another component or by a provider, not by a grant",
        ),
    }
}

/// Functions of sockets that reach out: 0.2 begins and finishes, 0.3 does it at once.
const CONNECTS: [&str; 5] = ["start-connect", "connect", "stream", "send", "send-to"];

/// Functions of sockets that wait for others to reach in.
const LISTENS: [&str; 4] = ["start-bind", "bind", "start-listen", "listen"];

fn sockets(interface: &Interface) -> Vec<Need> {
    let imports = |name: &str| {
        interface
            .functions
            .iter()
            .any(|function| function.own_name() == name)
    };
    let mut needs = Vec::new();
    if CONNECTS.into_iter().any(imports) {
        needs.push(need(
            interface,
            NeedKind::NetConnect,
            "it connects to addresses",
        ));
    }
    if LISTENS.into_iter().any(imports) {
        needs.push(need(
            interface,
            NeedKind::NetListen,
            "it listens on addresses",
        ));
    }
    if needs.is_empty() {
        needs.push(need(
            interface,
            NeedKind::None,
            "it opens no connection by itself",
        ));
    }
    needs
}
