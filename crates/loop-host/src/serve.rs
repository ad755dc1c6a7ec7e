//! Serves `wasi:http`, of WASI 0.2 and 0.3: to the network, and from one component to another.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use loop_core::name::InterfaceName;
use loop_core::policy::{Protocol, Request as Asked};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use wasmtime::AsContextMut;
use wasmtime::component::{Component, InstancePre};
use wasmtime_wasi_http::handler::{Prepared, Proxy};
use wasmtime_wasi_http::{Error, WasiBody, WasiHttpView, p2, p3};

use crate::answer::{NoAnswer, answer};
use crate::app::outside;
use crate::chain::{Call, Current};
use crate::core::TraceContext;
use crate::error::{CallError, LinkError, ServeError};
use crate::instances::{Instances, Live};
use crate::linked::Linked;
use crate::observer::Event;
use crate::state::State;
use crate::wasi::HttpRoute;

/// Connections at once. Each may hold an instance; those beyond wait in the system's queue.
const CONNECTIONS_MAX: usize = 1024;

/// How long a client may take to send the head of a request. Slower ones hold a connection for nothing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long requests that are being served may take once the server is to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

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
        handle(&self.server, call, request)
            .await
            .map_err(|error| match error {
                CallError::Deadline { .. } => Error::HttpResponseTimeout,
                error => Error::InternalError(Some(error.to_string())),
            })
    }
}

/// Has one request answered by a component. The response comes as soon as it begins; the rest of its body
/// follows while the component runs on.
async fn handle(
    server: &Arc<Instances>,
    call: Call,
    request: Request<WasiBody>,
) -> Result<Response<WasiBody>, CallError> {
    let instances = Arc::clone(server);
    let linked = Arc::clone(&server.linked);
    let work = |sender| async move {
        let served = instances
            .with(&call, move |live| serve(linked, live, request, sender))
            .await;
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
    let scheme = p2::bindings::http::types::Scheme::Http;
    let mut http = live.store.data_mut().http();
    let request = http.new_incoming_request(scheme, request)?;
    let out = http.new_response_outparam_from_callback(move |response| {
        // Nobody waits any more if the client went away.
        let _ = sender.send(response.map_err(Into::into));
    })?;
    proxy
        .wasi_http_incoming_handler()
        .call_handle(&mut live.store, request, out)
        .await
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

/// An HTTP server in front of an app's root.
///
/// Made by [`crate::App::listen`], which fails with
/// - [`ServeError::NoHandler`] if the root exports no HTTP handler,
/// - [`ServeError::Denied`] if the root is not granted the address under `net.listen`,
/// - [`ServeError::Listen`] if the system refuses it, most often because it is in use.
///
/// Connections are accepted from then on, and answered once [`Server::run`] is called. Dropping the server closes them.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    root: Arc<Instances>,
}

impl Server {
    pub(crate) async fn listen(
        root: &Arc<Instances>,
        address: SocketAddr,
    ) -> Result<Self, ServeError> {
        let linked = &*root.linked;
        let component = linked.name.to_string();
        if linked.handler.is_none() {
            return Err(ServeError::NoHandler { component });
        }
        let asked = Asked::Listen {
            protocol: Protocol::Tcp,
            address,
        };
        linked
            .gate
            .ask(&asked)
            .map_err(|denial| ServeError::Denied {
                component,
                address,
                denial,
            })?;
        let fail = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        Ok(Self {
            listener,
            address,
            root: Arc::clone(root),
        })
    }

    /// The address, with the port that the system chose if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves requests until `stop` is done, then lets those that are being served finish, for a few seconds at most.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let connections = GracefulShutdown::new();
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT);
        builder.http2().timer(TokioTimer::new());
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = async {
                    let permit = Arc::clone(&permits).acquire_owned().await;
                    (permit, self.listener.accept().await)
                } => accepted,
            };
            let (permit, Ok((stream, _))) = accepted else {
                // Out of file descriptors, most likely: others will be closed soon.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Answers are written whole: waiting for more to send would only delay them.
            let _ = stream.set_nodelay(true);
            let root = Arc::clone(&self.root);
            let service = hyper::service::service_fn(move |request| {
                let root = Arc::clone(&root);
                async move { Ok::<_, std::convert::Infallible>(respond(&root, request).await) }
            });
            let connection = builder
                .serve_connection(TokioIo::new(stream), service)
                .into_owned();
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                // A client that goes away in the middle is no event.
                let _ = connection.await;
                drop(permit);
            });
        }
        drop(self.listener);
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, connections.shutdown()).await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

async fn respond(
    root: &Arc<Instances>,
    request: Request<hyper::body::Incoming>,
) -> Response<WasiBody> {
    let linked = &*root.linked;
    let body_max = linked.limits.body.0;
    let size = hyper::body::Body::size_hint(request.body()).lower();
    if size > body_max {
        return plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the request's body is too large\n",
        );
    }
    let request = request.map(|body| {
        let max = usize::try_from(body_max).unwrap_or(usize::MAX);
        http_body_util::Limited::new(body, max)
            .map_err(move |error| match error.downcast::<hyper::Error>() {
                Ok(error) => Error::from(*error),
                Err(_) => Error::HttpRequestBodySize(Some(body_max)),
            })
            .boxed_unsync()
    });
    let trace = trace_of(request.headers());
    let call = outside()
        .within(linked.call_limit())
        .traced(trace)
        .under(linked.core.token());
    match handle(root, call, request).await {
        Ok(response) => response,
        Err(CallError::Deadline { .. }) => {
            plain(StatusCode::GATEWAY_TIMEOUT, "the component took too long\n")
        }
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the component failed\n"),
    }
}

/// The place in a trace that a request came with, if it came with a valid one.
fn trace_of(headers: &http::HeaderMap) -> Option<TraceContext> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    TraceContext::parse(text("traceparent")?, text("tracestate").unwrap_or_default()).ok()
}

/// A response of the host itself. What exactly failed is told to the observer, not to the client.
fn plain(status: StatusCode, text: &'static str) -> Response<WasiBody> {
    let body = Full::from(text)
        .map_err(|never| match never {})
        .boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
