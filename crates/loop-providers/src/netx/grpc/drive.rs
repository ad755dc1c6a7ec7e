//! The task that moves the messages of a call.

use std::sync::Arc;

use bytes::{Buf as _, BufMut as _, Bytes};
use tokio::time::{Instant, timeout_at};
use tonic::Status;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use crate::netx::bindings::loop_::netx::grpc::Metadata;
use crate::netx::grpc::channel::Channel;
use crate::netx::grpc::exchange::{Exchange, MESSAGE_BYTES_MAX};
use crate::netx::grpc::request::Request;
use crate::netx::grpc::status::{metadata, status};

/// Carries a call until it has ended, and says how. Dropping it cancels the call.
pub(crate) async fn drive(
    channel: Channel,
    request: Request,
    exchange: Arc<Exchange>,
    deadline: Option<Instant>,
) {
    let talk = talk(channel, request, &exchange, deadline);
    let ended = match deadline {
        None => talk.await,
        Some(deadline) => timeout_at(deadline, talk)
            .await
            .unwrap_or_else(|_| Err(Status::deadline_exceeded("the time is over"))),
    };
    exchange.end(ended.map_err(|error| status(&error)));
}

async fn talk(
    channel: Channel,
    request: Request,
    exchange: &Arc<Exchange>,
    deadline: Option<Instant>,
) -> Result<Metadata, Status> {
    let mut client = Grpc::with_origin(channel, request.origin)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    client.ready().await?;
    let mut sent = tonic::Request::new(Arc::clone(exchange).sent());
    *sent.metadata_mut() = request.metadata;
    if let Some(deadline) = deadline {
        sent.set_timeout(deadline.saturating_duration_since(Instant::now()));
    }
    let answered = client.streaming(sent, request.path, Raw).await?;
    let (headers, mut messages, _) = answered.into_parts();
    exchange.answered(metadata(&headers));
    while let Some(message) = messages.message().await? {
        exchange.deliver(message).await;
    }
    let trailers = messages.trailers().await?;
    Ok(trailers.as_ref().map(metadata).unwrap_or_default())
}

/// Messages as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
