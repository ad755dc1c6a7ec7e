//! What belongs to one instance: the data of its store.

use std::any::TypeId;
use std::fmt;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::{WasiConfig, WasiConfigVariables};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::chain::Current;
use crate::core::{CoreCtxView, CoreView};
use crate::limits::Limiter;
use crate::provider::{Provider, Slot};
use crate::route::handles::Lent;
use crate::route::pipe::Held;
use crate::stdio::Spent;
use crate::wasi::{Folders, HttpHooks, Lookup, LookupCtxView, LookupView};

/// The data of one instance's store.
///
/// A provider's functions reach their own part of it through [`State::of`].
pub struct State {
    pub(crate) wasi: WasiCtx,
    pub(crate) http: WasiHttpCtx,
    /// With the instance's part of `loop:core`.
    pub(crate) hooks: HttpHooks,
    pub(crate) lookup: Lookup,
    pub(crate) folders: Folders,
    pub(crate) config: WasiConfigVariables,
    pub(crate) table: ResourceTable,
    pub(crate) limiter: Limiter,
    pub(crate) spent: Spent,
    /// Its resources to which other components and processes have handles.
    pub(crate) lent: Lent,
    /// The ends of streams that it holds, whose other ends are elsewhere.
    pub(crate) streams: Held,
    pub(crate) slots: Vec<Slot>,
    /// The call that the instance is serving now.
    pub(crate) call: Current,
}

impl State {
    /// The state of this instance that the provider `P` made.
    ///
    /// # Panics
    /// If the instance does not use the provider. That does not happen in functions which the provider
    /// linked itself, since they are linked into instances that use it and no others.
    #[expect(
        clippy::expect_used,
        reason = "bindgen's getters cannot fail, and the doc tells when this does"
    )]
    pub fn of<P: Provider>(&mut self) -> &mut P::Instance {
        self.slots
            .iter_mut()
            .find(|slot| slot.provider == TypeId::of::<P>())
            .and_then(|slot| slot.state.downcast_mut())
            .expect("a provider is linked only into instances that carry its state")
    }

    /// The table that holds the resources of this instance, providers' own among them.
    pub fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    /// The provider's state and the table at once.
    ///
    /// # Panics
    /// As [`State::of`].
    #[expect(clippy::expect_used, reason = "as for `of`")]
    pub fn of_with_table<P: Provider>(&mut self) -> (&mut P::Instance, &mut ResourceTable) {
        let state = self
            .slots
            .iter_mut()
            .find(|slot| slot.provider == TypeId::of::<P>())
            .and_then(|slot| slot.state.downcast_mut())
            .expect("a provider is linked only into instances that carry its state");
        (state, &mut self.table)
    }

    pub(crate) fn config(&mut self) -> WasiConfig<'_> {
        WasiConfig::new(&self.config)
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}

impl CoreView for State {
    fn core(&mut self) -> CoreCtxView<'_> {
        CoreCtxView {
            ctx: &mut self.hooks.core,
            table: &mut self.table,
        }
    }
}

impl LookupView for State {
    fn lookup(&mut self) -> LookupCtxView<'_> {
        LookupCtxView {
            lookup: &self.lookup,
            table: &mut self.table,
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("limiter", &self.limiter)
            .finish_non_exhaustive()
    }
}
