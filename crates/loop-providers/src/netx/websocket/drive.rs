//! The protocol of an open connection: what is sent, what comes, pings, and the end.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures::future::FusedFuture as _;
use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use crate::netx::bindings::loop_::netx::websocket::{Closing, Message};
use crate::netx::websocket::AWAY;
use crate::netx::websocket::queue::{Item, MESSAGE_BYTES_MAX, Queue};

/// How long the other side may be silent before it gets a ping, and from then until it is given up. Proxies cut connections that are
/// silent for a minute.
const SILENCE: Duration = Duration::from_secs(30);

/// How long the other side has to take what was sent and to agree to a close.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// What a connection reads at once: small, since there may be a thousand, and each keeps as much.
const READ_BYTES: usize = 8 << 10;

/// What is collected before it is written, where more is queued.
const WRITE_BYTES: usize = 32 << 10;

/// Where messages go.
pub(crate) trait Deliver {
    /// Takes a message. The next one is read when it has. Returns soon after `over` is done.
    ///
    /// # Errors
    /// The connection is to be closed so.
    fn deliver(
        &mut self,
        message: Message,
        over: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = Result<(), Closing>> + Send;
}

/// What is enforced while frames are read.
pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(WRITE_BYTES)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

/// Sends what is queued and delivers what comes, until the connection has ended and nothing is being delivered any more. When `stop` is done,
/// it is closed.
///
/// Dropping the future cuts the connection.
pub(crate) async fn drive<S>(
    stream: WebSocketStream<S>,
    queue: &Queue,
    deliver: impl Deliver,
    stop: impl Future<Output = ()>,
) -> Closing
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sink, stream) = stream.split();
    let mut receiving = pin!(receive(stream, queue, deliver).fuse());
    let mut sending = pin!(send(sink, queue).fuse());
    let mut overdue = pin!(async {
        let closing = queue.closing().await;
        sleep(CLOSE_TIME).await;
        closing
    });
    let mut stop = pin!(stop.fuse());
    let closing = loop {
        tokio::select! {
            ended = &mut receiving => match ended {
                Ended::Closed(closing) => break closing,
                Ended::Wrong(closing) => {
                    queue.close_now(closing.code, &closing.reason);
                    // The frame is sent, and no answer is waited for: what comes cannot be read any more.
                    tokio::select! {
                        _ = &mut sending => {}
                        _ = &mut overdue => {}
                    }
                    break closing;
                }
            },
            sent = &mut sending => {
                // Until the other side agrees; and where nothing can be sent any more, it may have said why.
                let ended = timeout(CLOSE_TIME, &mut receiving).await;
                break match (sent, ended) {
                    (Ok(closing), _)
                    | (_, Ok(Ended::Closed(closing) | Ended::Wrong(closing))) => closing,
                    (Err(_), Err(_)) => broken(),
                };
            }
            closing = &mut overdue => break closing,
            () = &mut stop => queue.close(AWAY, "the server stops"),
        }
    };
    queue.end();
    // What is being delivered is not cut off: that would end the component.
    if !receiving.is_terminated() {
        receiving.await;
    }
    closing
}

/// Sends what is queued, and at last the frame that closes: with which code it did.
async fn send<S>(
    mut sink: SplitSink<WebSocketStream<S>, Frame>,
    queue: &Queue,
) -> Result<Closing, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut fed = 0;
    loop {
        let item = match queue.take() {
            Some(item) => item,
            None if fed > 0 => {
                sink.flush().await?;
                queue.sent(std::mem::take(&mut fed));
                continue;
            }
            None => queue.next().await,
        };
        match item {
            Item::Message(message, weight) => {
                sink.feed(message).await?;
                fed += weight;
                if fed >= WRITE_BYTES {
                    sink.flush().await?;
                    queue.sent(std::mem::take(&mut fed));
                }
            }
            Item::Ping => sink.send(Frame::Ping(Bytes::new())).await?,
            Item::Close(closing) => {
                let frame = CloseFrame {
                    code: closing.code.into(),
                    reason: closing.reason.as_str().into(),
                };
                sink.send(Frame::Close(Some(frame))).await?;
                return Ok(closing);
            }
        }
    }
}

/// How receiving ended.
enum Ended {
    /// The connection is over.
    Closed(Closing),
    /// It is to be closed so.
    Wrong(Closing),
}

/// Delivers what comes, one message after the other.
async fn receive<S>(
    mut stream: SplitStream<WebSocketStream<S>>,
    queue: &Queue,
    mut deliver: impl Deliver,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut pinged = false;
    let mut closing = None;
    loop {
        let limit = if closing.is_some() {
            CLOSE_TIME
        } else {
            SILENCE
        };
        let read = tokio::select! {
            read = timeout(limit, stream.next()) => read,
            () = queue.over(), if closing.is_none() => return Ended::Closed(broken()),
        };
        let frame = match read {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) if closing.is_none() => return failed(&error),
            Err(_) if closing.is_none() && !pinged => {
                pinged = true;
                queue.ping();
                continue;
            }
            // Over, after a close or without one; or silent for too long.
            _ => return Ended::Closed(closing.unwrap_or_else(broken)),
        };
        pinged = false;
        let delivered = match frame {
            Frame::Text(text) => {
                let message = Message::Text(text.as_str().to_owned());
                deliver.deliver(message, queue.over()).await
            }
            Frame::Binary(bytes) => {
                let message = Message::Binary(bytes.into());
                deliver.deliver(message, queue.over()).await
            }
            // The answer to it is sent while the next is waited for, and then there is none.
            Frame::Close(frame) => {
                queue.end();
                closing = Some(match frame {
                    Some(frame) => Closing {
                        code: frame.code.into(),
                        reason: frame.reason.as_str().to_owned(),
                    },
                    None => ended(1005, ""),
                });
                Ok(())
            }
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => Ok(()),
        };
        if let Err(closing) = delivered {
            return Ended::Wrong(closing);
        }
    }
}

/// What to make of a connection on which this was read.
fn failed(error: &Error) -> Ended {
    match error {
        Error::Capacity(_) => Ended::Wrong(ended(1009, "a message is larger than 1 MiB")),
        Error::Utf8(_) => Ended::Wrong(ended(1007, "a text is not UTF-8")),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ended::Closed(broken()),
        Error::Protocol(error) => Ended::Wrong(ended(1002, &error.to_string())),
        _ => Ended::Closed(broken()),
    }
}

/// A connection that broke off.
pub(crate) fn broken() -> Closing {
    ended(1006, "")
}

pub(crate) fn ended(code: u16, reason: &str) -> Closing {
    Closing {
        code,
        reason: reason.to_owned(),
    }
}
