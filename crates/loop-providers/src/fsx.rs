//! `loop:fsx`: the granted folders of a component.
//!
//! Invariant: every path goes to a `cap_std` folder, which resolves it below itself, as wasmtime-wasi does it. No path is
//! compared as a text to see where it leads.
//!
//! Work on files runs on the threads for blocking work. It ends soon after the call for which it is done: see [`crate::work`].

mod bindings;
mod cached;
mod concurrent;
mod digest;
mod error;
mod file;
pub(crate) mod glob;
pub(crate) mod root;
pub(crate) mod temp;
pub(crate) mod tree;
mod walk;
pub(crate) mod watch;

use std::sync::Arc;

use loop_core::name::InterfaceName;
use loop_host::gate::Gate;
use loop_host::{AppContext, Folder, InstanceContext, Provider, ProviderError, State};
use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::fsx::bindings::loop_::fsx::{files, files_async};
use crate::fsx::walk::Entries;

/// Serves `loop:fsx` from the folders that a component was granted.
///
/// It needs a tokio runtime with I/O and time. A component without grants of folders sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fsx;

impl Provider for Fsx {
    type App = ();
    type Instance = Granted;

    fn name(&self) -> &'static str {
        "fsx"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        let names = ["loop:fsx/files@0.1.0", "loop:fsx/files-async@0.1.0"];
        names.iter().filter_map(|name| name.parse().ok()).collect()
    }

    fn wit(&self) -> Option<&str> {
        Some(concat!(
            include_str!("../../../wit/fsx/fsx.wit"),
            include_str!("../../../wit/fsx/files.wit"),
            include_str!("../../../wit/fsx/files-async.wit")
        ))
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        files::add_to_linker::<State, Files>(linker, view)
    }

    fn link_concurrent(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        files_async::add_to_linker::<State, Files>(linker, view)
    }

    fn app(&self, _: &AppContext<'_>) -> Result<(), ProviderError> {
        Ok(())
    }

    fn instance(
        &self,
        _: &Arc<()>,
        context: &InstanceContext<'_>,
    ) -> Result<Granted, ProviderError> {
        Ok(Granted {
            gate: context.gate.clone(),
            folders: context.folders.to_vec(),
            told: vec![false; context.folders.len()],
            temps: Arc::default(),
            searches: Arc::default(),
            watches: Arc::default(),
            operations: Arc::default(),
            reads: Arc::default(),
            entries: Entries::default(),
        })
    }
}

/// What an instance has: the folders that its component was granted.
#[derive(Debug)]
pub struct Granted {
    gate: Gate,
    folders: Vec<Folder>,
    /// Of each folder, whether the observer knows that it is used.
    told: Vec<bool>,
    /// Each temporary file has a clone of it: there are as many as there are clones.
    temps: Arc<()>,
    /// The same for searches.
    searches: Arc<()>,
    /// The same for watches.
    watches: Arc<()>,
    /// The same for operations on trees.
    operations: Arc<()>,
    /// The same for files that are read as streams.
    reads: Arc<()>,
    /// What its walks have in memory.
    entries: Entries,
}

/// What the functions work on.
pub(crate) struct FilesView<'a> {
    granted: &'a mut Granted,
    table: &'a mut ResourceTable,
}

fn view(state: &mut State) -> FilesView<'_> {
    let (granted, table) = state.of_with_table::<Fsx>();
    FilesView { granted, table }
}

/// Ties the generated functions to [`FilesView`].
struct Files;

impl HasData for Files {
    type Data<'a> = FilesView<'a>;
}

impl files::Host for FilesView<'_> {}
