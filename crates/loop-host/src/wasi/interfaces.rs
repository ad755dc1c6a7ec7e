//! Which functions a component is linked to: those of the packages that it imports, and no others.
//!
//! To link all that the host knows takes longer than to run a small component.

use std::collections::BTreeSet;

use loop_core::name::InterfaceName;
use wasmtime::Engine;
use wasmtime::component::Linker;
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView as _};
use wasmtime_wasi::{WasiView as _, p2, p3};

use crate::state::State;
use crate::wasi::{folders, lookup};

/// A linker with what the host serves of these imports. A provider that an app names may stand in front of it.
///
/// # Errors
/// The engine does not support what one of them needs.
pub(crate) fn linker<'a>(
    engine: &Engine,
    imports: impl Iterator<Item = &'a str>,
) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    // Our own functions stand in front of some of wasmtime-wasi's.
    linker.allow_shadowing(true);
    let packages: BTreeSet<Package> = imports
        .filter_map(|name| Package::of(&name.parse().ok()?))
        .collect();
    for package in packages {
        package.link(&mut linker)?;
    }
    Ok(linker)
}

/// Whether an interface is one of WASI 0.3, which is served on engines with support for concurrency alone.
pub(crate) fn is_p3(interface: &InterfaceName) -> bool {
    interface.namespace == "wasi" && track(interface) == Some((0, 3))
}

/// Major and minor version: below 1.0 the minor one says what fits together.
fn track(interface: &InterfaceName) -> Option<(u64, u64)> {
    let version = interface.version.as_ref()?;
    Some((version.major, version.minor))
}

/// A package of interfaces that the host serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Package {
    Core,
    Config,
    /// `wasi:io` and `wasi:clocks`, and what else wasmtime-wasi adds with them.
    IoP2,
    CliP2,
    FilesystemP2,
    RandomP2,
    SocketsP2,
    HttpP2,
    CliP3,
    ClocksP3,
    FilesystemP3,
    RandomP3,
    SocketsP3,
    HttpP3,
}

impl Package {
    /// The package of an import, if it is one of the host's.
    fn of(import: &InterfaceName) -> Option<Self> {
        let name = (&*import.namespace, &*import.package);
        Some(match (name, track(import)?) {
            (("loop", "core"), _) => Self::Core,
            (("wasi", "config"), _) => Self::Config,
            (("wasi", "io" | "clocks"), (0, 2)) => Self::IoP2,
            (("wasi", "cli"), (0, 2)) => Self::CliP2,
            (("wasi", "filesystem"), (0, 2)) => Self::FilesystemP2,
            (("wasi", "random"), (0, 2)) => Self::RandomP2,
            (("wasi", "sockets"), (0, 2)) => Self::SocketsP2,
            (("wasi", "http"), (0, 2)) => Self::HttpP2,
            (("wasi", "cli"), (0, 3)) => Self::CliP3,
            (("wasi", "clocks"), (0, 3)) => Self::ClocksP3,
            (("wasi", "filesystem"), (0, 3)) => Self::FilesystemP3,
            (("wasi", "random"), (0, 3)) => Self::RandomP3,
            (("wasi", "sockets"), (0, 3)) => Self::SocketsP3,
            (("wasi", "http"), (0, 3)) => Self::HttpP3,
            _ => return None,
        })
    }

    fn link(self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        match self {
            Self::Core => crate::core::add_to_linker(linker),
            Self::Config => wasmtime_wasi_config::add_to_linker(linker, State::config),
            Self::IoP2 => p2::add_to_linker_proxy_interfaces_async(linker),
            Self::CliP2 => cli_p2(linker),
            Self::FilesystemP2 => {
                use p2::bindings::filesystem::{preopens, types};

                types::add_to_linker::<_, WasiFilesystem>(linker, State::filesystem)?;
                preopens::add_to_linker::<_, WasiFilesystem>(linker, State::filesystem)?;
                folders::add_to_linker_p2(linker)
            }
            Self::RandomP2 => {
                use p2::bindings::random::{insecure, insecure_seed, random};

                fn view(state: &mut State) -> &mut wasmtime_wasi::random::WasiRandomCtx {
                    state.ctx().ctx.random()
                }
                random::add_to_linker::<_, WasiRandom>(linker, view)?;
                insecure::add_to_linker::<_, WasiRandom>(linker, view)?;
                insecure_seed::add_to_linker::<_, WasiRandom>(linker, view)
            }
            Self::SocketsP2 => sockets_p2(linker),
            Self::HttpP2 => wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker),
            Self::CliP3 => p3::cli::add_to_linker(linker),
            Self::ClocksP3 => p3::clocks::add_to_linker(linker),
            Self::FilesystemP3 => {
                p3::filesystem::add_to_linker(linker)?;
                folders::add_to_linker_p3(linker)
            }
            Self::RandomP3 => p3::random::add_to_linker(linker),
            Self::SocketsP3 => {
                p3::sockets::add_to_linker(linker)?;
                lookup::add_to_linker_p3(linker)
            }
            Self::HttpP3 => wasmtime_wasi_http::p3::add_to_linker(linker),
        }
    }
}

fn cli_p2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    use p2::bindings::cli;

    cli::environment::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, State::cli)
}

fn sockets_p2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    use p2::bindings::sockets;

    let options = sockets::network::LinkOptions::default();
    sockets::network::add_to_linker::<_, WasiSockets>(linker, &options, State::sockets)?;
    sockets::instance_network::add_to_linker::<_, WasiSockets>(linker, State::sockets)?;
    sockets::tcp::add_to_linker::<_, WasiSockets>(linker, State::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<_, WasiSockets>(linker, State::sockets)?;
    sockets::udp::add_to_linker::<_, WasiSockets>(linker, State::sockets)?;
    sockets::udp_create_socket::add_to_linker::<_, WasiSockets>(linker, State::sockets)?;
    lookup::add_to_linker_p2(linker)
}
