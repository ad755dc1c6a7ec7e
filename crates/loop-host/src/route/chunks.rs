//! Values with a stream within them, on the wire: the stream's bytes come at its path, in [`Chunks`].

use std::future::poll_fn;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use loop_codec::{Fault, Plan};
use loop_wire::frame::{Chunks, Frame, Path, chunk};
use loop_wire::{CallError, Code, Incoming, Outgoing};

use crate::route::Message;
use crate::route::pipe::{Gone, Writer};

/// Bytes of values that have a stream beside them, at most. Where the values end is found by reading them, each time that
/// some have come, so this bounds what a peer can have read again by sending few at a time. What is large is in the stream.
pub(crate) const VALUES_BYTES_MAX: usize = 1024 * 1024;

/// How often values are read to find their end. A peer that sends them in more pieces has them read once more only when the first
/// byte of the stream has come; so few bytes of a peer never cost many.
const TRIES_MAX: u32 = 64;

/// Finds the path of the stream in values that are whole.
pub(crate) type Find = fn(&Plan, usize, &[u8]) -> Result<Option<Vec<u32>>, Fault>;

/// A function whose values may have a stream within them.
#[derive(Clone, Copy)]
pub(crate) struct Function<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) number: usize,
}

impl<'a> Function<'a> {
    /// A function of a plan, if its values may have a stream within them.
    pub(crate) fn streaming(plan: &'a Plan, number: usize) -> Option<Self> {
        let function = plan.functions().get(number)?;
        let has_stream =
            plan.has_stream(&function.params) || plan.has_stream(function.result.as_slice());
        has_stream.then_some(Self { plan, number })
    }

    /// Sends values, and what is written to the stream within them. A peer that takes no more of it is no failure: who wrote
    /// sees that nobody reads.
    pub(crate) async fn send(
        self,
        find: Find,
        mut out: Outgoing,
        message: Message,
    ) -> Result<(), CallError> {
        let Message { values, stream } = message;
        let Some(stream) = stream else {
            drop(out.send_last(&Path::root(), values).await);
            return Ok(());
        };
        let path = find(self.plan, self.number, &values).map_err(|fault| invalid(&fault))?;
        let path = path.ok_or_else(|| protocol("there is no stream within the values"))?;
        let path = Path::new(&path).map_err(|error| protocol(&error.to_string()))?;
        let mut piece = (Path::root(), values);
        loop {
            if out.send(&piece.0, piece.1).await.is_err() {
                return Ok(());
            }
            match stream.next().await {
                Ok(Some(bytes)) => piece = (path.clone(), chunk(&bytes)),
                Ok(None) => {
                    drop(out.send_last(&path, chunk(&[])).await);
                    return Ok(());
                }
                Err(broken) => {
                    let error = CallError::new(Code::Failed, broken.to_string());
                    out.fail(&error);
                    return Err(error);
                }
            }
        }
    }

    /// Receives values, up to their end or to the stream within them, of which the first bytes may have come too.
    pub(crate) async fn receive(
        self,
        find: Find,
        incoming: &mut Incoming,
    ) -> Result<(Bytes, Option<Rest>), CallError> {
        let find = |values: &[u8]| find(self.plan, self.number, values);
        let mut values = BytesMut::new();
        let mut tries = 0;
        let first = loop {
            let frame = if let Some(frame) = incoming.next().now_or_never() {
                frame?
            } else {
                // Nothing more is there, so it may be that nothing more is to come.
                tries += 1;
                if tries <= TRIES_MAX && matches!(find(&values), Ok(Some(_))) {
                    break None;
                }
                incoming.next().await?
            };
            match frame {
                Some(frame) if frame.path.is_root() => values.extend_from_slice(&frame.data),
                Some(frame) => break Some(frame),
                None => {
                    let path = find(&values).map_err(|fault| invalid(&fault))?;
                    return match path {
                        Some(_) => Err(protocol("the bytes of a stream are missing")),
                        None => Ok((values.freeze(), None)),
                    };
                }
            }
            if values.len() > VALUES_BYTES_MAX {
                let message = format!(
                    "the values beside a stream have more than {VALUES_BYTES_MAX} bytes (VALUES_BYTES_MAX)"
                );
                return Err(CallError::new(Code::Limit, message));
            }
        };
        let path = find(&values).map_err(|fault| invalid(&fault))?;
        let path = path.and_then(|path| Path::new(&path).ok());
        let path = path.ok_or_else(|| protocol("a stream came where only values are taken"))?;
        Ok((values.freeze(), Some(Rest { path, first })))
    }
}

/// What follows values.
pub(crate) struct Rest {
    path: Path,
    first: Option<Frame>,
}

impl Rest {
    /// Receives the bytes of the stream, to the end of all that comes.
    pub(crate) async fn receive(
        mut self,
        incoming: &mut Incoming,
        writer: Writer,
    ) -> Result<Result<(), Gone>, CallError> {
        let mut chunks = Chunks::default();
        loop {
            let frame = if let Some(frame) = self.first.take() {
                Some(frame)
            } else {
                let next = poll_fn(|context| {
                    if !chunks.is_ended() && writer.poll_gone(context).is_ready() {
                        return Poll::Ready(Ok(Err(Gone)));
                    }
                    incoming.poll_next(context).map(|frame| frame.map(Ok))
                });
                match next.await? {
                    Ok(frame) => frame,
                    Err(gone) => return Ok(Err(gone)),
                }
            };
            let Some(mut frame) = frame else {
                if chunks.is_ended() {
                    return Ok(Ok(()));
                }
                return Err(protocol("a stream ended within its bytes"));
            };
            if frame.path != self.path {
                return Err(protocol("bytes came that belong to no stream"));
            }
            while let Some(bytes) = chunks
                .next(&mut frame.data)
                .map_err(|error| protocol(&error.to_string()))?
            {
                if let Err(gone) = writer.write(bytes).await {
                    return Ok(Err(gone));
                }
            }
            if chunks.is_ended() {
                writer.finish();
            }
        }
    }
}

fn protocol(what: &str) -> CallError {
    CallError::new(
        Code::Protocol,
        format!("the peer broke the protocol: {what}"),
    )
}

fn invalid(fault: &Fault) -> CallError {
    CallError::new(Code::Invalid, format!("the values are wrong: {fault}"))
}
