//! The floor of shared memory where both sides are awake: two threads that send bytes to and fro through the same kind of
//! rings, and never sleep.

use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use anyhow::Context as _;
use loop_wire::transport::shm::ring::{Consumer, Producer, RING_WORDS, Ring, Unread};

use crate::peer::Role;
use crate::plan::Placement;

/// Two rings, and a thread that echoes.
pub(crate) struct Rings {
    memory: Arc<Memory>,
    producer: Producer,
    consumer: Consumer,
    echo: Option<JoinHandle<()>>,
}

struct Memory {
    to: Vec<AtomicU64>,
    from: Vec<AtomicU64>,
    over: AtomicBool,
}

impl Rings {
    pub(crate) fn new(placement: Placement) -> Self {
        let words = || (0..RING_WORDS).map(|_| AtomicU64::new(0)).collect();
        let memory = Arc::new(Memory {
            to: words(),
            from: words(),
            over: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&memory);
        let echo = std::thread::spawn(move || {
            let done = placement.take(Role::Callee).and_then(|()| echo(&theirs));
            theirs.over.store(true, Ordering::Relaxed);
            drop(done);
        });
        Self {
            memory,
            producer: Producer::default(),
            consumer: Consumer::default(),
            echo: Some(echo),
        }
    }

    pub(crate) fn ping_pong(&mut self, bytes: &mut [u8]) -> anyhow::Result<()> {
        let memory = &self.memory;
        let to = Ring::new(&memory.to).context("a ring")?;
        let from = Ring::new(&memory.from).context("a ring")?;
        self.producer.write(to, &[IoSlice::new(bytes)])?;
        let mut came = 0;
        while let Some(rest) = bytes.get_mut(came..).filter(|rest| !rest.is_empty()) {
            anyhow::ensure!(!memory.over.load(Ordering::Relaxed), "the echo is over");
            match self.consumer.look(from)? {
                Unread::Bytes(_) => came += self.consumer.take(from, rest),
                _ => std::hint::spin_loop(),
            }
        }
        Ok(())
    }
}

fn echo(memory: &Memory) -> anyhow::Result<()> {
    let to = Ring::new(&memory.to).context("a ring")?;
    let from = Ring::new(&memory.from).context("a ring")?;
    let (mut producer, mut consumer) = (Producer::default(), Consumer::default());
    let mut bytes = vec![0; 4096];
    while !memory.over.load(Ordering::Relaxed) {
        if consumer.look(to)? == Unread::None {
            std::hint::spin_loop();
            continue;
        }
        let count = consumer.take(to, &mut bytes);
        let taken = bytes.get(..count).unwrap_or_default();
        producer.write(from, &[IoSlice::new(taken)])?;
    }
    Ok(())
}

impl Drop for Rings {
    fn drop(&mut self) {
        self.memory.over.store(true, Ordering::Relaxed);
        if let Some(echo) = self.echo.take() {
            let _ = echo.join();
        }
    }
}
