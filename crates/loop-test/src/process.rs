//! Processes that others started.

use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// How long an end is waited for, in seconds: on a machine with other work to do too.
const SECONDS_MAX: i64 = 30;

/// A process of this machine, or what was one.
#[derive(Debug)]
pub struct Process(Option<OwnedFd>);

impl Process {
    /// The process of this number, as `$$` of a shell prints it.
    ///
    /// # Panics
    /// When it is no number.
    pub fn of(text: &str) -> Self {
        let number = text.trim().parse().ok().and_then(Pid::from_raw);
        assert!(number.is_some(), "{text} is no number of a process");
        Self(number.and_then(|number| pidfd_open(number, PidfdFlags::empty()).ok()))
    }

    /// Whether it has not ended.
    pub fn is_there(&self) -> bool {
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        self.0.as_ref().is_some_and(|process| {
            poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&at_once)) == Ok(0)
        })
    }

    /// Waits until it has ended. Blocks.
    ///
    /// # Panics
    /// When it does not end.
    pub fn ends(&self) {
        let Some(process) = &self.0 else {
            return;
        };
        let mut fds = [PollFd::new(process, PollFlags::IN)];
        let long = Timespec {
            tv_sec: SECONDS_MAX,
            tv_nsec: 0,
        };
        assert_eq!(poll(&mut fds, Some(&long)), Ok(1), "it does not end");
    }
}
