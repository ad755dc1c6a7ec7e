//! A request and its response, and what becomes of their connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use wasmtime_wasi::runtime::with_ambient_tokio_runtime;
use wasmtime_wasi_http::Result;

use crate::wasi::http_client::channel::Channel;
use crate::wasi::http_client::pool::{Origin, Pool, Using};

/// How long the rest of a request may take once its response was read to the end. Who has answered all of it has hardly a use for more.
const REST_MAX: Duration = Duration::from_secs(5);

/// An exchange whose response has begun.
///
/// Dropping it closes the connection, unless the response was read to its end: then another request can use it.
#[derive(Debug)]
pub(crate) struct Exchange {
    used: Option<Used>,
    /// Whether the response was read to its end.
    read: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Used {
    channel: Channel,
    origin: Origin,
    pool: Pool,
    /// Dropped after the connection was put back: others wait for it.
    _using: Using,
    /// Its place among the connections that the instance has open.
    _turn: OwnedSemaphorePermit,
}

impl Exchange {
    pub(crate) fn new(
        channel: Channel,
        origin: Origin,
        pool: Pool,
        turn: OwnedSemaphorePermit,
    ) -> Self {
        let using = pool.using(&origin);
        let read = Arc::clone(using.ending());
        let used = Used {
            channel,
            origin,
            pool,
            _using: using,
            _turn: turn,
        };
        Self {
            used: Some(used),
            read,
        }
    }

    /// Who reads the response sets it at the end.
    pub(crate) fn read(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.read)
    }

    /// Waits until both the request and the response are over, then has the connection wait for another.
    ///
    /// # Errors
    /// What ended the connection before.
    pub(crate) async fn finish(mut self) -> Result<()> {
        let Some(used) = &mut self.used else {
            return Ok(());
        };
        let over = used.channel.over().await;
        let used = self.used.take();
        if over? && let Some(used) = used {
            used.keep();
        }
        Ok(())
    }
}

impl Used {
    fn keep(self) {
        self.pool.put(self.origin, self.channel);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let Some(mut used) = self.used.take() else {
            return;
        };
        if !self.read.load(Ordering::Acquire) {
            return;
        }
        if used.channel.is_ready() {
            return used.keep();
        }
        // Most often it is over within microseconds: the component has read the last byte, and who brought it is not yet done.
        with_ambient_tokio_runtime(|| {
            tokio::spawn(async move {
                if let Ok(Ok(true)) = timeout(REST_MAX, used.channel.over()).await {
                    used.keep();
                }
            })
        });
    }
}
