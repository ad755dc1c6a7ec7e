//! From an import to the provider that serves it now.
//!
//! Every import that an app names under `provide` is linked once, to a route, and knows nothing of where the
//! provider runs:
//!
//! - `native`: the provider's own typed functions stand in the linker. The route is known when
//!   the component is linked, so a call costs what a host function costs and not more.
//! - `component`: another component of the app, which has instances, grants and limits of its own.
//! - `remote`: a peer elsewhere, called over the wire.
//!
//! Through a [`Route`], a call is a number and bytes: its function in the caller's plan, and the parameters as
//! `loop-codec` writes them. Bytes come out of a caller ([`caller`]) and go into a component that serves ([`provider`]) through an adapter
//! that was generated into it ([`weave`]), or, where none fits, through dynamic values ([`crate::values`]). Resources stay where they are, and
//! names stand for them ([`handles`]). The bytes of a stream go beside the values, through a [`pipe`] from one instance to the other, or in
//! pieces to a peer ([`chunks`]).
//!
//! `wasi:http` is apart: the host knows its types, and requests go from handler to handler as they are (see
//! [`crate::serve`]).
//!
//! The policy is asked at the provider, so it does not matter to it where that is.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use loop_codec::Plan;
use loop_core::manifest::Placement;
use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem, Type};

use crate::chain::Call;
use crate::error::CallError;
use crate::host::Shared;
use crate::instances::Instances;
use crate::observer::Event;
use crate::route::handles::Holder;
use crate::route::pipe::Reader;
use crate::route::provider::Number;
use crate::route::remote::Remote;

pub(crate) mod caller;
pub(crate) mod chunks;
pub(crate) mod handles;
pub(crate) mod pipe;
pub(crate) mod provider;
pub(crate) mod remote;
mod streams;
pub(crate) mod weave;

/// What a call takes, or gives.
pub(crate) struct Message {
    /// The values.
    pub(crate) values: Bytes,
    /// The bytes of the stream within the values, where there is one.
    pub(crate) stream: Option<Reader>,
}

impl From<Bytes> for Message {
    fn from(values: Bytes) -> Self {
        let stream = None;
        Self { values, stream }
    }
}

/// A call through a route failed. Travels through the caller's guest as the cause of its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct RouteFailed(pub(crate) Box<CallError>);

/// The way to the provider of one interface.
pub(crate) struct Route {
    /// The interface, as the caller imports it.
    pub(crate) interface: String,
    host: Arc<Shared>,
    target: Target,
}

/// Where a route leads.
pub(crate) enum Target {
    /// To another component of the app.
    Component {
        provider: Arc<Instances>,
        /// What it calls the functions of the caller's plan, which has other interfaces too.
        numbers: Vec<Option<Number>>,
    },
    /// To a peer.
    Remote(Remote),
}

impl Target {
    /// To a component that serves the caller's interface under the name `exported`.
    pub(crate) fn component(
        plan: &Plan,
        interface: &str,
        provider: Arc<Instances>,
        exported: &str,
    ) -> Self {
        let served = provider.linked.served.as_ref();
        let numbers = plan.functions().iter().map(|function| {
            let own = plan.interfaces().get(function.interface)?;
            let served = served.filter(|_| own == interface)?;
            served.find(exported, &function.name)
        });
        let numbers = numbers.collect();
        Self::Component { provider, numbers }
    }
}

impl Route {
    pub(crate) fn new(interface: &str, host: &Arc<Shared>, target: Target) -> Self {
        Self {
            interface: interface.to_owned(),
            host: Arc::clone(host),
            target,
        }
    }

    /// Has a resource of the provider's dropped: before the next call, and soon if none comes. Nobody waits for it.
    fn release(&self, resource: &str, handle: Bytes) {
        match &self.target {
            Target::Component { provider, .. } => provider::release(provider, handle),
            Target::Remote(remote) => remote.release(&self.interface, resource, handle),
        }
    }

    /// Has a function called. The result is not checked where it comes from a peer: whoever reads it finds what is wrong.
    async fn call(
        &self,
        caller: &Arc<str>,
        call: &Call,
        function: usize,
        params: Message,
    ) -> Result<Message, CallError> {
        let told = |provider: &str, placement| {
            self.host.observer.event(&Event::Route {
                caller,
                interface: &self.interface,
                provider,
                placement,
            });
        };
        match &self.target {
            Target::Component { provider, numbers } => {
                let linked = &provider.linked;
                told(&linked.name, Placement::Component);
                let number = numbers.get(function).copied().flatten();
                let number = number.ok_or_else(|| CallError::NoExport {
                    component: linked.name.to_string(),
                    wanted: format!("function {function} of `{}`", self.interface),
                    exports: Vec::new(),
                })?;
                let call = call.within(linked.call_limit());
                provider::call(provider, &call, number, params, Holder::Trusted).await
            }
            Target::Remote(remote) => {
                told(&remote.address, Placement::Remote);
                remote.call(&self.host, call, function, params).await
            }
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("interface", &self.interface)
            .finish_non_exhaustive()
    }
}

/// Whether an interface that one component wants is the one that another offers: all functions are there, with the same types.
///
/// Each comes with the engine of the component that it belongs to. Functions with handles are said not to fit: whose resource a
/// handle is of, the engine knows of instances only. Such interfaces are compared by their [shapes](crate::shape).
pub(crate) fn fits(
    wanted_in: &Engine,
    wanted: &ComponentInstance,
    offered_in: &Engine,
    offered: &ComponentInstance,
) -> bool {
    wanted.exports(wanted_in).all(|(name, item)| {
        let ComponentItem::ComponentFunc(wanted) = item.ty else {
            return true;
        };
        let Some(ComponentItem::ComponentFunc(offered)) =
            offered.get_export(offered_in, name).map(|item| item.ty)
        else {
            return false;
        };
        let mut types = wanted.params().map(|(_, ty)| ty).chain(wanted.results());
        // Comparing handles within other types panics in wasmtime 48.
        wanted.async_() == offered.async_()
            && !types.any(|ty| has_handle(&ty))
            && wanted.params().eq(offered.params())
            && wanted.results().eq(offered.results())
    })
}

/// Whether values of a type hold handles of resources.
fn has_handle(ty: &Type) -> bool {
    let some = |ty: Option<Type>| ty.is_some_and(|ty| has_handle(&ty));
    match ty {
        Type::Own(_) | Type::Borrow(_) => true,
        Type::List(list) => has_handle(&list.ty()),
        Type::FixedLengthList(list) => has_handle(&list.ty()),
        Type::Map(map) => has_handle(&map.key()) || has_handle(&map.value()),
        Type::Record(record) => record.fields().any(|field| has_handle(&field.ty)),
        Type::Tuple(tuple) => tuple.types().any(|ty| has_handle(&ty)),
        Type::Variant(variant) => variant.cases().any(|case| some(case.ty)),
        Type::Option(option) => has_handle(&option.ty()),
        Type::Result(result) => some(result.ok()) || some(result.err()),
        Type::Future(future) => some(future.ty()),
        Type::Stream(stream) => some(stream.ty()),
        Type::Bool
        | Type::S8
        | Type::U8
        | Type::S16
        | Type::U16
        | Type::S32
        | Type::U32
        | Type::S64
        | Type::U64
        | Type::Float32
        | Type::Float64
        | Type::Char
        | Type::String
        | Type::Enum(_)
        | Type::Flags(_)
        | Type::ErrorContext => false,
    }
}
