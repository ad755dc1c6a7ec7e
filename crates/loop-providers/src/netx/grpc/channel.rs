//! Connections over HTTP/2, which calls to the same server share.

use std::fmt;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http_body_util::BodyExt as _;
use http_body_util::combinators::MapErr;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use loop_host::net::{Dialer, Target};
use tonic::Status;
use tonic::body::Body;
use tonic::client::GrpcService;

use crate::netx::bindings::loop_::netx::grpc::StartError;
use crate::netx::grpc::request::METADATA_BYTES_MAX;

/// Connections of one instance that stay open. Each takes a file descriptor of the host.
const CHANNELS_MAX: usize = 16;

/// How long a server may be silent in a call until it is asked whether it is there, and how long it may take to say so. Servers cut off who asks more often than
/// every five minutes.
const SILENCE_MAX: Duration = Duration::from_mins(5);
const PING_MAX: Duration = Duration::from_secs(30);

/// The open connections of an instance, the one that was used last at the end.
#[derive(Default)]
pub(crate) struct Channels(Vec<(Key, SendRequest<Body>)>);

/// Whether it is encrypted, and the host and the port.
type Key = (bool, String);

impl Channels {
    /// A connection to a server, whose method is asked for either way.
    pub(crate) async fn to(
        &mut self,
        dialer: &Dialer,
        target: &Target,
    ) -> Result<Channel, StartError> {
        let key = (target.secure(), target.authority().into_owned());
        self.0.retain(|(_, sender)| !sender.is_closed());
        if let Some(at) = self.0.iter().position(|(known, _)| *known == key) {
            dialer.ask("POST", target)?;
            let known = self.0.remove(at);
            let channel = Channel(known.1.clone());
            self.0.push(known);
            return Ok(channel);
        }
        let stream = dialer.dial_http2("POST", target).await?;
        let handshake = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(SILENCE_MAX)
            .keep_alive_timeout(PING_MAX)
            .max_header_list_size(METADATA_BYTES_MAX)
            .handshake(TokioIo::new(stream));
        let (sender, connection) = handshake
            .await
            .map_err(|error| StartError::Protocol(error.to_string()))?;
        // Ends when nobody has a sender any more.
        tokio::spawn(connection);
        if self.0.len() >= CHANNELS_MAX {
            // Calls that go on over it have senders of their own.
            self.0.remove(0);
        }
        self.0.push((key, sender.clone()));
        Ok(Channel(sender))
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(key, _)| key))
            .finish()
    }
}

/// A connection, as tonic uses it. What goes wrong on it is told as a status, which tonic passes on as it is.
pub(crate) struct Channel(SendRequest<Body>);

impl GrpcService<Body> for Channel {
    type ResponseBody = MapErr<Incoming, fn(hyper::Error) -> Status>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<http::Response<Self::ResponseBody>, Status>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.0.poll_ready(context).map_err(broken)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let sent = self.0.send_request(request);
        Box::pin(async {
            let response = sent.await.map_err(broken)?;
            Ok(response.map(|body| body.map_err(broken as fn(hyper::Error) -> Status)))
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given as a function")]
fn broken(error: hyper::Error) -> Status {
    Status::unavailable(format!("the connection broke off: {error}"))
}
