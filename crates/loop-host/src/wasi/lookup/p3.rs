//! `wasi:sockets/ip-name-lookup` of WASI 0.3: one asynchronous function.

use wasmtime::component::{Accessor, Linker};
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup as bindings;
use wasmtime_wasi::p3::bindings::sockets::types::IpAddress;

use crate::wasi::lookup::{HasLookup, LookupCtxView, LookupError, LookupView};

/// Serves the interface to whatever imports it. Where wasmtime-wasi's is linked already, the linker has to allow
/// shadowing, and this one takes its place.
///
/// # Errors
/// The linker has functions of those names and does not allow shadowing.
pub(crate) fn add_to_linker_p3<T: LookupView + 'static>(
    linker: &mut Linker<T>,
) -> wasmtime::Result<()> {
    bindings::add_to_linker::<T, HasLookup>(linker, T::lookup)
}

impl bindings::Host for LookupCtxView<'_> {}

impl<T> bindings::HostWithStore<T> for HasLookup {
    async fn resolve_addresses(
        store: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<Vec<IpAddress>, bindings::ErrorCode>> {
        let lookup = store.with(|mut view| view.get().lookup.clone());
        Ok(lookup
            .resolve(&name)
            .await
            .map(|found| found.into_iter().map(IpAddress::from).collect())
            .map_err(code))
    }
}

/// The component's own kind of error.
fn code(error: LookupError) -> bindings::ErrorCode {
    match error {
        LookupError::Denied => bindings::ErrorCode::AccessDenied,
        LookupError::Invalid => bindings::ErrorCode::InvalidArgument,
        LookupError::NotFound => bindings::ErrorCode::NameUnresolvable,
        LookupError::TimedOut => bindings::ErrorCode::TemporaryResolverFailure,
    }
}
