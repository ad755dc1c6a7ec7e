//! The way to a provider in another process.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use loop_codec::Plan;
use loop_core::limits::Span;
use loop_wire::envelope::Resource;
use loop_wire::{Client, Code, Meta, Protocol, Target};
use tokio::time::Instant;

use crate::app::RemoteSpec;
use crate::chain::Call;
use crate::core::TraceContext;
use crate::error::{CallError, LinkError};
use crate::host::Shared;

/// One interface of a peer.
pub(crate) struct Remote {
    client: Client,
    /// Where the peer is, for messages.
    pub(crate) address: Arc<str>,
    limit: Duration,
    /// What its functions are called on the wire, by their numbers in the caller's plan.
    targets: Vec<Target>,
    /// Whom the calls are made for: the app and its component.
    caller: Arc<str>,
}

impl Remote {
    /// The way from a component to a peer that serves what the plan has.
    pub(crate) fn new(
        spec: &RemoteSpec,
        plan: &Plan,
        app: &str,
        component: &str,
    ) -> Result<Self, LinkError> {
        if spec.client.protocol() == Protocol::Plain
            && let Some(resource) = plan.resources().first()
        {
            let interface = plan.interfaces().get(resource.interface);
            return Err(LinkError::NotCrossable {
                interface: interface.cloned().unwrap_or_default(),
                reasons: vec![format!(
                    "`{}` is a resource, and plain wRPC cannot tell that one is dropped: the address has to begin with `loop+`",
                    resource.name
                )],
            });
        }
        let targets = plan.functions().iter().map(|function| {
            let interface = plan.interfaces().get(function.interface);
            Target::new(interface.map_or("", String::as_str), spoken(&function.name))
        });
        let targets =
            targets
                .collect::<Result<_, _>>()
                .map_err(|error| LinkError::NotCrossable {
                    interface: spec.address.clone(),
                    reasons: vec![error.to_string()],
                })?;
        Ok(Self {
            client: spec.client.clone(),
            address: spec.address.as_str().into(),
            limit: spec.call,
            targets,
            caller: format!("{app}/{component}").into(),
        })
    }

    pub(crate) async fn call(
        &self,
        host: &Shared,
        call: &Call,
        function: usize,
        params: Bytes,
    ) -> Result<Bytes, CallError> {
        let fail = |source| CallError::Remote {
            address: self.address.to_string(),
            source,
        };
        let Some(target) = self.targets.get(function) else {
            let message = "there is no such function";
            return Err(fail(loop_wire::CallError::new(Code::NotFound, message)));
        };
        let call = call.within(self.limit);
        let meta = self.meta(&call);
        let calling = self.client.call(target, &meta, params);
        let Some(deadline) = call.deadline() else {
            return calling.await.map_err(fail);
        };
        // Plain wRPC has no word for a deadline, so it is kept here.
        let called = host.engines.running().until(deadline, calling).await;
        match called {
            Some(Err(error)) if error.code != Code::Deadline => Err(fail(error)),
            Some(Ok(gave)) => Ok(gave),
            _ => Err(CallError::Deadline {
                component: self.address.to_string(),
                after: Span(self.limit),
            }),
        }
    }

    /// Tells the peer that a resource is needed no longer. A peer that is gone has none.
    pub(crate) fn release(&self, interface: &str, resource: &str, handle: Bytes) {
        let Ok(target) = Target::new(interface, resource) else {
            return;
        };
        let resource = Resource { target, handle };
        if let Err(error) = self.client.drop_resource(&resource) {
            tracing::debug!(%error, "a peer could not be told of a dropped resource");
        }
    }

    /// What travels with a call. Plain wRPC carries none of it.
    fn meta(&self, call: &Call) -> Meta {
        if self.client.protocol() == Protocol::Plain {
            return Meta::default();
        }
        let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
        Meta {
            deadline: call.deadline().map(left),
            trace: call.scope().trace.as_ref().map(to_wire),
            caller: Some(Arc::clone(&self.caller)),
        }
    }
}

/// What a function is called on the wire: of `[method]bucket.get` that is `bucket.get`.
pub(crate) fn spoken(name: &str) -> &str {
    name.split_once(']').map_or(name, |(_, spoken)| spoken)
}

fn to_wire(trace: &TraceContext) -> loop_wire::TraceContext {
    loop_wire::TraceContext {
        trace_id: trace.trace_id.get().to_be_bytes(),
        parent_id: trace.span_id.get().to_be_bytes(),
        flags: trace.flags,
        state: trace.state.as_str().into(),
    }
}
