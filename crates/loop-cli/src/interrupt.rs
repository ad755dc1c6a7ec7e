//! Ctrl-C: the first one asks for an orderly end, the second one ends at once.
//!
//! A thread waits for the signals, without a runtime: starting one takes longer than many a command. While something can be
//! stopped in order ([`Interrupt::stoppable`]), the first signal only asks; otherwise, while a component is compiled for
//! instance, it ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(unix)]
use std::thread;

use loop_build::Cancel;
use tokio::sync::watch;

/// SIGINT, as the terminal sends it on Ctrl-C.
const INTERRUPT: u8 = 2;

/// What listens for signals. Cheap to clone; clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    cancel: Cancel,
    signal: watch::Receiver<Option<u8>>,
    stoppable: Arc<AtomicUsize>,
}

/// Held while there is something that stops in order.
#[derive(Debug)]
pub(crate) struct Stoppable(Arc<AtomicUsize>);

impl Interrupt {
    /// Begins to listen. Where signals cannot be had, Ctrl-C ends the process as it always does.
    pub(crate) fn install() -> Self {
        let (sender, signal) = watch::channel(None);
        let interrupt = Self {
            cancel: Cancel::new(),
            signal,
            stoppable: Arc::default(),
        };
        listen(&interrupt, sender);
        interrupt
    }

    /// Says that there is something that stops in order, until the guard is dropped.
    pub(crate) fn stoppable(&self) -> Stoppable {
        self.stoppable.fetch_add(1, Ordering::SeqCst);
        Stoppable(Arc::clone(&self.stoppable))
    }

    /// The flag that stops a build.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// The signal that came, if one did.
    pub(crate) fn signal(&self) -> Option<u8> {
        *self.signal.borrow()
    }

    /// Waits for the first signal, and gives its number.
    pub(crate) async fn wait(&self) -> u8 {
        let mut signal = self.signal.clone();
        match signal.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(signal) => signal.unwrap_or(INTERRUPT),
            // Nobody listens, so no signal will come this way.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// From when this returns, signals are seen: they wait in a pipe until the thread gets to them.
#[cfg(unix)]
fn listen(interrupt: &Interrupt, sender: watch::Sender<Option<u8>>) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::{flag, iterator::Signals};

    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    let interrupt = interrupt.clone();
    let thread = thread::Builder::new()
        .name("loop-signals".to_owned())
        .stack_size(128 << 10)
        .spawn(move || {
            for signal in signals.forever() {
                let signal = u8::try_from(signal).unwrap_or(INTERRUPT);
                heard(&interrupt, &sender, signal);
            }
        });
    if thread.is_err() {
        for signal in [SIGINT, SIGTERM] {
            // The handler stays, and now does what the system would.
            let _ = flag::register_conditional_default(signal, Arc::new(true.into()));
        }
    }
}

#[cfg(not(unix))]
fn listen(_: &Interrupt, _: watch::Sender<Option<u8>>) {}

#[cfg(unix)]
fn heard(interrupt: &Interrupt, sender: &watch::Sender<Option<u8>>, signal: u8) {
    // Looked at before anybody is told: what hears of it may be done, and its guard dropped, at once.
    let in_order = sender.borrow().is_none() && interrupt.stoppable.load(Ordering::SeqCst) > 0;
    interrupt.cancel.cancel();
    sender.send_replace(Some(signal));
    if !in_order {
        #[expect(
            clippy::exit,
            reason = "nothing that could be stopped in order is running, or it did not stop"
        )]
        std::process::exit(i32::from(128 + signal));
    }
}
