//! `wasi:sockets/ip-name-lookup` of WASI 0.2: an answer is a handle that is asked for one address after
//! the other.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::vec::IntoIter;

use async_trait::async_trait;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup as bindings;
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddress, Network};
use wasmtime_wasi::p2::{DynPollable, Pollable, SocketError, subscribe};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, poll_noop, spawn};

use crate::wasi::lookup::{HasLookup, LookupCtxView, LookupError, LookupView};

/// Serves the interface to whatever imports it. Where wasmtime-wasi's is linked already, the linker has to allow
/// shadowing, and this one takes its place.
///
/// # Errors
/// The linker has functions of those names and does not allow shadowing.
pub(crate) fn add_to_linker_p2<T: LookupView + 'static>(
    linker: &mut Linker<T>,
) -> wasmtime::Result<()> {
    bindings::add_to_linker::<T, HasLookup>(linker, T::lookup)
}

/// An answer that may still be on its way.
enum Answer {
    Coming(AbortOnDropJoinHandle<Result<Vec<IpAddr>, LookupError>>),
    Here(Result<IntoIter<IpAddr>, LookupError>),
}

/// The handle's type in the bindings has no public constructor. It is but a name for the component's side:
/// what lies in the table under the handle's number is an [`Answer`].
type Handle = Resource<bindings::ResolveAddressStream>;

fn borrowed(handle: &Handle) -> Resource<Answer> {
    Resource::new_borrow(handle.rep())
}

impl bindings::Host for LookupCtxView<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> Result<Handle, SocketError> {
        self.table.get(&network)?;
        let host = self.lookup.ask(&name).map_err(code)?;
        let lookup = self.lookup.clone();
        let answer = Answer::Coming(spawn(async move { lookup.answer(host).await }));
        let handle = self.table.push(answer)?;
        Ok(Resource::new_own(handle.rep()))
    }
}

impl bindings::HostResolveAddressStream for LookupCtxView<'_> {
    fn resolve_next_address(&mut self, handle: Handle) -> Result<Option<IpAddress>, SocketError> {
        let answer = self.table.get_mut(&borrowed(&handle))?;
        if let Answer::Coming(task) = answer {
            let Some(found) = poll_noop(Pin::new(task)) else {
                return Err(ErrorCode::WouldBlock.into());
            };
            *answer = Answer::arrived(found);
        }
        match answer {
            Answer::Here(Ok(addresses)) => Ok(addresses.next().map(IpAddress::from)),
            Answer::Here(Err(error)) => Err(code(*error).into()),
            Answer::Coming(_) => Err(ErrorCode::WouldBlock.into()),
        }
    }

    fn subscribe(&mut self, handle: Handle) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, borrowed(&handle))
    }

    fn drop(&mut self, handle: Handle) -> wasmtime::Result<()> {
        self.table
            .delete(Resource::<Answer>::new_own(handle.rep()))?;
        Ok(())
    }
}

/// The interface takes its errors from this one, so the bindings want it served by the same type. It is not
/// linked from here.
impl network::Host for LookupCtxView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        let error = self.table.get(&error)?;
        Ok(error.downcast_ref::<io::Error>().map(ErrorCode::from))
    }
}

impl network::HostNetwork for LookupCtxView<'_> {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}

impl Answer {
    fn arrived(found: Result<Vec<IpAddr>, LookupError>) -> Self {
        Self::Here(found.map(Vec::into_iter))
    }
}

#[async_trait]
impl Pollable for Answer {
    async fn ready(&mut self) {
        if let Self::Coming(task) = self {
            let found = task.await;
            *self = Self::arrived(found);
        }
    }
}

/// The component's own kind of error.
fn code(error: LookupError) -> ErrorCode {
    match error {
        LookupError::Denied => ErrorCode::AccessDenied,
        LookupError::Invalid => ErrorCode::InvalidArgument,
        LookupError::NotFound => ErrorCode::NameUnresolvable,
        LookupError::TimedOut => ErrorCode::TemporaryResolverFailure,
    }
}
