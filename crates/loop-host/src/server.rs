//! The HTTP server in front of an app.

mod connection;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderValue, Request, Response, StatusCode, Uri, Version, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use loop_core::policy::{Protocol, Request as Asked};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::app::outside;
use crate::error::{CallError, ServeError};
use crate::instances::Instances;
use crate::linked::Linked;
use crate::serve::{handle, trace_of};
use crate::server::connection::{Activity, Watched};
use crate::upgrade::{self, Place, Upgrade};
use crate::wasi::hop;

/// Connections at once. Each may hold an instance; those beyond wait in the system's queue.
const CONNECTIONS_MAX: usize = 1024;

/// Bytes of a request's head: some times what the largest cookies and tokens come to, and servers take 8 KiB to 1 MiB. Over HTTP/1 it is also
/// what is read ahead of a body, and kept of a response until the client takes it.
const HEAD_BYTES_MAX: u32 = 64 << 10;

/// Headers of a request, each a value of its own. Browsers send some twenty, and proxies add a few.
const HEADERS_MAX: usize = 100;

/// Requests at once on a connection of HTTP/2: what its specification wants at least (RFC 9113, section 6.5.2).
const STREAMS_MAX: u32 = 100;

/// How long requests that are being served may take once the server is to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// An HTTP server in front of an app's root.
///
/// Made by [`crate::App::listen`], which fails with
/// - [`ServeError::NoHandler`] if the root exports no HTTP handler, and nothing that a provider serves beside HTTP,
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
        if linked.handler.is_none() && linked.upgrades.is_none() {
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
        let (stopping, places) = watch::channel(());
        let connections = GracefulShutdown::new();
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX as usize);
        builder
            .http2()
            .max_header_list_size(HEAD_BYTES_MAX)
            .max_concurrent_streams(STREAMS_MAX);
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = async {
                    let permit = Arc::clone(&permits).acquire_owned().await;
                    (permit, self.listener.accept().await)
                } => accepted,
            };
            let (Ok(permit), Ok((stream, peer))) = accepted else {
                // Out of file descriptors, most likely: others will be closed soon.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Answers are written whole: waiting for more to send would only delay them.
            let _ = stream.set_nodelay(true);
            let root = Arc::clone(&self.root);
            // What the connection is upgraded to keeps its place.
            let place = Place::new(permit, places.clone());
            let kept = place.clone();
            let activity = Activity::default();
            let stream = Watched {
                stream,
                activity: activity.clone(),
            };
            let served = activity.clone();
            let service = hyper::service::service_fn(move |request| {
                let (root, place) = (Arc::clone(&root), place.clone());
                let activity = served.clone();
                async move {
                    let response = respond(&root, request, peer, place, activity).await;
                    Ok::<_, std::convert::Infallible>(response)
                }
            });
            let connection = builder
                .serve_connection_with_upgrades(TokioIo::new(stream), service)
                .into_owned();
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                tokio::select! {
                    // A client that goes away in the middle is no event.
                    _ = connection => {}
                    () = activity.idle() => {}
                }
                drop(kept);
            });
        }
        drop((self.listener, places));
        stopping.send_replace(());
        let drained = async {
            connections.shutdown().await;
            stopping.closed().await;
        };
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, drained).await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Corrects the scheme that a client may write before the path (RFC 9112, section 3.2.2): whatever it says, nothing is encrypted here.
fn tell_scheme(uri: &mut Uri) {
    if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP) {
        let mut parts = std::mem::take(uri).into_parts();
        parts.scheme = Some(Scheme::HTTP);
        // All parts are there, as they were.
        *uri = Uri::from_parts(parts).unwrap_or_default();
    }
}

async fn respond(
    root: &Arc<Instances>,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    place: Place,
    activity: Activity,
) -> Response<WasiBody> {
    let linked = &*root.linked;
    let calling = activity.call();
    activity.brought();
    if request.version() == Version::HTTP_2 {
        // It frames what it carries otherwise, and hyper knows what is too much.
        activity.uncounted();
    }
    // Over HTTP/2 nobody has counted them.
    if request.headers().len() > HEADERS_MAX {
        return plain(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the request has too many headers\n",
        );
    }
    if let Some(upgrades) = &linked.upgrades
        && upgrade::asks_for(request.headers(), upgrades.protocol())
    {
        let upgrade = Upgrade::new(request, peer, root, place);
        let response = upgrades.upgrade(upgrade).await;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            activity.uncounted();
        }
        return response.map(|body| {
            Full::new(body)
                .map_err(|never| match never {})
                .boxed_unsync()
        });
    }
    drop(place);
    if linked.handler.is_none() {
        return plain(
            StatusCode::UPGRADE_REQUIRED,
            "nothing is served here but another protocol\n",
        );
    }
    let body_max = linked.limits.body.0;
    let size = hyper::body::Body::size_hint(request.body()).lower();
    if size > body_max {
        return plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the request's body is too large\n",
        );
    }
    hop::take_out_named(request.headers_mut());
    tell_scheme(request.uri_mut());
    let request = request.map(|body| {
        let max = usize::try_from(body_max).unwrap_or(usize::MAX);
        let pieces = body.map_frame(move |piece| {
            activity.brought();
            piece
        });
        http_body_util::Limited::new(pieces, max)
            .map_err(move |error| match error.downcast::<hyper::Error>() {
                Ok(error) => Error::from(*error),
                Err(_) => Error::HttpRequestBodySize(Some(body_max)),
            })
            .boxed_unsync()
    });
    let trace = trace_of(request.headers());
    let call = move |linked: &Linked| {
        outside()
            .within(linked.call_limit())
            .traced(trace)
            .under(linked.core.token())
    };
    let handled = if linked.upgrades.is_some() {
        // The connections of others live in the same instance, which must not end because one client goes away.
        let root = Arc::clone(root);
        let handled = tokio::spawn(async move {
            let _turn = root.turn().await?;
            let call = call(&root.linked);
            handle(&root, call, request, calling).await
        });
        handled.await.ok()
    } else {
        Some(handle(root, call(linked), request, calling).await)
    };
    match handled {
        Some(Ok(response)) => response,
        Some(Err(CallError::Deadline { .. })) => {
            plain(StatusCode::GATEWAY_TIMEOUT, "the component took too long\n")
        }
        _ => plain(StatusCode::INTERNAL_SERVER_ERROR, "the component failed\n"),
    }
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
