//! `loop:process`: programs of the machine, for components that are trusted to start them.
//!
//! Invariant: nothing is started that the gate did not allow, and what was started is in a group of its own, which is killed with
//! its program, its handle and its instance ([`group`]) and with the host ([`keeper`]).
//!
//! Nothing is read ahead, save for two pieces of a stream: what a program writes stays in its pipes until the component asks for it. No thread waits for a program
//! either: the runtime watches its descriptors.

mod bindings;
pub(crate) mod child;
mod command;
mod concurrent;
mod error;
mod exec;
mod group;
mod keeper;
mod output;
mod strays;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loop_core::name::InterfaceName;
use loop_host::gate::Gate;
use loop_host::{AppContext, Folder, InstanceContext, Provider, ProviderError, State};
use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::process::bindings::loop_::process::{children, children_async};
use crate::process::keeper::Keeper;

/// Serves `loop:process`: starts the programs that a component was granted.
///
/// It needs a tokio runtime and `/bin/sh`, which waits beside the host, from the first program on, to end what the host leaves
/// behind when it is killed. A clone is the same provider.
#[derive(Clone, Debug, Default)]
pub struct Process {
    keeper: Arc<Keeper>,
}

impl Provider for Process {
    type App = ();
    type Instance = Granted;

    fn name(&self) -> &'static str {
        "process"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        let names = [
            "loop:process/children@0.1.0",
            "loop:process/children-async@0.1.0",
        ];
        names.iter().filter_map(|name| name.parse().ok()).collect()
    }

    fn wit(&self) -> Option<&str> {
        Some(concat!(
            include_str!("../../../wit/process/process.wit"),
            include_str!("../../../wit/process/children.wit"),
            include_str!("../../../wit/process/children-async.wit")
        ))
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        children::add_to_linker::<State, Children>(linker, view)
    }

    fn link_concurrent(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        children_async::add_to_linker::<State, Children>(linker, view)
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
            variables: context.variables.to_vec(),
            programs: context.programs.clone(),
            keeper: Arc::clone(&self.keeper),
            children: Arc::default(),
        })
    }
}

/// What an instance has: what its component may start, and with what.
#[derive(Debug)]
pub struct Granted {
    gate: Gate,
    folders: Vec<Folder>,
    /// The host's variables that it may read, with their values.
    variables: Vec<(String, String)>,
    /// Where programs are that are granted by name.
    programs: BTreeMap<String, PathBuf>,
    keeper: Arc<Keeper>,
    /// Each child has a clone of it: there are as many as there are clones.
    children: Arc<()>,
}

/// What the functions work on.
pub(crate) struct ChildrenView<'a> {
    granted: &'a mut Granted,
    table: &'a mut ResourceTable,
}

fn view(state: &mut State) -> ChildrenView<'_> {
    let (granted, table) = state.of_with_table::<Process>();
    ChildrenView { granted, table }
}

/// Ties the generated functions to [`ChildrenView`].
struct Children;

impl HasData for Children {
    type Data<'a> = ChildrenView<'a>;
}

/// What is shared, also after a panic: all that is kept under a lock here is right at each step.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
