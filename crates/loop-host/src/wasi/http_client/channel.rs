//! An open connection of HTTP/1.1, which carries one request after the other.

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, SendRequest};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, Result};

use crate::net::Connection;
use crate::wasi::http_client::body::Bounded;
use crate::wasi::http_client::from_hyper;

/// Bytes that are read at once, and so of the head of a response. The largest heads that common servers send by default are 16 KiB; a body in pieces
/// of this size takes less of the processor than in pieces of 64 KiB, by a fourth.
pub(crate) const HEAD_MAX: usize = 256 * 1024;

/// Fields in the head of a response: what hyper allows by default, and more than servers send.
const FIELDS_MAX: usize = 100;

/// A connection. Dropping it closes it, whatever is under way.
#[derive(Debug)]
pub(crate) struct Channel {
    sender: SendRequest<Bounded>,
    /// Reads and writes, and ends with the connection.
    driver: AbortOnDropJoinHandle<hyper::Result<()>>,
}

impl Channel {
    pub(crate) async fn open(stream: Box<dyn Connection>) -> Result<Self> {
        let mut builder = Builder::new();
        builder.max_buf_size(HEAD_MAX).max_headers(FIELDS_MAX);
        let (sender, connection) = builder
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| from_hyper(&error))?;
        Ok(Self {
            sender,
            driver: spawn(connection),
        })
    }

    /// Whether another request can be sent. That the server is about to close it cannot be known.
    pub(crate) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    /// Sends a request. The error gives it back if nothing of it was sent.
    ///
    /// Dropping the future closes the connection.
    pub(crate) async fn send(
        &mut self,
        request: Request<Bounded>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Bounded>>> {
        self.sender.try_send_request(request).await
    }

    /// Waits until both the request and its response are over. Whether another request can be sent then.
    ///
    /// # Errors
    /// What ended the connection, if it did not end as HTTP says.
    pub(crate) async fn over(&mut self) -> Result<bool> {
        if self.sender.ready().await.is_ok() {
            return Ok(true);
        }
        match (&mut *self.driver).await {
            Ok(Ok(())) => Ok(false),
            Ok(Err(error)) => Err(from_hyper(&error)),
            // The runtime ended.
            Err(_) => Err(Error::ConnectionTerminated),
        }
    }
}
