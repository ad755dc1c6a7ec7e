//! What programs started and left their group, as servers do that go into the background.
//!
//! Every child has a variable with a mark, and what it starts inherits it. When a child has ended, the processes of the machine are
//! looked through for its mark. What takes care to change its variables is not found, nor what the user may not look into: a
//! program with more rights than the host, or one that hides its memory.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::process::lock;

/// The variable of the mark.
pub(crate) const VARIABLE: &str = "LOOP_CHILD";

/// How long it takes until the processes are looked through again: some milliseconds of work each time, for a few hundred of them.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a child's mark is looked for while it is found. What starts new processes faster than they are killed is left to the keeper.
const ROUNDS_MAX: u32 = 20;

/// The number of a child within its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark(u64);

/// Looks for what has the marks of one host.
#[derive(Debug, Default)]
pub(crate) struct Strays {
    /// What no other host has.
    host: OnceLock<String>,
    looking: Mutex<Looking>,
}

#[derive(Debug, Default)]
struct Looking {
    /// How many marks were given.
    marks: u64,
    /// Those to be looked for, and how often they were.
    wanted: Vec<(Mark, u32)>,
    /// Whether somebody does.
    is_busy: bool,
}

/// Held by who looks. If that ends before its time, with its runtime, another may begin.
struct Busy(Arc<Strays>);

impl Drop for Busy {
    fn drop(&mut self) {
        lock(&self.0.looking).is_busy = false;
    }
}

impl Strays {
    /// A new mark.
    ///
    /// # Errors
    /// There is no random number to be had.
    pub(crate) fn mark(&self) -> io::Result<Mark> {
        self.host()?;
        let mut looking = lock(&self.looking);
        looking.marks += 1;
        Ok(Mark(looking.marks))
    }

    /// What a child has for its mark in its variable.
    ///
    /// # Errors
    /// As for [`mark`](Self::mark).
    pub(crate) fn value(&self, mark: Mark) -> io::Result<String> {
        Ok(format!("{}.{}", self.host()?, mark.0))
    }

    /// How the variables of all children of the host begin.
    ///
    /// # Errors
    /// As for [`mark`](Self::mark).
    pub(crate) fn beginning(&self) -> io::Result<String> {
        Ok(format!("{VARIABLE}={}.", self.host()?))
    }

    fn host(&self) -> io::Result<&str> {
        if self.host.get().is_none() {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).map_err(io::Error::other)?;
            let text = bytes.iter().map(|byte| format!("{byte:02x}"));
            let _ = self.host.set(text.collect::<Vec<_>>().concat());
        }
        self.host
            .get()
            .map(String::as_str)
            .ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// Kills what has this mark, in the background. Within a runtime only.
    pub(crate) fn look_for(self: &Arc<Self>, mark: Mark) {
        let mut looking = lock(&self.looking);
        looking.wanted.push((mark, 0));
        if !std::mem::replace(&mut looking.is_busy, true) {
            tokio::spawn(Arc::clone(self).look());
        }
    }

    async fn look(self: Arc<Self>) {
        let busy = Busy(self);
        loop {
            let mut wanted = std::mem::take(&mut lock(&busy.0.looking).wanted);
            let strays = Arc::clone(&busy.0);
            let looked = tokio::task::spawn_blocking(move || {
                let marks = wanted.iter().map(|(mark, _)| *mark).collect();
                let found = strays.kill_all(&marks);
                wanted.retain_mut(|(mark, rounds)| {
                    *rounds += 1;
                    found.contains(mark) && *rounds < ROUNDS_MAX
                });
                wanted
            });
            // It fails only if the runtime ends.
            let again = looked.await.unwrap_or_default();
            lock(&busy.0.looking).wanted.extend(again);
            tokio::time::sleep(PAUSE).await;
            let mut looking = lock(&busy.0.looking);
            if looking.wanted.is_empty() {
                // Under the same lock, so that what comes after it finds nobody busy.
                looking.is_busy = false;
                break;
            }
        }
    }

    /// Kills all processes that have one of these marks, and says which were found.
    fn kill_all(&self, marks: &BTreeSet<Mark>) -> BTreeSet<Mark> {
        let Ok(beginning) = self.beginning() else {
            return BTreeSet::new();
        };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let kill = |number: i32| {
            // Held before it is looked at, so that the number means no other process afterwards.
            let process = pidfd_open(Pid::from_raw(number)?, PidfdFlags::empty()).ok()?;
            let variables = std::fs::read(format!("/proc/{number}/environ")).ok()?;
            let mark = mark_in(&variables, &beginning)?;
            let is_wanted = marks.contains(&mark) && send(process.as_fd(), Signal::KILL);
            is_wanted.then_some(mark)
        };
        numbers.filter_map(kill).collect()
    }
}

fn send(process: BorrowedFd<'_>, signal: Signal) -> bool {
    pidfd_send_signal(process, signal).is_ok()
}

/// The mark among the variables of a process.
fn mark_in(variables: &[u8], beginning: &str) -> Option<Mark> {
    variables.split(|byte| *byte == 0).find_map(|variable| {
        let number = variable.strip_prefix(beginning.as_bytes())?;
        Some(Mark(std::str::from_utf8(number).ok()?.parse().ok()?))
    })
}
