//! The native provider of `loop:core`: what it gives a component, and what the host gets of it.
//!
//! [`CoreApp`] is made once for an app: its metrics, its last records, its sinks, its seed. It makes a [`CoreCtx`] for each
//! instance, which stands in the store beside a resource table, and is reached by [`CoreView`], the way that
//! `wasmtime-wasi` does it. [`add_to_linker`] adds the functions. [`CoreCtx::begin`] tells an instance which call it
//! serves now: in which trace, and until when it is wanted.
//!
//! It prints nothing, writes no file and opens no connection. Records go to the crate `tracing`, under the target
//! [`TARGET`], and to the [`LogSink`]s of the app; what waits, waits on tokio. The functions do what `wit/core` says: read
//! there first.

mod app;
mod bindings;
mod cancel;
mod context;
mod emit;
mod logs;
pub mod metrics;
pub mod otlp;
mod record;
mod serve;
mod span;
mod trace;
mod xoshiro;

use wasmtime::component::{HasData, Linker, ResourceTable};

pub use app::{CoreApp, CoreOptions, Reads};
pub use cancel::{CancelReason, CancelToken};
pub use context::{CallScope, CoreCtx};
pub use emit::TARGET;
pub use logs::{Logs, RECENT_BYTES_MAX, RECENT_MAX};
pub use metrics::Metrics;
pub use record::{
    FIELDS_BYTES_MAX, FIELDS_MAX, KEY_BYTES_MAX, MESSAGE_BYTES_MAX, SPAN_NAME_BYTES_MAX,
    TEXT_BYTES_MAX,
};
pub use record::{Field, Json, Level, LogSink, Record, SpanRecord, Value};
pub use trace::{SpanId, TRACE_STATE_BYTES_MAX, TraceContext, TraceError, TraceId};
pub use xoshiro::Xoshiro;

/// A store's data that carries a [`CoreCtx`].
pub trait CoreView: Send {
    /// Its parts.
    fn core(&mut self) -> CoreCtxView<'_>;
}

/// What the functions of `loop:core` work on.
#[derive(Debug)]
pub struct CoreCtxView<'a> {
    /// What belongs to the instance.
    pub ctx: &'a mut CoreCtx,
    /// The table of the instance's resources.
    pub table: &'a mut ResourceTable,
}

/// Adds all interfaces of `loop:core` to a linker.
///
/// Functions that wait are added as async ones: the engine needs `async` support, and no concurrency support.
///
/// # Errors
/// If the linker has one of them already.
pub fn add_to_linker<T: CoreView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    use bindings::loop_::core;

    core::logging::add_to_linker::<T, Core>(linker, T::core)?;
    core::metrics::add_to_linker::<T, Core>(linker, T::core)?;
    core::tracing::add_to_linker::<T, Core>(linker, T::core)?;
    core::clocks::add_to_linker::<T, Core>(linker, T::core)?;
    core::randomness::add_to_linker::<T, Core>(linker, T::core)?;
    core::cancellation::add_to_linker::<T, Core>(linker, T::core)?;
    core::waiting::add_to_linker::<T, Core>(linker, T::core)
}

/// Ties the generated functions to [`CoreCtxView`].
struct Core;

impl HasData for Core {
    type Data<'a> = CoreCtxView<'a>;
}
