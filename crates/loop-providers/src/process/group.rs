//! A program that was started, with what it started in its group, and their end.

use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex};

use rustix::event::PollFlags;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use tokio::io::unix::AsyncFd;

use crate::process::keeper::Keeper;
use crate::process::lock;
use crate::process::output::{ready, watched};
use crate::process::strays::Mark;

/// A group of processes, whose number is that of the program.
///
/// Invariant: signals go to the group only while the program has not been waited for, since until then no other process or group
/// can have its number.
#[derive(Debug)]
pub(crate) struct Group {
    number: Pid,
    /// Readable from when the program has ended.
    program: AsyncFd<OwnedFd>,
    state: Mutex<State>,
    mark: Mark,
    keeper: Arc<Keeper>,
}

#[derive(Debug)]
enum State {
    Running(Child),
    Ended(Status),
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Exited(u8),
    Killed(u8),
}

/// Holds a group: dropping it kills the group.
#[derive(Debug)]
pub(crate) struct Held(Arc<Group>);

impl Held {
    /// The group, whose end can be waited for by who does not hold it.
    pub(crate) fn group(&self) -> Arc<Group> {
        Arc::clone(&self.0)
    }
}

impl Deref for Held {
    type Target = Group;

    fn deref(&self) -> &Group {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.signal(Signal::KILL);
    }
}

impl Group {
    /// Takes over a program that was started in a group of its own, and waits for its end in the background. Within a runtime only.
    ///
    /// # Errors
    /// The system cannot watch it, or the keeper cannot. It is killed then.
    pub(crate) fn hold(
        mut child: Child,
        mark: Mark,
        keeper: &Arc<Keeper>,
    ) -> std::io::Result<Held> {
        let number = Pid::from_child(&child);
        match Self::watch(number, keeper) {
            Ok(program) => {
                let group = Arc::new(Self {
                    number,
                    program,
                    state: Mutex::new(State::Running(child)),
                    mark,
                    keeper: Arc::clone(keeper),
                });
                tokio::spawn(Arc::clone(&group).wait());
                Ok(Held(group))
            }
            Err(error) => {
                let _ = kill_process_group(number, Signal::KILL);
                let _ = child.wait();
                Err(error)
            }
        }
    }

    fn watch(number: Pid, keeper: &Keeper) -> std::io::Result<AsyncFd<OwnedFd>> {
        let program = watched(pidfd_open(number, PidfdFlags::empty())?)?;
        keeper.add(number)?;
        Ok(program)
    }

    async fn wait(self: Arc<Self>) {
        while self.status().is_none() {
            self.ended().await;
        }
    }

    /// Waits until it may have ended.
    pub(crate) async fn ended(&self) {
        match self.program.readable().await {
            Ok(mut guard) => {
                if !ready(self.program.get_ref(), PollFlags::IN) {
                    guard.clear_ready();
                }
            }
            Err(_) => std::future::pending().await,
        }
    }

    /// How the program ended, if it did. What it left in its group is killed.
    pub(crate) fn status(&self) -> Option<Status> {
        let mut state = lock(&self.state);
        let child = match &mut *state {
            State::Ended(status) => return Some(*status),
            State::Running(child) => child,
        };
        if !ready(self.program.get_ref(), PollFlags::IN) {
            return None;
        }
        let _ = kill_process_group(self.number, Signal::KILL);
        self.keeper.end(self.number, self.mark);
        // It has ended, so this does not wait. An embedder who ignores `SIGCHLD` is not told how.
        let status = child.wait().map_or(Status::Exited(u8::MAX), Status::from);
        *state = State::Ended(status);
        Some(status)
    }

    /// Sends a signal to all of the group, unless it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        if let State::Running(_) = &*lock(&self.state) {
            let _ = kill_process_group(self.number, signal);
        }
    }
}

impl Drop for Group {
    /// It still runs only if the runtime ended before it. Nobody is left to wait for it, and the keeper ends it again with the host.
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

impl From<ExitStatus> for Status {
    fn from(status: ExitStatus) -> Self {
        let number = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(number(code)),
            (None, signal) => Self::Killed(number(signal.unwrap_or_default())),
        }
    }
}
