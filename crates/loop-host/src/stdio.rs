//! Where the components of an app read their standard input and write their output.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::limits::OutputBudget;

/// The most that a [`Buffer`] keeps: the output limit of a component is reached long before.
const BUFFER_BYTES_MAX: usize = 1 << 30;

/// The three standard streams, shared by all components of an app. The default is silent.
#[derive(Clone, Debug, Default)]
pub struct Stdio {
    /// What the root reads. The other components read nothing.
    pub stdin: Input,
    /// Where components print to.
    pub stdout: Output,
    /// Where components report to.
    pub stderr: Output,
}

impl Stdio {
    /// The streams of the host's own process.
    pub fn inherit() -> Self {
        Self {
            stdin: Input::Inherit,
            stdout: Output::Stdout,
            stderr: Output::Stderr,
        }
    }
}

/// A source of standard input.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// Ends at once.
    #[default]
    Empty,
    /// The standard input of the host's process.
    Inherit,
    /// These bytes.
    Bytes(Bytes),
}

/// A sink of standard output.
#[derive(Clone, Debug, Default)]
pub enum Output {
    /// Swallows all.
    #[default]
    Discard,
    /// The standard output of the host's process.
    Stdout,
    /// The standard error of the host's process.
    Stderr,
    /// Keeps what was written.
    Buffer(Buffer),
}

/// Output that is kept in memory. Clones share it.
#[derive(Clone)]
pub struct Buffer(MemoryOutputPipe);

impl Default for Buffer {
    fn default() -> Self {
        Self(MemoryOutputPipe::new(BUFFER_BYTES_MAX))
    }
}

impl Buffer {
    /// What was written so far.
    pub fn contents(&self) -> Bytes {
        self.0.contents()
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").finish_non_exhaustive()
    }
}

impl Input {
    pub(crate) fn stream(&self) -> Box<dyn StdinStream + Sync> {
        match self {
            Self::Empty => Box::new(tokio::io::empty()),
            Self::Inherit => Box::new(tokio::io::stdin()),
            Self::Bytes(bytes) => Box::new(MemoryInputPipe::new(bytes.clone())),
        }
    }
}

impl Output {
    /// The stream, which ends the component when it writes more than the budget holds.
    pub(crate) fn stream(&self, budget: &OutputBudget, spent: &Spent) -> Limited {
        let inner: Box<dyn StdoutStream + Sync> = match self {
            Self::Discard => Box::new(tokio::io::empty()),
            Self::Stdout => Box::new(tokio::io::stdout()),
            Self::Stderr => Box::new(tokio::io::stderr()),
            Self::Buffer(buffer) => Box::new(buffer.0.clone()),
        };
        Limited {
            inner,
            budget: budget.clone(),
            spent: spent.clone(),
        }
    }
}

/// Whether an instance has written more than it may; set by its streams, read when it has ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spent(Arc<Mutex<bool>>);

impl Spent {
    pub(crate) fn get(&self) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

/// A stream with a budget.
pub(crate) struct Limited {
    inner: Box<dyn StdoutStream + Sync>,
    budget: OutputBudget,
    spent: Spent,
}

impl IsTerminal for Limited {
    fn is_terminal(&self) -> bool {
        self.inner.is_terminal()
    }
}

impl StdoutStream for Limited {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(LimitedStream {
            inner: self.inner.p2_stream(),
            budget: self.budget.clone(),
            spent: self.spent.clone(),
        })
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(LimitedWrite {
            inner: Box::into_pin(self.inner.async_stream()),
            budget: self.budget.clone(),
            spent: self.spent.clone(),
        })
    }
}

struct LimitedStream {
    inner: Box<dyn OutputStream>,
    budget: OutputBudget,
    spent: Spent,
}

#[async_trait::async_trait]
impl Pollable for LimitedStream {
    async fn ready(&mut self) {
        self.inner.ready().await;
    }
}

#[async_trait::async_trait]
impl OutputStream for LimitedStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        // A trap rather than an error of the stream: a guest that ignores errors would go on for ever.
        self.budget.take(bytes.len()).map_err(|spent| {
            self.spent.set();
            StreamError::Trap(wasmtime::Error::new(spent))
        })?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.inner.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.inner.check_write()
    }
}

struct LimitedWrite {
    inner: Pin<Box<dyn AsyncWrite + Send + Sync>>,
    budget: OutputBudget,
    spent: Spent,
}

impl AsyncWrite for LimitedWrite {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = std::task::ready!(self.inner.as_mut().poll_write(cx, bytes))?;
        if let Err(spent) = self.budget.take(written) {
            self.spent.set();
            return Poll::Ready(Err(io::Error::other(spent)));
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().poll_shutdown(cx)
    }
}
