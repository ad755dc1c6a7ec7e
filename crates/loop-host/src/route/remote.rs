//! The way to a provider in another process.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::channel::oneshot;
use futures::future::try_join;
use loop_codec::Plan;
use loop_core::limits::Span;
use loop_wire::envelope::Resource;
use loop_wire::{CallError as WireError, Client, Code, Incoming, Meta, Outgoing, Protocol, Target};
use tokio::time::Instant;

use crate::answer::{NoAnswer, answer};
use crate::app::RemoteSpec;
use crate::chain::Call;
use crate::core::TraceContext;
use crate::error::{CallError, LinkError};
use crate::host::Shared;
use crate::route::Message;
use crate::route::chunks::Function;
use crate::route::pipe::pipe;

/// One interface of a peer.
pub(crate) struct Remote {
    client: Client,
    /// Where the peer is, for messages.
    pub(crate) address: Arc<str>,
    limit: Duration,
    /// What its functions are called on the wire, by their numbers in the caller's plan.
    targets: Vec<Target>,
    plan: Arc<Plan>,
    /// Whom the calls are made for: the app and its component.
    caller: Arc<str>,
}

impl Remote {
    /// The way from a component to a peer that serves what the plan has.
    pub(crate) fn new(
        spec: &RemoteSpec,
        plan: &Arc<Plan>,
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
            plan: Arc::clone(plan),
            caller: format!("{app}/{component}").into(),
        })
    }

    /// Calls a function of the peer. Of one with streams, the answer comes as soon as it is there, and the call goes on until its
    /// streams have ended; all of it within the time for the call.
    pub(crate) async fn call(
        &self,
        host: &Arc<Shared>,
        call: &Call,
        function: usize,
        params: Message,
    ) -> Result<Message, CallError> {
        let call = call.within(self.limit);
        let (meta, deadline) = (self.meta(&call), call.deadline());
        let called = match self.targets.get(function) {
            None => Err(WireError::new(Code::NotFound, "there is no such function")),
            Some(target) if Function::streaming(&self.plan, function).is_none() => {
                let calling = self.client.call(target, &meta, params.values);
                until(host, deadline, calling).await.map(Message::from)
            }
            Some(target) => {
                let (client, target) = (self.client.clone(), target.clone());
                let (plan, host) = (Arc::clone(&self.plan), Arc::clone(host));
                let work = move |sender| async move {
                    let function = Function {
                        plan: &plan,
                        number: function,
                    };
                    let exchanging = async {
                        let halves = client.start(&target, &meta).await?;
                        exchange(halves, function, params, sender).await
                    };
                    until(&host, deadline, exchanging).await
                };
                let late = |error: WireError| tracing::debug!(%error, "a stream broke off");
                answer(work, late).await.map_err(|none| match none {
                    NoAnswer::Failed(error) => error,
                    NoAnswer::Nothing => WireError::new(Code::Failed, "there was no answer"),
                })
            }
        };
        called.map_err(|source| {
            let component = self.address.to_string();
            if source.code == Code::Deadline {
                let after = Span(self.limit);
                return CallError::Deadline { component, after };
            }
            CallError::Remote {
                address: component,
                source,
            }
        })
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

/// Waits for `work` until the deadline: plain wRPC has no word for one, so it is kept here.
async fn until<R>(
    host: &Shared,
    deadline: Option<Instant>,
    work: impl Future<Output = Result<R, WireError>>,
) -> Result<R, WireError> {
    let Some(deadline) = deadline else {
        return work.await;
    };
    let done = host.engines.running().until(deadline, work).await;
    done.unwrap_or_else(|| {
        Err(WireError::new(
            Code::Deadline,
            "the time for the call is over",
        ))
    })
}

/// Sends the parameters of a call and what is written to the stream within them, and receives the results and what comes of theirs.
async fn exchange(
    (outgoing, mut incoming): (Outgoing, Incoming),
    function: Function<'_>,
    params: Message,
    answer: oneshot::Sender<Message>,
) -> Result<(), WireError> {
    let send = function.send(Plan::stream_in_params, outgoing, params);
    let receive = async {
        let find = Plan::stream_in_result;
        let (values, rest) = function.receive(find, &mut incoming).await?;
        let Some(rest) = rest else {
            drop(answer.send(values.into()));
            return Ok(());
        };
        let (writer, stream) = pipe();
        let stream = Some(stream);
        drop(answer.send(Message { values, stream }));
        rest.receive(&mut incoming, writer)
            .await?
            .map_err(|gone| WireError::new(Code::Cancelled, gone.to_string()))
    };
    try_join(send, receive).await.map(drop)
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
