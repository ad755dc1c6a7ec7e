//! Bytes in pieces: what transports that carry messages make a stream of.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures::channel::mpsc;
use futures::{Sink as _, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The bytes of one piece at most, and so of what waits here for the transport to take it.
const PIECE_BYTES_MAX: usize = 128 * 1024;

/// What is written, and who writes it.
pub(super) fn pipe() -> (PieceWriter, Pieces) {
    let (sender, pieces) = mpsc::channel(1);
    let ended = Arc::new(AtomicBool::new(false));
    let writer = PieceWriter {
        sender,
        ended: Arc::clone(&ended),
    };
    (writer, Pieces { pieces, ended })
}

/// Pieces that are written elsewhere. If the writer is gone and was not shut down, they break off with an error.
#[derive(Debug)]
pub(super) struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    ended: Arc<AtomicBool>,
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let piece = ready!(Pin::new(&mut self.pieces).poll_next(context));
        Poll::Ready(match piece {
            Some(piece) => Some(Ok(piece)),
            None if self.ended.load(Ordering::Acquire) => None,
            None => Some(Err(io::ErrorKind::ConnectionAborted.into())),
        })
    }
}

/// Writes pieces.
#[derive(Debug)]
pub(super) struct PieceWriter {
    sender: mpsc::Sender<Bytes>,
    ended: Arc<AtomicBool>,
}

impl AsyncWrite for PieceWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.sender.poll_ready(context)).map_err(gone)?;
        let wanted: usize = slices.iter().map(|slice| slice.len()).sum();
        let mut piece = BytesMut::with_capacity(wanted.min(PIECE_BYTES_MAX));
        for slice in slices {
            let room = slice.len().min(PIECE_BYTES_MAX - piece.len());
            piece.extend_from_slice(slice.get(..room).unwrap_or_default());
        }
        let count = piece.len();
        self.sender.start_send(piece.freeze()).map_err(gone)?;
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The transport takes what is in the pipe by itself.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ended.store(true, Ordering::Release);
        Pin::new(&mut self.sender).poll_close(context).map_err(gone)
    }
}

fn gone(_: mpsc::SendError) -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

/// Reads pieces.
#[derive(Debug)]
pub(super) struct PieceReader<S> {
    pieces: S,
    /// What was received and is still to be read.
    rest: Bytes,
}

impl<S> PieceReader<S> {
    pub(super) fn new(pieces: S) -> Self {
        Self {
            pieces,
            rest: Bytes::new(),
        }
    }
}

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> AsyncRead for PieceReader<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.pieces).poll_next(context)) {
                Some(piece) => self.rest = piece?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest.split_to(count));
        Poll::Ready(Ok(()))
    }
}
