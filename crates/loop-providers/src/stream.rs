//! Streams of bytes between an instance and the host, as channels of pieces.
//!
//! A channel holds one piece beside the one that its other side is at, so who is quicker waits for the other.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::PollSender;
use wasmtime::component::{
    Destination, Source, StreamConsumer, StreamProducer, StreamReader, StreamResult, VecBuffer,
};
use wasmtime::{AsContextMut, StoreContextMut};

/// The most bytes of a piece. From 64 KiB on the way of a piece costs little beside its bytes, and a pipe of the system holds no more.
pub(crate) const PIECE_BYTES_MAX: usize = 128 << 10;

/// A stream that the instance reads. It ends when the sender is dropped. One that is closed has nobody who reads.
/// `counts` lives as long as the stream.
///
/// # Errors
/// The instance has no room for another stream.
pub(crate) fn to_instance<S: AsContextMut>(
    store: S,
    counts: impl Send + Unpin + 'static,
) -> wasmtime::Result<(Sender<Vec<u8>>, StreamReader<u8>)> {
    let (sender, pieces) = channel(1);
    Ok((
        sender,
        StreamReader::new(
            store,
            ToInstance {
                pieces,
                _counts: counts,
            },
        )?,
    ))
}

/// The pieces of a stream that the instance writes. They end when it drops its end; dropping them tells it that nobody reads any more.
///
/// # Errors
/// The stream is none any more.
pub(crate) fn from_instance<S: AsContextMut>(
    store: S,
    stream: StreamReader<u8>,
) -> wasmtime::Result<Receiver<Vec<u8>>> {
    let (sender, pieces) = channel(1);
    stream.pipe(store, FromInstance(PollSender::new(sender)))?;
    Ok(pieces)
}

struct ToInstance<C> {
    pieces: Receiver<Vec<u8>>,
    _counts: C,
}

impl<D, C: Send + Unpin + 'static> StreamProducer<D> for ToInstance<C> {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        _: StoreContextMut<'a, D>,
        mut destination: Destination<'a, u8, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        Poll::Ready(Ok(match self.pieces.poll_recv(context) {
            Poll::Ready(Some(piece)) => {
                destination.set_buffer(piece.into());
                StreamResult::Completed
            }
            Poll::Ready(None) => StreamResult::Dropped,
            Poll::Pending if finish => StreamResult::Cancelled,
            Poll::Pending => return Poll::Pending,
        }))
    }
}

struct FromInstance(PollSender<Vec<u8>>);

impl<D: 'static> StreamConsumer<D> for FromInstance {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match self.0.poll_reserve(context) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => return Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => return Poll::Pending,
        }
        let mut source = source.as_direct(store);
        let there = source.remaining();
        let piece = there.get(..PIECE_BYTES_MAX).unwrap_or(there).to_vec();
        let count = piece.len();
        if count > 0 && self.0.send_item(piece).is_err() {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        source.mark_read(count);
        Poll::Ready(Ok(StreamResult::Completed))
    }
}
