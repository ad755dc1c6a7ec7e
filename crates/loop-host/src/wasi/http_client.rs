//! The requests that components send over `wasi:http`, of 0.2 and 0.3 alike.
//!
//! A request is judged and sent in one form: [`Target`] is read from what the component wrote, and both the policy
//! and the wire get what it says. Connections are opened by [`crate::net`], which judges their addresses. A redirect is an answer like any other: it goes back to the component, and is judged
//! when the component follows it. No proxy is used, whatever the environment says.
//!
//! A request to another component carries the place of its sender in a trace, so that the trace goes on there. To one that
//! goes to the network nothing is added.
//!
//! A connection is kept for the next request to the same origin, among those of the same component: see [`Pool`]. Each
//! request is judged all the same, and each new connection.
//!
//! What is absent: HTTP/2, and certificates other than the web's own.

mod body;
mod channel;
mod exchange;
mod pool;
#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body::Body as _;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use loop_core::limits::ByteSize;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

use crate::core::CoreCtx;
use crate::gate::Gate;
use crate::net::{DialError, Target, Tls, Version, connect, from_io};
use crate::wasi::hop;
use crate::wasi::http_client::body::{Bounded, Paced};
use crate::wasi::http_client::channel::{Channel, HEAD_MAX};
use crate::wasi::http_client::exchange::Exchange;
use crate::wasi::lookup::Lookup;

pub(crate) use crate::wasi::http_client::pool::{Origin, Pool};

/// Serves the requests of one component before they get to the network: the route of `wasi:http` to another
/// component.
///
/// The policy has allowed the request, and both bodies are held to the caller's limits, when and whatever the
/// route answers. The provider's own requests are judged by its own grants.
#[async_trait]
pub(crate) trait HttpRoute: Send + Sync + 'static {
    /// Answers one request. Its URI is absolute and its `Host` header set, as a server would expect.
    ///
    /// # Errors
    /// What the calling component shall see.
    ///
    /// Dropped before it ends if the caller gives the request up.
    async fn send(&self, request: http::Request<WasiBody>) -> Result<http::Response<WasiBody>>;
}

/// Connections that one instance uses at once. Each takes a file descriptor of the host, of which there are
/// often 1024 for all; further requests wait in turn, and fail when their time to connect is over.
const CONNECTIONS_MAX: usize = 128;

/// The time until a connection stands, TLS included, if the component sets none.
const CONNECT_DEFAULT: Duration = Duration::from_secs(30);

/// The time from the last piece of the request until the head of the response is there, if the component sets
/// none: what proxies wait.
const FIRST_BYTE_DEFAULT: Duration = Duration::from_mins(1);

/// The time between two pieces of the response, if the component sets none: as above.
const BETWEEN_BYTES_DEFAULT: Duration = Duration::from_mins(1);

/// The longest of these times that a component may set, for long polls.
const TIME_MAX: Duration = Duration::from_mins(10);

/// The headers of W3C Trace Context.
const TRACE_PARENT: &str = "traceparent";
const TRACE_STATE: &str = "tracestate";

/// What wasmtime-wasi-http asks of the host, for one instance.
pub(crate) struct HttpHooks {
    client: Arc<Client>,
    /// It stands here for its trace, which goes on in the component that a route leads to.
    pub(crate) core: CoreCtx,
}

#[derive(Clone)]
struct Client {
    gate: Gate,
    lookup: Lookup,
    body_max: u64,
    route: Option<Arc<dyn HttpRoute>>,
    connections: Arc<Semaphore>,
    pool: Pool,
    /// What is trusted of servers, if it is not what the web trusts.
    tls: Option<Tls>,
}

impl HttpHooks {
    /// The client of an instance of the component that the pool belongs to. With a route all its requests go there, and none to the network.
    pub(crate) fn new(
        gate: Gate,
        lookup: Lookup,
        body: ByteSize,
        route: Option<Arc<dyn HttpRoute>>,
        pool: Pool,
        tls: Option<Tls>,
        core: CoreCtx,
    ) -> Self {
        let client = Arc::new(Client {
            gate,
            lookup,
            body_max: body.0,
            route,
            connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            pool,
            tls,
        });
        Self { client, core }
    }
}

impl fmt::Debug for HttpHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpHooks")
            .field("gate", &self.client.gate)
            .finish_non_exhaustive()
    }
}

/// What becomes of a connection after the response has begun.
type Driver = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for HttpHooks {
    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Driver)>> + Send> {
        // Not what goes to the network: servers would learn which requests belong together. `loop:core` says so to components.
        if self.client.route.is_some() {
            trace(&mut self.core, request.headers_mut());
        }
        let client = Arc::clone(&self.client);
        Box::new(async move { client.send(request, options.unwrap_or_default()).await })
    }
}

impl Client {
    async fn send(
        &self,
        request: http::Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<(http::Response<WasiBody>, Driver)> {
        if request.method() == http::Method::CONNECT {
            // It asks for a tunnel rather than an answer.
            return Err(Error::HttpRequestMethodInvalid);
        }
        let target = Target::parse(&request.uri().to_string(), &["http", "https"])?;
        self.gate
            .ask(&target.request(request.method().as_str()))
            .map_err(|_| Error::HttpRequestDenied)?;

        let (mut head, body) = request.into_parts();
        let body = Bounded::request(body, self.body_max)?;
        target.write_host(&mut head.headers)?;
        if let Some(route) = &self.route {
            head.uri = target.absolute()?;
            let request = http::Request::from_parts(head, body.boxed_unsync());
            let response = self.bounded(route.send(request).await?)?;
            return Ok((response, Box::new(std::future::ready(Ok(())))));
        }
        head.uri = target.relative()?;
        let request = http::Request::from_parts(head, body);
        self.send_to_network(&target, request, options).await
    }

    async fn send_to_network(
        &self,
        target: &Target,
        mut request: http::Request<Bounded>,
        options: RequestOptions,
    ) -> Result<(http::Response<WasiBody>, Driver)> {
        let connect = time(options.connect_timeout, CONNECT_DEFAULT);
        let first_byte = time(options.first_byte_timeout, FIRST_BYTE_DEFAULT);
        let pace = time(options.between_bytes_timeout, BETWEEN_BYTES_DEFAULT);

        let mut until = Instant::now() + connect;
        let turn = timeout_at(until, Arc::clone(&self.connections).acquire_owned());
        let Ok(Ok(turn)) = turn.await else {
            return Err(Error::ConnectionLimitReached);
        };
        let origin = target.origin();
        let mut kept = self.pool.take(&origin).await;
        let (channel, mut response) = loop {
            let reused = kept.is_some();
            let mut channel = match kept.take() {
                Some(channel) => channel,
                None => self.open(target, until).await?,
            };
            let spare = reused.then(|| repeatable(&request)).flatten();
            let lost = match answer(&mut channel, request, first_byte).await {
                Ok(response) => break (channel, response),
                Err(lost) => lost,
            };
            // The server gave the connection up while it waited, and that was not known when the request was sent.
            request = match lost.unsent.or(spare.filter(|_| lost.unanswered)) {
                Some(again) if reused => again,
                _ => return Err(lost.error),
            };
            until = Instant::now() + connect;
        };

        hop::take_out_named(response.headers_mut());
        let exchange = Exchange::new(channel, origin, self.pool.clone(), turn);
        let read = exchange.read();
        let response = response.map(|body| Paced::new(body, pace, read).boxed_unsync());
        Ok((self.bounded(response)?, Box::new(exchange.finish())))
    }

    async fn open(&self, target: &Target, until: Instant) -> Result<Channel> {
        let connected = connect(
            &self.gate,
            &self.lookup,
            self.tls.as_ref(),
            target,
            Version::One,
        );
        let stream = timeout_at(until, connected)
            .await
            .map_err(|_| Error::ConnectionTimeout)??;
        Channel::open(stream).await
    }

    /// The response, with a body that ends in an error at the limit.
    fn bounded(&self, response: http::Response<WasiBody>) -> Result<http::Response<WasiBody>> {
        let (head, body) = response.into_parts();
        let body = Bounded::response(body, self.body_max)?;
        Ok(http::Response::from_parts(head, body.boxed_unsync()))
    }
}

/// A request that got no answer.
struct Lost {
    error: Error,
    /// The request, if nothing of it was sent.
    unsent: Option<http::Request<Bounded>>,
    /// Whether the connection ended before there was an answer.
    unanswered: bool,
}

/// Sends a request, and waits for the head of its response.
async fn answer(
    channel: &mut Channel,
    request: http::Request<Bounded>,
    first_byte: Duration,
) -> std::result::Result<http::Response<Incoming>, Lost> {
    let uploading = request.body().progress();
    let mut response = pin!(channel.send(request));
    loop {
        tokio::select! {
            response = &mut response => return response.map_err(|mut failed| {
                let unsent = failed.take_message();
                let error = failed.into_error();
                Lost { error: from_hyper(&error), unsent, unanswered: is_lost(&error) }
            }),
            // With each piece of the request the server has its time anew.
            () = uploading.notified() => {}
            () = sleep(first_byte) => {
                let error = Error::HttpResponseTimeout;
                return Err(Lost { error, unsent: None, unanswered: false });
            }
        }
    }
}

/// The same request once more, if it does no harm to have it answered twice: one that only reads, and has no body.
fn repeatable(request: &http::Request<Bounded>) -> Option<http::Request<Bounded>> {
    if !request.method().is_safe() || !request.body().is_end_stream() {
        return None;
    }
    let none = Empty::new().map_err(|never| match never {});
    let mut again = http::Request::new(Bounded::request(none.boxed_unsync(), 0).ok()?);
    again.method_mut().clone_from(request.method());
    again.uri_mut().clone_from(request.uri());
    again.headers_mut().clone_from(request.headers());
    Some(again)
}

/// Has a request carry the place of its sender in a trace, unless the component wrote one itself.
fn trace(core: &mut CoreCtx, headers: &mut http::HeaderMap) {
    if headers.contains_key(TRACE_PARENT) {
        return;
    }
    let place = core.trace();
    for (name, value) in [(TRACE_PARENT, place.parent()), (TRACE_STATE, place.state)] {
        if let (false, Ok(value)) = (value.is_empty(), value.parse()) {
            headers.insert(name, value);
        }
    }
}

/// The time that a component set, within bounds.
fn time(set: Option<Duration>, default: Duration) -> Duration {
    set.unwrap_or(default).min(TIME_MAX)
}

/// The component's own kind of error.
impl From<DialError> for Error {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Url => Self::HttpRequestUriInvalid,
            DialError::UrlTooLong => Self::HttpRequestUriTooLong,
            DialError::Denied => Self::HttpRequestDenied,
            DialError::AddressDenied => Self::DestinationIpProhibited,
            DialError::NameNotFound => Self::DnsError {
                rcode: None,
                info_code: None,
            },
            DialError::NameTimedOut => Self::DnsTimeout,
            DialError::Refused => Self::ConnectionRefused,
            DialError::Unroutable => Self::DestinationIpUnroutable,
            DialError::Unavailable => Self::DestinationUnavailable,
            DialError::TimedOut => Self::ConnectionTimeout,
            DialError::BrokenOff => Self::ConnectionTerminated,
            DialError::Certificate => Self::TlsCertificateError,
            DialError::Alert { code, name } => Self::TlsAlertReceived {
                alert_id: Some(code),
                alert_message: Some(name),
            },
            DialError::Tls => Self::TlsProtocolError,
        }
    }
}

/// Whether a connection ended before the response came.
fn is_lost(error: &hyper::Error) -> bool {
    let cause = error.source();
    error.is_incomplete_message()
        || error.is_canceled()
        || error.is_closed()
        || cause.is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
}

/// Whether something was read that cannot be what it should be.
fn is_malformed(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    matches!(error.kind(), InvalidData | InvalidInput)
}

/// The component's own kind of error, for what hyper reports of a connection.
fn from_hyper(error: &hyper::Error) -> Error {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<Error>() {
            return body::again(ours);
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return match from_io(io) {
                // What hyper says of the sizes of chunks, and of what follows the last one.
                DialError::BrokenOff if is_malformed(io) => Error::HttpProtocolError,
                other => other.into(),
            };
        }
        cause = inner.source();
    }
    if error.is_parse_too_large() {
        Error::HttpResponseHeaderSectionSize(u32::try_from(HEAD_MAX).ok())
    } else if error.is_incomplete_message() {
        Error::HttpResponseIncomplete
    } else if error.is_canceled() || error.is_closed() {
        Error::ConnectionTerminated
    } else {
        Error::HttpProtocolError
    }
}
