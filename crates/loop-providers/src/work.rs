//! Work on the threads for blocking work, which ends when nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Says whether the work is still wanted.
#[derive(Debug, Default)]
pub(crate) struct Stop(AtomicBool);

/// The call for which the work was done has ended. A provider makes an error of its interface's kind of it, which nobody sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unwanted;

impl Stop {
    /// It is not wanted any more.
    pub(crate) fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Long work asks between two steps.
    ///
    /// # Errors
    /// Nobody waits for it any more.
    pub(crate) fn check(&self) -> Result<(), Unwanted> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Unwanted);
        }
        Ok(())
    }
}

/// Tells the work that its caller is gone.
struct Gone(Arc<Stop>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Does work that blocks, and does it to its end, whoever waits for it: short work of which nothing must be lost.
///
/// # Errors
/// As for [`blocking`].
#[cfg(feature = "fsx")]
pub(crate) async fn to_the_end<R: Send + 'static>(
    work: impl FnOnce(&Stop) -> R + Send + 'static,
) -> wasmtime::Result<R> {
    Ok(tokio::task::spawn_blocking(move || work(&Stop::default())).await?)
}

/// Does work that blocks. When the future is dropped before the end, the work is told.
///
/// # Errors
/// The work panicked, or the runtime ends.
pub(crate) async fn blocking<R: Send + 'static>(
    work: impl FnOnce(&Stop) -> R + Send + 'static,
) -> wasmtime::Result<R> {
    let stop = Arc::new(Stop::default());
    let _gone = Gone(Arc::clone(&stop));
    Ok(tokio::task::spawn_blocking(move || work(&stop)).await?)
}
