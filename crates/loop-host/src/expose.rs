//! What a component exports, called from other processes.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::join;
use loop_codec::{MESSAGE_BYTES_MAX, Plan};
use loop_core::name::InterfaceName;
use loop_core::policy::{Protocol, Request};
use loop_wire::envelope::Resource;
use loop_wire::frame::Path;
use loop_wire::transport::Peer;
use loop_wire::{
    Call as WireCall, CallError as WireError, Code, Handler, Incoming, Meta, Outgoing, Target,
};

use crate::app::outside;
use crate::chain::Call;
use crate::core::{SpanId, TraceContext, TraceId};
use crate::error::{CallError, ServeError};
use crate::instances::Instances;
use crate::observer::Event;
use crate::route::Message;
use crate::route::handles::Holder;
use crate::route::pipe::pipe;
use crate::route::provider::{self, Number, Served};
use crate::route::remote::spoken;

/// Answers calls from other processes by calling a component's exports: what [`crate::App::expose`] gives. Clones are the same.
///
/// Parameters are checked before the component sees them. Each call has the component's limits, and the time that the caller gives it
/// if that is less. A call that is cancelled ends the component's instance where it is.
#[derive(Clone)]
pub struct Exposed {
    root: Arc<Instances>,
    /// The numbers of functions, by the names of their interfaces and theirs on the wire.
    functions: Arc<HashMap<String, HashMap<String, Number>>>,
}

impl Exposed {
    pub(crate) fn new(root: &Arc<Instances>, at: Option<SocketAddr>) -> Result<Self, ServeError> {
        let linked = &*root.linked;
        if let Some(address) = at {
            let protocol = Protocol::Tcp;
            let asked = linked.gate.ask(&Request::Listen { protocol, address });
            asked.map_err(|denial| ServeError::Denied {
                component: linked.name.to_string(),
                address,
                denial,
            })?;
        }
        let served = linked.served.as_ref();
        let served = served.ok_or_else(|| ServeError::NothingExposed {
            component: linked.name.to_string(),
        })?;
        let mut functions: HashMap<String, HashMap<String, Number>> = HashMap::new();
        for (interface, function, number) in served.functions() {
            let interface = functions.entry(interface.to_owned()).or_default();
            interface.insert(spoken(function).to_owned(), number);
        }
        Ok(Self {
            root: Arc::clone(root),
            functions: Arc::new(functions),
        })
    }

    /// The names of the interfaces that can be called.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    async fn answer(
        &self,
        target: &Target,
        meta: &Meta,
        mut params: Incoming,
        results: Outgoing,
        holder: Holder,
    ) {
        let linked = &*self.root.linked;
        let Some((served, number)) = linked.served.as_ref().zip(self.find(target)) else {
            let message = format!("`{target}` is not served");
            return results.fail(&WireError::new(Code::NotFound, message));
        };
        let call = self.call_of(meta);
        let Some(function) = served.streaming(number) else {
            let called = async {
                let params = params.collect(MESSAGE_BYTES_MAX as usize).await?;
                check(served, number, &params)?;
                self.call_root(&call, number, params.into(), holder).await
            };
            return match called.await {
                // A caller that is gone wants no answer.
                Ok(gave) => drop(results.send_last(&Path::root(), gave.values).await),
                Err(error) => results.fail(&error),
            };
        };
        // To find where they end, they are checked.
        let received = function.receive(Plan::stream_in_params, &mut params).await;
        let (values, rest) = match received {
            Ok(received) => received,
            Err(error) => return results.fail(&error),
        };
        let (rest, stream) = match rest {
            Some(rest) => {
                let (writer, reader) = pipe();
                (Some((rest, writer)), Some(reader))
            }
            None => (None, None),
        };
        let receive = async {
            if let Some((rest, writer)) = rest {
                // Who reads sees how the stream ended.
                drop(rest.receive(&mut params, writer).await);
            }
            // The caller sees at once that nothing more is read.
            drop(params);
        };
        let send = async {
            let params = Message { values, stream };
            match self.call_root(&call, number, params, holder).await {
                // Its own end is told to the caller; that of the caller is no failure.
                Ok(gave) => drop(function.send(Plan::stream_in_result, results, gave).await),
                Err(error) => results.fail(&error),
            }
        };
        join(receive, send).await;
    }

    /// What a call from outside is made under.
    fn call_of(&self, meta: &Meta) -> Call {
        let mut call = outside().within(self.root.linked.call_limit());
        if let Some(deadline) = meta.deadline {
            call = call.within(deadline);
        }
        call.traced(meta.trace.as_ref().and_then(from_wire))
    }

    async fn call_root(
        &self,
        call: &Call,
        number: Number,
        params: Message,
        holder: Holder,
    ) -> Result<Message, WireError> {
        let called = provider::call(&self.root, call, number, params, holder);
        called.await.map_err(|error| {
            let linked = &*self.root.linked;
            linked.host.observer.event(&Event::Failed {
                component: &linked.name,
                error: &error,
            });
            to_wire(&error)
        })
    }

    /// The number of a function: of the interface with that very name, or one that serves it.
    fn find(&self, target: &Target) -> Option<Number> {
        if let Some(functions) = self.functions.get(target.instance()) {
            return functions.get(target.function()).copied();
        }
        let wanted: InterfaceName = target.instance().parse().ok()?;
        let (_, functions) = self.functions.iter().find(|(name, _)| {
            name.parse::<InterfaceName>()
                .is_ok_and(|name| name.serves(&wanted))
        })?;
        functions.get(target.function()).copied()
    }
}

impl Handler for Exposed {
    async fn call(&self, call: WireCall) {
        let WireCall {
            target,
            meta,
            params,
            results,
            peer,
            protocol,
        } = call;
        let holder = match protocol {
            // Each call has a connection of its own, which says nothing of who calls next.
            loop_wire::Protocol::Plain => Holder::Trusted,
            loop_wire::Protocol::Envelope => Holder::Peer(Arc::downgrade(&peer)),
        };
        self.answer(&target, &meta, params, results, holder).await;
    }

    fn dropped(&self, resource: Resource, _: &Peer) {
        provider::release(&self.root, resource.handle);
    }
}

impl fmt::Debug for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposed")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// Refuses a stranger's bytes that are no parameters of the function.
fn check(served: &Served, number: Number, params: &[u8]) -> Result<(), WireError> {
    match served.check(number, params) {
        Some(Err(fault)) => Err(WireError::new(
            Code::Invalid,
            format!("the parameters are wrong: {fault}"),
        )),
        _ => Ok(()),
    }
}

/// What a peer is told of a failure: the sentence, and not where in the program it was.
fn to_wire(error: &CallError) -> WireError {
    let code = match error {
        CallError::Deadline { .. } => Code::Deadline,
        CallError::Busy { .. } => Code::Busy,
        CallError::Limit { .. } => Code::Limit,
        CallError::Reentrant { .. } => Code::Reentered,
        CallError::Message { .. } => Code::Invalid,
        CallError::NoHandle { .. } => Code::NoResource,
        _ => Code::Failed,
    };
    WireError::new(code, error.to_string())
}

/// The caller's place in its trace, unless an id in it is zero.
fn from_wire(trace: &loop_wire::TraceContext) -> Option<TraceContext> {
    Some(TraceContext {
        trace_id: TraceId::new(u128::from_be_bytes(trace.trace_id))?,
        span_id: SpanId::new(u64::from_be_bytes(trace.parent_id))?,
        flags: trace.flags,
        state: trace.state.to_string(),
    })
}
