//! Calls of gRPC services: the functions of `loop:netx/grpc`.
//!
//! A call has three parts, as a WebSocket has. Its [`Exchange`] is what the component's functions and the network meet at: messages to be sent, and what has
//! happened. [`drive`] is the task that moves them, and ends with the call. A [`Channels`] has the connections, which calls to the same server share. How gRPC
//! looks on HTTP/2 is tonic's to know.

mod channel;
mod drive;
mod exchange;
mod request;
mod status;

use std::sync::Arc;
use std::time::Duration;

use futures::future::select_all;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use wasmtime::component::Resource;

use crate::netx::bindings::loop_::netx::grpc::{
    AskError, Code, Event, Host, HostCall, Options, Reply, SendError, StartError, Status, WaitError,
};
use crate::netx::grpc::exchange::{Exchange, Refused};
use crate::netx::grpc::request::Request;
use crate::netx::{Network, NetworkView, within};

pub(crate) use crate::netx::grpc::channel::Channels;

/// Calls that one instance has at once: as many streams as servers allow on a connection, by the recommendation of RFC 9113.
const CALLS_MAX: u16 = 128;

/// The time until there is a connection: as for `wasi:http`.
const CONNECT_MAX: Duration = Duration::from_secs(30);

/// A call, as a component has it.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Debug)]
pub struct Call {
    exchange: Arc<Exchange>,
    /// What moves the messages.
    driver: AbortHandle,
    /// Counts it among those of its instance.
    _one: Arc<()>,
}

impl Drop for Call {
    fn drop(&mut self) {
        // The stream on the connection is reset, which tells the server.
        self.driver.abort();
    }
}

impl Network {
    async fn start(&mut self, url: &str, options: Options) -> Result<Call, StartError> {
        // The first is the network's own.
        if Arc::strong_count(&self.calls) > usize::from(CALLS_MAX) {
            return Err(StartError::TooMany(u32::from(CALLS_MAX)));
        }
        let now = Instant::now();
        let limit = options.timeout.map(Duration::from_nanos);
        // Beyond what the clock can say there is no end.
        let deadline = limit.and_then(|limit| now.checked_add(limit));
        let request = Request::new(url, options.metadata)?;
        let connected = self.channels.to(&self.dialer, &request.target);
        let until = now + limit.map_or(CONNECT_MAX, |limit| limit.min(CONNECT_MAX));
        let channel = timeout_at(until, connected).await;
        let channel = channel.unwrap_or(Err(StartError::TimedOut))?;
        let exchange = Arc::<Exchange>::default();
        let driven = drive::drive(channel, request, Arc::clone(&exchange), deadline);
        Ok(Call {
            exchange,
            driver: tokio::spawn(driven).abort_handle(),
            _one: Arc::clone(&self.calls),
        })
    }
}

impl NetworkView<'_> {
    fn exchange(&self, call: &Resource<Call>) -> wasmtime::Result<Arc<Exchange>> {
        Ok(Arc::clone(&self.table.get(call)?.exchange))
    }
}

impl HostCall for NetworkView<'_> {
    async fn start(
        &mut self,
        url: String,
        options: Options,
    ) -> wasmtime::Result<Result<Resource<Call>, StartError>> {
        Ok(match self.network.start(&url, options).await {
            Ok(call) => Ok(self.table.push(call)?),
            Err(error) => Err(error),
        })
    }

    fn send(
        &mut self,
        call: Resource<Call>,
        message: Vec<u8>,
    ) -> wasmtime::Result<Result<(), SendError>> {
        let sent = self.exchange(&call)?.send(message);
        Ok(sent.map_err(|refused| match refused {
            Refused::Finished => SendError::Finished,
            Refused::TooLarge => SendError::TooLarge,
            Refused::Full => SendError::Full,
        }))
    }

    fn finish(&mut self, call: Resource<Call>) -> wasmtime::Result<()> {
        self.exchange(&call)?.finish();
        Ok(())
    }

    async fn flush(
        &mut self,
        call: Resource<Call>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<(), WaitError>> {
        let exchange = self.exchange(&call)?;
        let flushed = within(limit, exchange.flushed()).await;
        Ok(flushed.ok_or(WaitError::TimedOut))
    }

    async fn next(
        &mut self,
        call: Resource<Call>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<Event, WaitError>> {
        let exchange = self.exchange(&call)?;
        if let Some(event) = exchange.take() {
            return Ok(Ok(event));
        }
        let event = within(limit, exchange.next()).await;
        Ok(event.ok_or(WaitError::TimedOut))
    }

    async fn drop(&mut self, call: Resource<Call>) -> wasmtime::Result<()> {
        self.table.delete(call)?;
        Ok(())
    }
}

impl Host for NetworkView<'_> {
    async fn first(
        &mut self,
        calls: Vec<Resource<Call>>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<u32>, WaitError>> {
        let calls = calls.iter().map(|call| self.exchange(call));
        let calls = calls.collect::<wasmtime::Result<Vec<_>>>()?;
        if calls.is_empty() {
            return Ok(Err(WaitError::Nothing));
        }
        let ready = || -> Vec<u32> {
            let ready = (0..).zip(&calls).filter(|(_, call)| call.has_event());
            ready.map(|(at, _)| at).collect()
        };
        let first = within(limit, async {
            loop {
                let changed = calls.iter().map(|call| Box::pin(call.changed()));
                let changed = select_all(changed);
                let ready = ready();
                if !ready.is_empty() {
                    return ready;
                }
                changed.await;
            }
        });
        Ok(first.await.ok_or(WaitError::TimedOut))
    }

    async fn ask(
        &mut self,
        url: String,
        message: Vec<u8>,
        options: Options,
    ) -> wasmtime::Result<Result<Reply, AskError>> {
        let call = match self.network.start(&url, options).await {
            Ok(call) => call,
            Err(error) => return Ok(Err(AskError::Start(error))),
        };
        // That it has ended already, before it was asked, is its answer.
        if call.exchange.send(message) == Err(Refused::TooLarge) {
            let status = failed(Code::ResourceExhausted, "the message is too large");
            return Ok(Err(AskError::Status(status)));
        }
        call.exchange.finish();
        Ok(answer(&call.exchange).await.map_err(AskError::Status))
    }
}

/// The answer of a method that gives one message.
async fn answer(exchange: &Exchange) -> Result<Reply, Status> {
    let mut headers = Vec::new();
    let mut message = None;
    loop {
        match exchange.next().await {
            Event::Answered(metadata) => headers = metadata,
            Event::Message(one) => {
                if message.replace(one).is_some() {
                    return Err(failed(Code::Unimplemented, "there are several answers"));
                }
            }
            Event::Ended(Ok(trailers)) => {
                let message = message
                    .take()
                    .ok_or_else(|| failed(Code::Unimplemented, "there is no answer"))?;
                return Ok(Reply {
                    message,
                    headers,
                    trailers,
                });
            }
            Event::Ended(Err(status)) => return Err(status),
        }
    }
}

/// A status that the host gives in the server's place.
fn failed(code: Code, message: &str) -> Status {
    Status {
        code,
        message: message.to_owned(),
        details: Vec::new(),
        metadata: Vec::new(),
    }
}
