//! Ctrl-C: the first one asks for an orderly end, the second one ends at once.
//!
//! A thread waits for the signals. While something can be stopped in order ([`Interrupt::stoppable`]), the first
//! signal only asks; otherwise, while a component is compiled for instance, it ends the process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
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
    /// Set once signals are listened for, or cannot be.
    listening: Arc<OnceLock<()>>,
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
            listening: Arc::default(),
        };
        let listener = interrupt.clone();
        let listen = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(listen(&listener, &sender));
            }
            // Without a runtime the system's own handling stays, which is an end as well.
            listener.listening.get_or_init(|| ());
        };
        let thread = thread::Builder::new()
            .name("loop-signals".to_owned())
            .stack_size(128 << 10)
            .spawn(listen);
        if thread.is_err() {
            interrupt.listening.get_or_init(|| ());
        }
        interrupt
    }

    /// Says that there is something that stops in order, until the guard is dropped.
    pub(crate) fn stoppable(&self) -> Stoppable {
        // Nearly always it does by now.
        self.listening.wait();
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

async fn listen(interrupt: &Interrupt, sender: &watch::Sender<Option<u8>>) {
    let Ok(mut signals) = Signals::new() else {
        return;
    };
    interrupt.listening.get_or_init(|| ());
    loop {
        let signal = signals.next().await;
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
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.terminate.recv() => 15,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> u8 {
        match tokio::signal::ctrl_c().await {
            Ok(()) => INTERRUPT,
            Err(_) => std::future::pending().await,
        }
    }
}
