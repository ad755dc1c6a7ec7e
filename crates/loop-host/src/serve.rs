//! Has components serve `wasi:http`, of WASI 0.2 and 0.3, to whoever asks: the network, or another component.

mod writing;

use std::sync::Arc;

use futures::channel::oneshot;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response};
use loop_core::name::InterfaceName;
use wasmtime::AsContextMut;
use wasmtime::component::{Component, InstancePre};
use wasmtime_wasi_http::handler::{Prepared, Proxy};
use wasmtime_wasi_http::{Error, WasiBody, WasiHttpView, p2, p3};

use crate::answer::{NoAnswer, answer};
use crate::chain::{Call, Current};
use crate::core::TraceContext;
use crate::error::{CallError, LinkError};
use crate::instances::{Instances, Live};
use crate::linked::Linked;
use crate::observer::Event;
use crate::serve::writing::Writing;
use crate::state::State;
use crate::wasi::HttpRoute;

/// The HTTP handler that a component exports: found once, since looking for it takes longer than making an instance.
pub(crate) enum Handler {
    /// Of WASI 0.2.
    Two(p2::bindings::ProxyIndices),
    /// Of WASI 0.3.
    Three(p3::bindings::ServiceIndices),
}

impl Handler {
    /// The handler of a component, if it exports one.
    pub(crate) fn of(pre: &InstancePre<State>) -> Option<Self> {
        let two = || p2::bindings::ProxyIndices::new(pre).map(Self::Two);
        let three = || p3::bindings::ServiceIndices::new(pre).map(Self::Three);
        is_server(pre.component())
            .then(|| two().or_else(|_| three()).ok())
            .flatten()
    }
}

/// Whether a component says that it serves HTTP.
fn is_server(component: &Component) -> bool {
    let ty = component.component_type();
    ty.exports(component.engine())
        .filter_map(|(name, _)| name.parse::<InterfaceName>().ok())
        .any(|name| {
            name.namespace == "wasi"
                && name.package == "http"
                && (name.interface == "incoming-handler" || name.interface == "handler")
        })
}

/// Whether an interface is the one by which components send HTTP requests.
pub(crate) fn is_client(interface: &InterfaceName) -> bool {
    interface.namespace == "wasi"
        && interface.package == "http"
        && (interface.interface == "outgoing-handler" || interface.interface == "client")
}

/// Checks that a component can serve the requests of another.
pub(crate) fn check_server(server: &Instances) -> Result<(), LinkError> {
    let linked = &*server.linked;
    linked
        .handler
        .as_ref()
        .map(|_| ())
        .ok_or_else(|| LinkError::NotExported {
            component: linked.name.to_string(),
            interface: "wasi:http/incoming-handler".to_owned(),
            exports: crate::invoke::exports(linked),
        })
}

/// The way from a component that sends requests to the one that serves them.
pub(crate) struct ToComponent {
    pub(crate) server: Arc<Instances>,
    /// The call that the sender is serving.
    pub(crate) call: Current,
    pub(crate) caller: Arc<str>,
}

#[async_trait::async_trait]
impl HttpRoute for ToComponent {
    async fn send(&self, request: Request<WasiBody>) -> Result<Response<WasiBody>, Error> {
        let linked = &*self.server.linked;
        linked.host.observer.event(&Event::Route {
            caller: &self.caller,
            interface: "wasi:http",
            provider: &linked.name,
            placement: loop_core::manifest::Placement::Component,
        });
        let trace = trace_of(request.headers());
        let call = self.call.get().within(linked.call_limit()).traced(trace);
        handle(&self.server, call, request, ())
            .await
            .map_err(|error| match error {
                CallError::Deadline { .. } => Error::HttpResponseTimeout,
                CallError::Host { source, component } => own_error(&source).unwrap_or_else(|| {
                    let error = CallError::Host { source, component };
                    Error::InternalError(Some(error.to_string()))
                }),
                error => Error::InternalError(Some(error.to_string())),
            })
    }
}

/// The error that the component gave instead of a response, if that is what is wrong. It goes to whoever asked as it is.
fn own_error(error: &wasmtime::Error) -> Option<Error> {
    let two = || error.downcast_ref::<p2::bindings::http::types::ErrorCode>();
    let three = || error.downcast_ref::<p3::bindings::http::types::ErrorCode>();
    let two = two().map(|code| code.clone().into());
    two.or_else(|| three().map(|code| code.clone().into()))
}

/// Has one request answered by a component. The response comes as soon as it begins; the rest of its body
/// follows while the component runs on. `until_done` is dropped once it does not any more.
pub(crate) async fn handle(
    server: &Arc<Instances>,
    call: Call,
    request: Request<WasiBody>,
    until_done: impl Send + 'static,
) -> Result<Response<WasiBody>, CallError> {
    let instances = Arc::clone(server);
    let linked = Arc::clone(&server.linked);
    let work = |sender| async move {
        let served = instances
            .with(&call, move |live| serve(linked, live, request, sender))
            .await;
        drop(until_done);
        if let Err(error) = &served {
            let linked = &*instances.linked;
            linked.host.observer.event(&Event::Failed {
                component: &linked.name,
                error,
            });
        }
        served
    };
    let failed = |source| CallError::Host {
        component: server.linked.name.to_string(),
        source,
    };
    match answer(work, drop).await {
        // The guest may have answered with an error code instead of a response.
        Ok(response) => response.map_err(failed),
        Err(NoAnswer::Failed(error)) => Err(error),
        Err(NoAnswer::Nothing) => Err(failed(wasmtime::format_err!("it gave no response"))),
    }
}

type Answer = oneshot::Sender<wasmtime::Result<Response<WasiBody>>>;

fn serve(
    linked: Arc<Linked>,
    live: &mut Live,
    request: Request<WasiBody>,
    sender: Answer,
) -> BoxFuture<'_, wasmtime::Result<()>> {
    Box::pin(async move {
        match &linked.handler {
            Some(Handler::Two(indices)) => {
                let proxy = indices.load(&mut live.store, &live.instance)?;
                answer_p2(live, &proxy, request, sender).await
            }
            Some(Handler::Three(indices)) => {
                let service = indices.load(&mut live.store, &live.instance)?;
                answer_p3(live, Proxy::P3(service), request, sender).await
            }
            None => wasmtime::bail!("it exports no HTTP handler"),
        }
    })
}

async fn answer_p2(
    live: &mut Live,
    proxy: &p2::bindings::Proxy,
    request: Request<WasiBody>,
    sender: Answer,
) -> wasmtime::Result<()> {
    // What comes from the network says a path only, or the server has corrected what it says.
    let scheme = match request.uri().scheme_str() {
        Some("https") => p2::bindings::http::types::Scheme::Https,
        _ => p2::bindings::http::types::Scheme::Http,
    };
    let mut http = live.store.data_mut().http();
    let request = http.new_incoming_request(scheme, request)?;
    let writing = Writing::default();
    let body = writing.body();
    let out = http.new_response_outparam_from_callback(move |response| {
        // Nobody waits any more if the client went away.
        let _ = sender.send(
            response
                .map(|response| response.map(body))
                .map_err(Into::into),
        );
    })?;
    proxy
        .wasi_http_incoming_handler()
        .call_handle(&mut live.store, request, out)
        .await?;
    writing.done();
    Ok(())
}

async fn answer_p3(
    live: &mut Live,
    proxy: Proxy,
    request: Request<WasiBody>,
    sender: Answer,
) -> wasmtime::Result<()> {
    live.store
        .run_concurrent(async |store| {
            let prepared = store.with(|mut store| {
                Prepared::new(store.as_context_mut(), &proxy, request, State::http, sender)
            })?;
            prepared.run(store, std::future::pending()).await?;
            // The response has begun; its body, and whatever else the guest does, goes on.
            std::future::poll_fn(|cx| store.poll_no_interesting_tasks(cx)).await;
            Ok(())
        })
        .await?
}

/// The place in a trace that a request came with, if it came with a valid one.
pub(crate) fn trace_of(headers: &http::HeaderMap) -> Option<TraceContext> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    TraceContext::parse(text("traceparent")?, text("tracestate").unwrap_or_default()).ok()
}
