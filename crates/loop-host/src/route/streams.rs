//! Between the streams of an instance and pipes.

use std::any::{Any, TypeId};
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use wasmtime::component::{
    Destination, Source, StreamAny, StreamConsumer, StreamProducer, StreamReader, StreamResult,
    VecBuffer,
};
use wasmtime::{AsContextMut, Error, Result, StoreContextMut};

use crate::route::pipe::{PIPE_BYTES_MAX, Reader, Writer, pipe};
use crate::state::State;

/// Has what an instance writes to a stream go into a pipe, whose other end this gives. Of a stream that the instance only
/// passes on, it is the end that the instance had.
pub(crate) fn take(
    mut store: impl AsContextMut<Data = State>,
    stream: StreamAny,
) -> Result<Reader> {
    let mut store = store.as_context_mut();
    let stream: StreamReader<u8> = stream.try_into_stream_reader()?;
    let stream = match stream.try_into::<Reader>(store.as_context_mut()) {
        Ok(reader) => {
            store.data().streams.passed_on(&reader);
            return Ok(reader);
        }
        Err(stream) => stream,
    };
    let (writer, reader) = pipe();
    store.data().streams.writes(&writer)?;
    stream.pipe(store, FromInstance(writer))?;
    Ok(reader)
}

/// A stream out of which an instance reads what comes through a pipe.
pub(crate) fn give(
    mut store: impl AsContextMut<Data = State>,
    reader: Reader,
) -> Result<StreamAny> {
    let mut store = store.as_context_mut();
    store.data().streams.reads(&reader)?;
    let stream = StreamReader::new(store.as_context_mut(), ToInstance(reader))?;
    stream.try_into_stream_any(store)
}

/// What an instance writes.
struct FromInstance(Writer);

impl Drop for FromInstance {
    fn drop(&mut self) {
        // The instance dropped its end. Where it was the instance that ended, the pipe broke off before.
        self.0.finish();
    }
}

impl StreamConsumer<State> for FromInstance {
    type Item = u8;

    fn poll_consume(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let mut source = source.as_direct(store);
        Poll::Ready(Ok(match self.0.poll_write(context, source.remaining()) {
            Poll::Ready(Ok(count)) => {
                source.mark_read(count);
                StreamResult::Completed
            }
            Poll::Ready(Err(_)) => StreamResult::Dropped,
            Poll::Pending if finish => StreamResult::Cancelled,
            Poll::Pending => return Poll::Pending,
        }))
    }
}

/// What an instance reads.
struct ToInstance(Reader);

impl StreamProducer<State> for ToInstance {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, State>,
        destination: Destination<'a, u8, Self::Buffer>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let mut destination = destination.as_direct(store, PIPE_BYTES_MAX);
        let mut written = Ok(());
        let read = self.0.poll_read(context, |bytes| {
            written = destination.write(bytes).map(|count| bytes.advance(count));
        });
        if read.is_pending() && finish {
            return Poll::Ready(Ok(StreamResult::Cancelled));
        }
        let read = ready!(read).map_err(Error::new)?;
        written?;
        Poll::Ready(Ok(if read {
            StreamResult::Completed
        } else {
            StreamResult::Dropped
        }))
    }

    fn try_into(me: Pin<Box<Self>>, ty: TypeId) -> Result<Box<dyn Any>, Pin<Box<Self>>> {
        if ty == TypeId::of::<Reader>() {
            return Ok(Box::new(Pin::into_inner(me).0));
        }
        Err(me)
    }
}
