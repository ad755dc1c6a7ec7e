//! The standard streams of a child process: pipes on descriptors 0 and 1, or one end of a socket pair on both.
//!
//! A parent [`spawn`]s the child, and the child [`inherit`]s the stream. There is one stream, made once, so it suits the
//! envelope: [`Connector`] gives it to the first call of a client, and then there is none.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use rustix::fs::FileType;
use tokio::io::AsyncWrite;
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

use crate::transport::{Connect, Stream, unix};

/// How a child's standard streams are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Two pipes, which every program knows.
    Pipes,
    /// One end of a socket pair, for both: half the descriptors.
    SocketPair,
}

/// Starts a child whose standard input and output are a stream to this process. Its standard error is left as the command
/// has it.
///
/// # Errors
///
/// If the command cannot be started, or the system refuses a descriptor.
pub fn spawn(mut command: Command, kind: Kind) -> io::Result<(Child, Stream)> {
    match kind {
        Kind::Pipes => {
            let mut child = command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
                return Err(io::Error::other("a child has no standard streams"));
            };
            Ok((child, Stream::new(output, PipeWriter(Some(input)))))
        }
        Kind::SocketPair => {
            let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
            let theirs = OwnedFd::from(theirs);
            command.stdin(theirs.try_clone()?).stdout(theirs);
            let child = command.spawn()?;
            // The command holds the child's end, and the stream would have no end while it did.
            drop(command);
            ours.set_nonblocking(true)?;
            Ok((child, unix::stream(UnixStream::from_std(ours)?)))
        }
    }
}

/// Takes this process's standard input and output as a stream to its parent. From then on, standard output is standard
/// error: a stray line would be taken for a message.
///
/// It is to be called once, before anything is read or written there.
///
/// # Errors
///
/// If the standard streams are neither pipes nor a socket, such as a terminal.
pub fn inherit() -> io::Result<Stream> {
    let input = std::io::stdin().as_fd().try_clone_to_owned()?;
    let output = std::io::stdout().as_fd().try_clone_to_owned()?;
    let stream = from_descriptors(input, output)?;
    rustix::stdio::dup2_stdout(std::io::stderr())?;
    let nothing = std::fs::File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(nothing)?;
    Ok(stream)
}

/// Makes a stream of two descriptors: the ends of two pipes, or the same socket twice.
///
/// # Errors
///
/// If they are anything else.
pub fn from_descriptors(input: OwnedFd, output: OwnedFd) -> io::Result<Stream> {
    let kind = |descriptor: &OwnedFd| -> io::Result<FileType> {
        Ok(FileType::from_raw_mode(
            rustix::fs::fstat(descriptor)?.st_mode,
        ))
    };
    match (kind(&input)?, kind(&output)?) {
        (FileType::Fifo, FileType::Fifo) => {
            let reader = pipe::Receiver::from_owned_fd(input)?;
            let writer = pipe::Sender::from_owned_fd(output)?;
            Ok(Stream::new(reader, PipeWriter(Some(writer))))
        }
        (FileType::Socket, FileType::Socket) => {
            let socket = std::os::unix::net::UnixStream::from(input);
            socket.set_nonblocking(true)?;
            Ok(unix::stream(UnixStream::from_std(socket)?))
        }
        _ => {
            let message = "standard input and output are neither two pipes nor a socket";
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
    }
}

/// The writing end of a pipe, which ends only by being closed: shutting it down does that.
struct PipeWriter<W>(Option<W>);

impl<W: AsyncWrite + Unpin> PipeWriter<W> {
    fn open(&mut self) -> io::Result<Pin<&mut W>> {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.as_mut().map(Pin::new).ok_or_else(closed)
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for PipeWriter<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.open()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.open()?.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Some(pipe) => Pin::new(pipe).poll_flush(context),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A pipe holds nothing back: what was written is in it.
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}

/// A stream that is there already, for a client to call through. There is no second one. A server
/// [attaches](crate::Server::attach) to its stream.
#[derive(Debug)]
pub struct Connector {
    stream: Mutex<Option<Stream>>,
}

impl Connector {
    /// Will give this stream to who asks first.
    pub fn new(stream: Stream) -> Self {
        Self {
            stream: Mutex::new(Some(stream)),
        }
    }
}

impl Connect for Connector {
    fn connect(&self) -> BoxFuture<'_, io::Result<Stream>> {
        let stream = self
            .stream
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let gone = || io::Error::new(io::ErrorKind::NotConnected, "the only stream is gone");
        Box::pin(std::future::ready(stream.ok_or_else(gone)))
    }
}
