//! Handles of resources that live in another component or process.
//!
//! A resource stays where it was made. Who made it lends it under a name that cannot be guessed ([`Lent`]), and that name travels; who
//! holds it has a [`Foreign`] in its table, and when that is dropped, so is the resource.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use loop_codec::Plan;
use loop_wire::transport::Peer;
use wasmtime::component::{Resource, ResourceAny, ResourceTableError, StreamAny};
use wasmtime::{AsContextMut, Error, Result, StoreContextMut};

use crate::route::pipe::{Broken, Reader};
use crate::route::{Route, streams};
use crate::state::State;
use crate::values::Handles;

/// The bytes of a handle's name. Upstream's have as many.
const NAME_BYTES: usize = 16;

/// A handle came that is not known. Travels through the guest as the cause of its end.
#[derive(Debug, thiserror::Error)]
#[error("a handle is not known here, or no longer")]
pub(crate) struct NoHandle;

/// A resource of somebody else.
pub(crate) struct Foreign {
    /// What it is called there. Empty once it was given back.
    name: Bytes,
    /// Its type, by its number in the holder's plan.
    resource: usize,
    plan: Arc<Plan>,
    route: Arc<Route>,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        let resource = self.plan.resources().get(self.resource);
        if let (Some(resource), false) = (resource, name.is_empty()) {
            self.route.release(&resource.name, name);
        }
    }
}

/// The handles in the calls of an instance.
pub(crate) struct CallerHandles<'a> {
    pub(crate) store: StoreContextMut<'a, State>,
    pub(crate) plan: &'a Arc<Plan>,
    pub(crate) route: &'a Arc<Route>,
    /// The stream beside the message.
    pub(crate) stream: Option<Reader>,
}

impl Handles for CallerHandles<'_> {
    fn to_bytes(&mut self, resource: usize, handle: ResourceAny, owned: bool) -> Result<Vec<u8>> {
        let handle: Resource<Foreign> = handle.try_into_resource(&mut self.store)?;
        let table = &mut self.store.data_mut().table;
        let foreign = table.get_mut(&handle)?;
        if foreign.resource != resource || !Arc::ptr_eq(&foreign.plan, self.plan) {
            return Err(Error::new(NoHandle));
        }
        let name = foreign.name.to_vec();
        if owned {
            // It is the peer's again, so nobody is told that it was dropped here.
            foreign.name.clear();
            table.delete(handle)?;
        }
        Ok(name)
    }

    fn to_handle(&mut self, resource: usize, bytes: &[u8], _: bool) -> Result<ResourceAny> {
        let foreign = Foreign {
            name: Bytes::copy_from_slice(bytes),
            resource,
            plan: Arc::clone(self.plan),
            route: Arc::clone(self.route),
        };
        let handle = self.store.data_mut().table.push(foreign)?;
        ResourceAny::try_from_resource(handle, &mut self.store)
    }

    fn take_stream(&mut self, stream: StreamAny) -> Result<Option<Vec<u8>>> {
        self.stream = Some(streams::take(&mut self.store, stream)?);
        Ok(None)
    }

    fn give_stream(&mut self, bytes: Option<Vec<u8>>) -> Result<StreamAny> {
        let reader = beside(bytes, &mut self.stream)?;
        streams::give(&mut self.store, reader)
    }
}

/// The stream that was met within a message: of bytes that are there, or the one beside it.
fn beside(bytes: Option<Vec<u8>>, stream: &mut Option<Reader>) -> Result<Reader> {
    match bytes {
        Some(bytes) => Ok(Reader::whole(&bytes)),
        None => stream.take().ok_or_else(|| Error::new(Broken)),
    }
}

/// The resources of an instance to which others have handles.
pub(crate) struct Lent {
    handles: HashMap<Bytes, Loan>,
    most: usize,
}

struct Loan {
    /// Its type, by its number in the plan of what is served.
    resource: usize,
    handle: ResourceAny,
    holder: Holder,
}

/// Who has a handle.
#[derive(Clone, Debug)]
pub(crate) enum Holder {
    /// A component, or a peer that cannot be watched: it says when it needs it no longer.
    Trusted,
    /// A peer, whose handles end with its connection.
    Peer(Weak<Peer>),
}

impl Lent {
    /// Lends `most` resources at once, and not more.
    pub(crate) fn new(most: u32) -> Self {
        Self {
            handles: HashMap::new(),
            most: most as usize,
        }
    }

    fn lend(&mut self, resource: usize, handle: ResourceAny, holder: Holder) -> Result<Bytes> {
        if self.handles.len() >= self.most {
            return Err(Error::new(ResourceTableError::Full));
        }
        let mut name = [0; NAME_BYTES];
        getrandom::fill(&mut name).map_err(|error| Error::msg(error.to_string()))?;
        let name = Bytes::copy_from_slice(&name);
        let loan = Loan {
            resource,
            handle,
            holder,
        };
        self.handles.insert(name.clone(), loan);
        Ok(name)
    }

    /// Ends the loan of a handle.
    pub(crate) fn end(&mut self, name: &[u8]) -> Option<ResourceAny> {
        Some(self.handles.remove(name)?.handle)
    }

    /// Ends the loans of peers that are gone, if there are so many that it is worth a look.
    pub(crate) fn end_of_gone(&mut self) -> Vec<ResourceAny> {
        if self.handles.len() * 2 < self.most {
            return Vec::new();
        }
        let is_gone = |loan: &Loan| match &loan.holder {
            Holder::Trusted => false,
            Holder::Peer(peer) => peer.strong_count() == 0,
        };
        let ended = self.handles.extract_if(|_, loan| is_gone(loan));
        ended.map(|(_, loan)| loan.handle).collect()
    }
}

/// The handles in the calls that an instance serves.
pub(crate) struct ProviderHandles<'a, S: AsContextMut<Data = State>> {
    pub(crate) store: &'a mut S,
    pub(crate) holder: &'a Holder,
    /// The stream beside the message.
    pub(crate) stream: Option<Reader>,
}

impl<S: AsContextMut<Data = State>> Handles for ProviderHandles<'_, S> {
    fn to_bytes(&mut self, resource: usize, handle: ResourceAny, _: bool) -> Result<Vec<u8>> {
        let mut store = self.store.as_context_mut();
        let name = store
            .data_mut()
            .lent
            .lend(resource, handle, self.holder.clone())?;
        Ok(name.to_vec())
    }

    fn to_handle(&mut self, resource: usize, bytes: &[u8], owned: bool) -> Result<ResourceAny> {
        let mut store = self.store.as_context_mut();
        let lent = &mut store.data_mut().lent;
        let loan = lent.handles.get(bytes);
        let loan = loan.filter(|loan| loan.resource == resource);
        let handle = loan.ok_or_else(|| Error::new(NoHandle))?.handle;
        if owned {
            lent.handles.remove(bytes);
        }
        Ok(handle)
    }

    fn take_stream(&mut self, stream: StreamAny) -> Result<Option<Vec<u8>>> {
        self.stream = Some(streams::take(&mut *self.store, stream)?);
        Ok(None)
    }

    fn give_stream(&mut self, bytes: Option<Vec<u8>>) -> Result<StreamAny> {
        let reader = beside(bytes, &mut self.stream)?;
        streams::give(&mut *self.store, reader)
    }
}
